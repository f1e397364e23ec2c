//! A rollback: why, from where, what it must not touch, and what it has not been able to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cause, Phase};
use crate::{
    clock::Timestamp,
    names::TaskDefinitionArn,
    parts::pair::{ScalableTarget, Service},
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
    /// The candidate's task definition, if it had been registered.
    pub candidate: Option<TaskDefinitionArn>,
    /// How far the promotion was.
    #[serde(default)]
    pub promotion: Promotion,
    /// Whether the pipeline execution is to end for it. Not if its end is the cause, or if it is the
    /// execution itself that asked.
    pub ends_execution: bool,
    /// Whether the stopping call has got through: until then it goes out blindly as well, and after that never again.
    #[serde(default)]
    pub stopped: bool,
    /// Whether the canary was seen to run neither the candidate nor anything else of the release as the rollback began: the stopping
    /// call leaves it alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spares_canary: bool,
    /// Counts and scaling that are not the release's any more.
    #[serde(default)]
    pub kept: Kept,
    /// How often failed deployments of the stable version were made anew.
    #[serde(default)]
    pub forced: Forced,
    /// What AWS has refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Since when no task of the candidate is wanted on the canary any more: what still runs is kept by something else than ECS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_since: Option<Timestamp>,
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

/// Counts and scaling that had been given back before the rollback began, as it first saw them, or that somebody else had set by
/// then: they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Of the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<KeptService>,
    /// Of the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<KeptService>,
}

/// What a service keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptService {
    /// How many tasks it should have.
    pub desired: u32,
    /// How it is scaled automatically, if it is.
    pub scaling: Option<ScalableTarget>,
}

/// How often failed deployments of the stable version were made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Forced {
    /// On the primary.
    pub primary: u32,
    /// On the canary.
    pub canary: u32,
}

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The primary.
    Primary,
    /// The canary.
    Canary,
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

impl Kept {
    /// Of one service.
    #[must_use]
    pub fn of(self, which: Which) -> Option<KeptService> {
        match which {
            Which::Primary => self.primary,
            Which::Canary => self.canary,
        }
    }

    /// With what is seen of a service, where nothing is kept of it yet.
    #[must_use]
    pub fn with(mut self, which: Which, seen: &Service) -> Self {
        let kept = match which {
            Which::Primary => &mut self.primary,
            Which::Canary => &mut self.canary,
        };
        kept.get_or_insert(KeptService {
            desired: seen.desired,
            scaling: seen.scaling,
        });
        self
    }
}

impl Forced {
    /// For one service.
    #[must_use]
    pub fn of(self, which: Which) -> u32 {
        match which {
            Which::Primary => self.primary,
            Which::Canary => self.canary,
        }
    }

    /// Once more for one service.
    #[must_use]
    pub fn again(mut self, which: Which) -> Self {
        match which {
            Which::Primary => self.primary += 1,
            Which::Canary => self.canary += 1,
        }
        self
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
