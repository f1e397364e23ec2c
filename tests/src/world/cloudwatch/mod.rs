//! Amazon `CloudWatch`: metrics, alarms of metrics and of alarms, mute rules and dashboards.
//!
//! Metric time is account time stretched by the world's pace: at pace 10 a minute of metric time lasts
//! six seconds. Periods are cut and alarms are evaluated in metric time; every timestamp that goes out
//! is account time, and so is what `GetMetricData` is asked for. Units of metrics are not kept.

mod alarm;
mod api;
mod composite;
pub mod dashboard;
mod data;
mod definition;
mod describe;
mod emf;
mod evaluation;
mod get_metric_data;
mod history;
mod incomplete;
mod late_lines;
mod losses;
mod math;
mod metric;
mod metrics;
mod mute;
mod needs;
mod notify;
mod payload;
mod provision;
mod queries;
mod reason;
mod rule;
mod search;
mod suppression;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};
use crate::clock::Moment;
use alarm::Alarm;
pub use incomplete::{Incomplete, Status};
pub use late_lines::LateLines;
pub use losses::{Loss, Lost};
use metrics::{Key, Resolution, Statistics, Store};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/cloudwatch.json")),
    call: |world, it| call(world, it.operation, it.input),
    tick,
    denied: ("AccessDeniedException", 403),
    throttled: ("Throttling", 400),
    prefix: "cloudwatch",
    needs: needs::needs,
    condition_keys: &["cloudwatch:namespace"],
    resources: provision::RESOURCES,
    ..Service::new("monitoring")
};

/// Metrics and alarms.
#[derive(Debug, Default)]
pub struct CloudWatch {
    /// Alarm actions and events that get lost; of several losses that match, the first one applies.
    pub losses: Vec<Loss>,
    /// Metrics that `GetMetricData` does not read whole; of several that match, the first one applies.
    pub incomplete: Vec<Incomplete>,
    /// Which log lines come late; `None` for none.
    pub late_lines: Option<LateLines>,
    /// How many metrics were asked for by `GetMetricData`, which is what AWS charges for.
    pub metrics_requested: u64,
    /// Data of log lines that are late, each with the time at which it comes.
    underway: Vec<(Moment, data::Datum)>,
    store: Store,
    alarms: BTreeMap<String, Alarm>,
    mute_rules: BTreeMap<String, mute::MuteRule>,
    history: Vec<history::Item>,
    dashboards: BTreeMap<String, Vec<dashboard::Graph>>,
}

/// Whether there is an alarm of that name.
#[must_use]
pub fn has_alarm(world: &World, name: &str) -> bool {
    world.cloudwatch.alarms.contains_key(name)
}

/// Creates or replaces an alarm from input as `PutMetricAlarm` takes it. A new alarm is in
/// `INSUFFICIENT_DATA`; a replaced one keeps its state.
///
/// # Errors
/// `ValidationException` for a configuration that AWS refuses or that does not exist here, by name.
pub fn put_metric_alarm(world: &mut World, input: &Value) -> Result<(), Fault> {
    metric::put(world, input)
}

/// Creates or replaces a composite alarm from input as `PutCompositeAlarm` takes it. It is evaluated at the next tick;
/// until then a new one is in `INSUFFICIENT_DATA`.
///
/// # Errors
/// `ValidationException` for a configuration that AWS refuses or that does not exist here, by name, and for a rule that
/// names an alarm that does not exist.
pub fn put_composite_alarm(world: &mut World, input: &Value) -> Result<(), Fault> {
    composite::put(world, input)
}

/// Creates or replaces a mute rule from input as `PutAlarmMuteRule` takes it. It mutes in account time, whatever the
/// world's pace.
///
/// # Errors
/// `ValidationException` for a schedule that AWS refuses or that does not exist here, by name, and for a target that
/// does not exist.
pub fn put_alarm_mute_rule(world: &mut World, input: &Value) -> Result<(), Fault> {
    mute::put(world, input)
}

/// The timestamp of a date as templates write it, `2026-10-02T17:04`: seconds since the epoch.
#[must_use]
pub fn timestamp(date: &str) -> Option<f64> {
    super::schedule::local_time(date).map(Moment::epoch_seconds)
}

/// Takes one log line of a container or function; extracts embedded metrics if there are any. A line
/// that does not keep to the embedded metric format is only a log line.
pub fn ingest_log_line(world: &mut World, line: &str) {
    let data = emf::extract(line, world.now);
    let late = late_lines::delay(world, &data);
    if late.is_zero() {
        for datum in data {
            store(world, datum);
        }
    } else {
        let comes = world.now + late;
        let data = data.into_iter().map(|datum| (comes, datum));
        world.cloudwatch.underway.extend(data);
    }
}

fn store(world: &mut World, datum: data::Datum) {
    let second = metric_second(world, datum.at);
    let store = &mut world.cloudwatch.store;
    store.add(datum.key, second, datum.resolution, datum.statistics);
}

