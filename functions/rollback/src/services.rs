//! What brings a service back to what the release found: its version, its count, and last of all its scaling. Each is a call of
//! its own, so that one that AWS refuses keeps no other from being made.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::Step,
    names::TaskDefinitionArn,
    parts::pair::{FoundService, ScalableTarget, Service},
    record::{Record, RollingBack, Which},
};

use crate::{Seen, seen, weights};

/// Whether a service runs, or is about to run, anything else than what was found.
fn is_foreign(service: &Service, stable: &TaskDefinitionArn) -> bool {
    !service.is_on(stable)
        || service
            .deployments
            .iter()
            .any(|other| other.task_definition != *stable && other.running > 0)
}

/// Whether a service runs what somebody has put there, neither the candidate nor what was found: it stays.
pub(crate) fn is_theirs(
    service: &Service,
    stable: &TaskDefinitionArn,
    rolling_back: &RollingBack,
) -> bool {
    service.newest().is_some_and(|newest| {
        newest.task_definition != *stable
            && rolling_back.candidate.as_ref() != Some(&newest.task_definition)
    })
}

/// Whether tasks of the candidate still run beside what somebody has put in its place.
pub(crate) fn is_at_work(service: &Service, rolling_back: &RollingBack) -> bool {
    let candidate = rolling_back.candidate.as_ref();
    let mut deployments = service.deployments.iter();
    deployments.any(|it| it.running > 0 && Some(&it.task_definition) == candidate)
}

/// What the canary still lacks: `away` brings it off the candidate, and then it gets its count and its scaling back.
pub(crate) fn canary_steps(
    canary: &Service,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
    is_over: bool,
    away: fn(&Service, &FoundService, &Seen, &RollingBack) -> Vec<Step>,
) -> Vec<Step> {
    let stable = &found.task_definition;
    let is_theirs = is_theirs(canary, stable, rolling_back);
    if is_theirs && is_at_work(canary, rolling_back) {
        // Where somebody's version does not soon replace what consumes the queue, that is stopped, and theirs gets its count back.
        let stops = is_over && seen.balancer.is_none() && canary.desired > 0;
        let stop = stops.then(|| Step::count(&canary.name, 0));
        return stop.into_iter().collect();
    }
    if is_foreign(canary, stable) && !is_theirs {
        return away(canary, found, seen, rolling_back);
    }
    let goal = goal(Which::Canary, found, seen, rolling_back);
    let hold = || hold(Which::Canary, canary, found, seen, rolling_back);
    goal.map_or_else(Vec::new, |goal| {
        give_back(canary, &goal, hold, rolling_back, is_over)
    })
}

