//! What the schedule fails at while it watches a release.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rolling_back::is_due_again;
use crate::clock::Timestamp;

/// How long a watch may fail before people hear of it.
const PATIENCE: Duration = Duration::from_hours(1);

/// What keeps the schedule from seeing everything, or from holding the share, at every look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// What it was last, a sentence without a full stop.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// When people were last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
}

impl Failing {
    /// A first failure, or one more after `before`.
    #[must_use]
    pub fn again(before: Option<&Self>, why: String, now: Timestamp) -> Self {
        Self {
            why,
            since: before.map_or(now, |before| before.since),
            told: before.and_then(|before| before.told),
        }
    }

    /// Whether people are to hear of it: after an hour, then hourly on its first day, then daily.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self.told {
            None => now.since(self.since) >= PATIENCE,
            Some(told) => is_due_again(self.since, told, now),
        }
    }
}
