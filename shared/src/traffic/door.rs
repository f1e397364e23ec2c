//! Joins the models, which decide on types of their own, to what knows no model.

mod begin;
mod observe;

use super::{
    alb::{self, Alb},
    model::{Attained, Goal, Model, Short, Takes, View},
    queue::{self, Queue},
    sight::Sight,
};
use crate::{
    clock::Timestamp,
    decision::{Decision, Doing, Move, Refusal, Step, WaitingOn},
    gates::{Gate, When},
    names::ServiceName,
    observation::Observation,
    parts::pair::{self, Back},
    record::{Candidate, Found, Lacking, Phase, Record},
    target::{AlbTraffic, QueueTraffic, Target, Traffic},
    weight::Weight,
};

pub use begin::{Before, Beginning, Begins, NotBegun};
pub use observe::{before, placed};

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

impl Release<'_> {
    /// What is between what was seen and a goal.
    ///
    /// # Errors
    /// Something is.
    pub fn toward(self, goal: Goal) -> Result<Attained, Between> {
        self.looked(&Sight::of(self.seen)).toward(goal)
    }

    /// Whether the canary runs exactly what was approved, so that a promotion may begin.
    ///
    /// # Errors
    /// It runs something else, which is refused; or it does not run for now.
    pub fn approved(self) -> Result<(), Between> {
        self.looked(&Sight::of(self.seen)).approved()
    }

    /// Time that work needs to finish on the way to a goal; it is added to the action's timeout.
    #[must_use]
    pub fn takes(self, goal: Goal) -> Takes {
        self.looked(&Sight::of(self.seen)).takes(goal)
    }

    /// The share that there is, as counts or weights give it, in words.
    #[must_use]
    pub fn share(self) -> String {
        self.looked(&Sight::of(self.seen)).share()
    }

    /// Whether a goal is really held, as a bake counts it; `was` if the look before saw it held.
    #[must_use]
    pub fn is_held(self, goal: Goal, was: bool) -> bool {
        self.looked(&Sight::of(self.seen)).is_held(goal, was)
    }

    fn looked<'b>(&'b self, seen: &'b Sight) -> Looked<'b> {
        Looked {
            record: self.record,
            now: self.seen.now,
            seen,
        }
    }
}

