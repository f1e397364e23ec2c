//! What may call rollback, told apart by the keys of the raw event.
//!
//! Never by untagged enums: an alarm event parsed as another kind of alarm event would succeed with an
//! empty name. Foreign envelopes are read leniently, for the few fields that are used; the rest,
//! credentials among them, is never parsed.

use serde_json::Value;

use crate::{
    clock::Timestamp,
    job::Job,
    names::{AlarmName, PipelineName, ReleaseId},
};

/// A call of rollback.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// An action of a pipeline.
    Job(Job),
    /// An alarm went to `ALARM`.
    Alarm(Firing),
    /// A pipeline execution ended otherwise than by success, or its approval was rejected.
    Ended(Ended),
    /// The repair schedule.
    Schedule,
    /// A person: the event itself is the parameters.
    Hand(Value),
}

/// An alarm that went to `ALARM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The alarm.
    pub alarm: AlarmName,
    /// CloudWatch's own words.
    pub reason: String,
    /// When it went there, if that is said.
    pub at: Option<Timestamp>,
    /// Whether the alarm itself names the function as its action. An alarm out of a topic or a rule
    /// may be anybody's.
    pub direct: bool,
}

/// How a pipeline execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The execution.
    pub release: ReleaseId,
    /// What happened, a sentence without a full stop.
    pub what: String,
    /// When, if that is said.
    pub at: Option<Timestamp>,
}

/// An event that is none of our business: said by name, without its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// An alarm that did not go to `ALARM`.
    #[error("alarm {alarm} went to {state}; only ALARM rolls back")]
    NotFiring {
        /// The alarm.
        alarm: String,
        /// The state.
        state: String,
    },
    /// An alarm whose actions an operator or a suppressor holds back.
    #[error("alarm {alarm} is in ALARM, but {why}; nothing is rolled back")]
    Silenced {
        /// The alarm.
        alarm: String,
        /// What holds it back.
        why: &'static str,
    },
    /// A pipeline event that ends nothing.
    #[error("{detail_type} {state} ends no release")]
    NotAnEnd {
        /// The detail type.
        detail_type: String,
        /// The state.
        state: String,
    },
    /// A notification that is no alarm, through a shared topic.
    #[error("a notification that is no alarm")]
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
pub fn read(event: &Value) -> Result<Trigger, Ignored> {
    if event.get("CodePipeline.job").is_some() {
        return Job::read(event)
            .map(Trigger::Job)
            .ok_or_else(|| unknown(event));
    }
    if let Some(record) = event["Records"].get(0) {
        return notification(record, event).map(Trigger::Alarm);
    }
    if event.get("alarmArn").is_some() {
        return alarm(&event["alarmData"], true)
            .map_or_else(|| Err(unknown(event)), |read| read.map(Trigger::Alarm));
    }
    if let Some(detail_type) = event["detail-type"].as_str() {
        return bridged(detail_type, event);
    }
    if event.get("release").is_some() {
        return Ok(Trigger::Hand(event.clone()));
    }
    Err(unknown(event))
}

fn unknown(event: &Value) -> Ignored {
    Ignored::Unknown { keys: keys(event) }
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

/// `alarmData` of a direct action and `detail` of an `EventBridge` event have one form. `None` if it is no
/// such form.
fn alarm(data: &Value, direct: bool) -> Option<Result<Firing, Ignored>> {
    let name = data["alarmName"].as_str()?;
    let state = data["state"]["value"].as_str()?;
    let reason = data["state"]["reason"].as_str().unwrap_or_default();
    Some(if state != "ALARM" {
        Err(Ignored::NotFiring {
            alarm: name.to_owned(),
            state: state.to_owned(),
        })
    } else if data["state"]
        .get("actionsSuppressedBy")
        .is_some_and(|by| !by.is_null())
    {
        Err(Ignored::Silenced {
            alarm: name.to_owned(),
            why: "its actions are suppressed by another alarm",
        })
    } else if data.get("muteDetail").is_some_and(|mute| !mute.is_null()) {
        Err(Ignored::Silenced {
            alarm: name.to_owned(),
            why: "it is muted",
        })
    } else {
        firing(name, reason, time(&data["state"]["timestamp"]), direct)?
    })
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::read)
}

