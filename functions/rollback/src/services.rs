//! What brings a service back to what the release found: its version, its count, and last of all its scaling.

use canary::{
    decision::Step,
    names::TaskDefinitionArn,
    observation::{ScalableTarget, Service},
    record::{FoundService, Record},
};

use crate::{Seen, weights};

/// Whether a service runs, or is about to run, anything else than what was found.
fn is_foreign(service: &Service, stable: &TaskDefinitionArn) -> bool {
    !service.is_on(stable)
        || service
            .deployments
            .iter()
            .any(|other| other.task_definition != *stable && other.running > 0)
}

/// Bad consumers stop at once: no tasks, and the stable task definition in the same call. Only when the last of them is
/// gone does the canary get its own count again.
pub(crate) fn canary_steps(canary: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    let stable = &found.task_definition;
    if !is_foreign(canary, stable) {
        return give_back(canary, found, is_over);
    }
    let stopped = canary.is_on(stable) && canary.desired == 0;
    let stop = (!stopped).then(|| Step::UpdateService {
        service: canary.name.clone(),
        task_definition: Some(stable.clone()),
        desired: Some(0),
    });
    let hold = canary.scaling_to_hold().map(|to| scale(canary, to));
    stop.into_iter().chain(hold).collect()
}

/// No request reaches the canary any more: the stable version replaces the candidate, task by task.
pub(crate) fn replaced(canary: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    let stable = &found.task_definition;
    if !is_foreign(canary, stable) {
        return give_back(canary, found, is_over);
    }
    let is_set = canary.is_on(stable) && canary.desired == found.desired;
    let replace = (!is_set).then(|| Step::UpdateService {
        service: canary.name.clone(),
        task_definition: Some(stable.clone()),
        desired: Some(found.desired),
    });
    let hold = canary.scaling_to_hold().map(|to| scale(canary, to));
    replace.into_iter().chain(hold).collect()
}

/// The primary is touched only where the release may have touched it.
pub(crate) fn primary_steps(
    seen: &Seen,
    record: &Record,
    promotion_begun: bool,
    is_over: bool,
) -> Vec<Step> {
    let (primary, found) = (&seen.pair.primary, &record.found.primary);
    // While the canary has requests that come back to it, it loses no task.
    let is_needed = record.target.alb().is_some() && !weights::is_given_back(seen, record);
    let hold = primary.scaling_to_hold_up().filter(|_| is_needed);
    let hold = hold.map(|to| scale(primary, to));
    if promotion_begun && !primary.is_on(&found.task_definition) {
        let ours = record.owns_primary_count() && !found.is_scaled_again(primary);
        let back = Step::UpdateService {
            service: primary.name.clone(),
            task_definition: Some(found.task_definition.clone()),
            desired: ours.then_some(found.desired),
        };
        return [back].into_iter().chain(hold).collect();
    }
    if record.owns_primary_count() {
        give_back(primary, found, is_over)
    } else if record.holds_primary_scaling() && !is_needed {
        scaling_up_back(primary, found, is_over)
    } else {
        hold.into_iter().collect()
    }
}

/// The scaling of a primary whose count was its own. Only what giving the bounds back has pulled into them is put right;
/// every other count is the scaling's doing.
pub(crate) fn scaling_up_back(primary: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    let Some(scaling) = found.scaling.filter(|_| is_over) else {
        return Vec::new();
    };
    if primary.scaling != Some(scaling) {
        return vec![scale(primary, scaling)];
    }
    let count = found.pulled(primary);
    count
        .into_iter()
        .map(|to| Step::count(primary, to))
        .collect()
}

/// A service's count, and when that is right its scaling.
fn give_back(service: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    if service.desired == found.desired || is_over && found.is_scaled_again(service) {
        return scaling_back(service, found, is_over);
    }
    let hold = service.scaling_to_hold().filter(|_| !is_over);
    let hold = hold.map(|to| scale(service, to));
    let count = Step::count(service, found.desired);
    hold.into_iter().chain([count]).collect()
}

/// A service's scaling. A count that was found outside of its bounds is pulled into them by that, and has to be put
/// right afterwards.
pub(crate) fn scaling_back(service: &Service, found: &FoundService, is_over: bool) -> Vec<Step> {
    let Some(scaling) = found.scaling.filter(|_| is_over) else {
        return Vec::new();
    };
    let is_pulled = !(scaling.min..=scaling.max).contains(&found.desired);
    if service.scaling != Some(scaling) {
        vec![scale(service, scaling)]
    } else if is_pulled && service.desired != found.desired {
        vec![Step::count(service, found.desired)]
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
