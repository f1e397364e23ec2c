//! A rollback: why, from where, what it must not touch, and what it has not been able to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cause, Phase};
use crate::{
    clock::Timestamp,
    parts::release::{Missing, Promotion},
};

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

/// Whether people are to hear again, since `told`, of what has lasted since `since`: hourly on its first day, then daily.
pub(super) fn is_due_again(since: Timestamp, told: Timestamp, now: Timestamp) -> bool {
    let is_old = now.since(since) > DAILY;
    now.since(told) >= if is_old { DAILY } else { HOURLY }
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

/// How far a promotion is in a phase.
pub(super) fn promotion(phase: &Phase) -> Promotion {
    match phase {
        Phase::Promoting {
            baking_since: None, ..
        } => Promotion::Begun,
        Phase::Promoting {
            baking_since: Some(_),
            ..
        } => Promotion::GivenBack,
        Phase::Promoted { .. } => Promotion::Complete,
        _ => Promotion::NotBegun,
    }
}
