//! The embedded metric format: metrics that a process writes into its log.
//!
//! AWS: `CloudWatch` user guide, "Specification: Embedded metric format". A document that breaks the
//! specification anywhere is only a log line, as a whole.

use serde::Deserialize;
use serde_json::Value;

use super::{
    data::{Datum, acceptable_time, acceptable_value},
    metrics::{Key, Resolution, Statistics},
};
use crate::clock::Moment;

/// AWS: at most 100 metrics in a directive, 100 values of a metric, 30 dimensions in a set.
const MOST_METRICS: usize = 100;
const MOST_VALUES: usize = 100;
const MOST_DIMENSIONS: usize = 30;
/// AWS: characters of a dimension's value.
const LONGEST_DIMENSION: usize = 1024;
/// AWS: bytes of a log event.
const LONGEST_LINE: usize = 1_048_576;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    /// Milliseconds since the epoch.
    timestamp: u64,
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    dimensions: Vec<Vec<String>>,
    metrics: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: String,
    storage_resolution: Option<u64>,
}

/// The metrics in a log line; none if it is an ordinary line.
pub(super) fn extract(line: &str, now: Moment) -> Vec<Datum> {
    // Most lines are ordinary: look before parsing.
    if line.len() > LONGEST_LINE || !line.contains("\"_aws\"") {
        return Vec::new();
    }
    serde_json::from_str(line)
        .ok()
        .and_then(|document| data_of(&document, now))
        .unwrap_or_default()
}

fn data_of(document: &Value, now: Moment) -> Option<Vec<Datum>> {
    let metadata = Metadata::deserialize(document.get("_aws")?).ok()?;
    let at = Moment(metadata.timestamp);
    if !acceptable_time(at, now) {
        return None;
    }
    let mut data = Vec::new();
    for directive in &metadata.cloud_watch_metrics {
        if directive.namespace.is_empty()
            || directive.dimensions.is_empty()
            || directive.metrics.len() > MOST_METRICS
        {
            return None;
        }
        for set in &directive.dimensions {
            let dimensions = dimensions_of(document, set)?;
            for metric in &directive.metrics {
                data.push(Datum {
                    key: Key::new(&directive.namespace, &metric.name, dimensions.clone()),
                    at,
                    resolution: Resolution::parse(metric.storage_resolution)?,
                    statistics: values_of(document.get(&metric.name)?)?,
                });
            }
        }
    }
    Some(data)
}

fn dimensions_of(document: &Value, set: &[String]) -> Option<Vec<(String, String)>> {
    if set.len() > MOST_DIMENSIONS {
        return None;
    }
    set.iter()
        .map(|name| {
            let value = document.get(name)?.as_str()?;
            let length = value.chars().count();
            (1..=LONGEST_DIMENSION)
                .contains(&length)
                .then(|| (name.clone(), value.to_owned()))
        })
        .collect()
}

fn values_of(target: &Value) -> Option<Statistics> {
    let values = match target {
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    if values.len() > MOST_VALUES {
        return None;
    }
    values
        .iter()
        .map(|value| {
            let number = value.as_f64().filter(|number| acceptable_value(*number))?;
            Some(Statistics::of(number, 1.0))
        })
        .reduce(|all, next| Some(all?.merge(next?)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Moment = Moment(1_790_960_000_000);

    fn line() -> Value {
        json!({
            "_aws": {
                "Timestamp": NOW.0,
                "CloudWatchMetrics": [{
                    "Namespace": "Orders/Worker",
                    "Dimensions": [["ServiceName"], ["ServiceName", "Version"]],
                    "Metrics": [
                        { "Name": "Failed", "Unit": "Count" },
                        { "Name": "Seconds", "StorageResolution": 1 },
                    ],
                }],
            },
            "ServiceName": "orders-canary",
            "Version": "v2",
            "Failed": 3,
            "Seconds": [0.5, 1.5],
        })
    }

    fn extracted(document: &Value) -> Vec<Datum> {
        extract(&document.to_string(), NOW)
    }

    #[test]
    fn every_metric_is_stored_under_every_dimension_set() {
        let data = extracted(&line());
        assert_eq!(data.len(), 4);
        let service = [("ServiceName".to_owned(), "orders-canary".to_owned())];
        assert_eq!(data[0].key, Key::new("Orders/Worker", "Failed", service));
        assert_eq!(data[0].statistics, Statistics::of(3.0, 1.0));
        assert_eq!(data[2].key.dimensions.len(), 2);
        assert_eq!(data[3].resolution, Resolution::Second);
        assert_eq!(
            (data[3].statistics.count, data[3].statistics.sum),
            (2.0, 2.0)
        );
    }

    #[test]
    fn an_empty_dimension_set_is_a_metric_without_dimensions() {
        let mut document = line();
        document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] = json!([[]]);
        assert!(extracted(&document)[0].key.dimensions.is_empty());
    }

    #[test]
    fn a_malformed_document_is_only_a_log_line() {
        type Spoil = fn(&mut Value);
        let spoils: [(&str, Spoil); 8] = [
            ("a dimension that is not a string", |it| {
                it["Version"] = json!(2);
            }),
            ("a value that is not a number", |it| {
                it["Failed"] = json!("3");
            }),
            ("a metric without a value", |it| it["Failed"] = Value::Null),
            ("more than 100 values", |it| {
                it["Seconds"] = json!(vec![1; 101]);
            }),
            ("no values", |it| it["Seconds"] = json!([])),
            ("a timestamp of three weeks ago", |it| {
                it["_aws"]["Timestamp"] = json!(NOW.0 - 21 * 24 * 3_600_000);
            }),
            ("no timestamp", |it| it["_aws"]["Timestamp"] = Value::Null),
            ("metadata below the root", |it| {
                *it = json!({ "log": it.clone() });
            }),
        ];
        for (what, spoil) in spoils {
            let mut document = line();
            spoil(&mut document);
            assert_eq!(extracted(&document), [], "{what}");
        }
        assert_eq!(extract("processed 12 messages", NOW), []);
    }
}
