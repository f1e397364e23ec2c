//! What the consumer achieved, as lines in `CloudWatch`'s embedded metric format.
//!
//! SQS's own metrics know only the queue. On a queue that a canary and a primary share, these are
//! the ones that can tell the two apart.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::metadata::Identity;

/// Where the metrics are found in `CloudWatch`.
pub const NAMESPACE: &str = "CanaryRelease/SampleApp";

/// How often there is a line, if there is anything to tell.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// EMF: an array holds at most 100 values ("Specification: Embedded metric format").
const MOST_VALUES: usize = 100;

/// What every line says about its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The ECS service: the one dimension, so that a release does not start new metrics.
    pub service: String,
    /// `APP_VERSION`.
    pub version: String,
    /// The task definition's revision.
    pub revision: String,
}

impl Origin {
    /// The origin of a task's metrics.
    #[must_use]
    pub fn new(identity: &Identity, version: &str) -> Self {
        Self {
            service: identity.service.clone(),
            version: version.to_owned(),
            revision: identity.revision.clone(),
        }
    }
}

/// Counts, shared by everything that works on messages.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Window>>);

/// What happened since the last flush.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Window {
    processed: u64,
    failed: u64,
    latencies: Vec<u64>,
}

impl Metrics {
    /// One message was processed, after `took`.
    pub fn processed(&self, took: Duration) {
        self.record(took, |window| window.processed += 1);
    }

    /// Work on one message failed, after `took`.
    pub fn failed(&self, took: Duration) {
        self.record(took, |window| window.failed += 1);
    }

    /// Everything since the last call.
    #[must_use]
    pub fn take(&self) -> Window {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, took: Duration, count: impl FnOnce(&mut Window)) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut window);
        window
            .latencies
            .push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }
}

impl Window {
    /// The window's EMF lines: none if nothing happened, and more than one only if there are more
    /// latencies than an array may hold. The counts are in the first.
    #[must_use]
    pub fn lines(&self, origin: &Origin, at: SystemTime) -> Vec<String> {
        self.latencies
            .chunks(MOST_VALUES)
            .enumerate()
            .map(|(index, latencies)| {
                let counts = (index == 0).then_some((self.processed, self.failed));
                line(origin, at, counts, latencies).to_string()
            })
            .collect()
    }
}

fn line(origin: &Origin, at: SystemTime, counts: Option<(u64, u64)>, latencies: &[u64]) -> Value {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut metrics = vec![json!({"Name": "LatencyMs", "Unit": "Milliseconds"})];
    let mut document = json!({
        "ServiceName": origin.service,
        "Version": origin.version,
        "TaskDefinitionRevision": origin.revision,
        "LatencyMs": latencies,
    });
    if let Some((processed, failed)) = counts {
        for (name, value) in [("Processed", processed), ("Failed", failed)] {
            metrics.push(json!({"Name": name, "Unit": "Count"}));
            document[name] = json!(value);
        }
    }
    document["_aws"] = json!({
        "Timestamp": u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
        "CloudWatchMetrics": [{
            "Namespace": NAMESPACE,
            "Dimensions": [["ServiceName"]],
            "Metrics": metrics,
        }],
    });
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            service: "orders-canary".to_owned(),
            version: "2.1.0".to_owned(),
            revision: "43".to_owned(),
        }
    }

    fn lines(metrics: &Metrics) -> Vec<Value> {
        metrics
            .take()
            .lines(
                &origin(),
                UNIX_EPOCH + Duration::from_millis(1_791_900_000_123),
            )
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_counts_and_latencies_with_the_service_as_the_only_dimension() {
        let metrics = Metrics::default();
        metrics.processed(Duration::from_millis(12));
        metrics.failed(Duration::from_millis(340));
        metrics.processed(Duration::from_micros(900));
        assert_eq!(
            lines(&metrics),
            [json!({
                "_aws": {
                    "Timestamp": 1_791_900_000_123_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "CanaryRelease/SampleApp",
                        "Dimensions": [["ServiceName"]],
                        "Metrics": [
                            {"Name": "LatencyMs", "Unit": "Milliseconds"},
                            {"Name": "Processed", "Unit": "Count"},
                            {"Name": "Failed", "Unit": "Count"},
                        ],
                    }],
                },
                "ServiceName": "orders-canary",
                "Version": "2.1.0",
                "TaskDefinitionRevision": "43",
                "Processed": 2,
                "Failed": 1,
                "LatencyMs": [12, 340, 0],
            })]
        );
    }

    #[test]
    fn a_window_in_which_nothing_failed_says_so_with_a_zero() {
        let metrics = Metrics::default();
        metrics.processed(Duration::from_millis(1));
        assert_eq!(lines(&metrics)[0]["Failed"], 0);
    }

    #[test]
    fn a_window_in_which_nothing_happened_has_no_line() {
        let metrics = Metrics::default();
        metrics.processed(Duration::from_millis(1));
        assert_eq!(lines(&metrics).len(), 1);
        assert!(lines(&metrics).is_empty());
    }

    #[test]
    fn no_line_has_more_than_a_hundred_values_and_nothing_is_counted_twice() {
        let metrics = Metrics::default();
        for _ in 0..250 {
            metrics.processed(Duration::from_millis(7));
        }
        let lines = lines(&metrics);
        let values = |line: &Value| line["LatencyMs"].as_array().unwrap().len();
        assert_eq!(lines.iter().map(values).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!(lines[0]["Processed"], 250);
        assert!(lines[1].get("Processed").is_none());
        let declared = &lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(
            declared,
            &json!([{"Name": "LatencyMs", "Unit": "Milliseconds"}])
        );
    }
}
