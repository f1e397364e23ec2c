//! Which metrics tell how the consumers of a queue fare.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::Queue;
use crate::{
    evidence::meter::{Meter, Meters, Metric, Statistic, Taken, bad_dimensions, bad_name},
    input::BadInput,
};

/// The metrics of consumers that are not the sample application's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMetrics {
    /// Their namespace.
    pub namespace: String,
    /// Name of the count of messages that were processed.
    pub processed: String,
    /// Name of the count of attempts that failed.
    pub failed: String,
    /// Name of the count of messages that were received, written before work on them begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Name of the count of messages that were given back without being worked on to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// The dimensions of the primary's metrics, all of them.
    pub primary: BTreeMap<String, String>,
    /// The dimensions of the canary's.
    pub canary: BTreeMap<String, String>,
    /// Which minute an attempt is counted in.
    pub booked_on: BookedOn,
    /// Whether attempts and failures are published together, so that what is late is late of both.
    pub together: bool,
    /// As long as this after its receipt, in seconds, work on a message has ended, or its process has died.
    pub ends_within_seconds: u64,
}

/// Which minute an attempt is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BookedOn {
    /// That of its receipt: then what was received and never ended can be counted.
    Receipt,
    /// That of its end.
    #[default]
    End,
}

/// The same as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    namespace: String,
    processed: String,
    failed: String,
    received: Option<String>,
    released: Option<String>,
    primary: BTreeMap<String, String>,
    canary: BTreeMap<String, String>,
    #[serde(default)]
    booked_on: BookedOn,
    #[serde(default)]
    together: bool,
    #[serde(default = "two_minutes")]
    ends_within_seconds: u64,
}

/// The sample application gives work on a message a minute, and writes what has ended every five seconds.
fn two_minutes() -> u64 {
    120
}

impl From<Input> for QueueMetrics {
    fn from(input: Input) -> Self {
        Self {
            namespace: input.namespace,
            processed: input.processed,
            failed: input.failed,
            received: input.received,
            released: input.released,
            primary: input.primary,
            canary: input.canary,
            booked_on: input.booked_on,
            together: input.together,
            ends_within_seconds: input.ends_within_seconds,
        }
    }
}

impl QueueMetrics {
    /// The sample application's (`sample-app/src/metrics.rs`), of these two services.
    fn usual(primary: &str, canary: &str) -> Self {
        let of = |service: &str| [("ServiceName".to_owned(), service.to_owned())].into();
        Self {
            namespace: "CanaryRelease/SampleApp".to_owned(),
            processed: "Processed".to_owned(),
            failed: "Failed".to_owned(),
            received: Some("Received".to_owned()),
            released: Some("Released".to_owned()),
            primary: of(primary),
            canary: of(canary),
            booked_on: BookedOn::Receipt,
            together: true,
            ends_within_seconds: two_minutes(),
        }
    }

    /// Checks what one field cannot know (limits: CloudWatch API reference, `Dimension`, `MetricDatum`, `PutMetricData`).
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| {
            let path = format!("traffic.queue.metrics.{field}");
            Err(BadInput::field(source, path, problem))
        };
        let names = [
            ("namespace", Some(&self.namespace)),
            ("processed", Some(&self.processed)),
            ("failed", Some(&self.failed)),
            ("received", self.received.as_ref()),
            ("released", self.released.as_ref()),
        ];
        for (field, name) in names {
            if let Some(problem) = name.and_then(|name| bad_name(name)) {
                return bad(field, problem);
            }
        }
        for (field, dimensions) in [("primary", &self.primary), ("canary", &self.canary)] {
            if let Some(problem) = bad_dimensions(dimensions) {
                return bad(field, problem);
            }
        }
        if self.primary == self.canary {
            return bad(
                "canary",
                "the primary has the same dimensions; nothing tells the two versions apart"
                    .to_owned(),
            );
        }
        match (self.booked_on, &self.received, &self.released) {
            (BookedOn::End, Some(_), _) => bad(
                "received",
                "attempts are booked on the minute of their end, so that what was received in a minute cannot be set against them; book \
                 them on their receipt (\"bookedOn\": \"receipt\"), or leave the field out".to_owned(),
            ),
            (_, None, Some(_)) => bad("released", "given without received; leave it out, or name both".to_owned()),
            _ if !(1..=43_200).contains(&self.ends_within_seconds) => bad(
                "endsWithinSeconds",
                format!("{} is out of range; allowed is 1 to 43200, as long as SQS hides a message", self.ends_within_seconds),
            ),
            _ => Ok(()),
        }
    }

    fn meter(&self, dimensions: &BTreeMap<String, String>) -> Meter {
        let metric = |name: &String| Metric {
            namespace: self.namespace.clone(),
            name: name.clone(),
            dimensions: dimensions.clone().into_iter().collect(),
            statistic: Statistic::Sum,
        };
        Meter::Work {
            processed: metric(&self.processed),
            failed: metric(&self.failed),
            taken: self.received.as_ref().map(|received| Taken {
                received: metric(received),
                released: self.released.as_ref().map(metric),
                ends_within: Duration::from_secs(self.ends_within_seconds),
            }),
        }
    }
}

/// Whose metrics are compared, and what the queue itself says of both.
pub(super) fn meters(queue: &Queue) -> Meters {
    let (primary, canary) = (queue.pair.primary.as_str(), queue.pair.canary.as_str());
    let usual = || QueueMetrics::usual(primary, canary);
    let metrics = queue.traffic.queue.metrics.clone().unwrap_or_else(usual);
    Meters {
        canary: metrics.meter(&metrics.canary),
        primary: metrics.meter(&metrics.primary),
        ended: Some(Metric {
            namespace: "AWS/SQS".to_owned(),
            name: "NumberOfMessagesDeleted".to_owned(),
            dimensions: vec![(
                "QueueName".to_owned(),
                queue.traffic.queue.url.queue().to_owned(),
            )],
            statistic: Statistic::Sum,
        }),
        together: metrics.together,
    }
}
