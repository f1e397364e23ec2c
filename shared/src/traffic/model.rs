//! What a traffic model is: how two versions run side by side, and how work is split between them.
//!
//! A model answers one question for four goals: what is between what is seen and what is wanted? It decides on its own types, and
//! on nothing else; what it reads is in [`observed`](super::observed), its part of the target in [`configured`](super::configured), and
//! [`door`](super::door) joins it to what knows no model.

use std::{
    fmt::{Debug, Display},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    begin::{Begin, Beginning},
    configured::Configured,
    observed::Observed,
};
use crate::{
    aws::{Account, AwsError},
    clock::Timestamp,
    evidence::meter::Meters,
    known::Known,
    names::ReleaseId,
    parts::{
        Gap,
        body::Part,
        gate::{Effect, Gate, When},
        letters::{Counted, Letters},
        pair::{self, Holds, Pair},
        release::{Kept, Lacking, Missing, Promotion},
    },
    weight::{self, Drain, Weight},
    words::Words,
};

pub use crate::parts::{Attained, News, Versions};

/// What is stored in the record.
pub trait Stored:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T> Stored for T where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// A safety question, which changes nothing. What could not be seen closes no gate; the error is why it is closed.
pub type Question<M> = fn(&M, When, View<'_, M>) -> Result<(), <M as Model>::Reason>;

/// A way to run two versions side by side and to split work between them.
pub trait Model: Configured + Observed {
    /// What it was like before the first change.
    type Found: Stored;
    /// What this release has made and set last.
    type Set: Stored;
    /// What it changes. Absolute, so that doing it twice is doing it once; its `Display` is what there is once it is done, in words
    /// that are the same whenever it is wanted.
    type Change: Clone + Debug + Display + PartialEq + Send + Sync;

    /// What it does, waits for and refuses, in its words.
    type Reason: Clone + Debug + PartialEq + Words;

    /// What a version of it is called in the output variables of the actions: as AWS calls it.
    const VERSION: &'static str;

    /// Its own gates, in the order in which they are asked before anything else.
    const GATES: &'static [(Gate, Question<Self>)];

    /// The versions that a release is about, as its record says.
    fn versions(found: &Self::Found, set: &Self::Set) -> Versions;

    /// By which metrics its versions are compared, once there are two.
    fn meters(&self, found: &Self::Found, set: &Self::Set) -> Option<Meters>;

    /// By which metrics what was promoted is counted, in minutes that lie after its promotion. Both versions' where those count by place:
    /// the canary's may still have work then.
    fn meters_in_guard(&self, found: &Self::Found, set: &Self::Set) -> Option<Meters> {
        self.meters(found, set)
    }

    /// How a release begins, if everything is in order. All that can be wrong with it is found here, before the first change.
    fn begin(&self, of: Beginning<'_, Self>) -> Begin<Self>;

    /// What is between what is seen and a goal.
    fn toward(&self, goal: Goal, view: View<'_, Self>) -> Toward<Self>;

    /// The first of its gates that is seen closed, of those that count then.
    fn closed(&self, when: When, view: View<'_, Self>) -> Option<(Gate, Self::Reason)> {
        let asked = Self::GATES.iter();
        let mut asked = asked.filter(|(gate, _)| gate.effect(when) != Effect::None);
        asked.find_map(|(gate, question)| Some((*gate, question(self, when, view).err()?)))
    }

    /// What nobody can tell yet: nothing goes further until somebody can.
    fn undecided(&self, when: When, view: View<'_, Self>) -> Option<Self::Reason>;

    /// The part of the pair that somebody else has changed, by its name, where that is why a gate is closed.
    fn changed(why: &Self::Reason) -> Option<&str>;

    /// What is set, with what this look has seen that counts only together with other looks. The same look twice is one.
    fn noted(&self, when: When, view: View<'_, Self>) -> Noted<Self::Set>;

    /// What takes work from the candidate, and needs nothing that may be missing, denied or unseen to succeed: it goes out first, by
    /// itself.
    fn stop(&self, view: View<'_, Self>) -> Vec<Self::Change>;

    /// Makes a change.
    fn apply(
        &self,
        account: &Account,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// What is set after the look of a rollback that has sent these changes, of which these have failed.
    fn sent(
        &self,
        sent: &[Self::Change],
        failed: &[Self::Change],
        view: View<'_, Self>,
    ) -> Self::Set;

    /// What a rollback cannot do, so that it is not tried.
    fn lacking(&self, view: View<'_, Self>) -> Vec<Lacking>;

    /// What a rollback puts back, one line each.
    fn restores(&self, view: View<'_, Self>) -> Vec<String>;

    /// What people can do where AWS refuses this, from what the release found in full, which is in this table: lines for a notice.
    fn by_hand(&self, _missing: &[Missing], _found: &Part, _table: &str) -> Vec<String> {
        Vec::new()
    }

    /// What is set where somebody else has changed this part: what they have written stays where they wrote it.
    fn spared(&self, changed: &str, view: View<'_, Self>) -> Self::Set;

    /// What is kept after a promotion for a rollback alone, as the record says.
    fn kept(_set: &Self::Set) -> Kept {
        Kept::Nothing
    }

    /// What is between what is seen and nothing being kept for a rollback any more.
    ///
    /// # Errors
    /// Something is.
    fn let_go(&self, _view: View<'_, Self>) -> Result<(), Short<Self>> {
        Ok(())
    }

    /// Whether the candidate was put where it may get a share. How well it runs is another question.
    fn is_placed(&self, view: View<'_, Self>) -> bool;

    /// The share that there is, as counts or weights give it, if both versions were seen.
    fn share(&self, view: View<'_, Self>) -> Option<weight::Attained>;

    /// The canary's share of what takes work, 0 to 1, where work is split by that: a canary whose work takes longer attempts less than
    /// that.
    fn capacity_share(&self, _view: View<'_, Self>) -> Option<f64> {
        None
    }

    /// Whether a goal is really held, as a bake counts it; `was` if the look before saw it held. Tasks that start because the primary
    /// has grown have their time.
    fn is_held(&self, goal: Goal, was: bool, view: View<'_, Self>) -> bool;

    /// Whether the canary runs exactly what was approved, so that a promotion may begin.
    ///
    /// # Errors
    /// It runs something else, which is refused; or it does not run for now.
    fn approved(&self, view: View<'_, Self>) -> Result<(), Short<Self>>;

    /// Time that work needs to finish on the way to a goal; it is added to the action's timeout.
    fn takes(&self, _goal: Goal, _view: View<'_, Self>) -> Takes {
        Takes::default()
    }
}

/// What is set, with what a look has seen that counts only together with other looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted<Set> {
    /// It: it goes into the record with whatever else does.
    pub set: Set,
    /// What of it later looks need, so that it is written even if nothing else is.
    pub news: Option<News>,
}

/// What a function wants of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The candidate runs beside the stable version, and has no share of the work but what its first task takes.
    Placed,
    /// The canary has a share.
    Share {
        /// The share.
        asked: Weight,
        /// How far what is attained may be from it, in percentage points.
        tolerance: Option<f64>,
    },
    /// Everything runs the candidate, and nothing is the release's any more.
    Promoted {
        /// How work goes back to the primary, where that takes steps.
        drain: Drain,
        /// Whether the promotion was watched to the end. What it reached is not checked again then, since somebody may have changed
        /// it; only what the release alone has kept running goes.
        over: bool,
    },
    /// Everything is as the release found it.
    AsFound {
        /// Whether everything that began before the rollback is over.
        fenced: bool,
    },
}

/// Time that work needs to finish on the way to a goal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Takes {
    /// When the step began that goes on now; `None` if the way to the goal has no steps of its own.
    pub since: Option<Timestamp>,
    /// How long that is at least.
    pub time: Duration,
}

/// What a model decides on.
#[derive(Debug, Clone)]
pub struct View<'a, M: Model> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// When it began.
    pub began: Timestamp,
    /// Since when it is in its phase.
    pub since: Timestamp,
    /// The share last asked for, while the release is at shares.
    pub asked: Option<Weight>,
    /// How far its promotion is, or was when it was rolled back.
    pub promotion: Promotion,
    /// Changes that AWS has refused.
    pub refused: &'a [Missing],
    /// What the look has seen.
    pub seen: &'a M::Seen,
    /// What the release found.
    pub found: &'a M::Found,
    /// What the release has made and set last.
    pub set: &'a M::Set,
}

// By hand: a derived one would ask it of the model.
impl<M: Model> Copy for View<'_, M> {}

impl<'a, M: Model> View<'a, M> {
    /// What of it the gate on dead letters is asked about.
    #[must_use]
    pub(super) fn of_letters(
        self,
        found: Option<u64>,
        letters: Option<Letters>,
        seen: &Known<Option<u64>>,
    ) -> Counted {
        Counted {
            now: self.now,
            began: self.began,
            found,
            letters,
            seen: seen.get().copied().flatten(),
        }
    }

    /// What of it the kit of two services is asked about.
    #[must_use]
    pub(super) fn of_pair(
        self,
        (pair, holds): (&'a Pair, Holds),
        (seen, found, set): (&'a pair::Seen, &'a pair::Found, &'a pair::Set),
    ) -> pair::View<'a> {
        pair::View {
            now: self.now,
            release: self.release,
            began: self.began,
            since: self.since,
            promotion: self.promotion,
            refused: self.refused,
            pair,
            holds,
            seen,
            found,
            set,
        }
    }
}

/// The goal is reached, or this is between.
pub type Toward<M> = Result<Attained, Short<M>>;

/// What is between what is seen and what is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Short<M: Model> {
    /// Something is to be changed; or, without changes, to be noted.
    Change {
        /// What this is.
        doing: M::Reason,
        /// What the record is to hold before the changes go out, where it does not yet.
        set: Option<M::Set>,
        /// The changes, without an order among them.
        changes: Vec<M::Change>,
    },
    /// Something is on its way.
    Wait(M::Reason),
    /// The goal cannot be reached.
    Refuse(M::Reason),
}

impl<M: Model> Short<M> {
    /// Something is on its way.
    pub fn wait(waiting_on: impl Into<M::Reason>) -> Self {
        Self::Wait(waiting_on.into())
    }

    /// The goal cannot be reached.
    pub fn refuse(why: impl Into<M::Reason>) -> Self {
        Self::Refuse(why.into())
    }

    /// What a kit answers, of whose part the model makes the whole.
    pub fn of<Change: Into<M::Change>, Reason: Into<M::Reason>, Part>(
        gap: Gap<Change, Reason, Part>,
        whole: impl FnOnce(Part) -> M::Set,
    ) -> Self {
        match gap {
            Gap::Change {
                doing,
                set,
                changes,
            } => Self::Change {
                doing: doing.into(),
                set: set.map(whole),
                changes: changes.into_iter().map(Into::into).collect(),
            },
            Gap::Wait(waiting_on) => Self::wait(waiting_on),
            Gap::Refuse(why) => Self::refuse(why),
        }
    }
}

impl<M: Model, Change: Into<M::Change>, Reason: Into<M::Reason>> From<Gap<Change, Reason>>
    for Short<M>
{
    fn from(gap: Gap<Change, Reason>) -> Self {
        Self::of(gap, |nothing| match nothing {})
    }
}
