//! Metric alarms: how they are put, and how the data make their state change.

use serde_json::{Value, json};

use super::{
    alarm::{ACTION_LISTS, Alarm, Draft, State, Watches, change_state, check_actions},
    definition::Definition,
    evaluation::{self, Outcome},
    evaluation_interval, history, metric_second, reason, refuse_others, validation,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
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

/// What a metric alarm watches, and when it looks next.
#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) definition: Definition,
    /// The id that alarm events give to the metric of an alarm without metric math.
    pub(super) id: String,
    next_evaluation: Moment,
}

pub(super) fn put(world: &mut World, input: &Value) -> Result<(), Fault> {
    refuse_others(input, &KNOWN)?;
    let definition = Definition::parse(input)?;
    check_actions(world, input)?;
    let name = input["AlarmName"].as_str().unwrap_or_default();
    let replaced = world.cloudwatch.alarms.get(name);
    if replaced.is_some_and(|alarm| alarm.metrics().is_none()) {
        return Err(validation(format!(
            "{name} is a composite alarm; it cannot become a metric alarm."
        )));
    }
    let next_evaluation = world.now + world.paced(evaluation_interval(definition.period));
    let watches = Watches::Metrics(Metrics {
        definition,
        id: world.uuid(),
        next_evaluation,
    });
    let mut document = input.as_object().cloned().unwrap_or_default();
    for list in ACTION_LISTS {
        document.entry(list).or_insert_with(|| json!([]));
    }
    let draft = Draft { document, watches };
    let created = Alarm::save(world, name, draft);
    history::configured(world, name, created);
    Ok(())
}

/// Evaluates every alarm whose time has come.
pub(super) fn evaluate_due(world: &mut World) {
    let now = world.now;
    let alarms = &world.cloudwatch.alarms;
    let is_due = |alarm: &&Alarm| {
        let metrics = alarm.metrics();
        metrics.is_some_and(|metrics| metrics.next_evaluation <= now)
    };
    let due: Vec<String> = alarms
        .values()
        .filter(is_due)
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
    let alarm = world.cloudwatch.alarms.get_mut(name);
    if let Some(Watches::Metrics(metrics)) = alarm.map(|alarm| &mut alarm.watches) {
        let interval = evaluation_interval(metrics.definition.period) / pace;
        while metrics.next_evaluation <= now {
            metrics.next_evaluation = metrics.next_evaluation + interval;
        }
    }
}

/// The state that the data ask for now, if it is another than the alarm's.
fn evaluated(world: &World, name: &str) -> Option<State> {
    let alarm = world.cloudwatch.alarms.get(name)?;
    let definition = &alarm.metrics()?.definition;
    let outcome = look(world, definition);
    let value = outcome.state.filter(|value| *value != alarm.state.value)?;
    let text = reason::text(definition, &outcome, value, world.pace);
    let data = reason::data(definition, &outcome, world.now, world.pace);
    Some(State::new(value, text, Some(data), world.now))
}

/// Looks at the last complete periods.
fn look(world: &World, definition: &Definition) -> Outcome {
    let period = definition.period;
    let running = metric_second(world, world.now) / period;
    let seconds: Vec<u64> = (1..=evaluation::range(definition.evaluation_periods) as u64)
        .filter_map(|ago| running.checked_sub(ago))
        .map(|at| at * period)
        .collect();
    let range = definition.datapoints(&world.cloudwatch.store, &seconds);
    evaluation::evaluate(definition, &range)
}
