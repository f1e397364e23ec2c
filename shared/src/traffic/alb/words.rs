//! What a release behind a load balancer does, waits for and refuses, in words.

use crate::{
    input::TARGET,
    job::FailureType,
    names::{ServiceName, TargetGroupArn},
    parts::{
        pair,
        rules::{self, TargetHealth},
    },
    weight::Weight,
    words::{Code, Shared, Words, plural},
};

/// What is done about two services behind a load balancer, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// Tasks before a weight rises.
    #[error("{asked} asked; setting {service} to {tasks} task{}, its weight follows", plural(*tasks))]
    Capacity {
        /// The share asked for.
        asked: Weight,
        /// The canary service.
        service: ServiceName,
        /// Its tasks.
        tasks: u32,
    },
    /// Tasks after a weight has fallen.
    #[error("{asked} asked and drained; setting {service} to {tasks} task{}", plural(*tasks))]
    ScaleIn {
        /// The share asked for.
        asked: Weight,
        /// The canary service.
        service: ServiceName,
        /// Its tasks.
        tasks: u32,
    },
    /// Healthy targets, before they get requests.
    #[error("waiting for {service} to settle with {needed} healthy target{}: {health}", plural(*needed))]
    Targets {
        /// The service.
        service: ServiceName,
        /// How many have to be healthy.
        needed: u32,
        /// How many are.
        health: TargetHealth,
    },
    /// A rule or a target group, of which a rollback could not see what it does.
    #[error("rolling back, but the canary keeps its tasks: {0}")]
    Unseen(String),
    /// Before the release: a service registers its tasks elsewhere.
    #[error(
        "service {service} does not register its tasks in target group {group} ({TARGET}: field traffic.alb.{field}); it registers them in {}",
        groups(found)
    )]
    WrongGroup {
        /// The service.
        service: ServiceName,
        /// The group of the target.
        group: TargetGroupArn,
        /// Its field.
        field: &'static str,
        /// The service's groups.
        found: Vec<TargetGroupArn>,
    },
    /// About the services.
    #[error(transparent)]
    Pair(#[from] pair::Reason),
    /// About the rules.
    #[error(transparent)]
    Rules(#[from] rules::Reason),
}

impl From<Shared> for Reason {
    fn from(shared: Shared) -> Self {
        Self::Pair(shared.into())
    }
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::WrongGroup { .. } => FailureType::ConfigurationError,
            Self::Pair(pair) => pair.failure(),
            Self::Rules(rules) => rules.failure(),
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Pair(pair) => pair.code(),
            _ => None,
        }
    }
}

fn groups(groups: &[TargetGroupArn]) -> String {
    match groups {
        [] => "none".to_owned(),
        groups => groups
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}
