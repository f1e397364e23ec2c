//! What may call rollback, told apart by the keys of the raw event.
//!
//! Never by untagged enums: an alarm event parsed as another kind of alarm event would succeed with an
//! empty name. Foreign events are read leniently, for the few fields that are used; the rest,
//! credentials among them, is never parsed.
//!
//! The envelopes of EventBridge and SNS are types of `aws_lambda_events` (1.2.1). What is in them is not, for its types
//!
//! * for pipeline events read none of the current ones: `version` comes as `3.0`, and a whole number is demanded;
//! * for metric alarms fail on metric math and on periods of a day, and take a composite alarm for one without metrics;
//! * for composite alarms fail where there is no suppressor;
//! * for alarms through SNS fail on composite ones, and on one without a description;
//! * for jobs show the artifact credentials in `Debug`, and fail where there are none.
//!
//! A test compares what they do read with what is read here.

mod alarm;
mod ended;
mod envelope;
mod place;

use std::fmt;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde_json::Value;

use crate::{
    clock::Timestamp,
    job::Job,
    names::{AlarmName, ReleaseId},
    parameters::Rollback,
    record::{Phase, Reason, Record},
};

pub use alarm::Firing;
pub use ended::{End, Ended};
pub use place::Place;

/// Why rollback is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// An action of the release's own pipeline execution asks for it.
    Action(Rollback),
    /// A person asks for it.
    Hand(Rollback),
    /// An alarm went to `ALARM`.
    Alarm(Firing),
    /// A pipeline execution ends otherwise than by success: it has ended, is being stopped, or its approval was rejected.
    Ended(Ended),
    /// The repair schedule.
    Schedule,
}

/// Who calls rollback, and so who hears what comes of it.
#[derive(Debug, Clone)]
pub enum Caller {
    /// An action of a pipeline: CodePipeline hears it, in the report of the job.
    Job(Job),
    /// A person reads the answer. The event itself is the parameters.
    Person(Value),
    /// Nobody reads the answer.
    Event(Trigger),
}

impl Trigger {
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
    #[must_use]
    pub fn release(&self) -> Option<&ReleaseId> {
        match self {
            Self::Action(asked) | Self::Hand(asked) => Some(&asked.release),
            Self::Ended(ended) => Some(&ended.release),
            Self::Alarm(_) | Self::Schedule => None,
        }
    }

    /// When what the event tells of happened. Events come late and more than once: what ended an earlier
    /// attempt of a release must not end the one that a retry has begun since.
    #[must_use]
    pub fn happened(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(firing) => firing.at,
            Self::Ended(ended) => ended.at,
            Self::Action(_) | Self::Hand(_) | Self::Schedule => None,
        }
    }

    /// What the record says of a release that is rolled back for this; `None` for the schedule, which says what it finds.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::Action(asked) => Reason::Action {
                said: asked.reason.clone(),
            },
            Self::Hand(asked) => Reason::Hand {
                said: asked.reason.clone(),
            },
            Self::Alarm(firing) => Reason::AlarmWent {
                alarm: firing.alarm.clone(),
                reason: firing.reason.clone(),
            },
            Self::Ended(ended) if ended.how == End::Stopping => Reason::Stopped,
            Self::Ended(ended) => Reason::Ended {
                what: ended.what.clone(),
            },
            Self::Schedule => return None,
        })
    }
}

/// What calls, as the ledger and the log name it. Of a job they know more: its id.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(_) => f.write_str("job"),
            Self::Hand(_) => f.write_str("by hand"),
            Self::Alarm(firing) => write!(f, "alarm {}", firing.alarm),
            Self::Ended(ended) => write!(f, "pipeline {}", ended.pipeline),
            Self::Schedule => f.write_str("schedule"),
        }
    }
}

/// An event that is none of our business: said by name, without its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// An alarm that did not go to `ALARM`.
    #[error("alarm {alarm} went to {state}; only ALARM triggers a rollback")]
    NotFiring {
        /// The alarm.
        alarm: AlarmName,
        /// The state.
        state: String,
    },
    /// An alarm whose actions an operator or a suppressor holds back.
    #[error("alarm {alarm} is in ALARM, but {why}; nothing is rolled back")]
    Silenced {
        /// The alarm.
        alarm: AlarmName,
        /// What holds it back.
        why: &'static str,
    },
    /// A pipeline event that ends nothing.
    #[error("{detail_type} {state} does not end a release")]
    NotAnEnd {
        /// The detail type.
        detail_type: String,
        /// The state.
        state: String,
    },
    /// A notification about something else, through a shared topic.
    #[error("a notification that holds neither an alarm nor an EventBridge event that is known")]
    OtherNotification,
    /// Something else.
    #[error(
        "this event is not known; its keys are {keys}. Known are CodePipeline jobs, alarms (direct, SNS, EventBridge), \
         CodePipeline execution events, scheduled events, and {{\"release\": ..., \"reason\": ...}} by hand"
    )]
    Unknown {
        /// The event's top-level keys.
        keys: String,
    },
}

/// Tells what an event is.
pub fn read(event: &Value) -> Result<Caller, Ignored> {
    let known = if event.get("CodePipeline.job").is_some() {
        Job::read(event).map(|job| Ok(Caller::Job(job)))
    } else if event["Records"].get(0).is_some() {
        envelope::notified(event).map(|record| notified(&record.sns.message).map(Caller::Event))
    } else if event.get("alarmArn").is_some() {
        alarm::direct(event).map(|read| read.map(Trigger::Alarm).map(Caller::Event))
    } else if let Some(event) = envelope::bridged(event) {
        bridged(&event).map(|read| read.map(Caller::Event))
    } else if event.get("release").is_some() {
        Some(Ok(Caller::Person(event.clone())))
    } else {
        None
    };
    known.unwrap_or_else(|| Err(Ignored::Unknown { keys: keys(event) }))
}

/// The keys of an event that is not known, in the order of the alphabet; never its values.
pub(crate) fn keys(event: &Value) -> String {
    let Some(fields) = event.as_object() else {
        return "none, it is no JSON object".to_owned();
    };
    let mut keys: Vec<_> = fields.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys.truncate(20);
    if keys.is_empty() {
        "none".to_owned()
    } else {
        keys.join(", ")
    }
}

/// The message of a notification: an alarm of CloudWatch's own, or an EventBridge event whose rule has a topic for its target.
fn notified(message: &str) -> Result<Trigger, Ignored> {
    let message: Value = serde_json::from_str(message).map_err(|_| Ignored::OtherNotification)?;
    let known = match envelope::bridged(&message) {
        Some(event) => bridged(&event),
        None => alarm::notified(&message).map(|read| read.map(Trigger::Alarm)),
    };
    known.unwrap_or(Err(Ignored::OtherNotification))
}

/// An event of EventBridge; `None` if it is of no kind that is known.
fn bridged(event: &EventBridgeEvent) -> Option<Result<Trigger, Ignored>> {
    match (event.source.as_str(), event.detail_type.as_str()) {
        (_, "Scheduled Event") => Some(Ok(Trigger::Schedule)),
        ("aws.cloudwatch", "CloudWatch Alarm State Change") => {
            alarm::bridged(event).map(|read| read.map(Trigger::Alarm))
        }
        ("aws.codepipeline", _) => ended::read(event).map(|read| read.map(Trigger::Ended)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
