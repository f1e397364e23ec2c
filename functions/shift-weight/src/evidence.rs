//! Whether a share that was held for its time is left: once its minutes are judged and, where that was asked for, the canary is seen to be
//! as good.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::Decision,
    gates::{Share, Told},
    parameters::{Demand, OnInconclusive, Step},
    reconcile::Look,
    record::{Record, Shown},
    weight::Weight,
};

use crate::{ShiftWeight, ready::Ready, words::Reason};

/// The last minute of a share is judged as long after it at most; what is not there by then is not waited for.
const JUDGED_WITHIN: Duration = Duration::from_mins(1);

/// A share that was held for its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    /// The release, with what this look has seen.
    pub(crate) record: &'a Record,
    /// The step.
    pub(crate) step: Step,
    /// The share, in words.
    pub(crate) attained: &'a str,
    /// For how long it was held.
    pub(crate) time: Duration,
    /// When it is.
    pub(crate) now: Timestamp,
}

/// How long a step may be waited for beyond its bake; its last minute is well within what a bake may take.
pub(crate) fn patience(demand: Option<Demand>, step: Step) -> Duration {
    demand.map_or(Duration::ZERO, |demand| demand.most(step))
}

impl Held<'_> {
    /// What keeps the step from ending.
    ///
    /// # Errors
    /// It waits, or the action fails.
    pub(crate) fn ends(self, demand: Option<Demand>) -> Result<(), Decision> {
        if self.time < self.step.bake {
            return Err(Decision::wait(Reason::Bake {
                asked: self.step.weight,
                attained: self.attained(),
                held: self.time,
                bake: self.step.bake,
                evidence: self.told(),
            }));
        }
        let beyond = self.time.saturating_sub(self.step.bake);
        let asked = self.step.weight;
        let Some(demand) = demand else {
            return self.is_judged(beyond).then_some(()).ok_or_else(|| {
                Decision::wait(Reason::Judging {
                    asked,
                    attained: self.attained(),
                    said: self.told(),
                })
            });
        };
        let is_as_good = Told::of(self.record).is_some_and(|told| told.is_as_good());
        let most = demand.most(self.step);
        if is_as_good && self.is_judged(beyond) {
            return Ok(());
        }
        if beyond < most.max(JUDGED_WITHIN) {
            return Err(Decision::wait(Reason::Evidence {
                asked,
                attained: self.attained(),
                waited: beyond,
                most,
                said: self.told(),
            }));
        }
        match demand.on_inconclusive {
            OnInconclusive::Proceed => Ok(()),
            OnInconclusive::Fail => Err(Decision::refuse(Reason::Inconclusive {
                asked,
                most,
                said: self.told(),
            })),
        }
    }

    /// The share as counts or weights give it, and as metrics count it.
    fn attained(self) -> String {
        let measured = Share::of(self.record).map(|it| format!("; {it}"));
        self.attained.to_owned() + &measured.unwrap_or_default()
    }

    /// What the counts of both versions say so far.
    fn told(self) -> String {
        Told::of(self.record).map_or_else(String::new, |told| told.to_string())
    }

    /// Whether every whole minute of the share was judged, or will not be in time.
    fn is_judged(self, beyond: Duration) -> bool {
        let over = self.now.before(beyond);
        self.step.bake.is_zero() || beyond >= JUDGED_WITHIN || self.record.evidence.has_judged(over)
    }
}

/// What people are told of the evidence as the shares are over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Showing {
    /// What the approval is given to read, and the record keeps.
    pub(crate) shown: Shown,
    /// The share as metrics count it.
    pub(crate) measured: String,
}

/// Begins the answer where the canary was to be as good, and is not seen to be.
const NOT_SEEN: &str = "NOT SEEN TO BE AS GOOD: ";

impl Showing {
    /// By this action. One look more, because the report of the last was lost, shows what that has shown.
    pub(crate) fn of(ready: &Ready<'_>, look: &Look<ShiftWeight>, share: Weight) -> Self {
        let record = ready.record;
        let told = Told::of(record);
        let is_as_good = told.as_ref().is_some_and(Told::is_as_good);
        let not_seen = look.parameters.demand.filter(|_| !is_as_good);
        let verdict = told.as_ref().map_or("no evidence", Told::short);
        let shown = Shown {
            action: look.bookmark.action.clone(),
            candidate: ready.candidate.clone(),
            share,
            verdict: not_seen.map_or("", |_| NOT_SEEN).to_owned() + verdict,
            said: told.map_or_else(nothing, |told| told.to_string()),
            through: record.evidence.read.as_ref().map(|read| read.through),
            digest: String::new(),
        };
        let before = record.evidence.shown.as_ref();
        let before = before.filter(|it| it.is_of_the_same_action(&shown));
        let measured = Share::of(record);
        Self {
            shown: before.cloned().unwrap_or_else(|| shown.with_digest()),
            measured: measured.map_or_else(|| "nothing measured".to_owned(), |it| it.to_string()),
        }
    }

    /// Whether the release goes on although the canary was to be as good, and is not seen to be.
    pub(crate) fn is_inconclusive(&self) -> bool {
        self.shown.verdict.starts_with(NOT_SEEN)
    }
}

fn nothing() -> String {
    "No evidence: the canary had no share".to_owned()
}