impl Looked<'_> {
    /// What is between what was seen and a goal.
    ///
    /// # Errors
    /// Something is.
    pub fn toward(self, goal: Goal) -> Result<Attained, Between> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => between(self, traffic, |model: &Queue, view| {
                model.toward(goal, view)
            }),
            Traffic::Alb(traffic) => {
                between(self, traffic, |model: &Alb, view| model.toward(goal, view))
            }
        }
    }

    /// A safety question that is asked before anything else.
    ///
    /// # Errors
    /// Why the gate is closed.
    pub fn ask(self, gate: Gate, when: When) -> Result<(), Refusal> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| {
                model.ask(gate, when, view)
            }),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| {
                model.ask(gate, when, view)
            }),
        }
        .unwrap_or(Ok(()))
    }

    /// What nobody can tell yet.
    #[must_use]
    pub fn undecided(self, when: When) -> Option<WaitingOn> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| {
                model.undecided(when, view)
            }),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| {
                model.undecided(when, view)
            }),
        }
        .flatten()
    }

    /// The record, in the same phase and revision, with what this look has seen that counts only together with other looks.
    #[must_use]
    pub fn noted(self, when: When) -> Record {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => {
                set(self, traffic, |model: &Queue, view| model.noted(when, view))
            }
            Traffic::Alb(traffic) => {
                set(self, traffic, |model: &Alb, view| model.noted(when, view))
            }
        }
    }

    /// Whether the canary runs exactly what was approved.
    fn approved(self) -> Result<(), Between> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => {
                between(self, traffic, |model: &Queue, view| model.approved(view))
            }
            Traffic::Alb(traffic) => {
                between(self, traffic, |model: &Alb, view| model.approved(view))
            }
        }
    }

    /// Time that work needs to finish on the way to a goal.
    fn takes(self, goal: Goal) -> Takes {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => {
                with(self, traffic, |model: &Queue, view| model.takes(goal, view))
            }
            Traffic::Alb(traffic) => {
                with(self, traffic, |model: &Alb, view| model.takes(goal, view))
            }
        }
        .unwrap_or_default()
    }

    /// What takes work from the candidate, and needs nothing else to succeed.
    #[must_use]
    pub fn stop(self) -> Vec<Step> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| model.stop(view)),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| model.stop(view)),
        }
        .unwrap_or_default()
    }

    /// The record, in the same phase and revision, after the look of a rollback that has sent these changes.
    #[must_use]
    pub fn sent(self, sent: &[Step], failed: &[Step]) -> Record {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => set(self, traffic, |model: &Queue, view| {
                model.sent(sent, failed, view)
            }),
            Traffic::Alb(traffic) => set(self, traffic, |model: &Alb, view| {
                model.sent(sent, failed, view)
            }),
        }
    }

    /// The record, in the same phase and revision, where somebody else has changed a service: what they have written stays.
    #[must_use]
    pub fn spared(self, changed: &ServiceName) -> Record {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => set(self, traffic, |model: &Queue, view| {
                model.spared(changed, view)
            }),
            Traffic::Alb(traffic) => set(self, traffic, |model: &Alb, view| {
                model.spared(changed, view)
            }),
        }
    }

    /// Whether tasks of the candidate go on that nobody wants, for so long that something keeps them.
    #[must_use]
    pub fn has_left_over(self) -> bool {
        let has = |back: Back<'_>| {
            let canary = self.seen.pair.canary.get();
            canary.is_some_and(|canary| back.has_left_over(canary))
        };
        let has = match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| {
                has(model.back(false, view))
            }),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| {
                has(model.back(false, view))
            }),
        };
        has.unwrap_or(false)
    }

    /// What a rollback cannot do, so that it is not tried.
    #[must_use]
    pub fn lacking(self) -> Vec<Lacking> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => {
                with(self, traffic, |model: &Queue, view| model.lacking(view))
            }
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| model.lacking(view)),
        }
        .unwrap_or_default()
    }

    /// What a rollback puts back, one line each.
    #[must_use]
    pub fn restores(self) -> Vec<String> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => {
                with(self, traffic, |model: &Queue, view| model.restores(view))
            }
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| model.restores(view)),
        }
        .unwrap_or_default()
    }

    /// The share that there is, as counts or weights give it, in words.
    #[must_use]
    pub fn share(self) -> String {
        let share = match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| model.share(view)),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| model.share(view)),
        };
        let share = share.flatten();
        share.map_or_else(|| "no share is seen".to_owned(), |share| share.to_string())
    }

    /// Whether a goal is really held, as a bake counts it; `was` if the look before saw it held.
    #[must_use]
    pub fn is_held(self, goal: Goal, was: bool) -> bool {
        let is_held = match &self.record.target.traffic {
            Traffic::Queue(traffic) => with(self, traffic, |model: &Queue, view| {
                model.is_held(goal, was, view)
            }),
            Traffic::Alb(traffic) => with(self, traffic, |model: &Alb, view| {
                model.is_held(goal, was, view)
            }),
        };
        is_held.unwrap_or(false)
    }
}

