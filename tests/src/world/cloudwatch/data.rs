//! `PutMetricData`.

use std::time::Duration;

use serde_json::Value;

use super::metrics::{Key, Resolution, Statistics};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// AWS: at most 1000 metrics and 150 values of one metric in a request (API reference,
/// `PutMetricData`).
const MOST_DATA: usize = 1000;
const MOST_VALUES: usize = 150;
/// AWS: data may be two weeks old and two hours ahead.
const PAST: Duration = Duration::from_hours(14 * 24);
const FUTURE: Duration = Duration::from_hours(2);

/// One or more values of one metric at one time.
#[derive(Debug, PartialEq)]
pub(super) struct Datum {
    pub(super) key: Key,
    pub(super) at: Moment,
    pub(super) resolution: Resolution,
    pub(super) statistics: Statistics,
}

/// Whether `CloudWatch` takes data of that time.
pub(super) fn acceptable_time(at: Moment, now: Moment) -> bool {
    now.since(at) <= PAST && at.since(now) <= FUTURE
}

/// Whether `CloudWatch` takes that value: from -2^360 to 2^360.
pub(super) fn acceptable_value(value: f64) -> bool {
    value.abs() <= 2_f64.powi(360)
}

pub(super) fn put_metric_data(world: &mut World, input: &Value) -> Result<(), Fault> {
    for member in ["EntityMetricData", "StrictEntityValidation"] {
        if !input[member].is_null() {
            return Err(invalid(format!(
                "The local account does not take {member}."
            )));
        }
    }
    let namespace = input["Namespace"].as_str().unwrap_or_default();
    if namespace.starts_with("AWS/") {
        return Err(invalid(
            "The value AWS/ for parameter Namespace is invalid.",
        ));
    }
    let data = input["MetricData"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if data.is_empty() {
        return Err(missing("The parameter MetricData is required."));
    }
    if data.len() > MOST_DATA {
        return Err(invalid(format!(
            "MetricData must not hold more than {MOST_DATA} items."
        )));
    }
    // All are checked before any is stored.
    let data = data
        .iter()
        .map(|datum| parse(namespace, datum, world.now))
        .collect::<Result<Vec<_>, _>>()?;
    for datum in data {
        let second = super::metric_second(world, datum.at);
        let store = &mut world.cloudwatch.store;
        store.add(datum.key, second, datum.resolution, datum.statistics);
    }
    Ok(())
}

fn parse(namespace: &str, datum: &Value, now: Moment) -> Result<Datum, Fault> {
    let name = datum["MetricName"].as_str().unwrap_or_default();
    let at = match datum["Timestamp"].as_f64() {
        None => now,
        Some(seconds) => moment(seconds)
            .filter(|at| acceptable_time(*at, now))
            .ok_or_else(|| {
                invalid(format!(
                    "The parameter Timestamp of {name} must be at most two weeks ago and two \
                     hours ahead."
                ))
            })?,
    };
    let resolution = Resolution::parse(datum["StorageResolution"].as_u64())
        .ok_or_else(|| invalid("The parameter StorageResolution must be 1 or 60."))?;
    Ok(Datum {
        key: Key::new(namespace, name, dimensions(&datum["Dimensions"])),
        at,
        resolution,
        statistics: statistics(name, datum)?,
    })
}

/// Dimensions as the API writes them.
pub(super) fn dimensions(list: &Value) -> impl Iterator<Item = (String, String)> + '_ {
    list.as_array().into_iter().flatten().map(|dimension| {
        let text = |member: &str| dimension[member].as_str().unwrap_or_default().to_owned();
        (text("Name"), text("Value"))
    })
}

pub(super) fn moment(epoch_seconds: f64) -> Option<Moment> {
    let duration = Duration::try_from_secs_f64(epoch_seconds).ok()?;
    Some(Moment(0) + duration)
}

fn statistics(name: &str, datum: &Value) -> Result<Statistics, Fault> {
    let (value, values, set) = (&datum["Value"], &datum["Values"], &datum["StatisticValues"]);
    let parsed = match (value.as_f64(), values.as_array(), set.is_object()) {
        (Some(value), None, false) => Statistics::of(value, 1.0),
        (None, Some(values), false) => of_values(name, values, &datum["Counts"])?,
        (None, None, true) => of_set(name, set)?,
        (None, None, false) => {
            return Err(missing(format!(
                "At least one of the parameters Value, Values and StatisticValues of {name} is \
                 required."
            )));
        }
        _ => {
            return Err(Fault::new(
                "InvalidParameterCombinationException",
                format!(
                    "Only one of the parameters Value, Values and StatisticValues of {name} is \
                     allowed."
                ),
            ));
        }
    };
    let numbers = [parsed.sum, parsed.minimum, parsed.maximum];
    if numbers.into_iter().all(acceptable_value) {
        Ok(parsed)
    } else {
        Err(invalid(format!("The value of {name} is out of range.")))
    }
}

fn of_values(name: &str, values: &[Value], counts: &Value) -> Result<Statistics, Fault> {
    let counts = counts.as_array();
    if values.len() > MOST_VALUES || counts.is_some_and(|counts| counts.len() != values.len()) {
        return Err(invalid(format!(
            "The parameters Values and Counts of {name} must have the same size, at most \
             {MOST_VALUES}."
        )));
    }
    values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let count = counts.and_then(|counts| counts.get(at)?.as_f64());
            Statistics::of(value.as_f64().unwrap_or_default(), count.unwrap_or(1.0))
        })
        .reduce(Statistics::merge)
        .ok_or_else(|| missing(format!("The parameter Values of {name} is empty.")))
}

fn of_set(name: &str, set: &Value) -> Result<Statistics, Fault> {
    let number = |member: &str| set[member].as_f64().unwrap_or_default();
    let parsed = Statistics {
        count: number("SampleCount"),
        sum: number("Sum"),
        minimum: number("Minimum"),
        maximum: number("Maximum"),
    };
    if parsed.count > 0.0 && parsed.minimum <= parsed.maximum {
        Ok(parsed)
    } else {
        Err(invalid(format!(
            "The parameter StatisticValues of {name} needs a positive SampleCount and a Minimum \
             not above its Maximum."
        )))
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

fn missing(message: impl Into<String>) -> Fault {
    Fault::new("MissingRequiredParameterException", message)
}
