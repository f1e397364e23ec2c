//! Composite alarms: how they are put, and how other alarms make their state change.
//!
//! AWS: `CloudWatch` API reference, `PutCompositeAlarm`. AWS evaluates a composite alarm some time after one of its
//! children has changed and does not say when: here at once. A new or changed one is evaluated at the next tick.

use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::{
    alarm::{
        ACTION_LISTS, Alarm, Draft, State, Watches, arn, change_state, change_state_below,
        check_actions,
    },
    evaluation::StateValue,
    history, refuse_others,
    rule::Rule,
    suppression::{self, Suppressor},
    validation,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// The parameters of `PutCompositeAlarm` that exist here.
const KNOWN: [&str; 10] = [
    "AlarmName",
    "AlarmDescription",
    "AlarmRule",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
];

/// What a composite alarm watches.
#[derive(Debug)]
pub(super) struct Composite {
    /// With the names of alarms only.
    pub(super) rule: Rule,
    pub(super) suppressor: Option<Suppressor>,
    /// It was created or changed, and is to be evaluated.
    put: Option<Put>,
}

#[derive(Debug, Clone, Copy)]
enum Put {
    Created,
    Updated,
}

pub(super) fn put(world: &mut World, input: &Value) -> Result<(), Fault> {
    refuse_others(input, &KNOWN)?;
    check_actions(world, input)?;
    let name = input["AlarmName"].as_str().unwrap_or_default();
    let replaced = world.cloudwatch.alarms.get(name);
    if replaced.is_some_and(|alarm| alarm.composite().is_none()) {
        return Err(validation(format!(
            "{name} is a metric alarm; it cannot become a composite alarm."
        )));
    }
    let put = replaced.map_or(Put::Created, |_| Put::Updated);
    let rule = known_rule(world, input["AlarmRule"].as_str().unwrap_or_default())?;
    let suppressor = Suppressor::parse(world, input)?;
    let before = suppression::running(world, name);
    let watches = Watches::Alarms(Composite {
        rule,
        suppressor,
        put: Some(put),
    });
    let mut document = input.as_object().cloned().unwrap_or_default();
    for list in ACTION_LISTS {
        document.entry(list).or_insert_with(|| json!([]));
    }
    let created = Alarm::save(world, name, Draft { document, watches });
    suppression::carry_over(world, name, before.as_ref());
    history::configured(world, name, created);
    Ok(())
}

/// A rule whose alarms all exist. AWS refuses others, in these words (seen in awsdocs/aws-cloudformation-user-guide
/// issue 911).
fn known_rule(world: &World, text: &str) -> Result<Rule, Fault> {
    let prefix = arn(world, "");
    let named = |alarm: String| alarm.strip_prefix(&prefix).unwrap_or(&alarm).to_owned();
    let rule = Rule::parse(text)?.renamed(&named);
    let alarms = &world.cloudwatch.alarms;
    let mut missing = rule.alarms();
    missing.retain(|name| !alarms.contains_key(*name));
    if missing.is_empty() {
        Ok(rule)
    } else {
        Err(validation(format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            missing.join(", ")
        )))
    }
}

/// Evaluates the composite alarms that were put since the last tick.
pub(super) fn evaluate_put(world: &mut World) {
    let alarms = world.cloudwatch.alarms.values_mut();
    let mut waiting = Vec::new();
    for alarm in alarms {
        if let Watches::Alarms(composite) = &mut alarm.watches
            && let Some(put) = composite.put.take()
        {
            waiting.push((alarm.name.clone(), put));
        }
    }
    for (name, put) in waiting {
        if let Some(state) = evaluated(world, &name, |alarm, value| {
            let verb = match put {
                Put::Created => "created",
                Put::Updated => "updated",
            };
            let text = format!(
                "{} was {verb} and its alarm rule evaluates to {}",
                alarm.arn,
                value.name()
            );
            let children = alarm.composite().map(|composite| composite.rule.alarms());
            (text, children.unwrap_or_default())
        }) {
            change_state(world, &name, state);
        }
    }
}

/// Evaluates the composite alarms that watch an alarm, after it has changed state. One that has itself led here is left
/// as it is. AWS: API reference, `PutCompositeAlarm`: "the evaluation of composite alarms stops if CloudWatch detects a
/// cycle in the evaluation path".
pub(super) fn child_changed(world: &mut World, child: &str, path: &[&str]) {
    for parent in parents(world, child) {
        if path.contains(&parent.as_str()) || waits(world, &parent) {
            continue;
        }
        let Some(changed) = world.cloudwatch.alarms.get(child) else {
            return;
        };
        let text = format!(
            "{} transitioned to {} at {}",
            changed.arn,
            changed.state.value.name(),
            in_words(changed.state.updated)
        );
        if let Some(state) = evaluated(world, &parent, |_, _| (text, vec![child])) {
            change_state_below(world, &parent, state, path);
        }
    }
}

/// The composite alarms whose rules name an alarm.
pub(super) fn parents(world: &World, child: &str) -> Vec<String> {
    let names = |alarm: &&Alarm| {
        let composite = alarm.composite();
        composite.is_some_and(|it| it.rule.alarms().contains(&child))
    };
    let alarms = world.cloudwatch.alarms.values();
    alarms.filter(names).map(|it| it.name.clone()).collect()
}

/// Whether a composite alarm is to be evaluated at the next tick anyway.
fn waits(world: &World, name: &str) -> bool {
    let alarm = world.cloudwatch.alarms.get(name);
    let composite = alarm.and_then(Alarm::composite);
    composite.is_some_and(|composite| composite.put.is_some())
}

/// The state that the rule asks for now, if it is another than the alarm's; `why` gives the reason and the alarms that
/// are it. AWS: API reference, `PutCompositeAlarm`: only a new composite alarm is ever in `INSUFFICIENT_DATA`.
fn evaluated<'a>(
    world: &'a World,
    name: &str,
    why: impl FnOnce(&'a Alarm, StateValue) -> (String, Vec<&'a str>),
) -> Option<State> {
    let alarms = &world.cloudwatch.alarms;
    let alarm = alarms.get(name)?;
    let of = |name: &str| Some(alarms.get(name)?.state.value);
    let value = if alarm.composite()?.rule.holds(&of) {
        StateValue::Alarm
    } else {
        StateValue::Ok
    };
    if value == alarm.state.value {
        return None;
    }
    let (text, triggering) = why(alarm, value);
    let triggering: Vec<Value> = triggering
        .into_iter()
        .filter_map(|name| alarms.get(name))
        .map(triggering_alarm)
        .collect();
    let data = json!({ "triggeringAlarms": triggering }).to_string();
    Some(State::new(value, text, Some(data), world.now))
}

/// AWS: user guide, "Alarm events and EventBridge", the event of a composite alarm.
fn triggering_alarm(alarm: &Alarm) -> Value {
    json!({
        "arn": alarm.arn,
        "state": {
            "value": alarm.state.value.name(),
            "timestamp": alarm.state.updated.iso_offset(),
        },
    })
}

/// `Friday 02 October, 2026 17:04:40 UTC`, as the reason of a composite alarm has it.
fn in_words(moment: Moment) -> String {
    let format = format_description!(
        "[weekday] [day] [month repr:long], [year] [hour]:[minute]:[second] UTC"
    );
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_else(|| moment.iso_seconds())
}
