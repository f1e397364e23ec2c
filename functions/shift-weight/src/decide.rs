//! What one look of shift-weight calls for. Pure.

use canary::{
    decision::{Decision, Doing, Done, Move, Outcome, Refusal, Step as Change, WaitingOn},
    gates,
    job::Bookmark,
    names::TaskDefinitionArn,
    observation::Observation,
    parameters::Step,
    reconcile::{Decided, Look, Stage},
    record::{Phase, Record, Turn},
    traffic::queue::{self, Counts, Unreachable},
    weight::Weight,
};

use crate::ShiftWeight;

/// Decides.
#[must_use]
pub fn decide(look: &Look<ShiftWeight>, seen: &Observation) -> Decided {
    match ready(look, seen) {
        Ok(ready) => shift(look, seen, &ready, look.bookmark.clone()),
        Err(decision) => Decided {
            decision: *decision,
            bookmark: look.bookmark.clone(),
        },
    }
}

/// What is known once a share may be set.
struct Ready<'a> {
    record: &'a Record,
    candidate: &'a TaskDefinitionArn,
    /// The share last set.
    asked: Option<Weight>,
}

/// The record is ours, in a phase that fits, and every gate is open.
fn ready<'a>(look: &Look<ShiftWeight>, seen: &'a Observation) -> Result<Ready<'a>, Box<Decision>> {
    let refuse = |refusal| Box::new(Decision::Refuse(refusal));
    let record = gates::own(seen, &look.target, &look.parameters.release).map_err(refuse)?;
    let asked = match &record.phase {
        Phase::Promoted { .. } => return Err(Box::new(nothing_to_do(record))),
        Phase::Shifting { asked, .. } => Some(*asked),
        _ => None,
    };
    let wrong_phase = || {
        refuse(Refusal::WrongPhase {
            function: ShiftWeight::NAME,
            release: record.release.clone(),
            phase: record.phase.to_string(),
            advice: "It fits after deploy-canary and before promote-primary, in the same pipeline execution",
        })
    };
    let candidate = match (&record.phase, record.candidate()) {
        (Phase::Shifting { .. }, Some(candidate)) => candidate,
        (Phase::Deploying { .. }, Some(candidate)) if seen.canary.is_on(candidate) => candidate,
        _ => return Err(wrong_phase()),
    };
    gates::all(seen, record).map_err(refuse)?;
    Ok(Ready {
        record,
        candidate,
        asked,
    })
}

/// The step that the bookmark is at: set the share, wait for the tasks, bake, go on to the next.
fn shift(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    bookmark: Bookmark,
) -> Decided {
    let Some(step) = look.parameters.steps.get(bookmark.step) else {
        return Decided {
            decision: done(seen, ready),
            bookmark,
        };
    };
    let goal = match plan(look, seen, ready.record, *step) {
        Ok(goal) => goal,
        Err(unreachable) => {
            return Decided {
                decision: Decision::Refuse(unreachable.into()),
                bookmark,
            };
        }
    };
    let patience = look.parameters.timeout + step.bake;
    let decided = |decision: Decision, bookmark: Bookmark| Decided {
        decision: decision.bounded(bookmark.step_started, look.now, patience),
        bookmark,
    };
    let now = counts(seen);
    if ready.asked != Some(step.weight) {
        let decision = match turns(ready.record, &bookmark) {
            Some(turns) => set(look, seen, ready, *step, goal, turns),
            None => Decision::Wait(WaitingOn::OtherInvocation),
        };
        return decided(decision, bookmark);
    }
    let settled = seen.primary.is_settled() && seen.canary.is_settled();
    let changes = changes(look, seen, ready.record, now, goal);
    if !changes.is_empty() && (settled || only_up(now, goal)) {
        let doing = doing(look, seen, ready.record, *step, now, goal);
        return decided(Decision::act(doing, changes), bookmark);
    }
    if !settled || now != goal {
        let running = Counts {
            primary: seen.primary.running,
            canary: seen.canary.running,
        };
        let waiting_on = WaitingOn::Tasks {
            asked: step.weight,
            now: running.share(),
            primary: (&seen.primary).into(),
            canary: (&seen.canary).into(),
        };
        return decided(Decision::Wait(waiting_on), bookmark);
    }
    let held_since = bookmark.held_since.unwrap_or(look.now);
    let held = look.now.since(held_since);
    if held >= step.bake {
        return shift(
            look,
            seen,
            &Ready {
                asked: Some(step.weight),
                ..*ready
            },
            bookmark.next_step(look.now),
        );
    }
    let waiting_on = WaitingOn::Bake {
        asked: step.weight,
        attained: goal.share(),
        held,
        bake: step.bake,
    };
    Decided {
        decision: Decision::Wait(waiting_on),
        bookmark: bookmark.holding(held_since),
    }
}

