//! What is between a share that is asked for and what is seen. Pure; each model has its own half.

use super::{alb, queue, queue::Counts};
use crate::{
    clock::Timestamp,
    decision::{Doing, Refusal, Step, WaitingOn},
    observation::Observation,
    reconcile::FUNCTION_TIMEOUT,
    record::{Phase, Record},
    target::Traffic,
    weight::{Attained, Weight},
};

/// A share of a release.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The release's record.
    pub record: &'a Record,
    /// What a look saw, with every gate open.
    pub seen: &'a Observation,
    /// The share.
    pub weight: Weight,
    /// How far what is attained may be from it, in percentage points.
    pub tolerance: Option<f64>,
}

/// What is between the share and what is seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Something is to be changed. Also, without steps, where a share that was not asked for before needs no change.
    Change {
        /// What this is.
        doing: Doing,
        /// The changes.
        steps: Vec<Step>,
        /// What they set, for the record.
        set: Set,
    },
    /// What was set last is seen for the first time, and this is what the share has come to.
    Live(Attained),
    /// Something is on its way.
    Wait(WaitingOn),
    /// The share is there.
    Held(Attained),
}

/// What steps set, as far as the record does not hold it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set {
    /// The weight, and how many of the canary's targets are healthy for it.
    pub weight: Option<(Weight, u32)>,
    /// The task counts.
    pub counts: Option<Counts>,
}

impl Progress {
    /// A change that sets neither weight nor counts.
    pub(super) fn change(doing: Doing, steps: Vec<Step>) -> Self {
        Self::Change {
            doing,
            steps,
            set: Set::default(),
        }
    }

    /// A change of task counts.
    pub(super) fn counting(doing: Doing, steps: Vec<Step>, counts: Counts) -> Self {
        let set = Set {
            counts: Some(counts),
            ..Set::default()
        };
        Self::Change { doing, steps, set }
    }
}

impl Asked<'_> {
    /// How far the share is.
    pub fn progress(&self) -> Result<Progress, Refusal> {
        if self.is_new() && self.is_being_counted() {
            return Ok(Progress::Wait(WaitingOn::OtherInvocation));
        }
        match &self.record.target.traffic {
            Traffic::Queue(model) => queue::share::progress(self, model),
            Traffic::Alb(model) => alb::share::progress(self, model),
        }
    }

    /// Whether the share is really held: by tasks that run, or by its weight and a target that answers. With `was` held before, tasks
    /// that start because the primary has grown have their time.
    #[must_use]
    pub fn is_held(&self, was: bool) -> bool {
        !self.is_new()
            && match &self.record.target.traffic {
                Traffic::Queue(model) => queue::share::is_held(self, model, was),
                Traffic::Alb(_) => alb::share::is_held(self),
            }
    }

    /// The desired counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            primary: self.seen.primary.desired,
            canary: self.seen.canary.desired,
        }
    }

    /// What the share has come to.
    #[must_use]
    pub fn attained(&self) -> Attained {
        let found = self.record.found.alb.as_ref();
        found.map_or_else(
            || Attained::Tasks(self.counts().share()),
            |found| Attained::Weight(found.attained(self.weight)),
        )
    }

    /// Whether the record has yet to hold that this share is asked for.
    pub(super) fn is_new(&self) -> bool {
        !matches!(self.record.phase, Phase::Shifting { asked, .. } if asked == self.weight)
    }

    /// Whether an invocation that has set counts of the share before may still be at it.
    fn is_being_counted(&self) -> bool {
        let now = self.seen.now;
        let is_fresh = |since| now.since(since) < FUNCTION_TIMEOUT;
        let counts = self.record.counts;
        counts.is_some_and(|counts| !counts.seen && is_fresh(counts.since))
    }

    /// Whether counts were set that no look has seen yet.
    pub(super) fn is_counting(&self) -> bool {
        self.record.counts.is_some_and(|counts| !counts.seen)
    }

    /// The record once a change is made, if that has to be written before; `phase` where the share is new.
    #[must_use]
    pub fn written(&self, set: Set, phase: Option<Phase>, now: Timestamp) -> Option<Record> {
        let is_new = phase.is_some();
        let counts = set.counts.or(is_new.then(|| self.counts()));
        let counts = counts.filter(|to| is_new || self.record.counts.map(|it| it.to) != Some(*to));
        if phase.is_none() && set.weight.is_none() && counts.is_none() {
            return None;
        }
        let phase = phase.unwrap_or_else(|| self.record.phase.clone());
        let mut record = self.record.advance(phase, now);
        if is_new {
            record.drifted = None;
        }
        if let Some((weight, healthy)) = set.weight {
            record = record.weighing(weight, healthy, now);
        }
        if let Some(to) = counts {
            record = record.counting(self.counts(), to, now);
        }
        Some(record)
    }

    /// The record once what was set last is seen.
    #[must_use]
    pub fn seen_live(&self, now: Timestamp) -> Record {
        let record = self.record.again(now).weighed(now);
        record.counted(self.counts())
    }
}
