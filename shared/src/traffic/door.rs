//! Joins the models, which decide on types of their own, to what knows no model.

mod begin;
mod observe;

use super::{
    joined::Joined,
    model::{Attained, Goal, News, Noted, Short, Takes, Versions, View},
    sight::Sight,
};
use crate::{
    clock::Timestamp,
    decision::{Decision, Doing, Move, Refusal, Step, WaitingOn},
    gates::{Gate, When},
    names::ServiceName,
    observation::Observation,
    record::{Body, Lacking, Phase, Record},
    weight::Attained as Share,
};

pub(super) use begin::begin;
pub use begin::{Beginning, Begins, NotBegun};
pub use observe::before;
pub(super) use observe::placed;

/// A release of which a look has seen everything.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// Its record.
    pub record: &'a Record,
    /// What was seen.
    pub seen: &'a Observation,
}

/// A release and what a look has seen of it.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// Its record.
    pub record: &'a Record,
    /// When the look is.
    pub now: Timestamp,
    /// What was seen.
    pub seen: &'a Sight,
}

/// What is between what is seen and a goal.
#[derive(Debug, Clone, PartialEq)]
pub enum Between {
    /// Something is to be changed; or, without changes, to be noted.
    Change {
        /// What this is.
        doing: Doing,
        /// The record, in the same phase and revision, with what it is to hold before the changes go out, if it does not yet.
        record: Option<Box<Record>>,
        /// The changes, without an order among them.
        changes: Vec<Step>,
    },
    /// Something is on its way.
    Wait(WaitingOn),
    /// The goal cannot be reached.
    Refuse(Refusal),
}

impl Between {
    /// It as a decision. A change writes the record in another phase, where that is given.
    pub fn decision(self, before: &Record, phase: Option<Phase>, now: Timestamp) -> Decision {
        match self {
            Self::Change {
                doing,
                record,
                changes,
            } => Decision::Take(Move {
                doing,
                record: before.written(record, phase, now).map(Box::new),
                found: None,
                steps: changes,
            }),
            Self::Wait(waiting_on) => Decision::Wait(waiting_on),
            Self::Refuse(refusal) => Decision::Refuse(refusal),
        }
    }
}

impl<'a> Release<'a> {
    /// What its model says of it.
    #[must_use]
    pub fn open(self) -> Box<dyn Asked + 'a> {
        open(self.record, self.seen.now, &Sight::of(self.seen))
    }
}

/// All that can be asked about a release, whatever its model.
pub trait Asked {
    /// What is between what was seen and a goal.
    ///
    /// # Errors
    /// Something is.
    fn toward(&self, goal: Goal) -> Result<Attained, Between>;

    /// Whether the canary runs exactly what was approved, so that a promotion may begin.
    ///
    /// # Errors
    /// It runs something else, which is refused; or it does not run for now.
    fn approved(&self) -> Result<(), Between>;

    /// Time that work needs to finish on the way to a goal; it is added to the action's timeout.
    fn takes(&self, goal: Goal) -> Takes;

    /// Whether a goal is really held, as a bake counts it; `was` if the look before saw it held.
    fn is_held(&self, goal: Goal, was: bool) -> bool;

    /// Whether the candidate was put where it may get a share. How well it runs is another question.
    fn is_placed(&self) -> bool;

    /// The share that there is, as counts or weights give it, if it was seen.
    fn share(&self) -> Option<Share>;

    /// A safety question that is asked before anything else.
    ///
    /// # Errors
    /// Why the gate is closed.
    fn ask(&self, gate: Gate, when: When) -> Result<(), Refusal>;

    /// What nobody can tell yet: nothing goes further until somebody can.
    fn undecided(&self, when: When) -> Option<WaitingOn>;

    /// The record, in the same phase and revision, with what this look has seen that counts only together with other looks; and what of
    /// that later looks need.
    fn noted(&self, when: When) -> (Record, Option<News>);