fn plan(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    record: &Record,
    step: Step,
) -> Result<Counts, Unreachable> {
    let queue = look.target.queue();
    let total = record.found.primary.desired + record.found.canary.desired;
    let goal = queue::plan(queue, step.weight, seen.primary.desired, total)?;
    queue::within(queue, step.weight, goal, look.parameters.tolerance)?;
    Ok(goal)
}

fn counts(seen: &Observation) -> Counts {
    Counts {
        primary: seen.primary.desired,
        canary: seen.canary.desired,
    }
}

/// Adding tasks needs no settling of what was added before.
fn only_up(now: Counts, goal: Counts) -> bool {
    goal.primary >= now.primary && goal.canary >= now.canary
}

/// A share that the record does not hold yet: the record first, then the tasks.
fn set(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    step: Step,
    goal: Counts,
    turns: Vec<Turn>,
) -> Decision {
    let now = counts(seen);
    let phase = Phase::Shifting {
        candidate: ready.candidate.clone(),
        asked: step.weight,
        turns,
    };
    Decision::Take(Move {
        doing: doing(look, seen, ready.record, step, now, goal),
        record: Some(Box::new(ready.record.advance(phase, look.now))),
        steps: changes(look, seen, ready.record, now, goal),
    })
}

/// The record's turns once this step has set its share; `None` if the share is not this look's to set any
/// more: a later step or a later action has set it, and this event is an old one.
fn turns(record: &Record, bookmark: &Bookmark) -> Option<Vec<Turn>> {
    let Phase::Shifting { turns, .. } = &record.phase else {
        return Some(vec![turn(bookmark)]);
    };
    let mut turns = turns.clone();
    let last = turns.len().saturating_sub(1);
    match turns.iter().position(|turn| turn.action == bookmark.action) {
        None => turns.push(turn(bookmark)),
        Some(own) if own == last && turns[own].step <= bookmark.step => {
            turns[own].step = bookmark.step;
        }
        Some(_) => return None,
    }
    Some(turns)
}

fn turn(bookmark: &Bookmark) -> Turn {
    Turn {
        action: bookmark.action.clone(),
        step: bookmark.step,
    }
}

fn doing(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    record: &Record,
    step: Step,
    now: Counts,
    goal: Counts,
) -> Doing {
    if !Change::hold(seen, record).is_empty() {
        return Doing::HoldScaling;
    }
    let next = queue::toward(now, goal, look.target.queue().max_tasks);
    Doing::Shift {
        asked: step.weight,
        goal,
        next,
    }
}

/// The changes towards a share; none where the counts are right already.
///
/// A count is only changed once nothing else is seen to change it.
fn changes(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    record: &Record,
    now: Counts,
    goal: Counts,
) -> Vec<Change> {
    let hold = Change::hold(seen, record);
    if !hold.is_empty() {
        return hold;
    }
    let next = queue::toward(now, goal, look.target.queue().max_tasks);
    [(&seen.canary, next.canary), (&seen.primary, next.primary)]
        .into_iter()
        .filter(|(service, to)| service.desired != *to)
        .map(|(service, to)| Change::count(service, to))
        .collect()
}

fn done(seen: &Observation, ready: &Ready<'_>) -> Decision {
    let asked = ready.asked.unwrap_or(Weight::ZERO);
    let attained = counts(seen).share();
    Decision::Done(Done {
        outcome: Outcome::Shifted { asked, attained },
        record: None,
        variables: vec![
            ("Asked", asked.to_string()),
            (
                "Attained",
                format!("{attained}: {} of {} tasks", attained.part, attained.whole),
            ),
        ],
    })
}

fn nothing_to_do(record: &Record) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::NothingToDo {
            primary: record.target.primary.clone(),
            image: record.images.clone(),
        },
        record: None,
        // An approval that shows them would fail if they were missing.
        variables: vec![
            ("Asked", "no share".to_owned()),
            ("Attained", "no share: there was nothing to do".to_owned()),
        ],
    })
}

#[cfg(test)]
mod tests;
