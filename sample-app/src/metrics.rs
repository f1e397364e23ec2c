//! What became of the messages, as lines in `CloudWatch`'s embedded metric format.
//!
//! SQS's own metrics know only the queue. On a queue that a canary and a primary share, these are
//! the ones that can tell the two apart.
//!
//! Everything is booked on the minute in which a message was received, and `Received` is written before
//! work on it begins. So Received − Processed − Failed − Released of a minute that is old enough is the
//! number of messages whose process died: a killed process can count everything but its own death.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::metadata::Identity;

/// Where the metrics are found in `CloudWatch`.
pub const NAMESPACE: &str = "CanaryRelease/SampleApp";

/// How often what has ended is written, if there is anything to tell.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// What was received within so many seconds is counted together. A divisor of 60, so that no count
/// belongs to two minutes.
const RECEIPT_SECONDS: u64 = 5;

/// EMF: an array holds at most 100 values ("Specification: Embedded metric format").
const MOST_VALUES: usize = 100;

/// Whose metrics they are. Every document says all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A task of an ECS service.
    Task {
        /// The service: a dimension by itself, so that alarms on it outlive a release.
        service: String,
        /// The task definition, `FAMILY:REVISION`: with it, since two task sets of one service run two of them.
        version: String,
        /// `APP_VERSION`.
        app_version: String,
    },
    /// A version of a Lambda function. Both are dimensions, since an alias sends to two versions of one function.
    Function {
        /// The function's name.
        name: String,
        /// The version's number.
        version: String,
        /// `APP_VERSION`.
        app_version: String,
    },
}

impl Origin {
    /// The origin of a task's metrics.
    #[must_use]
    pub fn task(identity: &Identity, app_version: &str) -> Self {
        Self::Task {
            service: identity.service.clone(),
            version: identity.definition(),
            app_version: app_version.to_owned(),
        }
    }

    fn dimensions(&self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Task { .. } => &[&["ServiceName"], &["ServiceName", "Version"]],
            Self::Function { .. } => &[&["FunctionName", "Version"]],
        }
    }

    fn members(&self) -> [(&'static str, &str); 3] {
        let (of, version, app_version) = match self {
            Self::Task {
                service,
                version,
                app_version,
            } => (("ServiceName", service), version, app_version),
            Self::Function {
                name,
                version,
                app_version,
            } => (("FunctionName", name), version, app_version),
        };
        [
            (of.0, of.1),
            ("Version", version),
            ("AppVersion", app_version),
        ]
    }
}

/// When a message was received, as exactly as the metrics tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    seconds: u64,
}

impl Receipt {
    fn at(now: SystemTime) -> Self {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since_epoch.as_secs();
        Self {
            seconds: seconds - seconds % RECEIPT_SECONDS,
        }
    }

    fn milliseconds(self) -> u64 {
        self.seconds.saturating_mul(1000)
    }
}

/// Counts, shared by everything that works on messages.
#[derive(Clone)]
pub struct Metrics(Arc<Book>);

struct Book {
    origin: Origin,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    print: Box<dyn Fn(&str) + Send + Sync>,
    /// What ended since the last flush, by receipt.
    ended: Mutex<BTreeMap<Receipt, Ended>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metrics").field(&self.0.origin).finish()
    }
}

/// How messages of one receipt ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ended {
    processed: u64,
    failed: u64,
    released: u64,
    latencies: Vec<u64>,
}

impl Metrics {
    /// Counts nothing yet. `print` writes a line to where `CloudWatch` reads the log, and returns once it
    /// is out of this process.
    pub fn new(
        origin: Origin,
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
        print: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Book {
            origin,
            now: Box::new(now),
            print: Box::new(print),
            ended: Mutex::default(),
        }))
    }

    /// So many messages were received just now. That is written before this returns: call it before any
    /// of them is worked on.
    #[must_use]
    pub fn received(&self, count: usize) -> Receipt {
        let receipt = Receipt::at((self.0.now)());
        if count > 0 {
            self.print(receipt, &[("Received", json!(count), "Count")]);
        }
        receipt
    }

    /// One message was processed, after `took`.
    pub fn processed(&self, receipt: Receipt, took: Duration) {
        self.worked(receipt, took, |ended| ended.processed += 1);
    }

    /// Work on one message failed, after `took`.
    pub fn failed(&self, receipt: Receipt, took: Duration) {
        self.worked(receipt, took, |ended| ended.failed += 1);
    }

    /// One message was neither processed nor failed: a stop gave it back.
    pub fn released(&self, receipt: Receipt) {
        self.ended().entry(receipt).or_default().released += 1;
    }

    /// Writes what has ended since the last call.
    pub fn flush(&self) {
        let ended = std::mem::take(&mut *self.ended());
        for (receipt, ended) in ended {
            let mut latencies = ended
                .latencies
                .chunks(MOST_VALUES)
                .map(|some| ("LatencyMs", json!(some), "Milliseconds"));
            // In one document, so that a line that is lost or late takes all of them with it.
            let mut values = vec![
                ("Processed", json!(ended.processed), "Count"),
                ("Failed", json!(ended.failed), "Count"),
            ];
            // Nothing stops a function that has messages in hand.
            if matches!(self.0.origin, Origin::Task { .. }) {
                values.push(("Released", json!(ended.released), "Count"));
            }
            values.extend(latencies.next());
            self.print(receipt, &values);
            for more in latencies {
                self.print(receipt, &[more]);
            }
        }
    }

    fn worked(&self, receipt: Receipt, took: Duration, count: impl FnOnce(&mut Ended)) {
        let mut all = self.ended();
        let ended = all.entry(receipt).or_default();
        count(ended);
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        ended.latencies.push(took);
    }

    fn ended(&self) -> MutexGuard<'_, BTreeMap<Receipt, Ended>> {
        self.0.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, receipt: Receipt, values: &[(&str, Value, &str)]) {
        (self.0.print)(&line(&self.0.origin, receipt, values).to_string());
    }
}

/// One EMF document: metrics of messages that were received together, with their values and units.
fn line(origin: &Origin, receipt: Receipt, values: &[(&str, Value, &str)]) -> Value {
    let metrics: Vec<_> = values
        .iter()
        .map(|(name, _, unit)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": receipt.milliseconds(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": origin.dimensions(),
                "Metrics": metrics,
            }],
        },
    });
    for (name, value) in origin.members() {
        document[name] = json!(value);
    }
    for (name, value, _) in values {
        document[*name] = value.clone();
    }
    document
}

#[cfg(test)]
mod tests;
