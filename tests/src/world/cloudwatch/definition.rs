//! What an alarm watches, parsed from the input of `PutMetricAlarm`.
//!
//! Limits: API reference, `PutMetricAlarm`.

use std::time::Duration;

use serde_json::Value;

use super::{
    math::Values,
    metrics::Store,
    queries::{Queries, Series, key, parse_statistic},
    required, validation,
};
use crate::world::Fault;

const MOST_QUERIES: usize = 20;
const MOST_METRICS: usize = 10;
const MOST_EXPRESSIONS: usize = 10;
/// How far an alarm may look back; the longer one with periods of an hour and more.
const LONGEST: Duration = Duration::from_hours(24);
const LONGEST_OF_HOURS: Duration = Duration::from_hours(7 * 24);

/// The configuration that evaluation needs.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) watched: Watched,
    /// Seconds of metric time.
    pub(super) period: u64,
    /// N of "M out of N".
    pub(super) evaluation_periods: usize,
    /// M of "M out of N", if it was given.
    pub(super) datapoints_to_alarm: Option<usize>,
    pub(super) threshold: f64,
    pub(super) comparison: Comparison,
    pub(super) missing: MissingData,
}

#[derive(Debug)]
pub(super) enum Watched {
    Metric(Series),
    Math {
        queries: Queries,
        /// The id whose data the alarm looks at.
        result: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GreaterThanOrEqualToThreshold" => Self::GreaterOrEqual,
            "GreaterThanThreshold" => Self::Greater,
            "LessThanThreshold" => Self::Less,
            "LessThanOrEqualToThreshold" => Self::LessOrEqual,
            _ => return None,
        })
    }

    pub(super) fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    /// As a state reason says it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingData {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// One datapoint of what an alarm watches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Datapoint {
    /// The second of metric time at which its period begins.
    pub(super) second: u64,
    pub(super) value: f64,
    /// How many samples it was made from; `None` for metric math.
    pub(super) samples: Option<f64>,
}

impl Definition {
    pub(super) fn parse(input: &Value) -> Result<Self, Fault> {
        let (watched, period) = if input["Metrics"].is_null() {
            parse_metric(input)?
        } else {
            parse_queries(input)?
        };
        let evaluation_periods =
            count(input, "EvaluationPeriods")?.ok_or_else(|| required("EvaluationPeriods"))?;
        let datapoints_to_alarm = count(input, "DatapointsToAlarm")?;
        if datapoints_to_alarm.is_some_and(|datapoints| datapoints > evaluation_periods) {
            return Err(validation(
                "DatapointsToAlarm must not be greater than EvaluationPeriods.",
            ));
        }
        let longest = if period < 3600 {
            LONGEST
        } else {
            LONGEST_OF_HOURS
        };
        if evaluation_periods as u64 * period > longest.as_secs() {
            return Err(validation(format!(
                "EvaluationPeriods times Period must not be more than {} seconds.",
                longest.as_secs(),
            )));
        }
        Ok(Self {
            watched,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            threshold: input["Threshold"]
                .as_f64()
                .ok_or_else(|| required("Threshold"))?,
            comparison: parse_comparison(input)?,
            missing: parse_missing(input)?,
        })
    }

