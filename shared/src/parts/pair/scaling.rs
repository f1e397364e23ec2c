//! Automatic scaling of a service: what holds it for the length of a release, and whose bounds it gets back.

use super::{FoundService, ScalableTarget, Service, Suspended};

impl ScalableTarget {
    /// Whether it is as a release may hold it: nothing takes tasks away, or moves the bounds, and there is room for none.
    #[must_use]
    pub fn is_as_held(&self) -> bool {
        self.suspended == Suspended::ALL
            || self.min == 0 && self.suspended.scale_in && self.suspended.scheduled
    }

    /// The same with everything suspended, for as long as the service's count is ours.
    ///
    /// Every `RegisterScalableTarget` pulls the count into the bounds; so these leave room for no tasks, and for
    /// as many as there are.
    #[must_use]
    pub fn held(self, count: u32) -> Self {
        Self {
            min: 0,
            max: self.max.max(count),
            suspended: Suspended::ALL,
        }
    }

    /// The same with everything suspended that takes tasks away, or moves the bounds: for as long as these tasks have to
    /// be able to take all requests back. Adding tasks stays on.
    #[must_use]
    pub fn held_up(self, count: u32) -> Self {
        Self {
            min: self.min.min(count),
            max: self.max.max(count),
            suspended: Suspended {
                scale_in: true,
                scheduled: true,
                scale_out: self.suspended.scale_out,
            },
        }
    }
}

impl Service {
    /// Whether its own automatic scaling may have added tasks to so many.
    #[must_use]
    pub fn may_be_scaled_out_from(&self, tasks: u32) -> bool {
        self.scaling.is_some_and(|scaling| {
            !scaling.suspended.scale_out && (tasks..=scaling.max).contains(&self.desired)
        })
    }

    /// What its automatic scaling has yet to become before its count is ours; `None` if nothing scales it.
    #[must_use]
    pub fn scaling_to_hold(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let is_held = scaling.min == 0 && scaling.suspended == Suspended::ALL;
        (!is_held).then(|| scaling.held(self.desired))
    }

    /// What its automatic scaling has yet to become before no task is taken away; `None` if nothing scales it.
    #[must_use]
    pub fn scaling_to_hold_up(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let is_held = scaling.suspended.scale_in && scaling.suspended.scheduled;
        (!is_held).then(|| scaling.held_up(self.desired))
    }

    /// What its automatic scaling has yet to become before so many tasks stay; `None` if nothing scales it to fewer.
    #[must_use]
    pub fn scaling_to_floor(&self, floor: u32) -> Option<ScalableTarget> {
        let scaling = self.scaling.filter(|scaling| scaling.min < floor)?;
        Some(ScalableTarget {
            min: floor,
            max: scaling.max.max(self.desired).max(floor),
            ..scaling
        })
    }

    /// What its automatic scaling has yet to become before tasks are added only, and its count may be set to less; `None` if nothing
    /// scales it.
    #[must_use]
    pub fn scaling_to_let_grow(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let growing = ScalableTarget {
            min: 0,
            ..scaling.held_up(self.desired)
        };
        let is_held = scaling.min == 0 && scaling.suspended == growing.suspended;
        (!is_held).then_some(growing)
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
