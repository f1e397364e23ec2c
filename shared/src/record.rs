//! The release record: which release owns the pair, how far it is, and what it found.
//!
//! ```text
//! none ─begin→ Deploying → Shifting → Promoting → Promoted
//!                  └───────────┴───────────┴──────────┴──→ RollingBack → RolledBack
//! ```

mod cause;
mod evidence;
mod failing;
mod found;
mod rolling_back;
mod scaling;
mod store;
mod stored;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    aws::Account,
    clock::Timestamp,
    evidence::{meter::Meters, minutes::Span},
    item::Item,
    names::{PairId, ReleaseId, Version},
    parts::{
        body::Body,
        release::{Promotion, Release},
    },
    target::Target,
    traffic::{
        Seen,
        door::{Asked, Opened},
    },
    weight::Weight,
};

pub use cause::{Cause, Reason};
pub use evidence::{AtShare, CameTo, Evidence, Read, Shown};
pub use failing::Failing;
pub use found::FoundInFull;
pub use rolling_back::RollingBack;
pub use store::{Entry, NotRead};
pub use stored::{SCHEMA, Unknown, Unreadable};

/// The one `current` item of a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The form that it is stored in; see [`SCHEMA`].
    pub schema: u32,
    /// The pair.
    pub pair: PairId,
    /// Counts the writes; every write is conditional on the number it has read.
    pub revision: u64,
    /// The release that owns the pair, or owned it last.
    pub release: ReleaseId,
    /// When the release began.
    pub began: Timestamp,
    /// The target as the release began, for a rollback that is told only the alarm's name.
    pub target: Target,
    /// What is released.
    #[serde(rename = "images")]
    pub item: Item,
    /// What the candidate changes, by name, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// How far it is.
    pub phase: Phase,
    /// Since when it is in this phase.
    pub phase_since: Timestamp,
    /// Why alarms do not roll the promoted release back any more, before its guard is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_ended: Option<Box<Cause>>,
    /// Since when the share is not what was asked for any more, while an approval waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<Timestamp>,
    /// What the schedule fails at while it watches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Box<Failing>>,
    /// The last execution since that found nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// What both versions were seen to do, and what was made of it.
    #[serde(default, skip_serializing_if = "Evidence::is_nothing")]
    pub evidence: Box<Evidence>,
    /// What its model has stored: what the release found, and what it has made and set.
    #[serde(flatten)]
    pub body: Body,
    /// What a later version of the suite has stored besides.
    #[serde(skip)]
    pub unknown: Unknown,
}

/// An execution that found nothing to do: its actions are admitted beside the last release, whose findings and guard stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The execution.
    pub release: ReleaseId,
    /// What it was to release, which runs already.
    #[serde(rename = "images")]
    pub item: Item,
    /// What runs there. Its name is the records' of every suite, whatever the model.
    #[serde(rename = "taskDefinition")]
    pub version: Version,
}

/// How far a release is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Phase {
    /// deploy-canary: the candidate is being made and put beside the stable version.
    Deploying,
    /// shift-weight: the canary's share is being raised.
    #[serde(rename_all = "camelCase")]
    Shifting {
        /// The share last asked for.
        asked: Weight,
        /// Which actions have set a share, the last one last.
        turns: Vec<Turn>,
    },
    /// promote-primary: the candidate is being put in the stable version's place.
    #[serde(rename_all = "camelCase")]
    Promoting {
        /// Since when the promotion is complete and watched, once it is.
        baking_since: Option<Timestamp>,
    },
    /// The pair runs the candidate.
    Promoted {
        /// Bounds of automatic scaling that are not as the release found them, in words: somebody's own, and left alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
        /// Scheduled actions that fell into the suspension of their scaling, in words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missed: Vec<String>,
    },
    /// Everything is being put back.
    RollingBack(Box<RollingBack>),
    /// Everything is as the release found it, but for what somebody else has put there since.
    RolledBack {
        /// Why.
        cause: Cause,
        /// Versions, counts and bounds of automatic scaling that are not as the release found them, in words: somebody's own, and
        /// left alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
        /// Scheduled actions that fell into the suspension of their scaling, in words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missed: Vec<String>,
    },
}

/// One shift-weight action and how far it is. What comes later is known by it, so that an event that
/// is delivered again, late, does not take the share back to where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The id of the action's first job.
    pub action: String,
    /// The step whose share it has set last, from 0.
    pub step: usize,
}

