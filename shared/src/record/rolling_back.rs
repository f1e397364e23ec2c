//! A rollback: why, from where, what it must not touch, and what it has not been able to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cause, Phase};
use crate::clock::Timestamp;

/// How long a rollback may take before people hear that it is not complete.
const PATIENCE: Duration = Duration::from_mins(10);

/// How often people hear again of what lasts: every hour on the first day, then once a day.
const HOURLY: Duration = Duration::from_hours(1);
const DAILY: Duration = Duration::from_hours(24);

/// A rollback that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollingBack {
    /// Why.
    pub cause: Cause,
    /// How far the promotion was.
    #[serde(default)]
    pub promotion: Promotion,
    /// Whether the pipeline execution is to end for it. Not if its end is the cause, or if it is the
    /// execution itself that asked.
    pub ends_execution: bool,
    /// What AWS has refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// When people were last told that it takes long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
}

/// How far a promotion was when its release was rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Promotion {
    /// The primary was not touched.
    #[default]
    NotBegun,
    /// The primary may have been touched.
    Begun,
    /// Counts and scaling had been given back; the promotion was being watched.
    GivenBack,
    /// The release had ended. What somebody has done since is theirs.
    Complete,
}

/// Something that a rollback wants and AWS refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What there would be, in words: `orders-canary runs orders:7`.
    pub what: String,
    /// What AWS says.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// When people were last told of it.
    pub told: Timestamp,
}

/// Something that a rollback wants, and why it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// What is wanted, in words.
    pub what: String,
    /// What AWS says, or what was seen.
    pub why: String,
}

/// Whether people are to hear again, since `told`, of what has lasted since `since`: hourly on its first day, then daily.
pub(super) fn is_due_again(since: Timestamp, told: Timestamp, now: Timestamp) -> bool {
    let is_old = now.since(since) > DAILY;
    now.since(told) >= if is_old { DAILY } else { HOURLY }
}

impl Promotion {
    pub(super) fn of(phase: &Phase) -> Self {
        match phase {
            Phase::Promoting {
                baking_since: None, ..
            } => Self::Begun,
            Phase::Promoting {
                baking_since: Some(_),
                ..
            } => Self::GivenBack,
            Phase::Promoted { .. } => Self::Complete,
            _ => Self::NotBegun,
        }
    }

    /// Whether the primary may have been touched.
    #[must_use]
    pub fn has_begun(self) -> bool {
        self >= Self::Begun
    }

    /// Whether counts and scaling had been given back.
    #[must_use]
    pub fn has_given_back(self) -> bool {
        self >= Self::GivenBack
    }
}

impl RollingBack {
    /// Whether people are to hear that what has begun at `since` is not complete: after ten minutes, and then again and again.
    #[must_use]
    pub fn is_due(&self, since: Timestamp, now: Timestamp) -> bool {
        let of_missing = self.missing.iter().map(|missing| missing.told);
        match of_missing.chain(self.told).max() {
            None => now.since(since) >= PATIENCE,
            Some(told) => is_due_again(since, told, now),
        }
    }

    /// Whether AWS has refused this.
    #[must_use]
    pub fn is_missing(&self, what: &str) -> bool {
        self.missing.iter().any(|missing| missing.what == what)
    }
}
