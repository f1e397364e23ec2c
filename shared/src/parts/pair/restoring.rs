//! What a rollback has found out about two services, and must not touch.

use serde::{Deserialize, Serialize};

use super::{ScalableTarget, Service};
use crate::clock::Timestamp;

/// What a rollback has found out about two services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restoring {
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
    /// Since when no task of the candidate is wanted on the canary any more: what still runs is kept by something else than ECS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwanted_since: Option<Timestamp>,
}

impl Restoring {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
