//! The operations on alarms other than `PutMetricAlarm`.

use serde_json::{Value, json};

use super::{
    alarm::{Alarm, State, change_state},
    evaluation::StateValue,
    validation,
};
use crate::world::{Fault, World};

/// AWS: at most 100 alarms in an answer (API reference, `DescribeAlarms`); 50 unless told otherwise.
const PAGE: usize = 50;

/// Alarms in the order of their names. A name that does not exist is simply not in the answer; there
/// are no composite and no log alarms here.
pub(super) fn describe_alarms(world: &World, input: &Value) -> Result<Value, Fault> {
    for member in ["ChildrenOfAlarmName", "ParentsOfAlarmName"] {
        if !input[member].is_null() {
            return Err(validation(format!(
                "The local account has no composite alarms, so {member} finds nothing."
            )));
        }
    }
    let names = strings(&input["AlarmNames"]);
    let prefix = input["AlarmNamePrefix"].as_str();
    if names.is_some() && prefix.is_some() {
        return Err(validation(
            "AlarmNames and AlarmNamePrefix must not be given together.",
        ));
    }
    let types = strings(&input["AlarmTypes"]);
    let (state, action) = (input["StateValue"].as_str(), input["ActionPrefix"].as_str());
    let after = input["NextToken"].as_str();
    if after.is_some_and(|token| !world.cloudwatch.alarms.contains_key(token)) {
        return Err(Fault::new(
            "InvalidNextToken",
            "The next token specified is invalid.",
        ));
    }
    let wanted = |alarm: &&Alarm| {
        types
            .as_ref()
            .is_none_or(|types| types.contains(&"MetricAlarm"))
            && names
                .as_ref()
                .is_none_or(|names| names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| alarm.state.value.name() == state)
            && action.is_none_or(|prefix| alarm.all_actions().any(|it| it.starts_with(prefix)))
            && after.is_none_or(|token| alarm.name.as_str() > token)
    };
    let page = input["MaxRecords"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    let page = page.unwrap_or(PAGE.max(names.as_ref().map_or(0, Vec::len)));
    let mut found = world.cloudwatch.alarms.values().filter(wanted).peekable();
    let mut described = Vec::new();
    let mut last = None;
    while described.len() < page
        && let Some(alarm) = found.next()
    {
        described.push(alarm.described());
        last = Some(&alarm.name);
    }
    let mut answer = json!({ "MetricAlarms": described, "CompositeAlarms": [] });
    if found.peek().is_some() {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}

/// Deletes the alarms that exist; wrong names are passed over (AWS: API reference, `DeleteAlarms`).
pub(super) fn delete_alarms(world: &mut World, input: &Value) {
    for name in strings(&input["AlarmNames"]).unwrap_or_default() {
        world.cloudwatch.alarms.remove(name);
    }
}

pub(super) fn switch_actions(world: &mut World, input: &Value, enabled: bool) {
    for name in strings(&input["AlarmNames"]).unwrap_or_default() {
        if let Some(alarm) = world.cloudwatch.alarms.get_mut(name) {
            alarm.actions_enabled = enabled;
        }
    }
}

/// Sets a state until the next evaluation finds another.
pub(super) fn set_alarm_state(world: &mut World, input: &Value) -> Result<(), Fault> {
    let text = |member: &str| input[member].as_str().unwrap_or_default();
    let name = text("AlarmName");
    let value = StateValue::parse(text("StateValue"))
        .ok_or_else(|| validation("StateValue must be OK, ALARM or INSUFFICIENT_DATA."))?;
    let data = input["StateReasonData"].as_str();
    if data.is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(Fault::new(
            "InvalidFormatFault",
            "StateReasonData was not syntactically valid JSON.",
        ));
    }
    let alarm = world.cloudwatch.alarms.get(name).ok_or_else(|| {
        Fault::with_status(
            "ResourceNotFound",
            format!("There is no alarm named {name:?}."),
            404,
        )
    })?;
    let transitioned = if alarm.state.value == value {
        alarm.state.transitioned
    } else {
        world.now
    };
    let state = State {
        value,
        reason: text("StateReason").to_owned(),
        data: data.map(str::to_owned),
        updated: world.now,
        transitioned,
    };
    change_state(world, name, state);
    Ok(())
}

fn strings(list: &Value) -> Option<Vec<&str>> {
    Some(list.as_array()?.iter().filter_map(Value::as_str).collect())
}
