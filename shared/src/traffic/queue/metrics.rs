//! Which metrics tell how the consumers of a queue fare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Queue;
use crate::{
    evidence::meter::{Meters, bad_dimensions},
    input::BadInput,
    parts::work::{self, BookedOn, WorkMetrics},
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
    /// The sample application's, of these two services.
    fn usual(primary: &str, canary: &str) -> Self {
        let of = |service: &str| [("ServiceName".to_owned(), service.to_owned())].into();
        Self {
            work: WorkMetrics::of_sample_app(),
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
    let meter = |dimensions| metrics.work.meter(dimensions, work::LONGEST);
    Meters {
        canary: Some(meter(&metrics.canary)),
        primary: meter(&metrics.primary),
        ended: Some(work::ended(&queue.traffic.queue.url)),
        together: metrics.work.together,
        called: None,
    }
}
