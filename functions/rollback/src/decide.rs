//! What one look at a release that is being rolled back calls for. Pure.

use canary::{
    clock::{FUNCTION_TIMEOUT, Timestamp},
    decision::{Decision, Done, Move, Step},
    parts::{body::Body, release::Lacking},
    reconcile::trigger::Trigger,
    record::{Phase, Record, RollingBack},
    traffic::{
        door::Between,
        model::{Attained, Goal},
    },
    words::{Said, Shared},
};

use crate::{Seen, execution, words::Reason};

/// What one look at a release that is being rolled back calls for.
#[derive(Debug, Clone, PartialEq)]
pub struct Restoring {
    /// The next move.
    pub decision: Decision,
    /// What cannot be done, so that nothing is tried.
    pub lacking: Vec<Lacking>,
}

/// Decides what is still short of what the release found; if nothing is, waits for the fence and for the end of the execution, then
/// says so.
#[must_use]
pub fn restore(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    why: &Trigger,
    is_first: bool,
) -> Restoring {
    let release = record.open(seen.now, &seen.pair);
    // An execution that has ended, and goes on after that, was retried: that is not this rollback's to end.
    let has_ended = rolling_back.ends_execution && execution::has_ended(seen);
    let goal = Goal::AsFound {
        fenced: seen.now > fence(record),
    };
    let (set, mut steps, short) = match release.toward(goal) {
        Err(Between::Change { set, changes, .. }) => (set, Step::of(changes), None),
        other => (None, Vec::new(), Some(other)),
    };
    if rolling_back.ends_execution && !matches!(why, Trigger::Action(_)) {
        steps.extend(execution::steps(seen, record, rolling_back, is_first));
    }
    let goes_on = || Said::from(Shared::GoOnRollingBack(record.release.clone()));
    let written = (set.is_some() || has_ended).then(|| ended(record, set, has_ended, seen.now));
    let decision = match short {
        Some(reached) if steps.is_empty() => {
            match conclude(seen, record, rolling_back, why, reached) {
                Decision::Wait(_) if has_ended => Decision::Take(Move {
                    doing: goes_on(),
                    record: written.map(Box::new),
                    found: None,
                    steps,
                }),
                decision => decision,
            }
        }
        _ => Decision::Take(Move {
            doing: goes_on(),
            record: written.map(Box::new),
            found: None,
            steps,
        }),
    };
    Restoring {
        decision,
        lacking: release.lacking(),
    }
}

/// The record, one write later, with what a model sets, and without an execution to end where that has ended.
fn ended(record: &Record, set: Option<Body>, has_ended: bool, now: Timestamp) -> Record {
    let set = set.map_or_else(|| record.clone(), |set| record.with(set));
    let Some(rolling_back) = set.rollback() else {
        return set.again(now);
    };
    let next = RollingBack {
        ends_execution: rolling_back.ends_execution && !has_ended,
        ..rolling_back.clone()
    };
    set.rolling(next, now)
}

/// Nothing is to be changed any more.
fn conclude(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    why: &Trigger,
    reached: Result<Attained, Between>,
) -> Decision {
    let left = match reached {
        Ok(attained) => attained.but,
        Err(Between::Wait(waiting_on)) => return Decision::Wait(waiting_on),
        Err(Between::Refuse(refusal)) => return Decision::refuse(refusal),
        Err(Between::Change { doing, .. }) => return Decision::act(doing, Vec::new()),
    };
    let ends = rolling_back.ends_execution && !matches!(why, Trigger::Action(_));
    let unseen = seen.execution.unseen().or(seen.status.unseen());
    if let Some(unseen) = unseen.filter(|_| ends) {
        return Decision::wait(Shared::NotSeen(unseen.to_string()));
    }
    let until = fence(record);
    if seen.now <= until {
        return Decision::wait(Reason::Fence { until });
    }
    if ends && !execution::has_ended(seen) {
        let at_work = seen.execution.get().map(|it| it.at_work.clone());
        return Decision::wait(Reason::Ending {
            release: record.release.clone(),
            at_work: at_work.unwrap_or_default(),
        });
    }
    let cause = rolling_back.cause.clone();
    let phase = Phase::RolledBack {
        cause: cause.clone(),
        left: left.clone(),
        missed: seen.missed.clone(),
    };
    Decision::Done(Done {
        outcome: Reason::RolledBack {
            release: record.release.clone(),
            cause,
            left,
            missed: seen.missed.clone(),
        }
        .into(),
        record: Some(Box::new(record.advance(phase, seen.now))),
        variables: Vec::new(),
    })
}

/// When the last invocation that began before the rollback is over.
fn fence(record: &Record) -> Timestamp {
    record.phase_since + FUNCTION_TIMEOUT
}

#[cfg(test)]
mod tests;
