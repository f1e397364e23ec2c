//! What a release behind a load balancer does, waits for and refuses, in words.

use crate::{
    input::TARGET,
    job::FailureType,
    names::{ForwardArn, ServiceName, TargetGroupArn},
    parts::{
        pair,
        rules::{self, TargetHealth, Weights},
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
    #[error("target group {} has a weight and no healthy target: {health}", group.short())]
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
         is, also after a rollback. Turn stickiness off in its forward action, or set allowSticky ({TARGET}: field traffic.alb.allowSticky)",
        forward.short()
    )]
    Sticky {
        /// The rule.
        forward: ForwardArn,
    },
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
    /// Before the release: rule and group do not belong together.
    #[error(
        "target group {group} ({TARGET}: field traffic.alb.{field}) belongs to {}, and {} to the load balancer {}",
        if load_balancers.is_empty() { "no load balancer".to_owned() } else { format!("the load balancer {}", load_balancers.join(", ")) },
        forward.short(), forward.load_balancer()
    )]
    OtherLoadBalancer {
        /// The group.
        group: TargetGroupArn,
        /// Its field.
        field: &'static str,
        /// Its load balancers, by ARN.
        load_balancers: Vec<String>,
        /// The rule.
        forward: ForwardArn,
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
            Self::Sticky { .. } | Self::WrongGroup { .. } | Self::OtherLoadBalancer { .. } => {
                FailureType::ConfigurationError
            }
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