fn firing(
    name: &str,
    reason: &str,
    at: Option<Timestamp>,
    direct: bool,
) -> Option<Result<Firing, Ignored>> {
    let alarm = AlarmName::try_from(name).ok()?;
    Some(Ok(Firing {
        alarm,
        reason: reason.to_owned(),
        at,
        direct,
    }))
}

/// An alarm through SNS: `PascalCase` keys in a JSON string.
fn notification(record: &Value, event: &Value) -> Result<Firing, Ignored> {
    let source = record["EventSource"]
        .as_str()
        .or_else(|| record["eventSource"].as_str());
    if source != Some("aws:sns") {
        return Err(unknown(event));
    }
    let message = record["Sns"]["Message"].as_str().unwrap_or_default();
    let message: Value = serde_json::from_str(message).map_err(|_| Ignored::OtherNotification)?;
    let (Some(name), Some(state)) = (
        message["AlarmName"].as_str(),
        message["NewStateValue"].as_str(),
    ) else {
        return Err(Ignored::OtherNotification);
    };
    if state != "ALARM" {
        return Err(Ignored::NotFiring {
            alarm: name.to_owned(),
            state: state.to_owned(),
        });
    }
    let reason = message["NewStateReason"].as_str().unwrap_or_default();
    let at = time(&message["StateChangeTime"]);
    firing(name, reason, at, false).unwrap_or(Err(Ignored::OtherNotification))
}

/// An event through `EventBridge`.
fn bridged(detail_type: &str, event: &Value) -> Result<Trigger, Ignored> {
    let detail = &event["detail"];
    match (event["source"].as_str(), detail_type) {
        (_, "Scheduled Event") => Ok(Trigger::Schedule),
        (Some("aws.cloudwatch"), "CloudWatch Alarm State Change") => alarm(detail, false)
            .map_or_else(|| Err(unknown(event)), |read| read.map(Trigger::Alarm)),
        (Some("aws.codepipeline"), _) => {
            ended(detail_type, detail, time(&event["time"])).unwrap_or_else(|| Err(unknown(event)))
        }
        _ => Err(unknown(event)),
    }
}

/// The end of an execution, or the rejection that will end it. `STOPPING` is not an end: running actions
/// are still at work.
fn ended(
    detail_type: &str,
    detail: &Value,
    at: Option<Timestamp>,
) -> Option<Result<Trigger, Ignored>> {
    let state = detail["state"].as_str()?;
    let what = match (detail_type, state) {
        (
            "CodePipeline Pipeline Execution State Change",
            "FAILED" | "STOPPED" | "CANCELED" | "SUPERSEDED",
        ) => {
            format!("its pipeline execution ended as {state}")
        }
        ("CodePipeline Action Execution State Change", "FAILED" | "ABANDONED" | "CANCELED")
            if detail["type"]["category"] == "Approval" =>
        {
            let said = detail["execution-result"]["external-execution-summary"]
                .as_str()
                .unwrap_or_default();
            let action = detail["action"].as_str().unwrap_or("approval");
            let colon = if said.is_empty() { "" } else { ": " };
            format!("{action} was rejected or expired{colon}{said}")
        }
        _ => {
            return Some(Err(Ignored::NotAnEnd {
                detail_type: detail_type.to_owned(),
                state: state.to_owned(),
            }));
        }
    };
    Some(Ok(Trigger::Ended(Ended {
        pipeline: PipelineName::try_from(detail["pipeline"].as_str()?).ok()?,
        release: ReleaseId::try_from(detail["execution-id"].as_str()?).ok()?,
        what,
        at,
    })))
}

#[cfg(test)]
mod tests;
