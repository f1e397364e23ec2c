//! The share of an HTTP service: tasks first and weight second on the way up, weight first and tasks second on the way
//! down.

use std::time::Duration;

use canary::{
    decision::{Doing, Refusal, Step as Change, WaitingOn},
    observation::{Alb, Observation, Service, TargetHealth},
    parameters::Step,
    reconcile::Look,
    record::{FoundAlb, Record},
    target::AlbTraffic,
    traffic::alb::{self, Drain},
    weight::{Attained, Weight},
};

use crate::{
    ShiftWeight,
    decide::{Progress, Ready},
};

/// How long a weight that has fallen keeps tasks at least, which is no reason to give up.
pub(crate) fn time(record: &Record) -> Duration {
    let falls = record.weight.is_some_and(|weight| weight.to < weight.from);
    let found = record.found.alb.as_ref().filter(|_| falls);
    found.map_or(Duration::ZERO, |found| {
        Duration::from_secs(found.drain_seconds)
    })
}

/// How far tasks and weights are.
pub(crate) fn progress(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    target: &AlbTraffic,
    step: Step,
) -> Result<Progress, Refusal> {
    let record = ready.record;
    let (Some(alb), Some(found)) = (&seen.alb, &record.found.alb) else {
        return Ok(Progress::Wait(WaitingOn::OtherInvocation));
    };
    for forward in &found.forwards {
        forward.weights_within(step.weight, look.parameters.tolerance)?;
    }
    let needed = found.tasks(target, step.weight, &seen.primary);
    let progress = capacity(seen, record, step.weight, needed)
        .or_else(|| weight(seen, alb, record, found, step.weight, needed))
        .unwrap_or_else(|| held(seen, alb, record, found, step.weight, needed));
    Ok(match progress {
        // The record holds what is asked for before anything else is waited for.
        Progress::Wait(_) if ready.asked != Some(step.weight) => {
            Progress::change(raise(&seen.canary, step.weight, needed), Vec::new())
        }
        Progress::Held(attained) if ready.asked != Some(step.weight) => {
            let asked = step.weight;
            Progress::change(Doing::Live { asked, attained }, Vec::new())
        }
        progress => progress,
    })
}

/// The tasks that the share takes, before the load balancer sends them anything.
fn capacity(seen: &Observation, record: &Record, asked: Weight, needed: u32) -> Option<Progress> {
    let hold = Change::hold(seen, record);
    if !hold.is_empty() {
        return Some(Progress::change(Doing::HoldScaling, hold));
    }
    (seen.canary.desired < needed).then(|| {
        let steps = vec![Change::count(&seen.canary.name, needed)];
        Progress::change(raise(&seen.canary, asked, needed), steps)
    })
}

fn raise(canary: &Service, asked: Weight, tasks: u32) -> Doing {
    Doing::Capacity {
        asked,
        service: canary.name.clone(),
        tasks,
    }
}

/// The weight, set only from one that is there, and only where healthy targets take what it brings.
fn weight(
    seen: &Observation,
    alb: &Alb,
    record: &Record,
    found: &FoundAlb,
    asked: Weight,
    needed: u32,
) -> Option<Progress> {
    let set = record.weight();
    let weighing = |to: Weight, weight: Option<(Weight, u32)>| Progress::Change {
        doing: Doing::Weigh {
            asked: to,
            attained: Attained::Weight(found.attained(to)),
        },
        steps: Change::weigh(seen, record, to),
        weight,
    };
    if !found.is_live(&alb.forwards, set) {
        return Some(weighing(set, None));
    }
    if set == asked {
        return None;
    }
    let unready = if asked > set {
        unhealthy(&seen.canary, &alb.canary, needed)
    } else {
        // The primary has its tasks; that one of them answers is asked all the same.
        (alb.primary.healthy == 0).then(|| targets(&seen.primary, &alb.primary, 1))
    };
    Some(unready.map_or_else(
        || weighing(asked, Some((asked, alb.canary.healthy))),
        Progress::Wait,
    ))
}

/// The weight is there: tasks that it needs no more go, and then everything is steady.
fn held(
    seen: &Observation,
    alb: &Alb,
    record: &Record,
    found: &FoundAlb,
    asked: Weight,
    needed: u32,
) -> Progress {
    let attained = Attained::Weight(found.attained(asked));
    let canary = &seen.canary;
    let has_surplus = canary.desired > needed;
    // As many as the gate lets pass keep no share from being held.
    let spared = record.target.alb().map_or(0, |model| model.max_unhealthy);
    let least = needed.min(canary.desired).saturating_sub(spared);
    let unhealthy = unhealthy(canary, &alb.canary, least);
    if record
        .weight
        .is_some_and(|weight| weight.live_since.is_none())
    {
        let is_held = !has_surplus && unhealthy.is_none();
        return Progress::Live { attained, is_held };
    }
    match alb::drain(record, seen.now) {
        Drain::Until(until) if has_surplus => Progress::Wait(WaitingOn::Draining {
            weight: asked,
            until,
        }),
        _ if has_surplus => {
            let doing = Doing::ScaleIn {
                asked,
                service: canary.name.clone(),
                tasks: needed,
            };
            Progress::change(doing, vec![Change::count(&canary.name, needed)])
        }
        _ => unhealthy.map_or(Progress::Held(attained), Progress::Wait),
    }
}

/// What is missing until so many of a service's targets get requests.
fn unhealthy(service: &Service, health: &TargetHealth, needed: u32) -> Option<WaitingOn> {
    let is_ready = service.is_settled() && health.healthy >= needed;
    (!is_ready).then(|| targets(service, health, needed))
}

fn targets(service: &Service, health: &TargetHealth, needed: u32) -> WaitingOn {
    WaitingOn::Targets {
        service: service.name.clone(),
        needed,
        health: health.clone(),
    }
}
