//! The share of an HTTP service: tasks first and weight second on the way up, weight first and tasks second on the way
//! down.

use crate::parts::rules::{self, Drain};
use crate::{
    decision::{Doing, Refusal, Step, WaitingOn},
    parts::{
        pair::Service,
        rules::{Alb, FoundAlb, TargetHealth},
    },
    target::AlbTraffic,
    traffic::queue::Counts,
    traffic::share::{Asked, Progress, Set},
    weight::{Attained, Weight},
};

/// How far tasks and weights are.
pub(in crate::traffic) fn progress(
    asked: &Asked<'_>,
    target: &AlbTraffic,
) -> Result<Progress, Refusal> {
    let (record, seen) = (asked.record, asked.seen);
    let (Some(alb), Some(found)) = (&seen.alb, &record.found.alb) else {
        return Ok(Progress::Wait(WaitingOn::OtherInvocation));
    };
    for forward in &found.forwards {
        forward.weights_within(asked.weight, asked.tolerance)?;
    }
    let needed = found.tasks(target, asked.weight, &seen.primary);
    let progress = capacity(asked, needed)
        .or_else(|| weight(asked, alb, found, needed))
        .unwrap_or_else(|| held(asked, alb, found, needed));
    Ok(match progress {
        // The record holds what is asked for before anything else is waited for.
        Progress::Wait(_) if asked.is_new() => {
            Progress::change(raise(&seen.canary, asked.weight, needed), Vec::new())
        }
        Progress::Held(attained) if asked.is_new() => {
            let asked = asked.weight;
            Progress::change(Doing::Live { asked, attained }, Vec::new())
        }
        progress => progress,
    })
}

/// Whether the weight is seen on every rule, and a target answers.
pub(in crate::traffic) fn is_held(asked: &Asked<'_>) -> bool {
    let (record, seen) = (asked.record, asked.seen);
    let (Some(alb), Some(found)) = (&seen.alb, &record.found.alb) else {
        return false;
    };
    let is_live = found.is_live(&alb.forwards, asked.weight);
    is_live && (alb.canary.healthy > 0 || asked.weight == Weight::ZERO)
}

/// The tasks that the share takes, before the load balancer sends them anything.
fn capacity(asked: &Asked<'_>, needed: u32) -> Option<Progress> {
    let canary = &asked.seen.canary;
    let hold = Step::hold(asked.seen, asked.record);
    if !hold.is_empty() {
        let doing = Doing::hold(asked.record, &hold);
        return Some(Progress::change(doing, hold));
    }
    (canary.desired < needed).then(|| setting(asked, raise(canary, asked.weight, needed), needed))
}

/// The canary gets so many tasks.
fn setting(asked: &Asked<'_>, doing: Doing, tasks: u32) -> Progress {
    let steps = vec![Step::count(&asked.seen.canary.name, tasks)];
    let counts = Counts {
        canary: tasks,
        ..asked.counts()
    };
    Progress::counting(doing, steps, counts)
}

fn raise(canary: &Service, asked: Weight, tasks: u32) -> Doing {
    Doing::Capacity {
        asked,
        service: canary.name.clone(),
        tasks,
    }
}

/// The weight, set only from one that is there, and only where healthy targets take what it brings.
fn weight(asked: &Asked<'_>, alb: &Alb, found: &FoundAlb, needed: u32) -> Option<Progress> {
    let (record, seen) = (asked.record, asked.seen);
    let set = record.weight();
    let weighing = |to: Weight, weight: Option<(Weight, u32)>| Progress::Change {
        doing: Doing::Weigh {
            asked: to,
            attained: Attained::Weight(found.attained(to)),
        },
        steps: Step::weigh(seen, record, to),
        set: Set {
            weight,
            ..Set::default()
        },
    };
    if !found.is_live(&alb.forwards, set) {
        return Some(weighing(set, None));
    }
    let asked = asked.weight;
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
fn held(asked: &Asked<'_>, alb: &Alb, found: &FoundAlb, needed: u32) -> Progress {
    let (record, seen) = (asked.record, asked.seen);
    let attained = Attained::Weight(found.attained(asked.weight));
    let canary = &seen.canary;
    let has_surplus = canary.desired > needed && !is_grown(asked, needed);
    // As many as the gate lets pass keep no share from being held.
    let spared = record.target.alb().map_or(0, |model| model.max_unhealthy);
    let least = needed.min(canary.desired).saturating_sub(spared);
    let unhealthy = unhealthy(canary, &alb.canary, least);
    let is_unseen = record.weight.is_some_and(|it| it.live_since.is_none());
    let is_set = asked.is_counting() && !has_surplus && unhealthy.is_none();
    if is_unseen || is_set {
        return Progress::Live(attained);
    }
    match rules::drain(record, seen.now) {
        Drain::Until(until) if has_surplus => Progress::Wait(WaitingOn::Draining {
            weight: asked.weight,
            until,
        }),
        _ if has_surplus => {
            let doing = Doing::ScaleIn {
                asked: asked.weight,
                service: canary.name.clone(),
                tasks: needed,
            };
            setting(asked, doing, needed)
        }
        _ => unhealthy.map_or(Progress::Held(attained), Progress::Wait),
    }
}

/// Whether the canary's own automatic scaling may have added what is more than needed, since the release last set its tasks: that
/// stays until the share is lowered.
fn is_grown(asked: &Asked<'_>, needed: u32) -> bool {
    let record = asked.record;
    let falls = record.weight.filter(|weight| weight.to < weight.from);
    let counts = record.counts.filter(|counts| counts.seen);
    let is_after = |since| counts.is_some_and(|counts| counts.since > since);
    asked.seen.canary.may_be_scaled_out_from(needed)
        && falls.is_none_or(|falling| is_after(falling.since))
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
