//! Joins the models, which decide on types of their own, to what knows no model.

use super::{
    alb::{self, Alb},
    model::{Attained, Goal, Model, Short, View},
    queue::{self, Queue},
};
use crate::{
    decision::{Doing, Refusal, Step, WaitingOn},
    observation::{Known, Observation},
    parts::pair,
    record::{Candidate, Phase, Record},
    target::{AlbTraffic, QueueTraffic, Target, Traffic},
    weight::Weight,
};

/// A release and what a look has seen of it.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// Its record.
    pub record: &'a Record,
    /// What was seen.
    pub seen: &'a Observation,
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

impl Release<'_> {
    /// What is between what was seen and a goal.
    ///
    /// # Errors
    /// Something is.
    pub fn toward(self, goal: Goal) -> Result<Attained, Between> {
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => toward::<Queue>(self, traffic, goal),
            Traffic::Alb(traffic) => toward::<Alb>(self, traffic, goal),
        }
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
        match &self.record.target.traffic {
            Traffic::Queue(traffic) => is_held::<Queue>(self, traffic, goal, was),
            Traffic::Alb(traffic) => is_held::<Alb>(self, traffic, goal, was),
        }
    }
}

fn toward<M: Joined>(
    release: Release<'_>,
    traffic: &M::Traffic,
    goal: Goal,
) -> Result<Attained, Between> {
    let asked = |model: &M, view: View<'_, M>| model.toward(goal, view);
    with(release, traffic, asked)
        .unwrap_or_else(|| Err(Short::Wait(WaitingOn::OtherInvocation)))
        .map_err(|short| match short {
            Short::Change {
                doing,
                set,
                changes,
            } => {
                let record = set.map(|set| {
                    let mut record = release.record.clone();
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

fn is_held<M: Joined>(release: Release<'_>, traffic: &M::Traffic, goal: Goal, was: bool) -> bool {
    with(release, traffic, |model: &M, view| {
        model.is_held(goal, was, view)
    })
    .unwrap_or(false)
}

fn with<M: Joined, T>(
    release: Release<'_>,
    traffic: &M::Traffic,
    asked: impl FnOnce(&M, View<'_, M>) -> T,
) -> Option<T> {
    let Release { record, seen } = release;
    let model = M::of(&record.target, traffic);
    let view = View {
        now: seen.now,
        release: &record.release,
        began: record.began,
        since: record.phase_since,
        refused: &[],
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
    fn seen(seen: &Observation) -> Option<Self::Seen>;
    fn found(record: &Record) -> Option<Self::Found>;
    fn set(record: &Record) -> Self::Set;
    fn store(set: Self::Set, record: &mut Record);
}

impl Joined for Queue {
    type Traffic = QueueTraffic;

    fn of(target: &Target, traffic: &QueueTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Observation) -> Option<queue::Seen> {
        Some(queue::Seen {
            pair: seen_of_pair(seen),
            dead_letters: Known::Known(seen.dead_letters),
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
}

impl Joined for Alb {
    type Traffic = AlbTraffic;

    fn of(target: &Target, traffic: &AlbTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Observation) -> Option<alb::Seen> {
        Some(alb::Seen {
            pair: seen_of_pair(seen),
            rules: seen.alb.as_ref()?.into(),
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
}

fn asked(record: &Record) -> Option<Weight> {
    match record.phase {
        Phase::Shifting { asked, .. } => Some(asked),
        _ => None,
    }
}

fn seen_of_pair(seen: &Observation) -> pair::Seen {
    pair::Seen {
        primary: Known::Known(seen.primary.clone()),
        canary: Known::Known(seen.canary.clone()),
        scaling: None,
        exits: Known::Known(seen.exits.clone()),
        tasks: None,
        latest: None,
        inactive: Vec::new(),
        left_over: Known::Known(Vec::new()),
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