    /// What takes work from the candidate, and needs nothing else to succeed.
    fn stop(&self) -> Vec<Step>;

    /// The record, in the same phase and revision, after the look of a rollback that has sent these changes, of which these have failed.
    fn sent(&self, sent: &[Step], failed: &[Step]) -> Record;

    /// The record, in the same phase and revision, where somebody else has changed a service: what they have written stays.
    fn spared(&self, changed: &ServiceName) -> Record;

    /// What a rollback cannot do, so that it is not tried.
    fn lacking(&self) -> Vec<Lacking>;

    /// What a rollback puts back, one line each.
    fn restores(&self) -> Vec<String>;

    /// The services whose scheduled actions the release has suspended.
    fn held_schedules(&self) -> Vec<ServiceName>;

    /// Whether tasks of the candidate go on that nobody wants, for so long that something keeps them.
    fn has_left_over(&self) -> bool;
}

/// A model and what it decides on.
struct Joint<'a, M: Joined> {
    record: &'a Record,
    now: Timestamp,
    model: M,
    seen: M::Seen,
    found: M::Found,
    set: M::Set,
}

/// Joins a model to a release; `None` where nothing is there that it could decide on.
pub(super) fn join<'a, M: Joined + 'a>(
    traffic: &M::Traffic,
    record: &'a Record,
    now: Timestamp,
    seen: &Sight,
) -> Option<Box<dyn Asked + 'a>> {
    let (found, set) = read::<M>(record).ok()?;
    Some(Box::new(Joint::<M> {
        record,
        now,
        model: M::of(&record.target, traffic),
        seen: M::seen(seen)?,
        found,
        set,
    }))
}

/// What a record says, as its model reads it. What a later version of the suite has set in another form is not known.
fn read<M: Joined>(record: &Record) -> Result<(M::Found, M::Set), serde_json::Error> {
    let Body { found, set } = &record.body;
    let set = if record.is_newer() {
        set.read_what_is_known()
    } else {
        set.read()
    };
    Ok((found.read()?, set?))
}

/// Whether a model reads what a record says.
pub(super) fn reads<M: Joined>(record: &Record) -> Result<(), serde_json::Error> {
    read::<M>(record).map(|_| ())
}

/// The versions that a release is about; `None` where its record cannot be read.
pub(super) fn versions<M: Joined>(body: &Body) -> Option<Versions> {
    let found = body.found.read().ok()?;
    let set = body.set.read_what_is_known().ok()?;
    Some(M::versions(&found, &set))
}

impl<M: Joined> Joint<'_, M> {
    fn view(&self) -> View<'_, M> {
        let record = self.record;
        View {
            now: self.now,
            release: &record.release,
            began: record.began,
            since: record.phase_since,
            asked: record.asked(),
            promotion: record.promotion(),
            refused: record.rollback().map_or(&[], |it| &it.missing),
            seen: &self.seen,
            found: &self.found,
            set: &self.set,
        }
    }

    fn with(&self, set: &M::Set) -> Record {
        let mut record = self.record.clone();
        match record.body.set.with(&self.set, set) {
            Ok(set) => record.body.set = set,
            // A set has fields, and a name for each.
            Err(error) => tracing::error!("what is set is not stored: {error}"),
        }
        record
    }

    fn between(&self, short: Short<M::Set>) -> Between {
        match short {
            Short::Change {
                doing,
                set,
                changes,
            } => Between::Change {
                doing,
                record: set.map(|set| Box::new(self.with(&set))),
                changes,
            },
            Short::Wait(waiting_on) => Between::Wait(waiting_on),
            Short::Refuse(refusal) => Between::Refuse(refusal),
        }
    }
}

