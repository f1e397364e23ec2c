//! What a release does about rules of a load balancer, waits for and refuses, in words.

use super::{Rest, TargetHealth, Unreachable, Weights};
use crate::{
    clock::Timestamp,
    input::TARGET,
    job::FailureType,
    names::{ForwardArn, TargetGroupArn},
    weight::{Attained, Weight},
    words::Words,
};

/// What is done about rules, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// Weights.
    #[error("{asked} asked; setting the canary's target group to {}", attained.of())]
    Weigh {
        /// The share asked for.
        asked: Weight,
        /// What the weights give.
        attained: Attained,
    },
    /// What was set is there.
    #[error("{asked} asked, {attained} on every rule")]
    Live {
        /// The share.
        asked: Weight,
        /// What the weights give.
        attained: Attained,
    },
    /// The next step of giving requests back.
    #[error("canary's weight is down to {weight}; goes on at {until}")]
    DrainStep {
        /// The canary's share.
        weight: Weight,
        /// When.
        until: Timestamp,
    },
    /// The next step of handing requests over.
    #[error("canary's weight is up to {weight}; goes on at {until}")]
    Over {
        /// The canary's share.
        weight: Weight,
        /// When.
        until: Timestamp,
    },
    /// Targets that finish the last of their requests.
    #[error(
        "everything goes to the canary's targets; the primary's have until {until} to finish their requests (deregistration delay)"
    )]
    Answering {
        /// Until when.
        until: Timestamp,
    },
    /// Targets that finish their requests.
    #[error(
        "{weight} on every rule; the canary's targets have until {until} to finish their requests (deregistration delay)"
    )]
    Draining {
        /// The canary's share.
        weight: Weight,
        /// Until when.
        until: Timestamp,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "{} has the weights {found}, not {expected} as this release last set them. The rule was changed outside this release",
        forward.short()
    )]
    ForeignWeight {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        found: Weights,
        /// What it should have.
        expected: Weights,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "{} {found}; as this release found it, it {expected}. The rule was changed outside this release",
        forward.short()
    )]
    ForeignRule {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        found: Rest,
        /// What it should have.
        expected: Rest,
    },
    /// A gate closed.
    #[error(
        "{} of the canary's targets in {} {} unhealthy; {allowed} are allowed (maxUnhealthy). It has {health}",
        health.unhealthy, group.short(), if health.unhealthy == 1 { "is" } else { "are" }
    )]
    Unhealthy {
        /// The canary's group.
        group: TargetGroupArn,
        /// Its targets.
        health: TargetHealth,
        /// `maxUnhealthy`.
        allowed: u32,
    },
    /// A gate closed: requests that nobody answers.
    #[error("target group {} gets traffic and has no healthy target: {health}", group.short())]
    NoHealthyTarget {
        /// The group.
        group: TargetGroupArn,
        /// Its targets.
        health: TargetHealth,
    },
    /// Before the release: the weights are not at rest.
    #[error(
        "{} has the weights {weights}; a release begins with everything on the primary's target group. Set the canary's weight to 0 \
         and the primary's above 0, then retry",
        forward.short()
    )]
    NotAtRest {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        weights: Weights,
    },
    /// Before the release: cookies bind clients to a group.
    #[error(
        "{} is sticky: clients that were once sent to the canary stay there for as long as their cookie lives, whatever its weight \
         is, also after a rollback. Turn stickiness off in its forward action, or set allowSticky ({TARGET}: field {within}.allowSticky)",
        forward.short()
    )]
    Sticky {
        /// The rule.
        forward: ForwardArn,
        /// Where the target has rules and groups.
        within: &'static str,
    },
    /// Before the release: rule and group do not belong together.
    #[error(
        "target group {group} ({TARGET}: field {within}.{field}) belongs to {}, and {} to the load balancer {}",
        if load_balancers.is_empty() { "no load balancer".to_owned() } else { format!("the load balancer {}", load_balancers.join(", ")) },
        forward.short(), forward.load_balancer()
    )]
    OtherLoadBalancer {
        /// The group.
        group: TargetGroupArn,
        /// Where the target has rules and groups.
        within: &'static str,
        /// The field that names the group.
        field: &'static str,
        /// Its load balancers, by ARN.
        load_balancers: Vec<String>,
        /// The rule.
        forward: ForwardArn,
    },
    /// No weights give the share.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::Unreachable(_) | Self::Sticky { .. } | Self::OtherLoadBalancer { .. } => {
                FailureType::ConfigurationError
            }
            _ => FailureType::JobFailed,
        }
    }
}