impl Record {
    /// The record of a release that begins now, after `previous`.
    #[must_use]
    pub fn begin(
        previous: Option<&Self>,
        release: ReleaseId,
        target: Target,
        item: Item,
        body: Body,
        phase: Phase,
        now: Timestamp,
    ) -> Self {
        Self {
            schema: SCHEMA,
            pair: target.pair(),
            revision: previous.map_or(0, |previous| previous.revision) + 1,
            release,
            began: now,
            target,
            item,
            changes: Vec::new(),
            phase,
            phase_since: now,
            guard_ended: None,
            drifted: None,
            failing: None,
            beside: None,
            evidence: Box::default(),
            body,
            unknown: Unknown::default(),
        }
    }

    /// The traffic model of its target.
    #[must_use]
    pub fn model(&self) -> &dyn Opened {
        self.target.model()
    }

    /// What its model says of it, when this was seen.
    #[must_use]
    pub fn open<'a>(&'a self, now: Timestamp, seen: &'a Seen) -> Box<dyn Asked + 'a> {
        self.model().open(self.facts(now), seen)
    }

    /// What its model knows of it.
    #[must_use]
    pub fn facts(&self, now: Timestamp) -> Release<'_> {
        Release {
            now,
            id: &self.release,
            began: self.began,
            since: self.phase_since,
            asked: self.asked(),
            promotion: self.promotion(),
            refused: self.rollback().map_or(&[], |it| &it.missing),
            body: &self.body,
            is_newer: self.is_newer(),
        }
    }

    /// Reads what people are to hear of scheduled actions that fell into the release as it ends. What a promotion had given back before
    /// a rollback has run since.
    pub async fn missed(&self, account: &Account, now: Timestamp) -> Vec<String> {
        if self.rollback().is_some() && self.promotion().has_given_back() {
            return Vec::new();
        }
        let model = self.target.ending();
        model
            .missed(account, self.facts(now), self.suspension(now))
            .await
    }

    /// The same release, in the same phase and revision, with what its model sets.
    #[must_use]
    pub fn with(&self, body: Body) -> Self {
        Self {
            body,
            ..self.clone()
        }
    }

    /// The minutes whose counts can be judged by now, and were not.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Span> {
        if let Phase::RollingBack(_) | Phase::RolledBack { .. } = self.phase {
            return None;
        }
        let (evidence, settle) = (&self.evidence, self.target.evidence.settle());
        let compared = evidence.due(now, settle, self.meters()?.together);
        let guarded = self.held_to_objective(now).and_then(|until| {
            let together = self.meters_in_guard()?.together;
            evidence.due_in_guard(self.phase_since, until, now, settle, together)
        });
        // One of both at a time: the guard does not wait for what settles minute by minute.
        match (compared, guarded) {
            (Some(compared), Some(guarded)) if compared.settled < compared.through => Some(guarded),
            (compared, guarded) => compared.or(guarded),
        }
    }

    /// Until when what runs after its promotion is held to an objective, if it is now.
    fn held_to_objective(&self, now: Timestamp) -> Option<Timestamp> {
        self.target.evidence.objective?;
        self.guarded_until().filter(|until| now < *until)
    }

    /// Whether these minutes are after its promotion: everything runs the candidate.
    #[must_use]
    pub fn has_promoted_before(&self, span: &Span) -> bool {
        matches!(self.phase, Phase::Promoted { .. }) && self.phase_since <= span.from
    }

    /// Until when it is guarded, once it is promoted and as long as nothing has ended its guard.
    #[must_use]
    pub fn guarded_until(&self) -> Option<Timestamp> {
        let is_promoted = matches!(self.phase, Phase::Promoted { .. });
        let is_guarded = is_promoted && self.guard_ended.is_none();
        is_guarded.then(|| self.phase_since + self.target.guard())
    }

    /// By which metrics its versions are compared, once there are two.
    #[must_use]
    pub fn meters(&self) -> Option<Meters> {
        self.model().meters(&self.body)
    }

    /// By which metrics these minutes are counted.
    #[must_use]
    pub fn meters_in(&self, span: &Span) -> Option<Meters> {
        if self.has_promoted_before(span) {
            self.meters_in_guard()
        } else {
            self.meters()
        }
    }

    fn meters_in_guard(&self) -> Option<Meters> {
        self.model().meters_in_guard(&self.body)
    }

    /// The execution of this id that found nothing to do since.
    #[must_use]
    pub fn beside(&self, release: &ReleaseId) -> Option<&Beside> {
        self.beside.as_ref().filter(|it| it.release == *release)
    }

    /// The same release, one write later, with an execution beside it that found nothing to do.
    #[must_use]
    pub fn admitting(&self, beside: Beside) -> Self {
        Self {
            revision: self.revision + 1,
            beside: Some(beside),
            ..self.clone()
        }
    }

    /// The same release, one write later, in another phase.
    #[must_use]
    pub fn advance(&self, phase: Phase, now: Timestamp) -> Self {
        let same = std::mem::discriminant(&phase) == std::mem::discriminant(&self.phase);
        Self {
            revision: self.revision + 1,
            phase_since: if same { self.phase_since } else { now },
            phase,
            ..self.clone()
        }
    }

    /// This release, being rolled back from wherever it is.
    #[must_use]
    pub fn roll_back(&self, cause: Cause, ends_execution: bool, now: Timestamp) -> Self {
        let phase = Phase::RollingBack(Box::new(RollingBack {
            cause,
            promotion: rolling_back::promotion(&self.phase),
            ends_execution,
            missing: Vec::new(),
            told: None,
        }));
        self.advance(phase, now)
    }

    /// How far its promotion is, or was when it was rolled back.
    #[must_use]
    pub fn promotion(&self) -> Promotion {
        self.rollback()
            .map_or_else(|| rolling_back::promotion(&self.phase), |it| it.promotion)
    }

    /// Whether it promoted what was there already: there is nothing to take back.
    #[must_use]
    pub fn has_changed_nothing(&self) -> bool {
        let versions = self.model().versions(&self.body);
        let is_stable = versions.is_some_and(|it| it.candidate == Some(it.stable));
        is_stable && matches!(self.phase, Phase::Promoted { .. })
    }

    /// Whether the release still has the pair.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Promoted { .. } | Phase::RolledBack { .. }
        )
    }

    /// The rollback that is under way.
    #[must_use]
    pub fn rollback(&self) -> Option<&RollingBack> {
        match &self.phase {
            Phase::RollingBack(rolling_back) => Some(rolling_back),
            _ => None,
        }
    }

    /// The same rollback, one write later, with something about it changed.
    #[must_use]
    pub fn rolling(&self, rolling_back: RollingBack, now: Timestamp) -> Self {
        self.advance(Phase::RollingBack(Box::new(rolling_back)), now)
    }

    /// The candidate, once it exists, and as long as something of it may be there.
    #[must_use]
    pub fn candidate(&self) -> Option<Version> {
        if let Phase::RolledBack { .. } = self.phase {
            return None;
        }
        self.model().versions(&self.body)?.candidate
    }

    /// What ran before the release, where that can be read.
    #[must_use]
    pub fn stable(&self) -> Option<Version> {
        Some(self.model().versions(&self.body)?.stable)
    }

    /// The share last asked for, while the release is at shares.
    #[must_use]
    pub fn asked(&self) -> Option<Weight> {
        match self.phase {
            Phase::Shifting { asked, .. } => Some(asked),
            _ => None,
        }
    }

    /// The same release, one write later: in another phase, where it is in one, and with what a model sets. `None` where neither is.
    #[must_use]
    pub fn written(&self, set: Option<Body>, phase: Option<Phase>, now: Timestamp) -> Option<Self> {
        if set.is_none() && phase.is_none() {
            return None;
        }
        let record = set.map_or_else(|| self.clone(), |set| self.with(set));
        let drifted = self.drifted.filter(|_| phase.is_none());
        let phase = phase.unwrap_or_else(|| record.phase.clone());
        Some(Self {
            drifted,
            ..record.advance(phase, now)
        })
    }

    /// The same release, one write later, where the approval is given something else to read than before.
    #[must_use]
    pub fn showing(&self, shown: &Shown, now: Timestamp) -> Option<Self> {
        if self.evidence.shown.as_ref() == Some(shown) {
            return None;
        }
        let mut record = self.again(now);
        record.evidence.shown = Some(shown.clone());
        Some(record)
    }

    /// The same release, one write later, in the same phase.
    #[must_use]
    pub fn again(&self, now: Timestamp) -> Self {
        self.advance(self.phase.clone(), now)
    }
}

/// The word of DESIGN and of every message: `Deploying`, `RollingBack`, ...
impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deploying => "Deploying",
            Self::Shifting { .. } => "Shifting",
            Self::Promoting { .. } => "Promoting",
            Self::Promoted { .. } => "Promoted",
            Self::RollingBack(_) => "RollingBack",
            Self::RolledBack { .. } => "RolledBack",
        })
    }
}

#[cfg(test)]
mod tests;
