//! What a call comes to, before anything but the record is looked at: nothing, a fence, or going on. Pure.

use std::time::Duration;

use canary::{
    aws::alarms::is_without_data,
    clock::Timestamp,
    gates,
    names::AlarmName,
    reconcile::trigger::{End, Ended, Firing, Place, Trigger},
    record::{Phase, Reason, Record},
    traffic::Seen,
};

use crate::{
    idle::Idle,
    over,
    watch::{Keeping, Watched},
    words,
};

/// By how much clocks on AWS may differ; event times of pipelines are whole seconds besides.
const SKEW: Duration = Duration::from_secs(5);

/// Why this release is to be rolled back for such a call, or why not.
fn verdict(
    why: &Trigger,
    record: &Record,
    is_silent: bool,
    now: Timestamp,
) -> Result<Verdict, Idle> {
    if let Some(at) = why.happened().filter(|at| *at + SKEW < record.began) {
        return Err(Idle::Earlier {
            at,
            release: record.release.clone(),
            began: record.began,
        });
    }
    let Some(reason) = why.reason() else {
        // What the schedule sees has a verdict of its own.
        return Err(Idle::Finished(record.release.clone()));
    };
    let ends_execution = match why {
        Trigger::Action(_) | Trigger::Schedule => false,
        Trigger::Hand(_) => over::is_still_possible(record).map(|()| true)?,
        Trigger::Alarm(firing) => {
            counts(firing, record, is_silent, now)?;
            true
        }
        Trigger::Ended(ended) => is_to_end(ended, record)?,
    };
    Ok(Verdict {
        reason,
        ends_execution,
    })
}

/// Whether an alarm rolls the release back.
fn counts(firing: &Firing, record: &Record, is_silent: bool, now: Timestamp) -> Result<(), Idle> {
    let alarm = || firing.alarm.clone();
    if !firing.direct && !record.target.alarms.contains(&firing.alarm) {
        return Err(Idle::ForeignAlarm(alarm()));
    }
    if !is_here(firing, record) {
        return Err(Idle::Elsewhere {
            alarm: alarm(),
            place: firing.place.as_ref().map(ToString::to_string),
        });
    }
    if firing.first && is_without_data(&firing.reason) {
        return Err(Idle::NewAlarm(alarm()));
    }
    guarded(record, now)?;
    if is_silent {
        return Err(Idle::Silent(alarm()));
    }
    Ok(())
}

/// Whether an execution is still to be ended that ends otherwise than by success. What is being promoted while somebody stops it is
/// left to its action, which is waited for.
fn is_to_end(ended: &Ended, record: &Record) -> Result<bool, Idle> {
    if !record.is_active() {
        return Err(Idle::Finished(record.release.clone()));
    }
    match ended.how {
        End::Over => Ok(false),
        End::Stopping if matches!(record.phase, Phase::Promoting { .. }) => {
            Err(Idle::Finishing(record.release.clone()))
        }
        End::Rejected | End::Stopping => Ok(true),
    }
}

/// Why a release is to be rolled back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) reason: Reason,
    /// Whether the execution is to be ended. Not by its own action, and not where it has ended before.
    pub(crate) ends_execution: bool,
}

impl Verdict {
    pub(crate) fn ending(reason: Reason) -> Self {
        Self {
            reason,
            ends_execution: true,
        }
    }

    pub(crate) fn going_on(reason: Reason) -> Self {
        Self {
            reason,
            ends_execution: false,
        }
    }
}

/// Whether an alarm is in the account and the Region of the pair. Out of a topic or a rule it may be anybody's, also one of the same
/// name; what names the function as its own action may do so from wherever it was allowed to.
fn is_here(firing: &Firing, record: &Record) -> bool {
    let home = record.stable().and_then(|it| Place::of_version(&it));
    firing.direct || firing.place.is_some() && firing.place == home
}

