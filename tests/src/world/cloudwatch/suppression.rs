//! Suppressed actions of composite alarms: by the suppressor alarm, its wait period and its extension period.
//!
//! AWS: `CloudWatch` user guide, "Suppressing composite alarm actions": a wait begins with every transition while the
//! suppressor is not in `ALARM`, an extension when the suppressor leaves `ALARM`; a transition discards both, and
//! begins a wait. At the end of either the actions of the state that the alarm is in then are taken. AWS does not say
//! whether that is so where no transition fell into that time: here only actions that were kept back are taken.

use std::time::Duration;

use serde_json::Value;

use super::{
    alarm::{Alarm, State, Watches, arn},
    evaluation::StateValue,
    mute, validation,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// The alarm that suppresses the actions of another, as the other has it.
#[derive(Debug, Clone)]
pub(super) struct Suppressor {
    /// Its name.
    pub(super) alarm: String,
    wait: Duration,
    extension: Duration,
    running: Running,
}

/// What is going on.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    /// When a wait or an extension ends.
    until: Option<Moment>,
    /// Actions have been kept back.
    holds: bool,
}

/// Why actions are suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SuppressedBy {
    WaitPeriod,
    Alarm,
    ExtensionPeriod,
}

impl SuppressedBy {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WaitPeriod => "WaitPeriod",
            Self::Alarm => "Alarm",
            Self::ExtensionPeriod => "ExtensionPeriod",
        }
    }

    /// AWS shows this text for the wait only; the others are made like it.
    pub(super) fn reason(self) -> String {
        format!("Actions suppressed by {}", self.name())
    }
}

impl Suppressor {
    /// AWS: API reference, `PutCompositeAlarm`: a suppressor is an existing alarm by name or ARN, and needs both
    /// periods.
    pub(super) fn parse(world: &World, input: &Value) -> Result<Option<Self>, Fault> {
        let members = [
            "ActionsSuppressorWaitPeriod",
            "ActionsSuppressorExtensionPeriod",
        ];
        let Some(given) = input["ActionsSuppressor"].as_str() else {
            return match members.iter().find(|member| !input[**member].is_null()) {
                Some(member) => Err(validation(format!("{member} needs ActionsSuppressor."))),
                None => Ok(None),
            };
        };
        let seconds = |member: &str| {
            input[member]
                .as_u64()
                .map(Duration::from_secs)
                .ok_or_else(|| {
                    validation(format!(
                        "ActionsSuppressor needs {member}, a number of seconds."
                    ))
                })
        };
        let prefix = arn(world, "");
        let alarm = given.strip_prefix(&prefix).unwrap_or(given);
        if !world.cloudwatch.alarms.contains_key(alarm) {
            return Err(validation(format!(
                "The ActionsSuppressor {given} does not exist."
            )));
        }
        Ok(Some(Self {
            alarm: alarm.to_owned(),
            wait: seconds(members[0])?,
            extension: seconds(members[1])?,
            running: Running::default(),
        }))
    }
}

/// An alarm is about to make a transition: what keeps it from its actions, if anything.
pub(super) fn on_transition(world: &mut World, name: &str) -> Option<SuppressedBy> {
    let suppressor = of(world, name)?;
    let by = if in_alarm(world, &suppressor.alarm) {
        Some(SuppressedBy::Alarm)
    } else {
        (!suppressor.wait.is_zero()).then_some(SuppressedBy::WaitPeriod)
    };
    let ends = world.now + world.paced(suppressor.wait);
    let running = Running {
        until: (by == Some(SuppressedBy::WaitPeriod)).then_some(ends),
        holds: by.is_some(),
    };
    set_running(world, name, running);
    by
}

/// An alarm has made a transition: what that means for those whose suppressor it is.
pub(super) fn suppressor_changed(world: &mut World, suppressor: &str) {
    let fires = in_alarm(world, suppressor);
    for name in suppressed_by(world, suppressor) {
        let Some(Suppressor {
            extension, running, ..
        }) = of(world, &name)
        else {
            continue;
        };
        let by = world.cloudwatch.alarms.get(&name);
        let by = by.and_then(|alarm| alarm.state.suppressed);
        if fires {
            let until = None;
            set_running(world, &name, Running { until, ..running });
            show(world, &name, Some(SuppressedBy::Alarm));
        } else if by == Some(SuppressedBy::Alarm) {
            let until = Some(world.now + world.paced(extension));
            set_running(world, &name, Running { until, ..running });
            show(world, &name, Some(SuppressedBy::ExtensionPeriod));
            if extension.is_zero() {
                release(world, &name);
            }
        }
    }
}

