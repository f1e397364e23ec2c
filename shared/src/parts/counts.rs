//! Task counts of two versions.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    weight::{Attained, Share},
};

/// Task counts of both versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Of the primary.
    pub primary: u32,
    /// Of the canary.
    pub canary: u32,
}

impl Counts {
    /// Of both together.
    #[must_use]
    pub fn total(self) -> u32 {
        self.primary.saturating_add(self.canary)
    }

    /// The canary's share.
    #[must_use]
    pub fn share(self) -> Share {
        Share {
            part: self.canary,
            whole: self.total(),
        }
    }

    /// The same, in tasks.
    #[must_use]
    pub fn attained(self) -> Attained {
        Attained::Counted {
            share: self.share(),
            of: "tasks",
        }
    }
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

impl SetCounts {
    /// Counts that are set now.
    #[must_use]
    pub fn new(from: Counts, to: Counts, now: Timestamp) -> Self {
        Self {
            from,
            to,
            since: now,
            seen: from == to,
        }
    }

    /// The same with these counts seen: what was set last, or what is right without it.
    #[must_use]
    pub fn seen(self, seen: Counts) -> Self {
        Self {
            to: seen,
            seen: true,
            ..self
        }
    }
}
