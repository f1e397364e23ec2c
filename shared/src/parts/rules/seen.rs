//! What a look sees of the rules and of the groups' targets.

use std::fmt;

use super::{Forward, FoundRules, TargetHealth, Whole};
use crate::{
    known::{Known, Unseen},
    names::ForwardArn,
    weight::Weight,
};

/// What one look sees of the load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The rules of the target, in its order.
    pub rules: Vec<Rule>,
    /// The primary's target group.
    pub primary: Known<TargetHealth>,
    /// The canary's target group.
    pub canary: Known<TargetHealth>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which.
    pub arn: ForwardArn,
    /// What it does. One that does not forward to the canary's group is as good as gone.
    pub seen: Known<Forward>,
    /// What it did when the release began, looked up where it cannot be seen.
    pub recorded: Option<Forward>,
}

impl Seen {
    /// None of it could be seen.
    #[must_use]
    pub fn unknown(why: &Unseen) -> Self {
        Self {
            rules: Vec::new(),
            primary: Known::Unknown(why.clone()),
            canary: Known::Unknown(why.clone()),
        }
    }

    /// Nothing was looked at.
    #[must_use]
    pub fn nothing<'a>(rules: impl Iterator<Item = &'a ForwardArn>) -> Self {
        let rules = rules.map(|arn| Rule {
            arn: arn.clone(),
            seen: Known::nothing(),
            recorded: None,
        });
        Self {
            rules: rules.collect(),
            primary: Known::nothing(),
            canary: Known::nothing(),
        }
    }

    /// The rules that were seen.
    pub fn forwards(&self) -> impl Iterator<Item = &Forward> {
        self.rules.iter().filter_map(|rule| rule.seen.get())
    }

    /// Everything about it that could not be seen.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let groups = [self.primary.unseen(), self.canary.unseen()];
        let rules = self.rules.iter().map(|rule| rule.seen.unseen());
        rules.chain(groups).flatten()
    }

    /// Why a rule or a group is known not to exist, if one is.
    #[must_use]
    pub fn gone(&self) -> Option<&Unseen> {
        self.unseen().find(|it| it.is_missing())
    }

    /// Whether every rule shows the weight, or sends the canary nothing at all any more.
    #[must_use]
    pub fn is_live(&self, found: &FoundRules, weight: Weight) -> bool {
        let is_gone = |wanted: &ForwardArn| {
            let mut gone = self.rules.iter().filter(|rule| rule.seen.is_gone());
            gone.any(|rule| rule.arn == *wanted)
        };
        let forwards = found.forwards.iter();
        let left = FoundRules {
            forwards: forwards
                .filter(|found| !is_gone(&found.forward))
                .cloned()
                .collect(),
            ..*found
        };
        let shown: Vec<Forward> = self.forwards().cloned().collect();
        left.is_live(&shown, weight)
    }

    /// The same with the groups the other way round.
    #[must_use]
    pub fn flipped(self) -> Self {
        let rules = self.rules.into_iter().map(|rule| Rule {
            seen: rule.seen.map(Forward::flipped),
            recorded: rule.recorded.map(Forward::flipped),
            ..rule
        });
        Self {
            rules: rules.collect(),
            primary: self.canary,
            canary: self.primary,
        }
    }

    /// All of it, if all of it was seen.
    #[must_use]
    pub fn whole(&self) -> Option<Whole> {
        let forwards = self.rules.iter().map(|rule| rule.seen.get().cloned());
        Some(Whole {
            forwards: forwards.collect::<Option<_>>()?,
            primary: self.primary.get()?.clone(),
            canary: self.canary.get()?.clone(),
        })
    }
}

/// `weights 90 primary and 10 canary; targets: primary 3 healthy, canary 1 healthy`
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights = self.rules.iter().map(|rule| match &rule.seen {
            Known::Known(forward) => forward.weights.to_string(),
            Known::Gone => "none any more".to_owned(),
            Known::Unknown(unseen) => format!("not seen: {unseen}"),
        });
        write!(
            f,
            "weights {}; targets: primary {}, canary {}",
            weights.collect::<Vec<_>>().join(", "),
            self.primary.said("group"),
            self.canary.said("group")
        )
    }
}

impl From<&Whole> for Seen {
    fn from(seen: &Whole) -> Self {
        let rules = seen.forwards.iter().map(|forward| Rule {
            arn: forward.arn.clone(),
            seen: Known::Known(forward.clone()),
            recorded: None,
        });
        Self {
            rules: rules.collect(),
            primary: Known::Known(seen.primary.clone()),
            canary: Known::Known(seen.canary.clone()),
        }
    }
}
