//! What a call comes to, before anything but the record is looked at: nothing, a fence, or going on. Pure.

use std::time::Duration;

use canary::{
    aws::pipeline::ExecutionStatus,
    clock::Timestamp,
    decision::{Doing, Idle},
    names::ReleaseId,
    observation::{Alarm, Known},
    parameters::Rollback,
    record::{Cause, Phase, Record},
    trigger::{Ended, Firing},
};

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
    fn verdict(
        &self,
        record: &Record,
        watched: Option<&Watched>,
        now: Timestamp,
    ) -> Result<Verdict, Idle> {
        if let Some(at) = self.happened().filter(|at| *at + SKEW < record.began) {
            return Err(Idle::Earlier {
                at,
                release: record.release.clone(),
                began: record.began,
            });
        }
        match self {
            Self::Action(asked) => Ok(Verdict::going_on(asked_for(
                "asked for by the pipeline",
                asked,
            ))),
            Self::Hand(asked) => Ok(Verdict::ending(asked_for("asked for by hand", asked))),
            Self::Alarm(firing)
                if !firing.direct && !record.target.alarms.contains(&firing.alarm) =>
            {
                Err(Idle::ForeignAlarm(firing.alarm.clone()))
            }
            Self::Alarm(firing) => {
                guarded(record, now)?;
                let reason = firing.reason.trim_end_matches('.');
                Ok(Verdict::ending(format!(
                    "alarm {} went to ALARM: {reason}",
                    firing.alarm
                )))
            }
            Self::Ended(ended) if record.is_active() => Ok(Verdict::going_on(ended.what.clone())),
            Self::Schedule => watched.map_or_else(
                || Err(Idle::Finished(record.release.clone())),
                |watched| watched.verdict(record),
            ),
            Self::Ended(_) => Err(Idle::Finished(record.release.clone())),
        }
    }
}

/// Why a release is to be rolled back.
struct Verdict {
    what: String,
    /// Whether the execution is to be ended. Not by its own action, and not where its end is the reason.
    ends_execution: bool,
}

impl Verdict {
    fn ending(what: String) -> Self {
        Self {
            what,
            ends_execution: true,
        }
    }

    fn going_on(what: String) -> Self {
        Self {
            what,
            ends_execution: false,
        }
    }
}

/// What the schedule looks at while nothing is wrong: events get lost, and what they tell of does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// How the release's execution stands.
    pub status: Known<ExecutionStatus>,
    /// The alarms of its target.
    pub alarms: Known<Vec<Alarm>>,
}

impl Watched {
    fn verdict(&self, record: &Record) -> Result<Verdict, Idle> {
        if let Some(status) = self.status.get().filter(|it| !it.is_under_way())
            && record.is_active()
        {
            let status = status.as_str();
            let what = format!("its pipeline execution has ended ({status})");
            return Ok(Verdict::going_on(what));
        }
        let mut alarms = self.alarms.get().into_iter().flatten();
        // One that was in ALARM before has not to do with this release, and keeps it from beginning.
        let is_ours = |alarm: &&Alarm| {
            alarm.firing && alarm.acts && alarm.since.is_none_or(|since| since >= record.began)
        };
        if let Some(alarm) = alarms.find(is_ours) {
            let reason = alarm.reason.trim_end_matches('.');
            return Ok(Verdict::ending(format!(
                "alarm {} is in ALARM: {reason}",
                alarm.name
            )));
        }
        let unseen = self.status.unseen().or(self.alarms.unseen());
        Err(match unseen {
            Some(unseen) => Idle::NotSeen {
                release: record.release.clone(),
                phase: record.phase.to_string(),
                why: unseen.to_string(),
            },
            None if record.is_active() => Idle::UnderWay {
                release: record.release.clone(),
                phase: record.phase.to_string(),
            },
            None => Idle::Finished(record.release.clone()),
        })
    }
}

fn asked_for(by: &str, asked: &Rollback) -> String {
    asked
        .reason
        .as_ref()
        .map_or_else(|| by.to_owned(), |reason| format!("{by}: {reason}"))
}

/// Whether an alarm still rolls the release back.
fn guarded(record: &Record, now: Timestamp) -> Result<(), Idle> {
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

/// What a call comes to, before anything but the record is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Nothing is to be rolled back.
    Idle(Idle),
    /// A rollback begins: the record that is the fence, and what it is.
    Fence(Doing, Box<Record>),
    /// A rollback is under way.
    GoOn,
}

/// Whether a call has to look at more than the record: only the schedule, at a release that goes on, or is still guarded.
#[must_use]
pub fn is_watched(record: &Record, why: &Why, now: Timestamp) -> bool {
    let may_be_over =
        record.rollback().is_none() && !matches!(record.phase, Phase::RolledBack { .. });
    matches!(why, Why::Schedule) && may_be_over && guarded(record, now).is_ok()
}

/// Decides what a call comes to.
#[must_use]
pub fn call(record: Option<&Record>, why: &Why, watched: Option<&Watched>, now: Timestamp) -> Call {
    let Some(record) = record else {
        return Call::Idle(Idle::NoRelease);
    };
    if let Some(asked) = why.release().filter(|asked| **asked != record.release) {
        return Call::Idle(Idle::NotTheOwner {
            owner: record.release.clone(),
            asked: asked.clone(),
        });
    }
    match &record.phase {
        Phase::RolledBack { cause, .. } => Call::Idle(Idle::RolledBack {
            release: record.release.clone(),
            cause: cause.clone(),
        }),
        Phase::RollingBack(_) => Call::GoOn,
        _ if record.has_changed_nothing() => Call::Idle(Idle::Finished(record.release.clone())),
        _ => match why.verdict(record, watched, now) {
            Ok(Verdict {
                what,
                ends_execution,
            }) => {
                let cause = Cause { what, at: now };
                let doing = Doing::RollBack {
                    release: record.release.clone(),
                    cause: cause.clone(),
                };
                let fence = record.roll_back(cause, ends_execution, now);
                Call::Fence(doing, Box::new(fence))
            }
            Err(reason) => Call::Idle(reason),
        },
    }
}
