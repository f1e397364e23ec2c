//! Automatic scaling and a release: what holds it, and whose bounds it gets back.

use super::{Phase, Record};
use crate::{
    clock::Timestamp,
    names::ServiceName,
    parts::pair::{FoundService, ScalableTarget, Service},
    schedule::Window,
    target::Traffic,
};

impl Record {
    /// What the primary's automatic scaling has yet to become for the length of the release.
    ///
    /// In `constantTotal` its count is ours. Behind a load balancer its tasks have to be able to take all requests back at
    /// any moment, so none is taken away while the canary has its part of them. Of workers that scale to zero one task stays.
    #[must_use]
    pub fn primary_scaling_to_hold(&self, primary: &Service) -> Option<ScalableTarget> {
        let to = if self.owns_primary_count() {
            primary.scaling_to_hold()
        } else if self.target.alb().is_some() {
            primary.scaling_to_hold_up()
        } else {
            primary.scaling_to_floor(self.found.primary.floor)
        };
        self.found.primary.holding(primary, to?)
    }

    /// As many tasks as the primary has or is to have: the least of them, where it has fewer.
    #[must_use]
    pub fn primary_tasks(&self, primary: &Service) -> u32 {
        primary.desired.max(self.found.primary.floor)
    }

    /// What the canary's automatic scaling has yet to become for the length of the release: the share of a queue's consumers is
    /// their number, and behind a load balancer it is a weight, whatever number takes it.
    #[must_use]
    pub fn canary_scaling_to_hold(&self, canary: &Service) -> Option<ScalableTarget> {
        let to = match self.target.traffic {
            Traffic::Queue(_) => canary.scaling_to_hold(),
            Traffic::Alb(_) => canary.scaling_to_let_grow(),
        };
        self.found.canary.holding(canary, to?)
    }

    fn suspends_primary_scaling(&self) -> bool {
        self.owns_primary_count() || self.target.alb().is_some()
    }

    /// The services whose scheduled actions the release has suspended.
    #[must_use]
    pub fn held_schedules(&self) -> Vec<&ServiceName> {
        let is_scheduled = |found: &FoundService| {
            let scaling = found.scaling;
            scaling.is_some_and(|scaling| !scaling.suspended.scheduled)
        };
        let (target, found) = (&self.target, &self.found);
        let primary = self.suspends_primary_scaling() && is_scheduled(&found.primary);
        let canary = is_scheduled(&found.canary);
        let services = [(primary, &target.primary), (canary, &target.canary)];
        let services = services.into_iter().filter(|(is_held, _)| *is_held);
        services.map(|(_, service)| service).collect()
    }

    /// For how long they have been: from the beginning until scaling was given back, which is now unless the promotion was watched
    /// after that.
    #[must_use]
    pub fn suspension(&self, now: Timestamp) -> Window {
        let until = match self.phase {
            Phase::Promoting { baking_since, .. } => baking_since.unwrap_or(now),
            _ => now,
        };
        Window {
            after: self.began,
            until,
        }
    }
}
