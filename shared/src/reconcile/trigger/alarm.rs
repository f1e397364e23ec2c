//! An alarm, in the three forms in which it is told.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde_json::Value;

use super::{Ignored, place::Place};
use crate::{aws::alarms::NEW_ALARM, clock::Timestamp, names::AlarmName};

/// An alarm that went to `ALARM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The alarm.
    pub alarm: AlarmName,
    /// Where it is, if that is said: from its ARN (`alarmArn` of a direct action, `resources[0]` of an EventBridge event,
    /// `AlarmArn` of a notification), or else from `account` and `region` of the EventBridge event. A notification's own `Region`
    /// is a name for people, and says nothing here.
    pub place: Option<Place>,
    /// CloudWatch's own words.
    pub reason: String,
    /// When it went there, if that is said.
    pub at: Option<Timestamp>,
    /// Whether `ALARM` is the first state that the alarm was evaluated to: before, it was `INSUFFICIENT_DATA` for the reason that
    /// CloudWatch gives to a new alarm (`previousState`, in a direct action and an EventBridge event). A notification says only
    /// the state and not its reason: then it is not known, and `false`.
    ///
    /// It does not say that the alarm is young. One whose metric gets no data, and that treats missing data as missing, keeps
    /// that reason for days: then the first thing that a canary ever did wrong comes as the alarm's first state. So it says nothing
    /// only where no data is the reason ([`is_without_data`](crate::aws::alarms::is_without_data)).
    pub first: bool,
    /// Whether the alarm itself names the function as its action. An alarm out of a topic or a rule
    /// may be anybody's.
    pub direct: bool,
}

/// What is told of an alarm: it is in a state.
struct Told<'a> {
    alarm: AlarmName,
    state: &'a str,
    reason: &'a str,
    at: Option<Timestamp>,
    place: Option<Place>,
    first: bool,
    direct: bool,
    /// What holds its actions back.
    held_back: Option<&'static str>,
}

impl<'a> Told<'a> {
    /// `alarmData` of a direct action and `detail` of an EventBridge event have one form. `None` if it is no such form.
    fn read(data: &'a Value) -> Option<Self> {
        let (state, before) = (&data["state"], &data["previousState"]);
        let is_there = |value: Option<&Value>| value.is_some_and(|it| !it.is_null());
        let held_back = if is_there(state.get("actionsSuppressedBy")) {
            Some("its actions are suppressed by another alarm")
        } else if is_there(data.get("muteDetail")) {
            Some("it is muted")
        } else {
            None
        };
        Some(Self {
            alarm: data["alarmName"].as_str()?.try_into().ok()?,
            state: state["value"].as_str()?,
            reason: state["reason"].as_str().unwrap_or_default(),
            at: time(&state["timestamp"]),
            place: None,
            first: before["value"] == "INSUFFICIENT_DATA" && before["reason"] == NEW_ALARM,
            direct: false,
            held_back,
        })
    }

    fn firing(self) -> Result<Firing, Ignored> {
        if self.state != "ALARM" {
            return Err(Ignored::NotFiring {
                alarm: self.alarm,
                state: self.state.to_owned(),
            });
        }
        if let Some(why) = self.held_back {
            return Err(Ignored::Silenced {
                alarm: self.alarm,
                why,
            });
        }
        Ok(Firing {
            alarm: self.alarm,
            place: self.place,
            reason: self.reason.to_owned(),
            at: self.at,
            first: self.first,
            direct: self.direct,
        })
    }
}

/// An alarm that has the function for its action. `None` if it is none.
pub(super) fn direct(event: &Value) -> Option<Result<Firing, Ignored>> {
    let told = Told {
        place: event["alarmArn"].as_str().and_then(Place::of_alarm),
        direct: true,
        ..Told::read(&event["alarmData"])?
    };
    Some(told.firing())
}

/// An alarm through EventBridge. `None` if it is none.
pub(super) fn bridged(event: &EventBridgeEvent) -> Option<Result<Firing, Ignored>> {
    let resource = event.resources.as_ref().and_then(|all| all.first());
    let of_envelope = || Place::new(event.account.as_ref()?, event.region.as_ref()?);
    let told = Told {
        place: resource
            .and_then(|arn| Place::of_alarm(arn))
            .or_else(of_envelope),
        ..Told::read(&event.detail)?
    };
    Some(told.firing())
}

/// An alarm through SNS: the message, with `PascalCase` keys. CloudWatch sends none for one whose actions are held back. `None` if
/// it is none.
pub(super) fn notified(message: &Value) -> Option<Result<Firing, Ignored>> {
    let told = Told {
        alarm: message["AlarmName"].as_str()?.try_into().ok()?,
        state: message["NewStateValue"].as_str()?,
        reason: message["NewStateReason"].as_str().unwrap_or_default(),
        at: time(&message["StateChangeTime"]),
        place: message["AlarmArn"].as_str().and_then(Place::of_alarm),
        first: false,
        direct: false,
        held_back: None,
    };
    Some(told.firing())
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::read)
}
