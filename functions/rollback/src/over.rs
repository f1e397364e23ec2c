//! A promoted release whose guard is over: what it keeps for a rollback goes. Pure.

use canary::{
    clock::Timestamp,
    decision::Step,
    parts::release::Kept,
    reconcile::trigger::Trigger,
    record::{Phase, Record},
    traffic::{Seen, door::Between},
    words::Code,
};

use crate::{
    call::Call,
    idle::Idle,
    watch::{Keeping, failing},
};

/// Whether nothing rolls it back by itself any more, however its guard has ended.
pub(crate) fn is_over(record: &Record, now: Timestamp) -> bool {
    let is_promoted = matches!(record.phase, Phase::Promoted { .. });
    is_promoted && now >= record.phase_since + record.target.guard()
}

/// Whether the schedule has to look at what is kept. What a later version of the suite has set is not judged.
pub(crate) fn has_to_let_go(record: &Record, why: &Trigger, now: Timestamp) -> bool {
    let is_meant = matches!(why, Trigger::Schedule) && !record.is_newer() && is_over(record, now);
    is_meant && kept(record) == Kept::There
}

/// What is kept for its rollback.
fn kept(record: &Record) -> Kept {
    record.target.restoring().kept(&record.body)
}

/// Nothing can be rolled back where what a rollback needs has gone.
pub(crate) fn is_still_possible(record: &Record) -> Result<(), Idle> {
    match kept(record) {
        Kept::Nothing | Kept::There => Ok(()),
        Kept::Gone => Err(Idle::LetGo {
            release: record.release.clone(),
            since: record.phase_since,
        }),
    }
}

/// What the look comes to.
pub(crate) fn let_go(record: &Record, seen: &Seen, now: Timestamp) -> Call {
    let restoring = record.target.restoring();
    let (doing, set, changes) = match restoring.let_go(record.facts(now), seen) {
        Err(Between::Change {
            doing,
            set,
            changes,
        }) => (doing, set, changes),
        Err(Between::Wait(unseen)) if unseen.is(Code::Aws) => {
            return match failing(record, &unseen.to_string(), now) {
                Some(keeping) => Call::Keep(Box::new(keeping)),
                None => Call::Idle(Idle::Finished(record.release.clone())),
            };
        }
        _ => return Call::Idle(Idle::Finished(record.release.clone())),
    };
    let written = record.written(set, None, now);
    let mut next = written.unwrap_or_else(|| record.again(now));
    if changes.is_empty() {
        next.failing = None;
    }
    Call::Keep(Box::new(Keeping {
        doing,
        record: next,
        steps: Step::of(changes),
        notice: None,
    }))
}
