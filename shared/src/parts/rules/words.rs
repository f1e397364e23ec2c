//! What a release does about rules of a load balancer, waits for and refuses, in words.

use super::{Rest, Unreachable, Weights};
use crate::{
    clock::Timestamp,
    job::FailureType,
    names::ForwardArn,
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
        "{} has the weights {found}, not {expected} as this release last set them. Somebody or something else has changed the rule",
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
        "{} {found}; as this release found it, it {expected}. Somebody or something else has changed the rule",
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
    /// No weights give the share.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::Unreachable(_) => FailureType::ConfigurationError,
            _ => FailureType::JobFailed,
        }
    }
}
