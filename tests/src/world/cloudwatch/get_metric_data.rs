//! `GetMetricData`.
//!
//! AWS: API reference, `GetMetricData`, `MetricDataQuery` and `MetricDataResult`. A period without data has no datapoint. The
//! words of refusals are those of public reports (metricbeat issue 32687, moto pull request 6380).
//!
//! Who asks has a clock of his own, which no pace hurries: a minute that is asked for is one of account time, and holds as many minutes
//! of metric time as the pace says.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    bad_token, data::moment, incomplete, incomplete::Status, metric_second, metrics,
    queries::Queries, refuse_others, required, validation,
};
use crate::world::{Fault, World};

const MOST_QUERIES: usize = 500;
/// Datapoints in an answer.
const MOST_DATAPOINTS: usize = 100_800;
/// How far ahead of the time data may be (`PutMetricData`).
const FUTURE: Duration = Duration::from_hours(2);
/// The parameters that exist here.
const KNOWN: [&str; 6] = [
    "MetricDataQueries",
    "StartTime",
    "EndTime",
    "NextToken",
    "ScanBy",
    "MaxDatapoints",
];

/// What is asked about all queries alike.
struct Asked {
    /// Seconds of metric time.
    start: u64,
    end: u64,
    is_ascending: bool,
}

/// The data of one query.
struct Found {
    id: String,
    label: String,
    /// Second of metric time and value, in the order that was asked for.
    datapoints: Vec<(u64, f64)>,
    status: Status,
}