impl<M: Joined> Asked for Joint<'_, M> {
    fn toward(&self, goal: Goal) -> Result<Attained, Between> {
        let toward = self.model.toward(goal, self.view());
        toward.map_err(|short| self.between(short))
    }

    fn approved(&self) -> Result<(), Between> {
        let approved = self.model.approved(self.view());
        approved.map_err(|short| self.between(short))
    }

    fn takes(&self, goal: Goal) -> Takes {
        self.model.takes(goal, self.view())
    }

    fn is_held(&self, goal: Goal, was: bool) -> bool {
        self.model.is_held(goal, was, self.view())
    }

    fn is_placed(&self) -> bool {
        self.model.is_placed(self.view())
    }

    fn share(&self) -> Option<Share> {
        self.model.share(self.view())
    }

    fn ask(&self, gate: Gate, when: When) -> Result<(), Refusal> {
        self.model.ask(gate, when, self.view())
    }

    fn undecided(&self, when: When) -> Option<WaitingOn> {
        self.model.undecided(when, self.view())
    }

    fn noted(&self, when: When) -> (Record, Option<News>) {
        let Noted { set, news } = self.model.noted(when, self.view());
        (self.with(&set), news)
    }

    fn stop(&self) -> Vec<Step> {
        self.model.stop(self.view())
    }

    fn sent(&self, sent: &[Step], failed: &[Step]) -> Record {
        self.with(&self.model.sent(sent, failed, self.view()))
    }

    fn spared(&self, changed: &ServiceName) -> Record {
        self.with(&self.model.spared(changed, self.view()))
    }

    fn lacking(&self) -> Vec<Lacking> {
        self.model.lacking(self.view())
    }

    fn restores(&self) -> Vec<String> {
        self.model.restores(self.view())
    }

    fn held_schedules(&self) -> Vec<ServiceName> {
        self.model.held_schedules(self.view())
    }

    fn has_left_over(&self) -> bool {
        self.model.has_left_over(self.view())
    }
}

/// A release that says nothing that its model could decide on: nothing is done, and nothing is held.
struct Mute<'a>(&'a Record);

impl Asked for Mute<'_> {
    fn toward(&self, _goal: Goal) -> Result<Attained, Between> {
        Err(Between::Wait(WaitingOn::OtherInvocation))
    }

    fn approved(&self) -> Result<(), Between> {
        Err(Between::Wait(WaitingOn::OtherInvocation))
    }

    fn takes(&self, _goal: Goal) -> Takes {
        Takes::default()
    }

    fn is_held(&self, _goal: Goal, _was: bool) -> bool {
        false
    }

    fn is_placed(&self) -> bool {
        false
    }

    fn share(&self) -> Option<Share> {
        None
    }

    fn ask(&self, _gate: Gate, _when: When) -> Result<(), Refusal> {
        Ok(())
    }

    fn undecided(&self, _when: When) -> Option<WaitingOn> {
        Some(WaitingOn::OtherInvocation)
    }

    fn noted(&self, _when: When) -> (Record, Option<News>) {
        (self.0.clone(), None)
    }

    fn stop(&self) -> Vec<Step> {
        Vec::new()
    }

    fn sent(&self, _sent: &[Step], _failed: &[Step]) -> Record {
        self.0.clone()
    }

    fn spared(&self, _changed: &ServiceName) -> Record {
        self.0.clone()
    }

    fn lacking(&self) -> Vec<Lacking> {
        Vec::new()
    }

    fn restores(&self) -> Vec<String> {
        Vec::new()
    }

    fn held_schedules(&self) -> Vec<ServiceName> {
        Vec::new()
    }

    fn has_left_over(&self) -> bool {
        false
    }
}

fn open<'a>(record: &'a Record, now: Timestamp, seen: &Sight) -> Box<dyn Asked + 'a> {
    let joined = record.target.traffic.open(record, now, seen);
    joined.unwrap_or_else(|| Box::new(Mute(record)))
}

impl<'a> Looked<'a> {
    /// What its model says of it.
    #[must_use]
    pub fn open(self) -> Box<dyn Asked + 'a> {
        open(self.record, self.now, self.seen)
    }
}
