//! What a call comes to, before anything but the record is looked at: nothing, a fence, or going on. Pure.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::{Doing, Idle},
    names::{AlarmName, ReleaseId},
    observation::is_without_data,
    parameters::Rollback,
    record::{Cause, Phase, Reason, Record},
    trigger::{End, Ended, Firing, Place},
};

use crate::watch::{Keeping, Watched};

/// By how much clocks on AWS may differ; event times of pipelines are whole seconds besides.
const SKEW: Duration = Duration::from_secs(5);

/// Why rollback was called.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// By an action of the release's own pipeline execution.
    Action(Rollback),
    /// By a person.
    Hand(Rollback),
    /// By an alarm.
    Alarm(Firing),
    /// By the end of a pipeline execution.
    Ended(Ended),
    /// By the schedule.
    Schedule,
}

impl Why {
    /// Whether a call that names no pair may concern this record's pair.
    #[must_use]
    pub fn concerns(&self, record: &Record) -> bool {
        match self {
            Self::Alarm(firing) => record.target.alarms.contains(&firing.alarm),
            Self::Ended(ended) => record.release == ended.release,
            Self::Schedule => !matches!(record.phase, Phase::RolledBack { .. }),
            Self::Action(_) | Self::Hand(_) => true,
        }
    }

    /// The release that the call is about, if it names one.
    fn release(&self) -> Option<&ReleaseId> {
        match self {
            Self::Action(asked) | Self::Hand(asked) => Some(&asked.release),
            Self::Ended(ended) => Some(&ended.release),
            Self::Alarm(_) | Self::Schedule => None,
        }
    }

    /// When what the event tells of happened. Events come late and more than once: what ended an earlier
    /// attempt of a release must not end the one that a retry has begun since.
    fn happened(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(firing) => firing.at,
            Self::Ended(ended) => ended.at,
            Self::Action(_) | Self::Hand(_) | Self::Schedule => None,
        }
    }

    /// Why this release is to be rolled back, or why not.
    fn verdict(&self, record: &Record, is_silent: bool, now: Timestamp) -> Result<Verdict, Idle> {
        if let Some(at) = self.happened().filter(|at| *at + SKEW < record.began) {
            return Err(Idle::Earlier {
                at,
                release: record.release.clone(),
                began: record.began,
            });
        }
        match self {
            Self::Action(asked) => Ok(Verdict::going_on(Reason::Action {
                said: asked.reason.clone(),
            })),
            Self::Hand(asked) => Ok(Verdict::ending(Reason::Hand {
                said: asked.reason.clone(),
            })),
            Self::Alarm(firing)
                if !firing.direct && !record.target.alarms.contains(&firing.alarm) =>
            {
                Err(Idle::ForeignAlarm(firing.alarm.clone()))
            }
            Self::Alarm(firing) if !is_here(firing, record) => Err(Idle::Elsewhere {
                alarm: firing.alarm.clone(),
                place: firing.place.as_ref().map(ToString::to_string),
            }),
            Self::Alarm(firing) if firing.first && is_without_data(&firing.reason) => {
                Err(Idle::NewAlarm(firing.alarm.clone()))
            }
            Self::Alarm(firing) => {
                guarded(record, now)?;
                if is_silent {
                    return Err(Idle::Silent(firing.alarm.clone()));
                }
                Ok(Verdict::ending(Reason::AlarmWent {
                    alarm: firing.alarm.clone(),
                    reason: firing.reason.clone(),
                }))
            }
            Self::Ended(ended) if record.is_active() => of_end(ended, record),
            // What the schedule sees has a verdict of its own.
            Self::Ended(_) | Self::Schedule => Err(Idle::Finished(record.release.clone())),
        }
    }
}

/// An execution ends otherwise than by success. What is being promoted while somebody stops it is left to its action, which is
/// waited for.
fn of_end(ended: &Ended, record: &Record) -> Result<Verdict, Idle> {
    let told = || Reason::Ended {
        what: ended.what.clone(),
    };
    match ended.how {
        End::Over => Ok(Verdict::going_on(told())),
        End::Rejected => Ok(Verdict::ending(told())),
        End::Stopping if matches!(record.phase, Phase::Promoting { .. }) => {
            Err(Idle::Finishing(record.release.clone()))
        }
        End::Stopping => Ok(Verdict::ending(Reason::Stopped)),
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
    let guard_minutes = record.target.guard_minutes;
    let guard = Duration::from_secs(u64::from(guard_minutes) * 60);
    if record.is_active() || now.since(record.phase_since) < guard {
        return Ok(());
    }
    Err(Idle::Promoted {
        release: record.release.clone(),
        since: record.phase_since,
        guard_minutes,
    })
}

/// What a call looked at besides the record.
#[derive(Debug)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// The release and its pair, for the schedule.
    Watched(Box<Watched>),
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
    Fence(Doing, Box<Record>),
    /// A rollback is under way.
    GoOn,
    /// The release goes on, and something about it is to be kept as it is.
    Keep(Box<Keeping>),
}

/// The alarm of which a call has to ask whether its actions are switched on.
#[must_use]
pub fn asks_whether_it_acts<'a>(
    record: &Record,
    why: &'a Why,
    now: Timestamp,
) -> Option<&'a AlarmName> {
    match why {
        // EventBridge tells of alarms whose actions are off as well (CloudWatch user guide, "Alarm events and EventBridge").
        Why::Alarm(firing)
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
pub fn is_watched(record: &Record, why: &Why, now: Timestamp) -> bool {
    matches!(why, Why::Schedule) && may_be_over(record) && guarded(record, now).is_ok()
}

fn may_be_over(record: &Record) -> bool {
    record.rollback().is_none()
        && !matches!(record.phase, Phase::RolledBack { .. })
        && !record.has_changed_nothing()
}

/// Decides what a call comes to.
#[must_use]
pub fn call(record: Option<&Record>, why: &Why, besides: &Besides, now: Timestamp) -> Call {
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
        _ if record.has_changed_nothing() => Call::Idle(Idle::Finished(record.release.clone())),
        (_, besides) => {
            let is_silent = matches!(besides, Besides::Alarm { is_silent: true });
            match why.verdict(record, is_silent, now) {
                Ok(verdict) => fence(record, verdict, now),
                Err(idle) => Call::Idle(idle),
            }
        }
    }
}

/// A rollback begins.
pub(crate) fn fence(record: &Record, verdict: Verdict, now: Timestamp) -> Call {
    let cause = Cause::new(verdict.reason, now);
    let doing = Doing::RollBack {
        release: record.release.clone(),
        cause: cause.clone(),
    };
    let fence = record.roll_back(cause, verdict.ends_execution, now);
    Call::Fence(doing, Box::new(fence))
}

#[cfg(test)]
mod tests;
