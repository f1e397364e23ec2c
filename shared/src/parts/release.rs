//! What a model knows of a release beside what it stores itself.

use serde::{Deserialize, Serialize};

use super::body::Body;
use crate::{clock::Timestamp, names::ReleaseId, weight::Weight};

/// A release at one moment, as its record says.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// When.
    pub now: Timestamp,
    /// Which.
    pub id: &'a ReleaseId,
    /// When it began.
    pub began: Timestamp,
    /// Since when it is in its phase.
    pub since: Timestamp,
    /// The share last asked for, while it is at shares.
    pub asked: Option<Weight>,
    /// How far its promotion is, or was when it was rolled back.
    pub promotion: Promotion,
    /// Changes that AWS has refused.
    pub refused: &'a [Missing],
    /// What its model has stored.
    pub body: &'a Body,
    /// Whether a later version of the suite has stored that.
    pub is_newer: bool,
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

/// What is kept after a promotion for a rollback alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: a rollback needs nothing of its own.
    Nothing,
    /// Something, until the guard is over.
    There,
    /// It has gone since.
    Gone,
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

impl Promotion {
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
