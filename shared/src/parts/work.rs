//! Metrics that whoever works on messages writes itself.

mod version;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    evidence::meter::{Meter, Metric, Statistic, Taken, bad_name},
    input::BadInput,
    names::QueueUrl,
};

pub use version::{VersionInput, VersionMetrics};

/// How long work on a message takes at most: the sample application gives it a minute, and writes what has ended every five seconds.
pub const LONGEST: Duration = Duration::from_mins(2);

/// What a queue itself says of the work of both versions: how many messages have ended.
#[must_use]
pub fn ended(queue: &QueueUrl) -> Metric {
    Metric {
        namespace: "AWS/SQS".to_owned(),
        name: "NumberOfMessagesDeleted".to_owned(),
        dimensions: vec![("QueueName".to_owned(), queue.queue().to_owned())],
        statistic: Statistic::Sum,
    }
}

/// Their names, and what they count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkMetrics {
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
    /// Which minute an attempt is counted in.
    #[serde(default)]
    pub booked_on: BookedOn,
    /// Whether attempts and failures are published together, so that what is late is late of both.
    pub together: bool,
    /// As long as this after its receipt, in seconds, work on a message has ended, or its process has died; without it, as long as the
    /// model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_within_seconds: Option<u64>,
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

impl WorkMetrics {
    /// The sample application's (`sample-app/src/metrics.rs`).
    #[must_use]
    pub fn of_sample_app() -> Self {
        Self {
            namespace: "CanaryRelease/SampleApp".to_owned(),
            processed: "Processed".to_owned(),
            failed: "Failed".to_owned(),
            received: Some("Received".to_owned()),
            released: Some("Released".to_owned()),
            booked_on: BookedOn::Receipt,
            together: true,
            ends_within_seconds: None,
        }
    }

    /// Checks what one field cannot know; the paths are those below `metrics`.
    ///
    /// # Errors
    /// A name is none, or what is received cannot be counted so.
    pub fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| Err(BadInput::field(source, field, problem));
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
        match (self.booked_on, &self.received, &self.released, self.ends_within_seconds) {
            (BookedOn::End, Some(_), _, _) => bad(
                "received",
                "attempts are booked on the minute of their end, so that what was received in a minute cannot be set against them; book \
                 them on their receipt (\"bookedOn\": \"receipt\"), or leave the field out".to_owned(),
            ),
            (_, None, Some(_), _) => bad("released", "given without received; leave it out, or name both".to_owned()),
            (_, _, _, Some(seconds)) if !(1..=43_200).contains(&seconds) => bad(
                "endsWithinSeconds",
                format!("{seconds} is out of range; allowed is 1 to 43200, as long as SQS hides a message"),
            ),
            _ => Ok(()),
        }
    }

    /// How the work of one version is counted, whose metrics have these dimensions; `longest` is how long work on a message takes at
    /// most where nobody says.
    #[must_use]
    pub fn meter(&self, dimensions: &BTreeMap<String, String>, longest: Duration) -> Meter {
        let metric = |name: &String| Metric {
            namespace: self.namespace.clone(),
            name: name.clone(),
            dimensions: dimensions.clone().into_iter().collect(),
            statistic: Statistic::Sum,
        };
        let seconds = self.ends_within_seconds;
        Meter::Work {
            processed: metric(&self.processed),
            failed: metric(&self.failed),
            taken: self.received.as_ref().map(|received| Taken {
                received: metric(received),
                released: self.released.as_ref().map(metric),
                ends_within: seconds.map_or(longest, Duration::from_secs),
            }),
        }
    }
}