/// Whether an alarm still rolls the release back.
fn guarded(record: &Record, now: Timestamp) -> Result<(), Idle> {
    if let Some(cause) = &record.guard_ended {
        return Err(Idle::Unguarded {
            release: record.release.clone(),
            cause: (**cause).clone(),
        });
    }
    if record.is_active() || record.guarded_until().is_some_and(|until| now < until) {
        return Ok(());
    }
    over::is_still_possible(record)?;
    Err(Idle::Promoted {
        release: record.release.clone(),
        since: record.phase_since,
        guard_minutes: record.target.guard_minutes,
    })
}

/// What a call looked at besides the record.
#[derive(Debug)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// The release and its pair, for the schedule.
    Watched(Box<Watched>),
    /// The pair of a promoted release whose guard is over, for the schedule.
    Over(Box<Seen>),
    /// The alarm that called: whether somebody has switched its actions off.
    Alarm {
        /// They are off.
        is_silent: bool,
    },
}

/// What a call comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Nothing is to be rolled back.
    Idle(Idle),
    /// A rollback begins: the record that is the fence, and what it is.
    Fence(words::Reason, Box<Record>),
    /// A rollback is under way.
    GoOn,
    /// The release goes on, and something about it is to be kept as it is.
    Keep(Box<Keeping>),
}

/// The alarm of which a call has to ask whether its actions are switched on.
#[must_use]
pub fn asks_whether_it_acts<'a>(
    record: &Record,
    why: &'a Trigger,
    now: Timestamp,
) -> Option<&'a AlarmName> {
    match why {
        // EventBridge tells of alarms whose actions are off as well (CloudWatch user guide, "Alarm events and EventBridge").
        Trigger::Alarm(firing)
            if !firing.direct && may_be_over(record) && guarded(record, now).is_ok() =>
        {
            let is_ours = record.target.alarms.contains(&firing.alarm);
            is_ours.then_some(&firing.alarm)
        }
        _ => None,
    }
}

/// Whether a call has to look at more than the record: only the schedule, at a release that goes on, or is still guarded.
#[must_use]
pub fn is_watched(record: &Record, why: &Trigger, now: Timestamp) -> bool {
    matches!(why, Trigger::Schedule) && may_be_over(record) && guarded(record, now).is_ok()
}

fn may_be_over(record: &Record) -> bool {
    record.rollback().is_none()
        && !matches!(record.phase, Phase::RolledBack { .. })
        && !record.has_changed_nothing()
}

/// Decides what a call comes to.
#[must_use]
pub fn call(record: Option<&Record>, why: &Trigger, besides: &Besides, now: Timestamp) -> Call {
    let Some(record) = record else {
        return Call::Idle(Idle::NoRelease);
    };
    if let Some(asked) = why.release().filter(|asked| **asked != record.release) {
        return Call::Idle(Idle::NotTheOwner {
            owner: record.release.clone(),
            asked: asked.clone(),
        });
    }
    match (&record.phase, besides) {
        (Phase::RolledBack { cause, .. }, _) => Call::Idle(Idle::RolledBack {
            release: record.release.clone(),
            cause: cause.clone(),
        }),
        (Phase::RollingBack(_), _) => Call::GoOn,
        (_, Besides::Watched(watched)) => watched.call(record, now),
        (_, Besides::Over(seen)) => over::let_go(record, seen, now),
        _ if record.has_changed_nothing() => Call::Idle(Idle::Finished(record.release.clone())),
        (_, besides) => {
            let is_silent = matches!(besides, Besides::Alarm { is_silent: true });
            match verdict(why, record, is_silent, now) {
                Ok(verdict) => fence(record, verdict, now),
                Err(idle) => Call::Idle(idle),
            }
        }
    }
}

/// A rollback begins.
pub(crate) fn fence(record: &Record, verdict: Verdict, now: Timestamp) -> Call {
    let cause = gates::cause(record, verdict.reason, now);
    let doing = words::Reason::RollBack {
        release: record.release.clone(),
        cause: cause.clone(),
    };
    let fence = record.roll_back(cause, verdict.ends_execution, now);
    Call::Fence(doing, Box::new(fence))
}

#[cfg(test)]
mod tests;
