//! Alarms: configuration, state and what makes the state change.

use serde_json::{Map, Value, json};

use super::{
    definition::{Definition, refuse_others},
    evaluation::{self, Outcome, StateValue},
    evaluation_interval, metric_second, notify, reason, validation,
};
use crate::{
    clock::Moment,
    world::{Fault, World, journal::What},
};

/// The parameters of `PutMetricAlarm` that exist here.
const KNOWN: [&str; 17] = [
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "Metrics",
];
const ACTION_LISTS: [&str; 3] = ["OKActions", "AlarmActions", "InsufficientDataActions"];
/// AWS: actions of one state (API reference, `PutMetricAlarm`).
const MOST_ACTIONS: usize = 5;

#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) arn: String,
    /// The configuration as it was put, except whether actions are enabled.
    pub(super) document: Map<String, Value>,
    pub(super) definition: Definition,
    /// The id that alarm events give to the metric of an alarm without metric math.
    pub(super) metric_id: String,
    pub(super) actions_enabled: bool,
    pub(super) configured: Moment,
    pub(super) state: State,
    next_evaluation: Moment,
}

/// An alarm's state and why.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) value: StateValue,
    pub(super) reason: String,
    /// A JSON document; missing after `SetAlarmState` without one.
    pub(super) data: Option<String>,
    pub(super) updated: Moment,
    /// When the value changed last.
    pub(super) transitioned: Moment,
}

impl Alarm {
    /// What is to be done on a transition to the state that the alarm is in; nothing while its actions
    /// are disabled.
    pub(super) fn due_actions(&self) -> impl Iterator<Item = &str> {
        let list = match self.state.value {
            StateValue::Ok => "OKActions",
            StateValue::Alarm => "AlarmActions",
            StateValue::InsufficientData => "InsufficientDataActions",
        };
        self.list(list).filter(|_| self.actions_enabled)
    }

    pub(super) fn all_actions(&self) -> impl Iterator<Item = &str> {
        ACTION_LISTS.into_iter().flat_map(|list| self.list(list))
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let items = self.document.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The alarm as `DescribeAlarms` answers it.
    pub(super) fn described(&self) -> Value {
        let mut described = self.document.clone();
        let mut set = |member: &str, value: Value| described.insert(member.to_owned(), value);
        set("AlarmArn", json!(self.arn));
        set("ActionsEnabled", json!(self.actions_enabled));
        set(
            "AlarmConfigurationUpdatedTimestamp",
            json!(self.configured.epoch_seconds()),
        );
        set("StateValue", json!(self.state.value.name()));
        set("StateReason", json!(self.state.reason));
        if let Some(data) = &self.state.data {
            set("StateReasonData", json!(data));
        }
        set(
            "StateUpdatedTimestamp",
            json!(self.state.updated.epoch_seconds()),
        );
        set(
            "StateTransitionedTimestamp",
            json!(self.state.transitioned.epoch_seconds()),
        );
        Value::Object(described)
    }
}

pub(super) fn put(world: &mut World, input: &Value) -> Result<(), Fault> {
    refuse_others(input, &KNOWN)?;
    let definition = Definition::parse(input)?;
    check_actions(world, input)?;
    let name = input["AlarmName"].as_str().unwrap_or_default().to_owned();
    let mut document = input.as_object().cloned().unwrap_or_default();
    let actions_enabled = document.remove("ActionsEnabled");
    for list in ACTION_LISTS {
        document.entry(list).or_insert_with(|| json!([]));
    }
    let now = world.now;
    let next_evaluation = now + world.paced(evaluation_interval(definition.period));
    let metric_id = world.uuid();
    let state = match world.cloudwatch.alarms.remove(&name) {
        Some(replaced) => replaced.state,
        None => State {
            value: StateValue::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            data: None,
            updated: now,
            transitioned: now,
        },
    };
    let alarm = Alarm {
        arn: world.arn("cloudwatch", &format!("alarm:{name}")),
        name: name.clone(),
        document,
        definition,
        metric_id,
        actions_enabled: actions_enabled.and_then(|it| it.as_bool()).unwrap_or(true),
        configured: now,
        state,
        next_evaluation,
    };
    world.cloudwatch.alarms.insert(name, alarm);
    Ok(())
}

/// Actions here are functions and SNS topics of this account and Region.
fn check_actions(world: &World, input: &Value) -> Result<(), Fault> {
    let known = [world.arn("lambda", "function:"), world.arn("sns", "")];
    for list in ACTION_LISTS {
        let actions = input[list].as_array().map_or(&[][..], Vec::as_slice);
        if actions.len() > MOST_ACTIONS {
            return Err(validation(format!(
                "{list} must hold at most {MOST_ACTIONS} actions."
            )));
        }
        for action in actions.iter().filter_map(Value::as_str) {
            let named = |prefix: &String| {
                action
                    .strip_prefix(prefix.as_str())
                    .is_some_and(|rest| !rest.is_empty())
            };
            if !known.iter().any(named) {
                return Err(validation(format!(
                    "{list} holds {action:?}; the local account's alarms call its Lambda \
                     functions and SNS topics only."
                )));
            }
        }
    }
    Ok(())
}

/// Evaluates every alarm whose time has come.
pub(super) fn evaluate_due(world: &mut World) {
    let now = world.now;
    let alarms = &world.cloudwatch.alarms;
    let due: Vec<String> = alarms
        .values()
        .filter(|alarm| alarm.next_evaluation <= now)
        .map(|alarm| alarm.name.clone())
        .collect();
    for name in due {
        schedule_next(world, &name);
        if let Some(state) = evaluated(world, &name) {
            change_state(world, &name, state);
        }
    }
}

/// Evaluations keep their rhythm when a tick comes late; those that were missed are not made up for.
fn schedule_next(world: &mut World, name: &str) {
    let (now, pace) = (world.now, world.pace);
    if let Some(alarm) = world.cloudwatch.alarms.get_mut(name) {
        let interval = evaluation_interval(alarm.definition.period) / pace;
        while alarm.next_evaluation <= now {
            alarm.next_evaluation = alarm.next_evaluation + interval;
        }
    }
}

/// The state that the data ask for now, if it is another than the alarm's.
fn evaluated(world: &World, name: &str) -> Option<State> {
    let alarm = world.cloudwatch.alarms.get(name)?;
    let definition = &alarm.definition;
    let outcome = look(world, definition);
    let value = outcome.state.filter(|value| *value != alarm.state.value)?;
    Some(State {
        value,
        reason: reason::text(definition, &outcome, value, world.pace),
        data: Some(reason::data(definition, &outcome, world.now, world.pace)),
        updated: world.now,
        transitioned: world.now,
    })
}

/// Looks at the last complete periods.
fn look(world: &World, definition: &Definition) -> Outcome {
    let period = definition.period;
    let running = metric_second(world, world.now) / period;
    let range: Vec<_> = (1..=evaluation::range(definition.evaluation_periods) as u64)
        .filter_map(|ago| running.checked_sub(ago))
        .map(|at| definition.datapoint(&world.cloudwatch.store, at * period))
        .collect();
    evaluation::evaluate(definition, &range)
}

/// Gives an alarm a state. Only a transition is told to anybody.
pub(super) fn change_state(world: &mut World, name: &str, state: State) {
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else {
        return;
    };
    let transition = alarm.state.value != state.value;
    let what = What::Alarm {
        alarm: name.to_owned(),
        state: state.value.name().to_owned(),
        reason: state.reason.clone(),
    };
    let previous = std::mem::replace(&mut alarm.state, state);
    if transition {
        world.note(what);
        notify::tell(world, name, &previous);
    }
}
