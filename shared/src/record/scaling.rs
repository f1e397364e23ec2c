//! Automatic scaling and a release: what holds it, and whose bounds it gets back.

use super::{Phase, Record};
use crate::{
    clock::Timestamp,
    names::ServiceName,
    parts::pair::{FoundService, Service},
    schedule::Window,
};

impl Record {
    /// As many tasks as the primary has or is to have: the least of them, where it has fewer.
    #[must_use]
    pub fn primary_tasks(&self, primary: &Service) -> u32 {
        primary.desired.max(self.found.primary.floor)
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
