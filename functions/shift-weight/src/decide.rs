//! What one look of shift-weight calls for. Pure.

use std::time::Duration;

use canary::{
    artifact::Images,
    decision::{Decision, Doing, Done, Move, Outcome, Plan, Refusal, WaitingOn, besides},
    gates,
    job::{Bake, Bookmark},
    names::TaskDefinitionArn,
    observation::Observation,
    parameters::Step,
    reconcile::{Decided, Look, Stage},
    record::{Phase, Record, Turn},
    target::Target,
    traffic::{
        door::{Between, Release},
        model::{Attained, Goal},
    },
    weight::Weight,
};

use crate::ShiftWeight;

/// Decides.
#[must_use]
pub fn decide(look: &Look<ShiftWeight>, seen: &Observation) -> Decided {
    let judged = seen.judged(&look.parameters.release);
    let (before, noted) = (seen.record.as_ref(), judged.record.as_ref());
    let Decided { decision, bookmark } = match ready(look, &judged) {
        Ok(ready) => {
            let bookmark = caught_up(look, &ready);
            let has_exited =
                before.is_some_and(|before| ready.record.exits.says_more_than(&before.exits));
            let bookmark = if has_exited {
                bookmark.not_held()
            } else {
                bookmark
            };
            shift(look, &judged, &ready, bookmark)
        }
        Err(decision) => {
            let patience = ShiftWeight::patience(&look.parameters);
            Decided {
                decision: decision.bounded(look.bookmark.started, look.now, patience),
                bookmark: look.bookmark.clone().not_held(),
            }
        }
    };
    Decided {
        decision: decision.noting(before, noted, look.now),
        bookmark,
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
    let release = &look.parameters.release;
    if let Some(beside) = seen.record.as_ref().and_then(|it| it.beside(release)) {
        return Err(Box::new(nothing_to_do(&look.target, &beside.images)));
    }
    let record =
        gates::own(seen.record.as_ref(), &look.target, &look.parameters.release).map_err(refuse)?;
    let asked = match &record.phase {
        Phase::Promoted { .. } => {
            return Err(Box::new(nothing_to_do(&record.target, &record.images)));
        }
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
    if let Some(undecided) = gates::all(seen, record).map_err(refuse)? {
        return Err(Box::new(Decision::Wait(undecided)));
    }
    Ok(Ready {
        record,
        candidate,
        asked,
    })
}

/// The bookmark, or where the record says that this action is by now.
///
/// A look that has written the record may be cut off before its own bookmark is reported. The look after it would otherwise
/// take itself for an old event, and so would every later one.
fn caught_up(look: &Look<ShiftWeight>, ready: &Ready<'_>) -> Bookmark {
    let bookmark = look.bookmark.clone();
    let last = match &ready.record.phase {
        Phase::Shifting { turns, .. } => turns.last(),
        _ => None,
    };
    match last.filter(|turn| turn.action == bookmark.action && turn.step > bookmark.step) {
        None => bookmark,
        Some(turn) => bookmark.at_step(turn.step, look.now),
    }
}

/// The step that the bookmark is at: set the share, wait for it, bake, go on to the next.
fn shift(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    bookmark: Bookmark,
) -> Decided {
    let Some(step) = step(look, &bookmark) else {
        return Decided {
            decision: Decision::Wait(WaitingOn::OtherInvocation),
            bookmark,
        };
    };
    let goal = Goal::Share {
        asked: step.weight,
        tolerance: look.parameters.tolerance,
    };
    let release = Release {
        record: ready.record,
        seen,
    };
    let was_held = bookmark.bake.is_some();
    let bookmark = if release.is_held(goal, was_held) {
        bookmark.held(look.now)
    } else {
        bookmark.not_held()
    };
    let decision = match release.toward(goal) {
        Ok(attained) => {
            let held = bookmark.bake.map_or(Duration::ZERO, Bake::held);
            if held >= step.bake {
                return next(look, seen, ready, bookmark, attained);
            }
            Decision::Wait(WaitingOn::Bake {
                asked: step.weight,
                attained: attained.said,
                held,
                bake: step.bake,
            })
        }
        Err(Between::Change {
            doing,
            record,
            changes,
        }) => match phase(ready, step, &bookmark) {
            Err(OldEvent) => Decision::Wait(WaitingOn::OtherInvocation),
            Ok(phase) => Decision::Take(Move {
                doing: planned(look, seen, &bookmark, doing, phase.is_some()),
                record: ready.record.written(record, phase, look.now).map(Box::new),
                found: None,
                steps: changes,
            }),
        },
        Err(Between::Wait(waiting_on)) => Decision::Wait(waiting_on),
        Err(Between::Refuse(refusal)) => Decision::Refuse(refusal),
    };
    Decided {
        decision: in_time(look, ready, step, &bookmark, decision),
        bookmark,
    }
}

/// With the first share people hear what is to come.
fn planned(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    bookmark: &Bookmark,
    doing: Doing,
    is_new: bool,
) -> Doing {
    if !is_new || bookmark.step > 0 {
        return doing;
    }
    Doing::Planned {
        first: Box::new(doing),
        plan: Plan::new(&look.parameters.steps, &seen.alarms, look.now),
    }
}

/// The share is to be had within the action's timeout, and the bake that begins then is to end within twice its time and half an hour.
/// Requests that are being finished have their time beside that.
fn in_time(
    look: &Look<ShiftWeight>,
    ready: &Ready<'_>,
    step: Step,
    bookmark: &Bookmark,
    decision: Decision,
) -> Decision {
    let usual = look.parameters.timeout + step.bake;
    let (since, patience) = match bookmark.bake {
        None => (bookmark.step_started, usual),
        Some(bake) => (bake.began, usual.max(Bake::patience(step.bake))),
    };
    decision.bounded(since, look.now, patience + ready.record.drain_time())
}

/// The share is not this look's to set any more: a later action has set it, and this event is an old one.
struct OldEvent;

/// The phase of a share that was not asked for before.
fn phase(ready: &Ready<'_>, step: Step, bookmark: &Bookmark) -> Result<Option<Phase>, OldEvent> {
    if ready.asked == Some(step.weight) {
        return Ok(None);
    }
    let turns = turns(ready.record, bookmark).ok_or(OldEvent)?;
    Ok(Some(Phase::Shifting {
        candidate: ready.candidate.clone(),
        asked: step.weight,
        turns,
    }))
}

/// The record's turns once this step has set its share; `None` if the share is not this look's to set any
/// more: a later action has set it, and this event is an old one.
fn turns(record: &Record, bookmark: &Bookmark) -> Option<Vec<Turn>> {
    let Phase::Shifting { turns, .. } = &record.phase else {
        return Some(vec![turn(bookmark)]);
    };
    let mut turns = turns.clone();
    let last = turns.len().saturating_sub(1);
    match turns.iter().position(|turn| turn.action == bookmark.action) {
        None => turns.push(turn(bookmark)),
        Some(own) if own == last => {
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

/// The step of the bookmark. Beyond the last one that is held already, and has no bake.
fn step(look: &Look<ShiftWeight>, bookmark: &Bookmark) -> Option<Step> {
    let steps = &look.parameters.steps;
    let beyond = || {
        let last = *steps.last()?;
        let bake = Duration::ZERO;
        Some(Step { bake, ..last })
    };
    steps.get(bookmark.step).copied().or_else(beyond)
}

/// A share was held for as long as it is to be: the next one, or the end.
fn next(
    look: &Look<ShiftWeight>,
    seen: &Observation,
    ready: &Ready<'_>,
    bookmark: Bookmark,
    attained: Attained,
) -> Decided {
    let asked = step(look, &bookmark).map_or(Weight::ZERO, |step| step.weight);
    let bookmark = bookmark.next_step(look.now);
    if bookmark.step < look.parameters.steps.len() {
        return shift(look, seen, ready, bookmark);
    }
    Decided {
        decision: done(asked, attained),
        bookmark,
    }
}

fn done(asked: Weight, attained: Attained) -> Decision {
    let share = attained
        .share
        .map(|share| format!("{}: {}", share.share(), share.of()));
    let variable = share.unwrap_or_default() + &besides(&attained.but);
    Decision::Done(Done {
        outcome: Outcome::Shifted {
            asked,
            attained: attained.said,
            but: attained.but,
        },
        record: None,
        variables: vec![("Asked", asked.to_string()), ("Attained", variable)],
    })
}

fn nothing_to_do(target: &Target, images: &Images) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::NothingToDo {
            primary: target.primary.clone(),
            image: images.clone(),
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