/// Ends the waits and extensions whose time has come.
pub(super) fn release_due(world: &mut World) {
    let now = world.now;
    let is_due = |alarm: &&Alarm| {
        let running = alarm.composite().and_then(|it| it.suppressor.as_ref());
        running.is_some_and(|it| it.running.until.is_some_and(|until| until <= now))
    };
    let alarms = world.cloudwatch.alarms.values();
    let due: Vec<String> = alarms.filter(is_due).map(|it| it.name.clone()).collect();
    for name in due {
        release(world, &name);
    }
}

/// The suppressor of a composite alarm with what is going on.
pub(super) fn running(world: &World, name: &str) -> Option<Suppressor> {
    of(world, name)
}

/// A composite alarm was put: what was going on before goes on, unless it has another suppressor now. AWS: user guide,
/// same page: "If you replace the action suppressor alarm, any active `WaitPeriod` or `ExtensionPeriod` is discarded".
pub(super) fn carry_over(world: &mut World, name: &str, before: Option<&Suppressor>) {
    let running = before.map(|it| it.running).unwrap_or_default();
    let now = of(world, name);
    match (before, &now) {
        (Some(before), Some(now)) if before.alarm == now.alarm => {
            set_running(world, name, running);
        }
        (_, Some(now)) if in_alarm(world, &now.alarm) => {
            let until = None;
            set_running(world, name, Running { until, ..running });
            show(world, name, Some(SuppressedBy::Alarm));
        }
        _ => {
            set_running(world, name, Running::default());
            lift(world, name, running.holds);
        }
    }
}

/// Ends the suppression of an alarm's actions.
fn release(world: &mut World, name: &str) {
    let holds = of(world, name).is_some_and(|it| it.running.holds);
    set_running(world, name, Running::default());
    lift(world, name, holds);
}

/// Takes the actions that were kept back. AWS: user guide, "Invoke a Lambda function from an alarm": the payload of a
/// composite alarm after its wait has the state that was suppressed as the previous one.
fn lift(world: &mut World, name: &str, holds: bool) {
    let now = world.now;
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else {
        return;
    };
    if !holds {
        alarm.state.suppressed = None;
        return;
    }
    let lifted = State {
        updated: now,
        suppressed: None,
        ..alarm.state.clone()
    };
    let previous = std::mem::replace(&mut alarm.state, lifted);
    mute::act(world, name, previous);
}

fn of(world: &World, name: &str) -> Option<Suppressor> {
    let alarm = world.cloudwatch.alarms.get(name)?;
    alarm.composite()?.suppressor.clone()
}

fn in_alarm(world: &World, name: &str) -> bool {
    let alarm = world.cloudwatch.alarms.get(name);
    alarm.is_some_and(|alarm| alarm.state.value == StateValue::Alarm)
}

/// The composite alarms that an alarm suppresses.
pub(super) fn suppressed_by(world: &World, suppressor: &str) -> Vec<String> {
    let has = |alarm: &&Alarm| {
        let it = alarm.composite().and_then(|it| it.suppressor.as_ref());
        it.is_some_and(|it| it.alarm == suppressor)
    };
    let alarms = world.cloudwatch.alarms.values();
    alarms.filter(has).map(|it| it.name.clone()).collect()
}

fn set_running(world: &mut World, name: &str, running: Running) {
    if let Some(alarm) = world.cloudwatch.alarms.get_mut(name)
        && let Watches::Alarms(composite) = &mut alarm.watches
        && let Some(suppressor) = &mut composite.suppressor
    {
        suppressor.running = running;
    }
}

fn show(world: &mut World, name: &str, by: Option<SuppressedBy>) {
    if let Some(alarm) = world.cloudwatch.alarms.get_mut(name) {
        alarm.state.suppressed = by;
    }
}
