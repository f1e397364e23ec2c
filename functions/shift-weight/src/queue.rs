//! The share of a queue consumer: task counts.

use canary::{
    decision::{Doing, Refusal, Step as Change, WaitingOn},
    observation::{Observation, Service},
    parameters::Step,
    reconcile::Look,
    record::Record,
    target::QueueTraffic,
    traffic::queue::{self, Counts, Unreachable},
    weight::Attained,
};

use crate::{
    ShiftWeight,
    decide::{Progress, Ready},
};

/// How far the counts are.
pub(crate) fn progress(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    model: &QueueTraffic,
    step: Step,
) -> Result<Progress, Refusal> {
    let record = ready.record;
    let goal = plan(look, model, &seen.primary, record, step)?;
    let now = counts(seen);
    let is_new = ready.asked != Some(step.weight);
    let settled = seen.primary.is_settled() && seen.canary.is_settled();
    let (doing, steps) = changes(model, seen, record, step, now, goal);
    if is_new || !steps.is_empty() && (settled || only_up(now, goal)) {
        return Ok(Progress::change(doing, steps));
    }
    if !settled || now != goal {
        let running = Counts {
            primary: seen.primary.running,
            canary: seen.canary.running,
        };
        return Ok(Progress::Wait(WaitingOn::Tasks {
            asked: step.weight,
            now: running.share(),
            primary: (&seen.primary).into(),
            canary: (&seen.canary).into(),
        }));
    }
    Ok(Progress::Held(Attained::Tasks(goal.share())))
}

/// The desired counts.
pub(crate) fn counts(seen: &Observation) -> Counts {
    Counts {
        primary: seen.primary.desired,
        canary: seen.canary.desired,
    }
}

/// The counts that the share takes.
pub(crate) fn plan(
    look: &Look<ShiftWeight>,
    model: &QueueTraffic,
    primary: &Service,
    record: &Record,
    step: Step,
) -> Result<Counts, Unreachable> {
    let total = record.found.primary.desired + record.found.canary.desired;
    let goal = queue::plan(model, step.weight, primary.desired, total)?;
    queue::within(model, step.weight, goal, look.parameters.tolerance)?;
    Ok(goal)
}

/// Adding tasks needs no settling of what was added before.
fn only_up(now: Counts, goal: Counts) -> bool {
    goal.primary >= now.primary && goal.canary >= now.canary
}

/// The changes towards a share; none where the counts are right already.
///
/// A count is only changed once nothing else is seen to change it.
fn changes(
    model: &QueueTraffic,
    seen: &Observation,
    record: &Record,
    step: Step,
    now: Counts,
    goal: Counts,
) -> (Doing, Vec<Change>) {
    let hold = Change::hold(seen, record);
    if !hold.is_empty() {
        return (Doing::HoldScaling, hold);
    }
    let next = queue::toward(now, goal, model.max_tasks);
    let counts = [(&seen.canary, next.canary), (&seen.primary, next.primary)]
        .into_iter()
        .filter(|(service, to)| service.desired != *to)
        .map(|(service, to)| Change::count(&service.name, to))
        .collect();
    let doing = Doing::Shift {
        asked: step.weight,
        goal,
        next,
    };
    (doing, counts)
}
