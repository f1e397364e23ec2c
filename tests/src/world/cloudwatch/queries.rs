//! Alarms on metric math: the `Metrics` list of `PutMetricAlarm`.
//!
//! Limits: API reference, `PutMetricAlarm` and `MetricDataQuery`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    data::dimensions,
    definition::{Query, Series, Watched, check_period, parse_statistic, refuse_others, required},
    math,
    metrics::Key,
    validation,
};
use crate::world::Fault;

const MOST_QUERIES: usize = 20;
const MOST_METRICS: usize = 10;
const MOST_EXPRESSIONS: usize = 10;

/// Parses the `Metrics` of an alarm; answers what is watched and the period of all metrics.
pub(super) fn parse_queries(input: &Value) -> Result<(Watched, u64), Fault> {
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
    let mut queries = BTreeMap::new();
    let mut periods = Vec::new();
    let mut results = Vec::new();
    for item in list {
        let id = item["Id"].as_str().unwrap_or_default();
        check_id(id)?;
        let query = parse_query(id, item, &mut periods)?;
        if queries.insert(id.to_owned(), query).is_some() {
            return Err(validation(format!("The id {id} is used twice in Metrics.")));
        }
        if item["ReturnData"].as_bool().unwrap_or(true) {
            results.push(id);
        }
    }
    let [result] = results[..] else {
        return Err(validation(
            "Exactly one element of the metrics list should return data.",
        ));
    };
    let metrics = |query: &&Query| matches!(query, Query::Metric(_));
    let watched = queries.values().filter(metrics).count();
    if watched > MOST_METRICS {
        return Err(validation(format!(
            "An alarm can watch at most {MOST_METRICS} metrics."
        )));
    }
    if queries.len() - watched > MOST_EXPRESSIONS {
        return Err(validation(format!(
            "An alarm can have at most {MOST_EXPRESSIONS} expressions."
        )));
    }
    for id in queries.keys() {
        check_references(&queries, id, &mut Vec::new())?;
    }
    let period = match periods[..] {
        [] => Err(validation("Metrics must hold at least one MetricStat.")),
        [first, ..] if periods.iter().any(|period| *period != first) => Err(validation(
            "All metrics of an alarm must have the same period.",
        )),
        [first, ..] => Ok(first),
    }?;
    let result = result.to_owned();
    Ok((Watched::Math { queries, result }, check_period(period)?))
}

fn parse_query(id: &str, item: &Value, periods: &mut Vec<u64>) -> Result<Query, Fault> {
    refuse_others(
        item,
        &[
            "Id",
            "MetricStat",
            "Expression",
            "Label",
            "ReturnData",
            "Period",
        ],
    )?;
    periods.extend(item["Period"].as_u64());
    let stat = &item["MetricStat"];
    match (stat.is_object(), item["Expression"].as_str()) {
        (true, None) => {
            refuse_others(stat, &["Metric", "Period", "Stat"])?;
            periods.extend(stat["Period"].as_u64());
            let metric = &stat["Metric"];
            let text = |member: &str| metric[member].as_str().ok_or_else(|| required(member));
            Ok(Query::Metric(Series {
                key: Key::new(
                    text("Namespace")?,
                    text("MetricName")?,
                    dimensions(&metric["Dimensions"]),
                ),
                statistic: parse_statistic(stat["Stat"].as_str().unwrap_or_default())?,
            }))
        }
        (false, Some(expression)) => {
            math::parse(expression)
                .map(Query::Expression)
                .map_err(|error| {
                    validation(format!(
                        "Invalid metrics list: error in expression {id:?}: {error}."
                    ))
                })
        }
        _ => Err(validation(format!(
            "The element {id} of the metrics list needs either MetricStat or Expression."
        ))),
    }
}

/// Every id that an element is computed from exists, at least one is a metric, and none needs itself.
fn check_references<'a>(
    queries: &'a BTreeMap<String, Query>,
    id: &'a str,
    path: &mut Vec<&'a str>,
) -> Result<(), Fault> {
    if path.contains(&id) {
        return Err(validation(format!("The expression {id} refers to itself.")));
    }
    let query = queries.get(id).ok_or_else(|| {
        validation(format!(
            "Invalid metrics list: there is no element with the id {id}."
        ))
    })?;
    let Query::Expression(expression) = query else {
        return Ok(());
    };
    let ids = expression.ids();
    if ids.is_empty() {
        return Err(validation(format!(
            "The expression {id} does not refer to any metric."
        )));
    }
    path.push(id);
    for next in ids {
        check_references(queries, next, path)?;
    }
    path.pop();
    Ok(())
}

fn check_id(id: &str) -> Result<(), Fault> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(word) {
        Ok(())
    } else {
        Err(validation(format!(
            "The id {id:?} must begin with a lowercase letter and hold letters, digits and \
             underscores only."
        )))
    }
}
