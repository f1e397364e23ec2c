//! What happened to alarms, as `DescribeAlarmHistory` answers it.
//!
//! AWS: `CloudWatch` API reference, `DescribeAlarmHistory`: the history outlives the alarm. The documents in it are not
//! specified; they are like those in the AWS CLI's examples (state updates) and in answers that were published
//! (creations, actions). Updates and deletions are made like creations. AWS keeps 30 days: here all is kept.

use serde_json::{Map, Value, json};

use super::{
    alarm::{Alarm, State},
    api::strings,
    refuse_others,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// The parameters of `DescribeAlarmHistory` that exist here.
const KNOWN: [&str; 8] = [
    "AlarmName",
    "AlarmTypes",
    "HistoryItemType",
    "StartDate",
    "EndDate",
    "MaxRecords",
    "NextToken",
    "ScanBy",
];
/// AWS: API reference, `DescribeAlarmHistory`: at most 100 in an answer, and it does not say how many without
/// `MaxRecords`.
const PAGE: usize = 100;

/// One thing that happened to an alarm.
#[derive(Debug)]
pub(super) struct Item {
    alarm: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    kind: &'static str,
    at: Moment,
    /// `StateUpdate`, `ConfigurationUpdate` or `Action`.
    what: &'static str,
    summary: String,
    data: Value,
}

impl Item {
    fn described(&self) -> Value {
        json!({
            "AlarmName": self.alarm,
            "AlarmType": self.kind,
            "Timestamp": self.at.epoch_seconds(),
            "HistoryItemType": self.what,
            "HistorySummary": self.summary,
            "HistoryData": self.data.to_string(),
        })
    }
}

/// An alarm has made a transition.
pub(super) fn state_changed(world: &mut World, name: &str, previous: &State) {
    note(world, name, |alarm| {
        let (old, new) = (previous.value.name(), alarm.state.value.name());
        let data = json!({
            "version": "1.0",
            "oldState": state(previous),
            "newState": state(&alarm.state),
        });
        let summary = format!("Alarm updated from {old} to {new}");
        ("StateUpdate", summary, data)
    });
}

/// An alarm was created, or its configuration replaced.
pub(super) fn configured(world: &mut World, name: &str, created: bool) {
    let (kind, member, verb) = if created {
        ("Create", "createdAlarm", "created")
    } else {
        ("Update", "updatedAlarm", "updated")
    };
    note_configuration(world, name, kind, member, verb);
}

/// An alarm is about to be deleted.
pub(super) fn deleted(world: &mut World, name: &str) {
    note_configuration(world, name, "Delete", "deletedAlarm", "deleted");
}

/// An action of an alarm was taken, or could not be.
pub(super) fn acted(
    world: &mut World,
    name: &str,
    action: &str,
    message: &Value,
    error: Option<&str>,
) {
    note(world, name, |alarm| {
        let (state, summary) = match error {
            None => (
                "Succeeded",
                format!("Successfully executed action {action}"),
            ),
            Some(error) => (
                "Failed",
                format!("Failed to execute action {action}. Received error: \"{error}\""),
            ),
        };
        let published = json!({ "default": message.to_string() });
        let data = json!({
            "actionState": state,
            "stateUpdateTimestamp": alarm.state.updated.0,
            "notificationResource": action,
            "publishedMessage": published.to_string(),
            "error": error,
        });
        ("Action", summary, data)
    });
}

fn note_configuration(world: &mut World, name: &str, kind: &str, member: &str, verb: &str) {
    note(world, name, |alarm| {
        let mut data = json!({ "version": "1.0", "type": kind });
        data[member] = configuration(alarm);
        (
            "ConfigurationUpdate",
            format!("Alarm \"{name}\" {verb}"),
            data,
        )
    });
}

fn note(world: &mut World, name: &str, what: impl FnOnce(&Alarm) -> (&'static str, String, Value)) {
    let Some(alarm) = world.cloudwatch.alarms.get(name) else {
        return;
    };
    let (what, summary, data) = what(alarm);
    let item = Item {
        alarm: name.to_owned(),
        kind: alarm.kind(),
        at: world.now,
        what,
        summary,
        data,
    };
    world.cloudwatch.history.push(item);
}

/// The reason's data is a document here, and text everywhere else.
fn state(state: &State) -> Value {
    let mut document = json!({ "stateValue": state.value.name(), "stateReason": state.reason });
    let data = state.data.as_deref().map(serde_json::from_str::<Value>);
    if let Some(Ok(data)) = data {
        document["stateReasonData"] = data;
    }
    if let Some(by) = state.suppressed {
        document["actionsSuppressedBy"] = json!(by.name());
        document["actionsSuppressedReason"] = json!(by.reason());
    }
    document
}

/// What `DescribeAlarms` answers, in camel case, without the reason of the state.
fn configuration(alarm: &Alarm) -> Value {
    let described = alarm.described();
    let mut document = Map::new();
    for (member, value) in described.as_object().into_iter().flatten() {
        let value = match member.as_str() {
            "AlarmConfigurationUpdatedTimestamp" => json!(alarm.configured.iso_offset()),
            "StateUpdatedTimestamp" => json!(alarm.state.updated.iso_offset()),
            "StateReason" | "StateReasonData" | "StateTransitionedTimestamp" => continue,
            _ => camel_case(value),
        };
        let member = match member.as_str() {
            "OKActions" => "okactions".to_owned(),
            member => lower_first(member),
        };
        document.insert(member, value);
    }
    Value::Object(document)
}

fn camel_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(member, value)| (lower_first(member), camel_case(value)))
            .collect(),
        Value::Array(items) => items.iter().map(camel_case).collect(),
        other => other.clone(),
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + letters.as_str()
    })
}

/// `DescribeAlarmHistory`, the newest first unless told otherwise. The token is the place of the last item in the whole
/// history.
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    refuse_others(input, &KNOWN)?;
    let history = &world.cloudwatch.history;
    let oldest_first = input["ScanBy"] == "TimestampAscending";
    let places: Vec<usize> = if oldest_first {
        (0..history.len()).collect()
    } else {
        (0..history.len()).rev().collect()
    };
    let begin = match input["NextToken"].as_str() {
        None => 0,
        Some(token) => {
            let last = places.iter().position(|place| place.to_string() == token);
            last.ok_or_else(super::bad_token)? + 1
        }
    };
    let page = super::page(input, PAGE);
    let mut found = places[begin..]
        .iter()
        .filter(|place| is_wanted(&history[**place], input))
        .peekable();
    let (mut items, mut last) = (Vec::new(), None);
    while items.len() < page
        && let Some(place) = found.next()
    {
        items.push(history[*place].described());
        last = Some(place.to_string());
    }
    let mut answer = json!({ "AlarmHistoryItems": items });
    if found.peek().is_some() {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}

/// AWS: only metric alarms unless `AlarmTypes` says otherwise.
fn is_wanted(item: &Item, input: &Value) -> bool {
    let text = |member: &str| input[member].as_str();
    let types = strings(&input["AlarmTypes"]).unwrap_or_else(|| vec!["MetricAlarm"]);
    let at = item.at.epoch_seconds();
    types.contains(&item.kind)
        && text("AlarmName").is_none_or(|name| name == item.alarm)
        && text("HistoryItemType").is_none_or(|kind| kind == item.what)
        && input["StartDate"].as_f64().is_none_or(|start| start <= at)
        && input["EndDate"].as_f64().is_none_or(|end| at <= end)
}
