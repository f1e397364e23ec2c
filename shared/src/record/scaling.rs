//! Automatic scaling and a release: what holds it, and whose bounds it gets back.

use super::{FoundService, Phase, Record};
use crate::{
    clock::Timestamp,
    names::ServiceName,
    observation::{ScalableTarget, Service, Suspended},
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

    /// Whether the primary's automatic scaling is changed for the length of the release.
    #[must_use]
    pub fn holds_primary_scaling(&self) -> bool {
        self.suspends_primary_scaling() || self.found.primary.floor > 0
    }

    fn suspends_primary_scaling(&self) -> bool {
        self.owns_primary_count() || self.target.alb().is_some()
    }

    /// What a release does not give back of its services' automatic scaling, in words: bounds that somebody else has set.
    #[must_use]
    pub fn left_of_scaling(
        &self,
        primary: Option<&Service>,
        canary: Option<&Service>,
    ) -> Vec<String> {
        let primary = primary.filter(|_| self.holds_primary_scaling());
        let primary = primary.and_then(|it| self.found.primary.left_of_scaling(it));
        let canary = canary.and_then(|it| self.found.canary.left_of_scaling(it));
        primary.into_iter().chain(canary).collect()
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

impl FoundService {
    /// What a service is to have again, with the bounds that somebody else has set meanwhile.
    ///
    /// A bound that is neither what was found nor what holding sets is theirs, and stays; then a count outside of theirs is theirs
    /// too. What is suspended becomes as it was found. A scalable target that is gone stays away, and a new one stays; a release may
    /// have held it, so nothing of it is suspended afterwards.
    #[must_use]
    pub fn respecting(&self, service: &Service) -> Self {
        let scaling = match (self.scaling, service.scaling) {
            (_, None) => None,
            (None, Some(now)) => Some(ScalableTarget {
                suspended: if now.suspended.scale_in && now.suspended.scheduled {
                    Suspended::default()
                } else {
                    now.suspended
                },
                ..now
            }),
            (Some(found), Some(now)) => Some(self.respecting_bounds(found, now)),
        };
        let theirs = scaling.filter(|it| self.scaling.map(bounds) != Some(bounds(*it)));
        Self {
            task_definition: self.task_definition.clone(),
            desired: within(theirs, self.desired),
            scaling,
            floor: self.floor,
        }
    }

    fn respecting_bounds(&self, found: ScalableTarget, now: ScalableTarget) -> ScalableTarget {
        let has_their_max =
            now.max != found.max && now.max != found.max.max(self.desired.max(self.floor));
        let (min, max) = match (self.has_their_min(now), has_their_max) {
            (false, false) => (found.min, found.max),
            (true, false) => (now.min, found.max.max(now.min)),
            (false, true) => (found.min.min(now.max), now.max),
            (true, true) => (now.min, now.max),
        };
        ScalableTarget {
            min,
            max,
            suspended: found.suspended,
        }
    }

    /// Whether somebody else has set the lower bound.
    fn has_their_min(&self, now: ScalableTarget) -> bool {
        let is_ours = |found: ScalableTarget| {
            [found.min, found.min.min(self.desired), self.floor].contains(&now.min)
        };
        now.min > 0 && !self.scaling.is_some_and(is_ours)
    }

    /// What automatic scaling has yet to become where it would be held so, if a lower bound that somebody else has set since stays.
    /// Nothing raises a count to it while everything that moves one is suspended, but for the call that suspends it.
    #[must_use]
    pub fn holding(&self, service: &Service, to: ScalableTarget) -> Option<ScalableTarget> {
        let now = service.scaling?;
        if !self.has_their_min(now) {
            return Some(to);
        }
        let min = now.min.min(service.desired);
        (now.suspended != to.suspended).then_some(ScalableTarget { min, ..to })
    }

    /// A count as its scaling allows it.
    #[must_use]
    pub fn bounded(&self, count: u32) -> u32 {
        within(self.scaling, count)
    }

    /// What is left of a service's scaling because somebody else has set it so, in words.
    #[must_use]
    pub fn left_of_scaling(&self, service: &Service) -> Option<String> {
        let name = &service.name;
        match (self.scaling, self.respecting(service).scaling) {
            (Some(found), Some(left)) if bounds(found) != bounds(left) => Some(format!(
                "{name} keeps the bounds {}..{} that somebody has set; it had {}..{}",
                left.min, left.max, found.min, found.max
            )),
            (Some(found), None) => Some(format!(
                "{name} stays without automatic scaling, which somebody has taken away; it had {}..{}",
                found.min, found.max
            )),
            (None, Some(left)) => Some(format!(
                "{name} keeps the bounds {}..{} that somebody has set; it had no automatic scaling",
                left.min, left.max
            )),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

fn bounds(scaling: ScalableTarget) -> (u32, u32) {
    (scaling.min, scaling.max)
}

fn within(scaling: Option<ScalableTarget>, count: u32) -> u32 {
    scaling.map_or(count, |it| count.clamp(it.min, it.max.max(it.min)))
}

#[cfg(test)]
mod tests;
