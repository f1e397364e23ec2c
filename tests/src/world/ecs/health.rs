//! How the scheduler sees a task: by its container's health check and by its load balancers.

use std::time::Duration;

use super::{
    super::World,
    Health,
    scheduler::Liveness,
    targets::{self, Registration},
    task::Task,
};
use crate::clock::Moment;

/// AWS: a task without a health check and without a load balancer counts towards the minimum healthy
/// percent 40 s after it reached RUNNING (API reference, `DeploymentConfiguration`).
const WARM_UP: Duration = Duration::from_secs(40);

/// Why the scheduler has to replace a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ailment {
    /// The health check of its container.
    Container,
    /// The health check of a target group.
    Target(Registration),
}

impl Ailment {
    /// What the service's event says of the task. AWS: developer guide, service event messages.
    pub(super) fn event(&self, world: &mut World) -> String {
        match self {
            Self::Container => "failed container health checks.".to_owned(),
            Self::Target(registration) => format!(
                "(port {}) is unhealthy in (target-group {}) due to (reason {}).",
                registration.target.port,
                registration.group,
                targets::reason(world, registration),
            ),
        }
    }

    /// `stoppedReason`. AWS: developer guide, stopped task error messages.
    pub(super) fn stopped_reason(&self) -> String {
        match self {
            Self::Container => "Task failed container health checks".to_owned(),
            Self::Target(Registration { group, .. }) => {
                format!("Task failed ELB health checks in (target-group {group})")
            }
        }
    }
}

impl Task {
    /// How the scheduler sees it; `None` when it is being stopped.
    pub(super) fn liveness(&self, world: &World) -> Option<Liveness> {
        if !self.is_wanted() {
            return None;
        }
        let Some(started) = self.started else {
            return Some(Liveness::Pending);
        };
        Some(if self.ailment(world).is_some() {
            Liveness::Ailing
        } else if self.counts(world, started) {
            Liveness::Healthy
        } else {
            Liveness::Warming
        })
    }

    /// Whether a task that runs counts towards the minimum healthy percent. AWS: with a health check
    /// and a load balancer both have to find it healthy (API reference, `DeploymentConfiguration`).
    fn counts(&self, world: &World, started: Moment) -> bool {
        if self.registrations.is_empty() && self.health_check.is_none() {
            return world.now.since(started) >= world.paced(WARM_UP);
        }
        self.passes_checks(world)
    }

    /// Whether whoever checks a task that runs finds it healthy.
    pub(super) fn passes_checks(&self, world: &World) -> bool {
        let checked = self.health_check.is_none() || self.health == Some(Health::Healthy);
        checked && targets::all_healthy(world, self)
    }

    /// Why the scheduler has to replace it, if it has to. AWS ignores failing health checks of the
    /// container and of target groups for the service's grace period (API reference,
    /// `healthCheckGracePeriodSeconds`).
    pub(super) fn ailment(&self, world: &World) -> Option<Ailment> {
        let grace = world.ecs.services.get(&self.service)?.grace();
        let in_grace = world.now.since(self.started?) < world.paced(grace);
        if in_grace || !self.is_wanted() {
            return None;
        }
        if self.health == Some(Health::Unhealthy) {
            return Some(Ailment::Container);
        }
        targets::unhealthy(world, self)
            .cloned()
            .map(Ailment::Target)
    }
}
