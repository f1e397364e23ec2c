//! What one look of shift-weight calls for. Pure.

use std::time::Duration;

use canary::{
    decision::{Decision, Done, Move},
    job::{Bake, Bookmark},
    observation::Sight,
    parameters::Step,
    reconcile::{Decided, Look, Stage},
    traffic::{
        door::Between,
        model::{Attained, Goal, Takes},
    },
    weight::Weight,
    words::{Said, Shared, besides},
};

use crate::{
    ShiftWeight,
    evidence::{self, Held, Showing},
    plan::Plan,
    ready::{Ready, ready},
    turns::{OldEvent, caught_up, phase},
    words::Reason,
};

/// Decides.
#[must_use]
pub fn decide(look: &Look<ShiftWeight>, seen: &Sight) -> Decided {
    let (judged, news) = seen.judged(&look.parameters.release);
    let Decided { decision, bookmark } = match ready(look, &judged) {
        Ok(ready) => {
            let bookmark = caught_up(look, &ready);
            let bookmark = if news.as_ref().is_some_and(|news| news.is_setback) {
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
        decision: decision.noting(judged.record.as_ref(), news.as_ref(), look.now),
        bookmark,
    }
}

/// The step that the bookmark is at: set the share, wait for it, bake, go on to the next.
fn shift(look: &Look<ShiftWeight>, seen: &Sight, ready: &Ready<'_>, bookmark: Bookmark) -> Decided {
    let Some(step) = step(look, &bookmark) else {
        return Decided {
            decision: Decision::wait(Shared::OtherInvocation),
            bookmark,
        };
    };
    let goal = Goal::Share {
        asked: step.weight,
        tolerance: look.parameters.tolerance,
    };
    let release = ready.record.open(look.now, &seen.seen.pair);
    let was_held = bookmark.bake.is_some();
    let bookmark = if release.is_held(goal, was_held) {
        bookmark.held(look.now)
    } else {
        bookmark.not_held()
    };
    let decision = match release.toward(goal) {
        Ok(attained) => {
            let held = Held {
                record: ready.record,
                step,
                attained: &attained.said,
                time: bookmark.bake.map_or(Duration::ZERO, Bake::held),
                now: look.now,
            };
            match held.ends(look.parameters.demand) {
                Ok(()) => return next(look, seen, ready, bookmark, attained),
                Err(decision) => decision,
            }
        }
        Err(Between::Change {
            doing,
            set,
            changes,
        }) => match phase(ready, step.weight, &bookmark) {
            Err(OldEvent) => Decision::wait(Shared::OtherInvocation),
            Ok(phase) => Decision::Take(Move {
                doing: planned(look, seen, &bookmark, doing, phase.is_some()),
                record: ready.record.written(set, phase, look.now).map(Box::new),
                found: None,
                steps: canary::decision::Step::of(changes),
            }),
        },
        Err(Between::Wait(waiting_on)) => Decision::Wait(waiting_on),
        Err(Between::Refuse(refusal)) => Decision::refuse(refusal),
    };
    Decided {
        decision: in_time(look, release.takes(goal), step, &bookmark, decision),
        bookmark,
    }
}

/// With the first share people hear what is to come.
fn planned(
    look: &Look<ShiftWeight>,
    seen: &Sight,
    bookmark: &Bookmark,
    doing: Said,
    is_new: bool,
) -> Said {
    if !is_new || bookmark.step > 0 {
        return doing;
    }
    let alarms = seen.seen.alarms.get().map_or(&[][..], Vec::as_slice);
    Reason::Planned {
        first: doing,
        plan: Plan::new(&look.parameters.steps, alarms, look.now),
    }
    .into()
}

/// The share is to be had within the action's timeout, and the bake that begins then is to end within twice its time and half an hour.
/// Requests that are being finished have their time beside that.
fn in_time(
    look: &Look<ShiftWeight>,
    takes: Takes,
    step: Step,
    bookmark: &Bookmark,
    decision: Decision,
) -> Decision {
    let usual = look.parameters.timeout + step.bake;
    let evidence = evidence::patience(look.parameters.demand, step);
    let (since, patience) = match bookmark.bake {
        None => (bookmark.step_started, usual),
        Some(bake) => (bake.began, usual.max(Bake::patience(step.bake)) + evidence),
    };
    decision.bounded(since, look.now, patience + takes.time)
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
    seen: &Sight,
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
        decision: done(look, ready, asked, attained),
        bookmark,
    }
}

/// All shares were held. What the approval is given to read stays in the record: nothing else is promoted.
fn done(
    look: &Look<ShiftWeight>,
    ready: &Ready<'_>,
    asked: Weight,
    attained: Attained,
) -> Decision {
    let showing = Showing::of(ready, look, asked);
    let inconclusive = showing.is_inconclusive();
    let Showing { shown, measured } = showing;
    let share = attained
        .share
        .map(|share| format!("{}: {}", share.share(), share.of()));
    let variable = share.unwrap_or_default() + &besides(&attained.but);
    Decision::Done(Done {
        outcome: Reason::Shifted {
            asked,
            attained: attained.said,
            but: attained.but,
            evidence: shown.said.clone(),
            measured: measured.clone(),
            inconclusive,
        }
        .into(),
        record: ready.record.showing(&shown, look.now).map(Box::new),
        variables: vec![
            ("Asked", asked.to_string()),
            ("Attained", variable),
            ("Digest", shown.digest),
            ("Evidence", shown.said),
            ("Measured", measured),
            ("Verdict", shown.verdict),
        ],
    })
}

#[cfg(test)]
mod tests;