fn between<M: Joined, T>(
    looked: Looked<'_>,
    traffic: &M::Traffic,
    asked: impl FnOnce(&M, View<'_, M>) -> Result<T, Short<M::Set>>,
) -> Result<T, Between> {
    with(looked, traffic, asked)
        .unwrap_or_else(|| Err(Short::Wait(WaitingOn::OtherInvocation)))
        .map_err(|short| match short {
            Short::Change {
                doing,
                set,
                changes,
            } => {
                let record = set.map(|set| {
                    let mut record = looked.record.clone();
                    M::store(set, &mut record);
                    Box::new(record)
                });
                Between::Change {
                    doing,
                    record,
                    changes,
                }
            }
            Short::Wait(waiting_on) => Between::Wait(waiting_on),
            Short::Refuse(refusal) => Between::Refuse(refusal),
        })
}

fn set<M: Joined>(
    looked: Looked<'_>,
    traffic: &M::Traffic,
    asked: impl FnOnce(&M, View<'_, M>) -> M::Set,
) -> Record {
    let mut record = looked.record.clone();
    if let Some(set) = with(looked, traffic, asked) {
        M::store(set, &mut record);
    }
    record
}

fn with<M: Joined, T>(
    looked: Looked<'_>,
    traffic: &M::Traffic,
    asked: impl FnOnce(&M, View<'_, M>) -> T,
) -> Option<T> {
    let Looked { record, now, seen } = looked;
    let model = M::of(&record.target, traffic);
    let view = View {
        now,
        release: &record.release,
        began: record.began,
        since: record.phase_since,
        promotion: record.promotion(),
        refused: record.rollback().map_or(&[], |it| &it.missing),
        seen: &M::seen(seen)?,
        found: &M::found(record)?,
        set: &M::set(record),
    };
    Some(asked(&model, view))
}

/// What of a record and of an observation is a model's.
trait Joined: Model {
    type Traffic;

    fn of(target: &Target, traffic: &Self::Traffic) -> Self;
    fn seen(seen: &Sight) -> Option<Self::Seen>;
    fn found(record: &Record) -> Option<Self::Found>;
    fn set(record: &Record) -> Self::Set;
    fn store(set: Self::Set, record: &mut Record);
    fn before(before: &Before) -> Option<&Self::Before>;
    fn store_found(found: Self::Found) -> Found;
    fn planned(set: Self::Set) -> Option<Candidate>;
}

impl Joined for Queue {
    type Traffic = QueueTraffic;

    fn of(target: &Target, traffic: &QueueTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Sight) -> Option<queue::Seen> {
        Some(queue::Seen {
            pair: seen.pair.clone(),
            dead_letters: seen.dead_letters.clone(),
        })
    }

    fn found(record: &Record) -> Option<queue::Found> {
        Some(queue::Found {
            pair: found_of_pair(record),
            dead_letters: record.found.dead_letters,
        })
    }

    fn set(record: &Record) -> queue::Set {
        queue::Set {
            pair: set_of_pair(record),
            asked: asked(record),
            letters: record.letters,
        }
    }

    fn store(set: queue::Set, record: &mut Record) {
        store_pair(set.pair, record);
        record.letters = set.letters;
    }

    fn before(before: &Before) -> Option<&pair::Before> {
        match before {
            Before::Queue(before) => Some(before),
            Before::Alb(_) => None,
        }
    }

    fn store_found(found: queue::Found) -> Found {
        Found {
            primary: found.pair.primary,
            canary: found.pair.canary,
            dead_letters: found.dead_letters,
            alb: None,
        }
    }

    fn planned(set: queue::Set) -> Option<Candidate> {
        set.pair.candidate
    }
}

impl Joined for Alb {
    type Traffic = AlbTraffic;

    fn of(target: &Target, traffic: &AlbTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Sight) -> Option<alb::Seen> {
        Some(alb::Seen {
            pair: seen.pair.clone(),
            rules: seen.rules.clone()?,
        })
    }

    fn found(record: &Record) -> Option<alb::Found> {
        Some(alb::Found {
            pair: found_of_pair(record),
            rules: record.found.alb.clone()?,
        })
    }

    fn set(record: &Record) -> alb::Set {
        alb::Set {
            pair: set_of_pair(record),
            asked: asked(record),
            weight: record.weight,
        }
    }

    fn store(set: alb::Set, record: &mut Record) {
        store_pair(set.pair, record);
        record.weight = set.weight;
    }

    fn before(before: &Before) -> Option<&alb::Before> {
        match before {
            Before::Alb(before) => Some(before),
            Before::Queue(_) => None,
        }
    }

    fn store_found(found: alb::Found) -> Found {
        Found {
            primary: found.pair.primary,
            canary: found.pair.canary,
            dead_letters: None,
            alb: Some(found.rules),
        }
    }

    fn planned(set: alb::Set) -> Option<Candidate> {
        set.pair.candidate
    }
}

fn asked(record: &Record) -> Option<Weight> {
    match record.phase {
        Phase::Shifting { asked, .. } => Some(asked),
        _ => None,
    }
}

fn found_of_pair(record: &Record) -> pair::Found {
    pair::Found {
        primary: record.found.primary.clone(),
        canary: record.found.canary.clone(),
    }
}

fn set_of_pair(record: &Record) -> pair::Set {
    let candidate = match &record.phase {
        Phase::Deploying { candidate } => Some(candidate.clone()),
        _ => record.candidate().map(|it| Candidate::Registered {
            task_definition: it.clone(),
            at: record.phase_since,
        }),
    };
    let restoring = record.rollback().map(|it| pair::Restoring {
        stopped: it.stopped,
        spares_canary: it.spares_canary,
        kept: it.kept,
        forced: it.forced,
        unwanted_since: it.unwanted_since,
    });
    pair::Set {
        candidate,
        counts: record.counts,
        exits: record.exits.clone(),
        restoring: restoring.unwrap_or_default(),
    }
}

fn store_pair(set: pair::Set, record: &mut Record) {
    record.counts = set.counts;
    record.exits = set.exits;
    match (&mut record.phase, set.candidate) {
        (Phase::Deploying { candidate }, Some(now)) => *candidate = now,
        (Phase::RollingBack(rolling_back), _) => {
            let of_rollback = set.restoring;
            rolling_back.stopped = of_rollback.stopped;
            rolling_back.spares_canary = of_rollback.spares_canary;
            rolling_back.kept = of_rollback.kept;
            rolling_back.forced = of_rollback.forced;
            rolling_back.unwanted_since = of_rollback.unwanted_since;
        }
        _ => {}
    }
}