pub(super) fn get_metric_data(world: &mut World, input: &Value) -> Result<Value, Fault> {
    refuse_others(input, &KNOWN)?;
    let list = input["MetricDataQueries"].as_array();
    let list = list.map_or(&[][..], Vec::as_slice);
    if list.is_empty() {
        return Err(required("MetricDataQueries"));
    }
    if list.len() > MOST_QUERIES {
        return Err(validation(format!(
            "The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )));
    }
    let queries = Queries::parse("MetricDataQueries", list)?;
    let asked = Asked::parse(world, input)?;
    let page = Page::parse(input)?;
    let found = list
        .iter()
        .filter(|item| item["ReturnData"].as_bool().unwrap_or(true))
        .map(|item| asked.look(world, &queries, item))
        .collect::<Result<Vec<_>, _>>()?;
    let metrics = queries.metrics().count();
    world.cloudwatch.metrics_requested += metrics as u64;
    // AWS: no token where something is computed.
    page.answer(world.pace, found, metrics == list.len())
}

impl Asked {
    fn parse(world: &World, input: &Value) -> Result<Self, Fault> {
        let time = |member: &str| {
            let time = input[member].as_f64().and_then(moment);
            time.ok_or_else(|| required(member))
        };
        let (start, end) = (time("StartTime")?, time("EndTime")?);
        if start == end {
            return Err(validation(
                "The parameter StartTime must not equal parameter EndTime.",
            ));
        }
        if start > end {
            return Err(validation(
                "The parameter EndTime must be greater than StartTime.",
            ));
        }
        Ok(Self {
            start: metric_second(world, start),
            end: metric_second(world, end),
            is_ascending: input["ScanBy"] == "TimestampAscending",
        })
    }

    fn look(&self, world: &World, queries: &Queries, item: &Value) -> Result<Found, Fault> {
        let id = item["Id"].as_str().unwrap_or_default();
        let period = queries.period_of(id)?;
        check_period(period)?;
        let seconds = self.seconds(world, period);
        let length = period * u64::from(world.pace);
        let store = &world.cloudwatch.store;
        let values = queries.values(id, &seconds, &|series, second| {
            let stored = store.aggregate(&series.key, second, second + length)?;
            Some(series.statistic.of(stored))
        });
        let datapoints = seconds.into_iter().zip(values);
        let mut datapoints: Vec<_> = datapoints
            .filter_map(|(second, value)| Some((second, value?)))
            .collect();
        if self.is_ascending {
            datapoints.reverse();
        }
        let status = incomplete::status(&world.cloudwatch.incomplete, queries, id);
        datapoints.truncate(status.readable(datapoints.len()));
        Ok(Found {
            id: id.to_owned(),
            label: label(item)?,
            datapoints,
            status,
        })
    }

    /// The seconds at which the periods begin, newest first. AWS rounds `StartTime` down to the minute, or to the period if
    /// that is shorter. That periods longer than a minute are counted from there is a choice.
    fn seconds(&self, world: &World, period: u64) -> Vec<u64> {
        let now = metric_second(world, world.now);
        let kept = if period < 60 {
            metrics::RETENTION_OF_SECONDS
        } else {
            metrics::RETENTION
        };
        let pace = u64::from(world.pace);
        let start = self.start - self.start % (period.min(60) * pace);
        let gone = now.saturating_sub(kept.as_secs()).saturating_sub(start);
        let length = period * pace;
        let oldest = start + gone.div_ceil(length) * length;
        let end = self.end.min(now + FUTURE.as_secs());
        let step = usize::try_from(length).unwrap_or(usize::MAX);
        let mut seconds: Vec<u64> = (oldest..end).step_by(step).collect();
        seconds.reverse();
        seconds
    }
}

fn check_period(period: u64) -> Result<(), Fault> {
    if [1, 5, 10, 20, 30].contains(&period) || (period > 0 && period.is_multiple_of(60)) {
        Ok(())
    } else {
        Err(validation(
            "Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ))
    }
}

/// Without one, the name of the metric, or the id of an expression: a choice, for AWS only says that it "generates a default".
fn label(item: &Value) -> Result<String, Fault> {
    let given = item["Label"].as_str();
    if given.is_some_and(|label| label.contains("${")) {
        return Err(validation("The local account has no dynamic labels."));
    }
    let name = item["MetricStat"]["Metric"]["MetricName"].as_str();
    let label = given.or(name).or_else(|| item["Id"].as_str());
    Ok(label.unwrap_or_default().to_owned())
}

/// Which part of all datapoints is asked for.
struct Page {
    most: usize,
    /// The result that it begins with.
    first: usize,
    /// The second of the last datapoint of that result which was on a page before.
    last: Option<u64>,
}

impl Page {
    fn parse(input: &Value) -> Result<Self, Fault> {
        let most = match &input["MaxDatapoints"] {
            Value::Null => MOST_DATAPOINTS,
            most => most
                .as_u64()
                .and_then(|most| usize::try_from(most).ok())
                .filter(|most| (1..=MOST_DATAPOINTS).contains(most))
                .ok_or_else(|| {
                    validation(format!(
                        "MaxDatapoints must be a number from 1 to {MOST_DATAPOINTS}."
                    ))
                })?,
        };
        let mut page = Self {
            most,
            first: 0,
            last: None,
        };
        if let Some(token) = input["NextToken"].as_str() {
            let number = |text: &str| text.parse::<u64>().map_err(|_| bad_token());
            let (first, last) = match token.split_once('-') {
                None => (token, None),
                Some((first, last)) => (first, Some(number(last)?)),
            };
            page.first = usize::try_from(number(first)?).map_err(|_| bad_token())?;
            page.last = last;
        }
        Ok(page)
    }

    /// The results one after the other, as far as they fit; which ones come first is not documented. Without tokens what does
    /// not fit is left out.
    fn answer(self, pace: u32, mut found: Vec<Found>, has_tokens: bool) -> Result<Value, Fault> {
        if self.first > 0 && self.first >= found.len() {
            return Err(bad_token());
        }
        if let Some(last) = self.last {
            let begun = found.get_mut(self.first).ok_or_else(bad_token)?;
            let begun = &mut begun.datapoints;
            let seen = begun.iter().position(|(second, _)| *second == last);
            begun.drain(..=seen.ok_or_else(bad_token)?);
        }
        let mut left = self.most;
        let mut results = Vec::new();
        let mut token = None;
        for (index, mut it) in found.into_iter().enumerate().skip(self.first) {
            if it.datapoints.len() > left {
                it.datapoints.truncate(left);
                it.status = Status::PartialData;
                let last = it.datapoints.last();
                token = Some(match last {
                    None => index.to_string(),
                    Some((second, _)) => format!("{index}-{second}"),
                });
            }
            left -= it.datapoints.len();
            results.push(it.described(pace));
            if has_tokens && token.is_some() {
                break;
            }
        }
        let mut answer = json!({ "MetricDataResults": results, "Messages": [] });
        if let Some(token) = token.filter(|_| has_tokens) {
            answer["NextToken"] = token.into();
        }
        Ok(answer)
    }
}

impl Found {
    fn described(&self, pace: u32) -> Value {
        let at = |second: u64| metrics::moment_of(pace, second).epoch_seconds();
        let times: Vec<f64> = self
            .datapoints
            .iter()
            .map(|(second, _)| at(*second))
            .collect();
        let values: Vec<f64> = self.datapoints.iter().map(|(_, value)| *value).collect();
        let mut described = json!({
            "Id": self.id,
            "Label": self.label,
            "Timestamps": times,
            "Values": values,
            "StatusCode": self.status.name(),
        });
        if matches!(self.status, Status::InternalError | Status::Forbidden) {
            described["Messages"] = json!([{
                "Code": self.status.name(),
                "Value": "The metric could not be read.",
            }]);
        }
        described
    }
}
