//! Rules of a load balancer and the health of its target groups, as Elastic Load Balancing says it.

mod actions;
mod place;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    names::{ForwardArn, TargetGroupArn},
    weight::Share,
};

pub use actions::{Actions, BadActions, Content, Element, Forwarding, Rest};
pub use place::{At, Place};

/// The rules of the target and the health of its target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The target's rules, in its order.
    pub forwards: Vec<Forward>,
    /// The primary's target group.
    pub primary: TargetHealth,
    /// The canary's target group.
    pub canary: TargetHealth,
}

/// A rule, or a listener's default action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Which.
    pub arn: ForwardArn,
    /// Everything that it does.
    pub actions: Actions,
    /// The weights of the pair's groups.
    pub weights: Weights,
    /// Further groups and stickiness.
    pub rest: Rest,
}

/// How many targets of a group are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHealth {
    /// `healthy`.
    pub healthy: u32,
    /// `initial`: registered, not yet checked to the end.
    pub initial: u32,
    /// `unhealthy`.
    pub unhealthy: u32,
    /// Every other state: `draining`, `unused`, `unavailable`.
    pub other: u32,
    /// The reason code of a target that is neither healthy nor on its way out, for example
    /// `Target.ResponseCodeMismatch`.
    pub reason: Option<String>,
}

impl Forward {
    /// A rule that forwards to two groups, from all its actions.
    pub fn read(
        (primary, canary): (&TargetGroupArn, &TargetGroupArn),
        arn: &ForwardArn,
        actions: Actions,
    ) -> Result<Self, BadActions> {
        let forwarding = actions.forwarding(primary, canary)?;
        Ok(Self {
            arn: arn.clone(),
            actions,
            weights: forwarding.weights,
            rest: forwarding.rest,
        })
    }
}

/// The weights of a rule's two groups, 0 to 999 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Of the primary's group.
    pub primary: u16,
    /// Of the canary's group.
    pub canary: u16,
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} primary and {} canary", self.primary, self.canary)
    }
}

/// `2 healthy, 1 initial (Elb.InitialHealthChecking)`
impl fmt::Display for TargetHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} healthy", self.healthy)?;
        for (many, state) in [
            (self.initial, "initial"),
            (self.unhealthy, "unhealthy"),
            (self.other, "draining or unused"),
        ] {
            if many > 0 {
                write!(f, ", {many} {state}")?;
            }
        }
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// `weights 90 primary and 10 canary; targets: primary 3 healthy, canary 1 healthy`
impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights: Vec<_> = self
            .forwards
            .iter()
            .map(|forward| forward.weights.to_string())
            .collect();
        write!(
            f,
            "weights {}; targets: primary {}, canary {}",
            weights.join(", "),
            self.primary,
            self.canary
        )
    }
}

impl Forward {
    /// The same with the groups the other way round.
    #[must_use]
    pub fn flipped(self) -> Self {
        let Weights { primary, canary } = self.weights;
        Self {
            weights: Weights {
                primary: canary,
                canary: primary,
            },
            ..self
        }
    }
}

impl Weights {
    /// Of both groups together.
    #[must_use]
    pub fn total(self) -> u32 {
        u32::from(self.primary) + u32::from(self.canary)
    }

    /// The canary's share of both.
    #[must_use]
    pub fn share(self) -> Share {
        Share {
            part: u32::from(self.canary),
            whole: self.total(),
        }
    }
}