/// All that has been counted of a metric, as long as it is kept.
#[must_use]
pub fn total(world: &World, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> f64 {
    let dimensions = dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let key = Key::new(namespace, name, dimensions);
    let all = world.cloudwatch.store.aggregate(&key, 0, u64::MAX);
    all.map_or(0.0, |statistics| statistics.sum)
}

/// Publishes one value of a metric of the account itself, at standard resolution.
pub fn publish(
    world: &mut World,
    namespace: &str,
    name: &str,
    dimensions: &[(&str, &str)],
    value: f64,
    at: Moment,
) {
    let key = Key::new(
        namespace,
        name,
        dimensions
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let second = metric_second(world, at);
    let statistics = Statistics::of(value, 1.0);
    let store = &mut world.cloudwatch.store;
    store.add(key, second, Resolution::Minute, statistics);
}

/// Whether a period in which the metrics of an alarm have certain values is one of those that make it fire, if there
/// are enough of them; `None` if the period has no datapoint, or there is no such metric alarm. `of` answers the value
/// of a metric by its name and dimensions.
#[must_use]
pub fn breaches(
    world: &World,
    alarm: &str,
    of: &impl Fn(&str, &BTreeMap<String, String>) -> Option<f64>,
) -> Option<bool> {
    let definition = &world.cloudwatch.alarms.get(alarm)?.metrics()?.definition;
    let of = |series: &queries::Series, _| of(&series.key.name, &series.key.dimensions);
    let value = definition.values(&[0], &of).into_iter().flatten().next()?;
    Some(definition.breaches(value))
}

/// The minute of metric time that a moment lies in.
#[must_use]
pub fn minute(world: &World, at: Moment) -> u64 {
    metric_second(world, at) / 60
}

/// When a minute of metric time begins.
#[must_use]
pub fn minute_start(world: &World, minute: u64) -> Moment {
    metrics::moment_of(world.pace, minute * 60)
}

fn metric_second(world: &World, at: Moment) -> u64 {
    metrics::second_of(world.pace, at)
}

/// An API call.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "DescribeAlarms" => return describe::describe_alarms(world, input),
        "GetMetricData" => return get_metric_data::get_metric_data(world, input),
        "DescribeAlarmHistory" => return history::describe(world, input),
        "GetAlarmMuteRule" => return mute::get(world, input),
        "ListAlarmMuteRules" => return mute::list(world, input),
        "PutMetricAlarm" => metric::put(world, input)?,
        "PutCompositeAlarm" => composite::put(world, input)?,
        "PutAlarmMuteRule" => mute::put(world, input)?,
        "DeleteAlarms" => api::delete_alarms(world, input)?,
        "DeleteAlarmMuteRule" => mute::delete(world, input),
        "SetAlarmState" => api::set_alarm_state(world, input)?,
        "EnableAlarmActions" => api::switch_actions(world, input, true),
        "DisableAlarmActions" => api::switch_actions(world, input, false),
        "PutMetricData" => data::put_metric_data(world, input)?,
        _ => return Err(unknown_operation(SERVICE.name, operation)),
    }
    Ok(json!({}))
}

/// Forgets old data, evaluates the alarms that are due, and takes actions that are no longer suppressed or muted.
pub fn tick(world: &mut World) {
    let oldest = metric_second(world, world.now).saturating_sub(metrics::RETENTION.as_secs());
    world.cloudwatch.store.trim(oldest);
    late_lines::deliver(world);
    metric::evaluate_due(world);
    composite::evaluate_put(world);
    suppression::release_due(world);
    mute::unmute_due(world);
}

/// A configuration or parameter that AWS or this account does not take.
fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

/// Refuses members that would change what an alarm or a query does but do not exist here.
fn refuse_others(value: &Value, known: &[&str]) -> Result<(), Fault> {
    let members = value.as_object();
    let other = members
        .into_iter()
        .flatten()
        .find(|(member, value)| !value.is_null() && !known.contains(&member.as_str()));
    match other {
        None => Ok(()),
        Some((member, _)) => Err(validation(format!(
            "The local account does not have {member}."
        ))),
    }
}

fn required(member: &str) -> Fault {
    validation(format!("The parameter {member} is required."))
}

fn bad_token() -> Fault {
    Fault::new("InvalidNextToken", "The next token specified is invalid.")
}

/// How many records an answer has at most.
fn page(input: &Value, unless_told: usize) -> usize {
    let most = input["MaxRecords"].as_u64();
    most.and_then(|most| usize::try_from(most).ok())
        .unwrap_or(unless_told)
}

/// AWS evaluates an alarm every minute, and every ten seconds if its period is shorter than a minute
/// (`CloudWatch` user guide, "Alarm evaluation").
fn evaluation_interval(period: u64) -> Duration {
    Duration::from_secs(if period < 60 { 10 } else { 60 })
}

#[cfg(test)]
mod tests;
