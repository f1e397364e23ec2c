//! What an alarm watches, parsed from the input of `PutMetricAlarm`.
//!
//! Limits: API reference, `PutMetricAlarm`.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value;

use super::{
    data::dimensions,
    evaluation,
    math::{Expr, Values},
    metrics::{Key, RETENTION, Statistic, Store},
    queries::parse_queries,
    validation,
};
use crate::world::Fault;

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
        queries: BTreeMap<String, Query>,
        /// The id whose data the alarm looks at.
        result: String,
    },
}

#[derive(Debug)]
pub(super) struct Series {
    pub(super) key: Key,
    pub(super) statistic: Statistic,
}

#[derive(Debug)]
pub(super) enum Query {
    Metric(Series),
    Expression(Expr),
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
        let range = evaluation::range(evaluation_periods) as u64 * period;
        if range > RETENTION.as_secs() {
            return Err(validation(format!(
                "EvaluationPeriods and Period reach back {range} seconds, but the local account \
                 keeps data for {} seconds.",
                RETENTION.as_secs(),
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
        let of = |series: &Series| seconds.iter().map(|second| of(series, *second)).collect();
        match &self.watched {
            Watched::Metric(series) => of(series),
            Watched::Math { queries, result } => {
                let math = Math {
                    queries,
                    seconds,
                    of,
                    known: RefCell::default(),
                };
                math.query(result)
            }
        }
    }
}

/// Queries that refer to each other; each is computed once.
struct Math<'a, F> {
    queries: &'a BTreeMap<String, Query>,
    seconds: &'a [u64],
    of: F,
    known: RefCell<BTreeMap<String, Values>>,
}

impl<F: Fn(&Series) -> Values> Math<'_, F> {
    fn query(&self, id: &str) -> Values {
        if let Some(known) = self.known.borrow().get(id) {
            return known.clone();
        }
        let values = match self.queries.get(id) {
            None => vec![None; self.seconds.len()],
            Some(Query::Metric(series)) => (self.of)(series),
            Some(Query::Expression(expression)) => {
                expression.evaluate(self.seconds, &|id: &str| self.query(id))
            }
        };
        self.known
            .borrow_mut()
            .insert(id.to_owned(), values.clone());
        values
    }
}

fn parse_metric(input: &Value) -> Result<(Watched, u64), Fault> {
    let text = |member: &str| input[member].as_str().ok_or_else(|| required(member));
    let series = Series {
        key: Key::new(
            text("Namespace")?,
            text("MetricName")?,
            dimensions(&input["Dimensions"]),
        ),
        statistic: parse_statistic(text("Statistic")?)?,
    };
    let period = input["Period"].as_u64().ok_or_else(|| required("Period"))?;
    Ok((Watched::Metric(series), check_period(period)?))
}

/// Refuses members that would change what an alarm does but do not exist here.
pub(super) fn refuse_others(value: &Value, known: &[&str]) -> Result<(), Fault> {
    let members = value.as_object();
    let other = members
        .into_iter()
        .flatten()
        .find(|(member, value)| !value.is_null() && !known.contains(&member.as_str()));
    match other {
        None => Ok(()),
        Some((member, _)) => Err(validation(format!(
            "The local account's alarms do not have {member}."
        ))),
    }
}

pub(super) fn check_period(period: u64) -> Result<u64, Fault> {
    if [10, 20, 30].contains(&period) || (period > 0 && period.is_multiple_of(60)) {
        Ok(period)
    } else {
        Err(validation("Period must be 10, 20, 30 or a multiple of 60."))
    }
}

pub(super) fn parse_statistic(name: &str) -> Result<Statistic, Fault> {
    Statistic::parse(name).ok_or_else(|| {
        validation(format!(
            "The local account does not have the statistic {name}; it has SampleCount, Average, \
             Sum, Minimum and Maximum."
        ))
    })
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

pub(super) fn required(member: &str) -> Fault {
    validation(format!("The parameter {member} is required."))
}
