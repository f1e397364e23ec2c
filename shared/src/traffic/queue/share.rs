//! The share of a queue consumer: task counts.

use std::time::Duration;

use super::{Counts, Unreachable, plan, toward, within};
use crate::{
    decision::{Doing, Refusal, Step, WaitingOn},
    parts::pair::Service,
    record::Record,
    target::QueueTraffic,
    traffic::share::{Asked, Progress},
    weight::{Attained, Weight},
};

/// How far the counts are.
pub(in crate::traffic) fn progress(
    asked: &Asked<'_>,
    model: &QueueTraffic,
) -> Result<Progress, Refusal> {
    let (primary, canary) = (&asked.seen.primary, &asked.seen.canary);
    // Once it is there, a primary that scales in is no failure: the nearest share is held, and said.
    let tolerance = asked.tolerance.filter(|_| asked.is_new());
    let goal = goal(model, primary, asked.record, asked.weight, tolerance)?;
    let now = asked.counts();
    let settled = primary.is_settled() && canary.is_settled();
    let next = changes(model, asked, now, goal);
    let is_due = asked.is_new() || next.is_some() && (settled || only_up(now, goal));
    if let Some(change) = next.filter(|_| is_due) {
        return Ok(change);
    }
    if asked.is_new() {
        let doing = shifting(asked.weight, goal, now);
        return Ok(Progress::change(doing, Vec::new()));
    }
    if !settled || now != goal {
        let running = Counts {
            primary: primary.running,
            canary: canary.running,
        };
        return Ok(Progress::Wait(WaitingOn::Tasks {
            asked: asked.weight,
            now: running.share(),
            primary: primary.into(),
            canary: canary.into(),
        }));
    }
    let attained = Attained::Tasks(goal.share());
    Ok(if asked.is_counting() {
        Progress::Live(attained)
    } else {
        Progress::Held(attained)
    })
}

/// The counts that a share takes.
pub fn goal(
    model: &QueueTraffic,
    primary: &Service,
    record: &Record,
    asked: Weight,
    tolerance: Option<f64>,
) -> Result<Counts, Unreachable> {
    let total = record.found.primary.desired + record.found.canary.desired;
    let goal = plan(model, asked, record.primary_tasks(primary), total)?;
    within(model, asked, goal, tolerance)?;
    Ok(goal)
}

/// How far the share of the running tasks may be from the planned one where the action names no tolerance, in percentage points.
const NEAR: f64 = 5.0;

/// How long tasks have that start because the primary has grown.
const STARTING: Duration = Duration::from_mins(5);

/// Whether the tasks that run hold the share.
pub(in crate::traffic) fn is_held(asked: &Asked<'_>, model: &QueueTraffic, was: bool) -> bool {
    let (primary, record) = (&asked.seen.primary, asked.record);
    let running = asked
        .seen
        .canary
        .newest()
        .map_or(0, |newest| newest.running);
    let Ok(goal) = goal(model, primary, record, asked.weight, None) else {
        return false;
    };
    let now = Counts {
        primary: primary.running,
        canary: running,
    };
    let distance = (now.share().percent() - goal.share().percent()).abs();
    let is_near = distance <= asked.tolerance.unwrap_or(NEAR);
    let grows = was
        && record.counts.is_some_and(|set| {
            let is_up = set.to.canary > set.from.canary && running >= set.from.canary;
            is_up && asked.seen.now.since(set.since) < STARTING
        });
    (running > 0 || asked.weight == Weight::ZERO) && (is_near || grows)
}

/// Adding tasks needs no settling of what was added before.
fn only_up(now: Counts, goal: Counts) -> bool {
    goal.primary >= now.primary && goal.canary >= now.canary
}

/// The next change towards a share; none where the counts are right already.
///
/// A count is only changed once nothing else is seen to change it.
fn changes(model: &QueueTraffic, asked: &Asked<'_>, now: Counts, goal: Counts) -> Option<Progress> {
    let hold = Step::hold(asked.seen, asked.record);
    if !hold.is_empty() {
        let doing = Doing::hold(asked.record, &hold);
        return Some(Progress::change(doing, hold));
    }
    let next = toward(now, goal, model.max_tasks);
    let services = [
        (&asked.seen.canary, next.canary),
        (&asked.seen.primary, next.primary),
    ];
    let counts: Vec<Step> = services
        .into_iter()
        .filter(|(service, to)| service.desired != *to)
        .map(|(service, to)| Step::count(&service.name, to))
        .collect();
    let doing = shifting(asked.weight, goal, next);
    (!counts.is_empty()).then(|| Progress::counting(doing, counts, next))
}

fn shifting(asked: Weight, goal: Counts, next: Counts) -> Doing {
    Doing::Shift { asked, goal, next }
}
