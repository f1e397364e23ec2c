//! What a release has gathered of what both versions do, and what was made of it last. Counts are not kept: they are read again, all of
//! them, for every new minute.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    clock::Timestamp,
    evidence::{
        AgainstObjective, Verdict,
        minutes::{CapacityShare, Doubt, MINUTE, Measured, Span, floor},
    },
    names::Version,
    weight::Weight,
};

/// In its first hour every new minute of a release is judged, later every second one: metrics are paid for by the read (CloudWatch
/// pricing: 0.01 USD for 1000 metrics).
const FRESH: Duration = Duration::from_hours(1);

/// More shares of what takes work are not kept apart.
const MOST_SHARES: usize = 60;

/// What a release has gathered, from when the canary has its first share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Evidence {
    /// Since when both versions are compared: a look saw the canary at its first share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until when: the promotion began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The share that the canary has, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<AtShare>,
    /// The canary's share of what takes work, as looks have seen it. Its name is the records' of every suite.
    #[serde(rename = "tasks", skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<CapacityShare>,
    /// What was read last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
    /// What was read last of what runs after the promotion, where that has an objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Read<AgainstObjective>>,
    /// Why nothing more could be read since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// Why the release is to go on although the canary is worse, in the words of whoever configured the last action that has looked. It
    /// counts for the watch until the next action looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub despite: Option<String>,
    /// When people heard that the canary is worse and the release goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
    /// When people heard that the promoted version is worse than its objective and stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_in_guard: Option<Timestamp>,
    /// What the approval was given to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// A share that a look has seen attained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtShare {
    /// The share that was asked for.
    pub asked: Weight,
    /// The share that was attained, in percent.
    pub attained: f64,
    /// When it was first seen.
    pub since: Timestamp,
}

/// What was read of the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Read<V = Verdict> {
    /// When the last minute ends that was judged.
    pub through: Timestamp,
    /// When the last one ends that is settled.
    pub settled: Timestamp,
    /// Who attempted what since the canary has its present share.
    pub measured: Measured,
    /// What that comes to.
    #[serde(flatten)]
    pub came_to: CameTo<V>,
    /// Why what calls came to was judged, and not what the versions count of their own work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Doubt>,
}

/// What the counts come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CameTo<V = Verdict> {
    /// They were judged.
    Verdict(V),
    /// They cannot be.
    Doubt(Doubt),
}

/// What shift-weight's last look has shown: promote-primary promotes nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The id of the action's first job.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// The candidate.
    pub candidate: Version,
    /// The share that was asked for.
    pub share: Weight,
    /// The answer.
    pub verdict: String,
    /// What was said of the evidence.
    pub said: String,
    /// When the last minute ends that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<Timestamp>,
    /// Tells it from anything else that was shown: in the approval, in an output variable, and here. Earlier versions have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

impl Shown {
    /// With its digest: of SHA-256 as many digits as people compare.
    #[must_use]
    pub fn with_digest(self) -> Self {
        let digest = Sha256::digest(format!(
            "{}\n{}\n{}\n{}\n{:?}",
            self.candidate, self.share, self.verdict, self.said, self.through
        ));
        let digest = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
        Self {
            digest: digest.collect(),
            ..self
        }
    }

    /// Whether one action has shown both, of the same candidate at the same share.
    #[must_use]
    pub fn is_of_the_same_action(&self, other: &Self) -> bool {
        let what = |it: &Self| (it.action.clone(), it.candidate.clone(), it.share);
        what(self) == what(other)
    }
}

impl Evidence {
    /// Whether nothing was gathered or said.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The minutes that can be judged by now, and were not.
    #[must_use]
    pub fn due(&self, now: Timestamp, settle: Duration, together: bool) -> Option<Span> {
        let span = Span::of(self.since?, self.until, now, settle, together)?;
        let Some(read) = &self.read else {
            return Some(span);
        };
        // Of the last minutes before a promotion some settle only after it has begun.
        let is_last =
            self.until.is_some() && (span.through, span.settled) != (read.through, read.settled);
        (is_new(span, read.through, now) || is_last).then_some(span)
    }

    /// The same of what runs in a guard, from the promotion on.
    #[must_use]
    pub(super) fn due_in_guard(
        &self,
        promoted: Timestamp,
        until: Timestamp,
        now: Timestamp,
        settle: Duration,
        together: bool,
    ) -> Option<Span> {
        let span = Span::of(promoted, Some(until), now, settle, together)?;
        let read = self.guard.as_ref();
        read.is_none_or(|read| is_new(span, read.through, now))
            .then_some(span)
    }

    /// What the counts come to, if they were compared.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.read.as_ref()?.came_to {
            CameTo::Verdict(verdict) => Some(verdict),
            CameTo::Doubt(_) => None,
        }
    }

    /// The same, where both versions do not run side by side any more.
    #[must_use]
    pub fn ended(self, now: Timestamp) -> Self {
        let until = self.since.and(self.until.or(Some(now)));
        Self { until, ..self }
    }

    /// Whether every whole minute before this was judged.
    #[must_use]
    pub fn has_judged(&self, before: Timestamp) -> bool {
        self.read
            .as_ref()
            .is_some_and(|read| read.through >= floor(before))
    }

    /// With the canary's share of what takes work as it is now.
    #[must_use]
    pub fn with_capacity(mut self, share: Option<f64>, now: Timestamp) -> Self {
        let Some(share) = share.map(rounded) else {
            return self;
        };
        let is_same = |last: &CapacityShare| (last.share - share).abs() < f64::EPSILON;
        if !self.capacity.last().is_some_and(is_same) {
            self.capacity.push(CapacityShare { since: now, share });
        }
        if self.capacity.len() > MOST_SHARES {
            // The larger one makes less of a failure: it errs on the side of going on.
            let second = self.capacity.remove(1);
            let first = &mut self.capacity[0];
            first.share = first.share.max(second.share);
        }
        self
    }
}

/// Whether there are new minutes, as many as are worth a read.
fn is_new(span: Span, read: Timestamp, now: Timestamp) -> bool {
    let step = if now.since(span.from) < FRESH {
        MINUTE
    } else {
        MINUTE * 2
    };
    span.through.since(read) >= step
}

/// To a thousandth: what is stored is read by people, too.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}
