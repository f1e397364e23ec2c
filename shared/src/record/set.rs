//! What the release has set last, and whether that has been seen since.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::{clock::Timestamp, traffic::queue::Counts, weight::Weight};

/// A weight that was set on every rule of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetWeight {
    /// What the rules showed before.
    pub from: Weight,
    /// What they are to show.
    pub to: Weight,
    /// When it was set.
    pub since: Timestamp,
    /// How many of the canary's targets were healthy then.
    pub healthy: u32,
    /// When a look first saw it on every rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<Timestamp>,
}

/// Task counts that were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetCounts {
    /// What there was before.
    pub from: Counts,
    /// What there is to be.
    pub to: Counts,
    /// When they were set.
    pub since: Timestamp,
    /// Whether a later look has seen them.
    #[serde(default)]
    pub seen: bool,
}

impl Record {
    /// With another weight being set, while so many of the canary's targets are healthy.
    #[must_use]
    pub fn weighing(mut self, to: Weight, healthy: u32, now: Timestamp) -> Self {
        self.weight = Some(SetWeight {
            from: self.weight(),
            to,
            since: now,
            healthy,
            live_since: None,
        });
        self
    }

    /// With the weight that was set last seen on every rule.
    #[must_use]
    pub fn weighed(mut self, now: Timestamp) -> Self {
        self.weight = self.weight.map(|weight| SetWeight {
            live_since: weight.live_since.or(Some(now)),
            ..weight
        });
        self
    }

    /// With other task counts being set.
    #[must_use]
    pub fn counting(mut self, from: Counts, to: Counts, now: Timestamp) -> Self {
        self.counts = Some(SetCounts {
            from,
            to,
            since: now,
            seen: from == to,
        });
        self
    }

    /// With these task counts seen: what was set last, or what is right without it.
    #[must_use]
    pub fn counted(mut self, seen: Counts) -> Self {
        self.counts = self.counts.map(|counts| SetCounts {
            to: seen,
            seen: true,
            ..counts
        });
        self
    }
}
