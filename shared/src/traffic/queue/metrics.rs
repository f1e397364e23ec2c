//! Which metrics tell how the consumers of a queue fare.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::Queue;
use crate::{
    evidence::meter::{Meters, Metric, Statistic, bad_dimensions},
    input::BadInput,
    parts::work::{BookedOn, WorkMetrics},
};

/// The metrics of consumers that are not the sample application's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMetrics {
    /// Their names, and what they count.
    #[serde(flatten)]
    pub work: WorkMetrics,
    /// The dimensions of the primary's metrics, all of them.
    pub primary: BTreeMap<String, String>,
    /// The dimensions of the canary's.
    pub canary: BTreeMap<String, String>,
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
    ends_within_seconds: Option<u64>,
}

/// How long work on a message takes at most: the sample application gives it a minute, and writes what has ended every five seconds.
const LONGEST: Duration = Duration::from_mins(2);

impl From<Input> for QueueMetrics {
    fn from(input: Input) -> Self {
        Self {
            work: WorkMetrics {
                namespace: input.namespace,
                processed: input.processed,
                failed: input.failed,
                received: input.received,
                released: input.released,
                booked_on: input.booked_on,
                together: input.together,
                ends_within_seconds: input.ends_within_seconds,
            },
            primary: input.primary,
            canary: input.canary,
        }
    }
}

impl QueueMetrics {
    /// The sample application's (`sample-app/src/metrics.rs`), of these two services.
    fn usual(primary: &str, canary: &str) -> Self {
        let of = |service: &str| [("ServiceName".to_owned(), service.to_owned())].into();
        Self {
            work: WorkMetrics {
                namespace: "CanaryRelease/SampleApp".to_owned(),
                processed: "Processed".to_owned(),
                failed: "Failed".to_owned(),
                received: Some("Received".to_owned()),
                released: Some("Released".to_owned()),
                booked_on: BookedOn::Receipt,
                together: true,
                ends_within_seconds: None,
            },
            primary: of(primary),
            canary: of(canary),
        }
    }

    /// Checks what one field cannot know; the paths are those below `metrics`.
    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        self.work.check(source)?;
        for (field, dimensions) in [("primary", &self.primary), ("canary", &self.canary)] {
            if let Some(problem) = bad_dimensions(dimensions) {
                return Err(BadInput::field(source, field, problem));
            }
        }
        if self.primary == self.canary {
            let problem =
                "the primary has the same dimensions; nothing tells the two versions apart";
            return Err(BadInput::field(source, "canary", problem));
        }
        Ok(())
    }
}

/// Whose metrics are compared, and what the queue itself says of both.
pub(super) fn meters(queue: &Queue) -> Meters {
    let (primary, canary) = (queue.pair.primary.as_str(), queue.pair.canary.as_str());
    let usual = || QueueMetrics::usual(primary, canary);
    let metrics = queue.traffic.queue.metrics.clone().unwrap_or_else(usual);
    let meter = |dimensions| metrics.work.meter(dimensions, LONGEST);
    Meters {
        canary: Some(meter(&metrics.canary)),
        primary: meter(&metrics.primary),
        ended: Some(Metric {
            namespace: "AWS/SQS".to_owned(),
            name: "NumberOfMessagesDeleted".to_owned(),
            dimensions: vec![(
                "QueueName".to_owned(),
                queue.traffic.queue.url.queue().to_owned(),
            )],
            statistic: Statistic::Sum,
        }),
        together: metrics.work.together,
    }
}