    /// M of "M out of N".
    pub(super) fn needed(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    pub(super) fn breaches(&self, value: f64) -> bool {
        self.comparison.breaches(value, self.threshold)
    }

    /// The datapoints of the periods that begin at these seconds of metric time.
    pub(super) fn datapoints(&self, store: &Store, seconds: &[u64]) -> Vec<Option<Datapoint>> {
        let stored = |series: &Series, second: u64| {
            store.aggregate(&series.key, second, second + self.period)
        };
        let of = |series: &Series, second| Some(series.statistic.of(stored(series, second)?));
        let values = self.values(seconds, &of).into_iter().zip(seconds);
        let datapoint = |(value, second): (Option<f64>, &u64)| {
            Some(Datapoint {
                second: *second,
                value: value?,
                samples: match &self.watched {
                    Watched::Metric(series) => Some(stored(series, *second)?.count),
                    Watched::Math { .. } => None,
                },
            })
        };
        values.map(datapoint).collect()
    }

    /// What the alarm looks at in these periods, where `of` gives the values of its metrics.
    pub(super) fn values(
        &self,
        seconds: &[u64],
        of: &impl Fn(&Series, u64) -> Option<f64>,
    ) -> Values {
        match &self.watched {
            Watched::Metric(series) => seconds.iter().map(|second| of(series, *second)).collect(),
            Watched::Math { queries, result } => queries.values(result, seconds, of),
        }
    }
}

fn parse_metric(input: &Value) -> Result<(Watched, u64), Fault> {
    let statistic = input["Statistic"].as_str();
    let series = Series {
        key: key(input)?,
        statistic: parse_statistic(statistic.ok_or_else(|| required("Statistic"))?)?,
    };
    let period = input["Period"].as_u64().ok_or_else(|| required("Period"))?;
    Ok((Watched::Metric(series), check_period(period)?))
}

/// Parses the `Metrics` of an alarm; answers what is watched and the period of all metrics.
fn parse_queries(input: &Value) -> Result<(Watched, u64), Fault> {
    for member in [
        "Namespace",
        "MetricName",
        "Dimensions",
        "Period",
        "Statistic",
    ] {
        if !input[member].is_null() {
            return Err(validation(format!(
                "{member} must not be given together with Metrics."
            )));
        }
    }
    let list = input["Metrics"].as_array().map_or(&[][..], Vec::as_slice);
    if !(1..=MOST_QUERIES).contains(&list.len()) {
        return Err(validation(format!(
            "Metrics must hold 1 to {MOST_QUERIES} items."
        )));
    }
    let queries = Queries::parse("Metrics", list)?;
    let results: Vec<&Value> = list
        .iter()
        .filter(|item| item["ReturnData"].as_bool().unwrap_or(true))
        .collect();
    let [result] = results[..] else {
        return Err(validation(
            "Exactly one element of the metrics list should return data.",
        ));
    };
    let watched = queries.metrics().count();
    if watched > MOST_METRICS {
        return Err(validation(format!(
            "An alarm can watch at most {MOST_METRICS} metrics."
        )));
    }
    if list.len() - watched > MOST_EXPRESSIONS {
        return Err(validation(format!(
            "An alarm can have at most {MOST_EXPRESSIONS} expressions."
        )));
    }
    let result = result["Id"].as_str().unwrap_or_default().to_owned();
    let period = check_period(queries.period_of(&result)?)?;
    Ok((Watched::Math { queries, result }, period))
}

fn check_period(period: u64) -> Result<u64, Fault> {
    if [10, 20, 30].contains(&period) || (period > 0 && period.is_multiple_of(60)) {
        Ok(period)
    } else {
        Err(validation("Period must be 10, 20, 30 or a multiple of 60."))
    }
}

fn parse_comparison(input: &Value) -> Result<Comparison, Fault> {
    let name = input["ComparisonOperator"]
        .as_str()
        .ok_or_else(|| required("ComparisonOperator"))?;
    Comparison::parse(name).ok_or_else(|| {
        validation(format!(
            "The local account does not have the comparison operator {name}, which needs anomaly \
             detection."
        ))
    })
}

fn parse_missing(input: &Value) -> Result<MissingData, Fault> {
    match input["TreatMissingData"].as_str() {
        None | Some("missing") => Ok(MissingData::Missing),
        Some("ignore") => Ok(MissingData::Ignore),
        Some("breaching") => Ok(MissingData::Breaching),
        Some("notBreaching") => Ok(MissingData::NotBreaching),
        Some(other) => Err(validation(format!(
            "TreatMissingData is {other:?}; it must be breaching, notBreaching, ignore or missing."
        ))),
    }
}

fn count(input: &Value, member: &str) -> Result<Option<usize>, Fault> {
    match &input[member] {
        Value::Null => Ok(None),
        value => value
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| *count > 0)
            .map(Some)
            .ok_or_else(|| validation(format!("{member} must be a positive integer."))),
    }
}
