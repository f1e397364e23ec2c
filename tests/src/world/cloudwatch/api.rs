//! The operations that change alarms of either kind.

use serde_json::Value;

use super::{
    alarm::{State, change_state},
    composite,
    evaluation::StateValue,
    history, suppression, validation,
};
use crate::world::{Fault, World};

/// Deletes the alarms that exist; wrong names are passed over. AWS: API reference, `DeleteAlarms`: no more than one
/// composite alarm at once, and none that a composite alarm depends on; the words are those of public reports
/// (cloud-custodian issue 7763, aws-nuke issue 462), in which nothing at all was deleted. That a suppressor is depended
/// on, and that an alarm may go together with the only one that depends on it, is a choice: AWS does not say.
pub(super) fn delete_alarms(world: &mut World, input: &Value) -> Result<(), Fault> {
    let names = strings(&input["AlarmNames"]).unwrap_or_default();
    let alarms = &world.cloudwatch.alarms;
    let is_composite = |name: &&&str| {
        let alarm = alarms.get(**name);
        alarm.is_some_and(|alarm| alarm.composite().is_some())
    };
    if names.iter().filter(is_composite).count() > 1 {
        return Err(validation(
            "At most one composite alarm can be deleted in one request.",
        ));
    }
    let depended: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| {
            let parents = composite::parents(world, name).into_iter();
            let mut parents = parents.chain(suppression::suppressed_by(world, name));
            parents.any(|parent| !names.contains(&parent.as_str()))
        })
        .collect();
    if !depended.is_empty() {
        let them = if depended.len() == 1 { "it" } else { "them" };
        return Err(validation(format!(
            "Cannot delete {} as there are composite alarm(s) depending on {them}.",
            depended.join(",")
        )));
    }
    for name in names {
        history::deleted(world, name);
        world.cloudwatch.alarms.remove(name);
    }
    Ok(())
}

pub(super) fn switch_actions(world: &mut World, input: &Value, enabled: bool) {
    for name in strings(&input["AlarmNames"]).unwrap_or_default() {
        if let Some(alarm) = world.cloudwatch.alarms.get_mut(name) {
            alarm.actions_enabled = enabled;
        }
    }
}

/// Sets a state until the next evaluation finds another: a composite alarm's is when one of its children changes state,
/// or the alarm is put again (AWS: API reference, `SetAlarmState`).
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
    if !world.cloudwatch.alarms.contains_key(name) {
        return Err(Fault::with_status(
            "ResourceNotFound",
            format!("There is no alarm named {name:?}."),
            404,
        ));
    }
    let reason = text("StateReason").to_owned();
    let state = State::new(value, reason, data.map(str::to_owned), world.now);
    change_state(world, name, state);
    Ok(())
}

pub(super) fn strings(list: &Value) -> Option<Vec<&str>> {
    Some(list.as_array()?.iter().filter_map(Value::as_str).collect())
}
