//! What brings two services back to what a release found: their versions, their counts, and last of all their scaling. Each is a call
//! of its own, so that one that AWS refuses keeps no other from being made.

use super::{Change, FoundService, Reason, ScalableTarget, Service, Set, View, Which};
use crate::{known::Known, names::TaskDefinitionArn, parts::release::Promotion};

/// A release that is being rolled back.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// Its services.
    pub view: View<'a>,
    /// How far its promotion was.
    pub promotion: Promotion,
    /// Whether everything that began before the rollback is over.
    ///
    /// Scaling is given back last, when nothing that began earlier can change a count any more: from then on a count that changes is
    /// the scaling's own doing.
    pub fenced: bool,
}

impl<'a> View<'a> {
    /// The same of a release that is being rolled back; see [`Back::fenced`].
    #[must_use]
    pub fn back(self, fenced: bool) -> Back<'a> {
        Back {
            view: self,
            promotion: self.promotion,
            fenced,
        }
    }
}

/// Whether a service runs, or is about to run, anything else than what was found.
fn is_foreign(service: &Service, stable: &TaskDefinitionArn) -> bool {
    !service.is_on(stable)
        || service
            .deployments
            .iter()
            .any(|other| other.task_definition != *stable && other.running > 0)
}

impl<'a> Back<'a> {
    /// The same with something else set.
    #[must_use]
    pub fn with<'b>(&self, set: &'b Set) -> Back<'b>
    where
        'a: 'b,
    {
        Back {
            view: View { set, ..self.view },
            ..*self
        }
    }

    /// What is set, with what this look has found out.
    #[must_use]
    pub fn noted(&self) -> Set {
        let mut set = self.view.set.clone();
        let restoring = &mut set.restoring;
        if self.promotion.has_given_back() && self.knows_scaling() {
            for which in [Which::Primary, Which::Canary] {
                if let Some(service) = self.service(which).get() {
                    restoring.kept = restoring.kept.with(which, service);
                }
            }
        }
        if self
            .canary()
            .is_some_and(|canary| self.has_unwanted(canary))
        {
            restoring.unwanted_since.get_or_insert(self.view.now);
        }
        for (which, _) in self.anew().changes {
            restoring.forced = restoring.forced.again(which);
        }
        set
    }

    /// A service, as far as it is known.
    #[must_use]
    pub fn service(&self, which: Which) -> &'a Known<Service> {
        match which {
            Which::Primary => &self.view.seen.primary,
            Which::Canary => &self.view.seen.canary,
        }
    }

    /// What the release found of a service.
    #[must_use]
    pub fn found(&self, which: Which) -> &'a FoundService {
        match which {
            Which::Primary => &self.view.found.primary,
            Which::Canary => &self.view.found.canary,
        }
    }

    /// The primary, if it is seen.
    #[must_use]
    pub fn primary(&self) -> Option<&'a Service> {
        self.view.seen.primary.get()
    }

    /// The canary, if it is seen.
    #[must_use]
    pub fn canary(&self) -> Option<&'a Service> {
        self.view.seen.canary.get()
    }

    /// Whether a service runs what somebody has put there, neither the candidate nor what was found: it stays.
    #[must_use]
    pub fn is_theirs(&self, service: &Service, stable: &TaskDefinitionArn) -> bool {
        service.newest().is_some_and(|newest| {
            newest.task_definition != *stable
                && self.view.candidate() != Some(&newest.task_definition)
        })
    }

    /// Whether tasks of the candidate still run beside what somebody has put in its place.
    #[must_use]
    pub fn is_at_work(&self, service: &Service) -> bool {
        let candidate = self.view.candidate();
        let mut deployments = service.deployments.iter();
        deployments.any(|it| it.running > 0 && Some(&it.task_definition) == candidate)
    }

    /// What the canary still lacks: `away` brings it off the candidate, and then it gets its count and its scaling back. Where somebody's
    /// version does not soon replace what must not work on, `stops` says that it is stopped, and theirs gets its count back.
    #[must_use]
    pub fn canary_changes(
        &self,
        canary: &Service,
        stops: bool,
        away: fn(&Self, &Service) -> Vec<Change>,
    ) -> Vec<Change> {
        let stable = &self.view.found.canary.task_definition;
        let is_theirs = self.is_theirs(canary, stable);
        if is_theirs && self.is_at_work(canary) {
            let stops = self.fenced && stops && canary.desired > 0;
            let stop = stops.then(|| Change::count(&canary.name, 0));
            return stop.into_iter().collect();
        }
        if is_foreign(canary, stable) && !is_theirs {
            return away(self, canary);
        }
        let goal = self.goal(Which::Canary);
        let hold = || self.hold(Which::Canary, canary);
        goal.map_or_else(Vec::new, |goal| self.give_back(canary, &goal, hold))
    }

    /// A canary whose tasks do harm: they stop at once. Only when the last of them is gone does it get its own count again.
    #[must_use]
    pub fn stopped(&self, canary: &Service) -> Vec<Change> {
        let stable = &self.view.found.canary.task_definition;
        let goal = self.goal(Which::Canary);
        let version = (!canary.is_on(stable)).then(|| Change::version(&canary.name, stable));
        let is_refused = version.as_ref().is_some_and(|it| self.is_refused(it));
        // A canary whose count had been given back goes from version to version; where AWS refuses that, it stops as well.
        let stops = !self.promotion.has_given_back() || is_refused && goal.is_some();
        let stop = (stops && canary.desired > 0).then(|| Change::count(&canary.name, 0));
        // Suspending it must not bring a task back.
        let hold = self.held(canary);
        let hold = hold.map(|to| scale(canary, ScalableTarget { min: 0, ..to }));
        stop.into_iter().chain(version).chain(hold).collect()
    }

    /// A canary that nothing reaches any more: the stable version replaces the candidate, task by task.
    #[must_use]
    pub fn replaced(&self, canary: &Service) -> Vec<Change> {
        let stable = &self.view.found.canary.task_definition;
        // In one call: a count whose scaling lives, and that was not set with the version, would pass for that scaling's doing.
        let wanted = self.goal(Which::Canary).map(|goal| goal.desired);
        let is_set = canary.is_on(stable) && wanted.is_none_or(|desired| canary.desired == desired);
        let replace = (!is_set).then(|| Change::UpdateService {
            service: canary.name.clone(),
            task_definition: Some(stable.clone()),
            desired: wanted,
        });
        let hold = self.held(canary);
        let hold = hold.map(|to| scale(canary, to));
        replace.into_iter().chain(hold).collect()
    }

    /// The stable version of the canary, and nothing else.
    #[must_use]
    pub fn version(&self, canary: &Service) -> Vec<Change> {
        let stable = &self.view.found.canary.task_definition;
        let is_due = !canary.is_on(stable) && !self.is_theirs(canary, stable);
        let version = is_due.then(|| Change::version(&canary.name, stable));
        version.into_iter().collect()
    }

    /// What the primary still lacks. It is touched only where the release may have touched it; `is_needed` while work comes back to
    /// it: then it loses no task.
    #[must_use]
    pub fn primary_changes(&self, primary: &Service, is_needed: bool) -> Vec<Change> {
        let (found, holds) = (&self.view.found.primary, self.view.holds.primary);
        let stable = &found.task_definition;
        let goal = self.goal(Which::Primary);
        let hold = primary.scaling_to_hold_up();
        let hold = hold.filter(|_| is_needed && self.knows_scaling() && goal.is_some());
        let hold = hold.map(|to| scale(primary, to));
        let version = self.promotion.has_begun()
            && !primary.is_on(stable)
            && !self.is_theirs(primary, stable);
        let version = version.then(|| Change::version(&primary.name, stable));
        let Some(goal) = goal else {
            return version.into_iter().collect();
        };
        let rest = if self.promotion.has_given_back() {
            let back = scaling_up_kept(primary, &goal, self.fenced && !is_needed);
            back.or(hold).into_iter().collect()
        } else if holds.owns_count() && version.is_none() {
            let hold = || self.hold(Which::Primary, primary);
            self.give_back(primary, &goal, hold)
        } else if holds.owns_count() {
            let count = primary.desired != goal.desired && !goal.is_scaled_again(primary);
            let count = count.then(|| Change::count(&primary.name, goal.desired));
            count.into_iter().collect()
        } else if holds.changes(found) && !is_needed && version.is_none() {
            self.scaling_up_back(primary, &goal)
        } else {
            hold.into_iter().collect()
        };
        version.into_iter().chain(rest).collect()
    }

    /// Without a candidate nothing but scaling was changed.
    #[must_use]
    pub fn scaling_changes(&self) -> Vec<Change> {
        if !self.knows_scaling() {
            return Vec::new();
        }
        let (found, holds) = (self.view.found, self.view.holds.primary);
        let canary = self.canary();
        let canary =
            canary.map(|canary| self.scaling_back(canary, &found.canary.respecting(canary)));
        let primary = self.primary().map(|primary| {
            let back = found.primary.respecting(primary);
            if holds.owns_count() {
                self.scaling_back(primary, &back)
            } else if holds.changes(&found.primary) {
                self.scaling_up_back(primary, &back)
            } else {
                Vec::new()
            }
        });
        [canary, primary].into_iter().flatten().flatten().collect()
    }

    /// Everything that the release may have changed is what it found, or somebody's own.
    ///
    /// # Errors
    /// It is not yet.
    pub fn is_restored(&self) -> Result<(), Reason> {
        let is_seen = |which| self.service(which).unseen().is_none();
        let is = if self.view.candidate().is_none() {
            is_seen(Which::Primary) && is_seen(Which::Canary)
        } else {
            self.is_back(Which::Canary) && self.is_back(Which::Primary)
        };
        if is {
            return Ok(());
        }
        let pair = self.view.pair;
        Err(Reason::Restoring {
            primary: (&pair.primary, &self.view.seen.primary).into(),
            canary: (&pair.canary, &self.view.seen.canary).into(),
        })
    }

    fn is_back(&self, which: Which) -> bool {
        let stable = &self.found(which).task_definition;
        let service = match self.service(which) {
            Known::Known(service) => service,
            Known::Gone => return true,
            Known::Unknown(_) => return false,
        };
        let is_theirs = self.is_theirs(service, stable) && !self.is_at_work(service);
        let is_ours = match which {
            Which::Canary => service.is_on(stable) && service.is_steady(),
            Which::Primary => {
                let has_begun = self.promotion.has_begun();
                let owns = self.view.holds.primary.owns_count();
                let version = !has_begun || service.is_on(stable) && service.is_rolled_out();
                version && (!has_begun && !owns || service.is_settled())
            }
        };
        is_theirs || is_ours || service.is_steady_but_for_protected(stable)
    }

    /// Whether scaling was seen.
    #[must_use]
    pub fn knows_scaling(&self) -> bool {
        self.view.seen.scaling.is_none()
    }

    fn is_refused(&self, change: &Change) -> bool {
        let what = change.to_string();
        self.view.refused.iter().any(|missing| missing.what == what)
    }

    /// The canary's scaling stays out of the way, unless it had been given back.
    fn held(&self, canary: &Service) -> Option<ScalableTarget> {
        let is_ours = !self.promotion.has_given_back();
        self.hold(Which::Canary, canary).filter(|_| is_ours)
    }

    /// What a service's scaling has yet to become before its count is ours. It leaves room for what the service is to have again, not
    /// for what the release has given it: that would be a bound that nobody has set.
    fn hold(&self, which: Which, service: &Service) -> Option<ScalableTarget> {
        let back = self.given_back(which)?;
        service.scaling_to_hold()?;
        back.holding(service, service.scaling?.held(back.desired))
    }

    /// What the service is to have again, if that and what it has now are known; with the bounds that somebody has set since.
    fn goal(&self, which: Which) -> Option<FoundService> {
        let goal = self.given_back(which)?;
        Some(match self.service(which).get() {
            Some(service) => goal.respecting(service),
            None => goal,
        })
    }

    /// The same, whatever somebody has set since: what the release found, or where counts and scaling had been given back, or somebody
    /// else had set them, what it had when the rollback first saw it. `None` as long as that is not known; then only its version can
    /// be restored.
    fn given_back(&self, which: Which) -> Option<FoundService> {
        if !self.knows_scaling() {
            return None;
        }
        let found = self.found(which);
        let kept = self.view.set.restoring.kept.of(which);
        let Some(kept) = kept else {
            return (!self.promotion.has_given_back()).then(|| found.clone());
        };
        Some(FoundService {
            task_definition: found.task_definition.clone(),
            desired: kept.desired,
            scaling: kept.scaling,
            floor: found.floor,
        })
    }

    /// A service's count, and when that is right its scaling.
    fn give_back(
        &self,
        service: &Service,
        goal: &FoundService,
        hold: impl FnOnce() -> Option<ScalableTarget>,
    ) -> Vec<Change> {
        // A count of 0 is the stopping call's, also under scaling that a promotion has given back on its way out.
        let is_stopped = service.desired == 0 && goal.desired > 0;
        if self.promotion.has_given_back() {
            let is_ours =
                service.desired != goal.desired && (is_stopped || !goal.is_scaled_again(service));
            let count = is_ours.then(|| Change::count(&service.name, goal.desired));
            return count.into_iter().collect();
        }
        let is_left_to_scaling = self.fenced && !is_stopped && goal.is_scaled_again(service);
        if service.desired == goal.desired || is_left_to_scaling {
            return self.scaling_back(service, goal);
        }
        let hold = if self.fenced { None } else { hold() };
        let hold = hold.map(|to| scale(service, to));
        let count = Change::count(&service.name, goal.desired);
        hold.into_iter().chain([count]).collect()
    }

    /// A service's scaling. A count that was found outside of its bounds is pulled into them by that, and has to be put
    /// right afterwards.
    fn scaling_back(&self, service: &Service, found: &FoundService) -> Vec<Change> {
        let Some(scaling) = found.scaling.filter(|_| self.fenced) else {
            return Vec::new();
        };
        let is_pulled = !(scaling.min..=scaling.max).contains(&found.desired);
        if service.scaling != Some(scaling) {
            vec![scale(service, scaling)]
        } else if is_pulled && service.desired != found.desired {
            vec![Change::count(&service.name, found.desired)]
        } else {
            Vec::new()
        }
    }

    /// The scaling of a primary whose count was its own. Only what giving the bounds back has pulled into them is put right;
    /// every other count is the scaling's doing.
    fn scaling_up_back(&self, primary: &Service, found: &FoundService) -> Vec<Change> {
        if !self.fenced {
            return Vec::new();
        }
        let Some(scaling) = found.scaling else {
            let count = found.unfloored(primary).into_iter();
            return count.map(|to| Change::count(&primary.name, to)).collect();
        };
        if primary.scaling != Some(scaling) {
            return vec![scale(primary, scaling)];
        }
        let count = found.pulled(primary).into_iter();
        count.map(|to| Change::count(&primary.name, to)).collect()
    }
}

/// The scaling of a primary to which the release had given it back: only what this rollback itself holds.
fn scaling_up_kept(primary: &Service, kept: &FoundService, is_over: bool) -> Option<Change> {
    let scaling = kept.scaling.filter(|_| is_over)?;
    let is_held = |it: ScalableTarget| it.suspended.scale_in && it.suspended.scheduled;
    let is_ours = !is_held(scaling) && primary.scaling.is_some_and(is_held);
    is_ours.then(|| scale(primary, scaling))
}

fn scale(service: &Service, to: ScalableTarget) -> Change {
    Change::Scale {
        service: service.name.clone(),
        to,
    }
}
