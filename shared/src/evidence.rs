//! What both versions were counted to do, minute by minute, and what that comes to.

pub mod meter;
pub mod minutes;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Attempts and failures of one version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Everything that was tried, failures among it.
    pub attempts: u64,
    /// What of it failed. More than there were attempts are taken for as many.
    pub failures: u64,
}

/// Whole minutes in which both versions worked side by side: one, or two neighbouring ones where an answer may take long.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Block {
    /// The canary's work.
    pub canary: Counts,
    /// The primary's.
    pub primary: Counts,
    /// The canary's share of what takes work, 0 to 1, where that is known. A failure is expected to be the canary's with the larger one of
    /// this and the measured share: failures that take long keep a canary from attempting as much as it would.
    pub capacity: Option<f64>,
}

/// How both versions are judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Bounds {
    /// The chance that a canary which is as good is called worse, however often that is asked. 0 to 0.5.
    pub alpha: f64,
    /// *As good* is a canary that does not fail this many times as often as the primary. More than 1.
    pub ratio: f64,
    /// *As good* is, instead, a canary of whose attempts at most so many percent fail; one of whose attempts more do is *worse*, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// By how much the evidence may grow in one block. More than 1.
    pub max_minute_factor: f64,
    /// By how many percentage points a canary that is *worse* fails more often at least.
    pub min_gap_points: f64,
    /// How many failures of the canary it takes at least to call it *worse*.
    pub min_canary_failures: u64,
    /// How old a minute is, in seconds, when all of it can be read.
    pub settle_seconds: u64,
}

// None of its numbers is NaN: JSON has none, and what people write is checked.
impl Eq for Bounds {}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            ratio: 3.0,
            objective: None,
            max_minute_factor: 4.0,
            min_gap_points: 0.1,
            min_canary_failures: 2,
            settle_seconds: 180,
        }
    }
}

impl Bounds {
    /// Whether nobody has set anything.
    #[must_use]
    pub fn are_usual(&self) -> bool {
        *self == Self::default()
    }

    /// How old a minute is when all of it can be read.
    #[must_use]
    pub fn settle(&self) -> Duration {
        Duration::from_secs(self.settle_seconds)
    }

    /// The evidence that it takes to say something: 1/α.
    #[must_use]
    pub fn needed(&self) -> f64 {
        1.0 / self.alpha
    }
}

/// What the counts of both versions come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The answer.
    pub answer: Answer,
    /// All of the canary's work that was judged.
    pub canary: Counts,
    /// All of the primary's beside it.
    pub primary: Counts,
    /// The evidence that the canary is worse. Finite, like every number here.
    pub worse: f64,
    /// The evidence that it is as good.
    pub as_good: f64,
    /// What it is worse than, or would be.
    #[serde(default)]
    pub than: Standard,
    /// By how many percentage points the canary fails more often than that; `None` where nothing can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_points: Option<f64>,
    /// Why a canary that is worse by the evidence is not called so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// What can be said soon, as long as there is not enough evidence for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
}

/// What the counts of a promoted version come to, against [`Bounds::objective`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgainstObjective {
    /// Whether more of its attempts fail than may.
    pub is_worse: bool,
    /// All of its work that was judged.
    pub counts: Counts,
    /// The evidence that more of it fails than may. Finite.
    pub worse: f64,
    /// Why a version that is worse by the evidence is not called so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// Whether the canary is worse, as good, or nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It fails more often.
    Worse,
    /// It does not fail [`Bounds::ratio`] times as often, or keeps within [`Bounds::objective`].
    AsGood,
    /// Nobody can tell yet.
    NotEnough,
}

/// What a canary is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standard {
    /// The primary beside it.
    #[default]
    Primary,
    /// [`Bounds::objective`].
    Objective,
}

/// What keeps a canary from being called worse that is so by the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Withheld {
    /// It does not fail by [`Bounds::min_gap_points`] more often.
    Gap,
    /// It has fewer failures than [`Bounds::min_canary_failures`].
    CanaryFailures,
}

/// What can be said in about how many more blocks, if it goes on like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outlook {
    /// That the canary is worse.
    Worse(u32),
    /// That it is as good.
    AsGood(u32),
}

impl Outlook {
    /// The same in minutes, where as many of them are one block.
    #[must_use]
    pub fn times(self, in_block: u8) -> Self {
        let minutes = |blocks: u32| blocks.saturating_mul(in_block.into());
        match self {
            Self::Worse(blocks) => Self::Worse(minutes(blocks)),
            Self::AsGood(blocks) => Self::AsGood(minutes(blocks)),
        }
    }
}