/// A canary that consumes a queue: bad consumers stop at once. Only when the last of them is gone does it get its own count again.
pub(crate) fn stopped(
    canary: &Service,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Vec<Step> {
    let stable = &found.task_definition;
    let goal = goal(Which::Canary, found, seen, rolling_back);
    let version = (!canary.is_on(stable)).then(|| Step::version(&canary.name, stable));
    let is_refused = version.as_ref();
    let is_refused = is_refused.is_some_and(|it| rolling_back.is_missing(&it.to_string()));
    // A canary whose count had been given back goes from version to version; where AWS refuses that, it stops as well.
    let stops = !rolling_back.promotion.has_given_back() || is_refused && goal.is_some();
    let stop = (stops && canary.desired > 0).then(|| Step::count(&canary.name, 0));
    // Suspending it must not bring a task back.
    let hold = held(canary, found, seen, rolling_back);
    let hold = hold.map(|to| scale(canary, ScalableTarget { min: 0, ..to }));
    stop.into_iter().chain(version).chain(hold).collect()
}

/// No request reaches the canary any more: the stable version replaces the candidate, task by task.
pub(crate) fn replaced(
    canary: &Service,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Vec<Step> {
    let stable = &found.task_definition;
    let goal = goal(Which::Canary, found, seen, rolling_back);
    // In one call: a count whose scaling lives, and that was not set with the version, would pass for that scaling's doing.
    let wanted = goal.map(|goal| goal.desired);
    let is_set = canary.is_on(stable) && wanted.is_none_or(|desired| canary.desired == desired);
    let replace = (!is_set).then(|| Step::UpdateService {
        service: canary.name.clone(),
        task_definition: Some(stable.clone()),
        desired: wanted,
    });
    let hold = held(canary, found, seen, rolling_back);
    let hold = hold.map(|to| scale(canary, to));
    replace.into_iter().chain(hold).collect()
}

/// The canary's scaling stays out of the way, unless it had been given back.
fn held(
    canary: &Service,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Option<ScalableTarget> {
    let is_ours = !rolling_back.promotion.has_given_back();
    hold(Which::Canary, canary, found, seen, rolling_back).filter(|_| is_ours)
}

/// What a service's scaling has yet to become before its count is ours. It leaves room for what the service is to have again, not for
/// what the release has given it: that would be a bound that nobody has set.
fn hold(
    which: Which,
    service: &Service,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Option<ScalableTarget> {
    let back = given_back(which, found, seen, rolling_back)?;
    service.scaling_to_hold()?;
    back.holding(service, service.scaling?.held(back.desired))
}

/// The stable version, and nothing else.
pub(crate) fn version_steps(
    service: &Service,
    found: &FoundService,
    rolling_back: &RollingBack,
) -> Vec<Step> {
    let stable = &found.task_definition;
    let is_due = !service.is_on(stable) && !is_theirs(service, stable, rolling_back);
    let version = is_due.then(|| Step::version(&service.name, stable));
    version.into_iter().collect()
}

/// The primary is touched only where the release may have touched it.
pub(crate) fn primary_steps(
    primary: &Service,
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    is_over: bool,
) -> Vec<Step> {
    let (found, promotion) = (&record.found.primary, rolling_back.promotion);
    let stable = &found.task_definition;
    let goal = goal(Which::Primary, found, seen, rolling_back);
    // While the canary has requests that come back to it, it loses no task.
    let is_needed = record.target.alb().is_some() && !weights::is_given_back(seen, record);
    let hold = primary.scaling_to_hold_up();
    let hold = hold.filter(|_| is_needed && knows(seen) && goal.is_some());
    let hold = hold.map(|to| scale(primary, to));
    let version = promotion.has_begun()
        && !primary.is_on(stable)
        && !is_theirs(primary, stable, rolling_back);
    let version = version.then(|| Step::version(&primary.name, stable));
    let Some(goal) = goal else {
        return version.into_iter().collect();
    };
    let rest = if promotion.has_given_back() {
        let back = scaling_up_kept(primary, &goal, is_over && !is_needed);
        back.or(hold).into_iter().collect()
    } else if record.owns_primary_count() && version.is_none() {
        let hold = || self::hold(Which::Primary, primary, found, seen, rolling_back);
        give_back(primary, &goal, hold, rolling_back, is_over)
    } else if record.owns_primary_count() {
        let count = primary.desired != goal.desired && !goal.is_scaled_again(primary);
        let count = count.then(|| Step::count(&primary.name, goal.desired));
        count.into_iter().collect()
    } else if record.holds_primary_scaling() && !is_needed && version.is_none() {
        scaling_up_back(primary, &goal, is_over)
    } else {
        hold.into_iter().collect()
    };
    version.into_iter().chain(rest).collect()
}

/// Without a candidate nothing but scaling was changed.
pub(crate) fn scaling_steps(seen: &Seen, record: &Record, is_over: bool) -> Vec<Step> {
    if !knows(seen) {
        return Vec::new();
    }
    let found = &record.found;
    let canary = seen.canary.get();
    let canary =
        canary.map(|canary| scaling_back(canary, &found.canary.respecting(canary), is_over));
    let primary = seen.primary.get().map(|primary| {
        let found = found.primary.respecting(primary);
        if record.owns_primary_count() {
            scaling_back(primary, &found, is_over)
        } else if record.holds_primary_scaling() {
            scaling_up_back(primary, &found, is_over)
        } else {
            Vec::new()
        }
    });
    [canary, primary].into_iter().flatten().flatten().collect()
}

/// How long a failed deployment of the stable version rests before it is made anew: 2, 4, 8, then every 10 minutes.
pub(crate) fn rest(times: u32) -> Duration {
    let minutes = 2_u64.checked_shl(times).unwrap_or(u64::MAX);
    Duration::from_mins(minutes.min(10))
}

/// When a failed deployment of the stable version is to be made anew; `None` where there is none.
pub(crate) fn anew_at(
    service: &Service,
    stable: &TaskDefinitionArn,
    times: u32,
) -> Option<Timestamp> {
    let newest = service
        .newest()
        .filter(|_| seen::has_failed(service, stable))?;
    Some(newest.created + rest(times))
}

/// Whether scaling was seen.
fn knows(seen: &Seen) -> bool {
    seen.scaling.is_none()
}

/// What the service is to have again, if that and what it has now are known; with the bounds that somebody has set since.
fn goal(
    which: Which,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Option<FoundService> {
    let goal = given_back(which, found, seen, rolling_back)?;
    let service = match which {
        Which::Primary => &seen.primary,
        Which::Canary => &seen.canary,
    };
    Some(match service.get() {
        Some(service) => goal.respecting(service),
        None => goal,
    })
}

/// The same, whatever somebody has set since.
fn given_back(
    which: Which,
    found: &FoundService,
    seen: &Seen,
    rolling_back: &RollingBack,
) -> Option<FoundService> {
    rolling_back.goal(which, found).filter(|_| knows(seen))
}

/// The scaling of a primary whose count was its own. Only what giving the bounds back has pulled into them is put right;
/// every other count is the scaling's doing.
fn scaling_up_back(primary: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    if !is_over {
        return Vec::new();
    }
    let Some(scaling) = found.scaling else {
        let count = found.unfloored(primary).into_iter();
        return count.map(|to| Step::count(&primary.name, to)).collect();
    };
    if primary.scaling != Some(scaling) {
        return vec![scale(primary, scaling)];
    }
    let count = found.pulled(primary);
    count
        .into_iter()
        .map(|to| Step::count(&primary.name, to))
        .collect()
}

/// The scaling of a primary to which the release had given it back: only what this rollback itself holds.
fn scaling_up_kept(primary: &Service, kept: &FoundService, is_over: bool) -> Option<Step> {
    let scaling = kept.scaling.filter(|_| is_over)?;
    let is_held = |it: ScalableTarget| it.suspended.scale_in && it.suspended.scheduled;
    let is_ours = !is_held(scaling) && primary.scaling.is_some_and(is_held);
    is_ours.then(|| scale(primary, scaling))
}

/// A service's count, and when that is right its scaling.
fn give_back(
    service: &Service,
    goal: &FoundService,
    hold: impl FnOnce() -> Option<ScalableTarget>,
    rolling_back: &RollingBack,
    is_over: bool,
) -> Vec<Step> {
    // A count of 0 is the stopping call's, also under scaling that a promotion has given back on its way out.
    let is_stopped = service.desired == 0 && goal.desired > 0;
    if rolling_back.promotion.has_given_back() {
        let is_ours =
            service.desired != goal.desired && (is_stopped || !goal.is_scaled_again(service));
        let count = is_ours.then(|| Step::count(&service.name, goal.desired));
        return count.into_iter().collect();
    }
    let is_left_to_scaling = is_over && !is_stopped && goal.is_scaled_again(service);
    if service.desired == goal.desired || is_left_to_scaling {
        return scaling_back(service, goal, is_over);
    }
    let hold = if is_over { None } else { hold() };
    let hold = hold.map(|to| scale(service, to));
    let count = Step::count(&service.name, goal.desired);
    hold.into_iter().chain([count]).collect()
}

/// A service's scaling. A count that was found outside of its bounds is pulled into them by that, and has to be put
/// right afterwards.
fn scaling_back(service: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    let Some(scaling) = found.scaling.filter(|_| is_over) else {
        return Vec::new();
    };
    let is_pulled = !(scaling.min..=scaling.max).contains(&found.desired);
    if service.scaling != Some(scaling) {
        vec![scale(service, scaling)]
    } else if is_pulled && service.desired != found.desired {
        vec![Step::count(&service.name, found.desired)]
    } else {
        Vec::new()
    }
}

fn scale(service: &Service, to: ScalableTarget) -> Step {
    Step::Scale {
        service: service.name.clone(),
        to,
    }
}
