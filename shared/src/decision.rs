//! What one look calls for. No I/O, no clock, no async in here.

mod step;
mod words;

use std::{fmt, time::Duration};

use crate::{
    clock::Timestamp,
    record::{FoundInFull, Phase, Record},
    traffic::{door::Between, model::News},
    words::{Code, Said},
};

pub use step::Step;
use words::Again;

/// The next move, decided from one observation.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a decision changes nothing until it is carried out"]
pub enum Decision {
    /// The world is short of the goal; this brings it closer.
    Take(Move),
    /// The world is still moving; look again later.
    Wait(Said),
    /// The world matches the goal.
    Done(Done),
    /// Going on would do harm.
    Refuse(Refusal),
}

/// What to change: the record first, then everything else at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// What this is, for the summary and the ledger.
    pub doing: Said,
    /// The record to write before any step; `None` leaves it as it is.
    pub record: Option<Box<Record>>,
    /// What the release found, in full: written beside the record as the release begins.
    pub found: Option<Box<FoundInFull>>,
    /// Absolute steps without an order among them.
    pub steps: Vec<Step>,
}

/// The goal is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What was reached.
    pub outcome: Said,
    /// The record to write before that is said.
    pub record: Option<Box<Record>>,
    /// Output variables for later actions of the pipeline.
    pub variables: Vec<(&'static str, String)>,
}

/// Why going on would do harm.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub why: Said,
    /// What the look has seen of that, to be written before it is said: the record outlives the action, and a rollback reads it.
    pub record: Option<Box<Record>>,
}

impl<S: Into<Said>> From<S> for Refusal {
    fn from(why: S) -> Self {
        Self {
            why: why.into(),
            record: None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl Refusal {
    /// The same, with what the look has noted in the record, if the counts of both versions are why.
    #[must_use]
    pub fn noting(self, noted: &Record, news: Option<&News>, now: Timestamp) -> Self {
        let record = news
            .filter(|_| self.why.is(Code::Worse))
            .map(|_| Box::new(noted.again(now)));
        Self { record, ..self }
    }
}

impl Between {
    /// It as a decision. A change writes the record in another phase, where that is given.
    pub fn decision(self, before: &Record, phase: Option<Phase>, now: Timestamp) -> Decision {
        match self {
            Self::Change {
                doing,
                set,
                changes,
            } => Decision::Take(Move {
                doing,
                record: before.written(set, phase, now).map(Box::new),
                found: None,
                steps: Step::of(changes),
            }),
            Self::Wait(waiting_on) => Decision::Wait(waiting_on),
            Self::Refuse(refusal) => Decision::refuse(refusal),
        }
    }
}

impl Decision {
    /// Gives up once `timeout` has passed since `started`, instead of waiting or of doing something again
    /// that does not last. What moves the record on is progress and goes through.
    pub fn bounded(self, started: Timestamp, now: Timestamp, timeout: Duration) -> Self {
        match self {
            Self::Wait(waiting_on) if now.since(started) >= timeout => {
                Self::refuse(Again::TimedOut {
                    timeout,
                    waiting_on,
                })
            }
            Self::Take(Move {
                doing,
                record: None,
                ..
            }) if now.since(started) >= timeout => Self::refuse(Again::TimedOut {
                timeout,
                waiting_on: Again::Undone(doing).into(),
            }),
            other => other,
        }
    }

    /// The same, with what the look has noted in the record: it rides with whatever is written anyway, and is written by itself if it
    /// counts for the looks after it.
    pub fn noting(self, noted: Option<&Record>, news: Option<&News>, now: Timestamp) -> Self {
        let (Some(noted), Some(news)) = (noted, news) else {
            return self;
        };
        let record = Some(Box::new(noted.again(now)));
        match self {
            // Whoever is at work notes it.
            Self::Wait(waiting_on) if waiting_on.is(Code::OtherInvocation) => {
                Self::Wait(waiting_on)
            }
            Self::Wait(waiting_on) => Self::Take(Move {
                doing: Again::Note {
                    said: news.said.clone(),
                    waiting_on,
                }
                .into(),
                record,
                found: None,
                steps: Vec::new(),
            }),
            Self::Take(taken) if taken.record.is_none() => Self::Take(Move { record, ..taken }),
            Self::Done(done) if done.record.is_none() => Self::Done(Done { record, ..done }),
            Self::Refuse(refusal) => Self::Refuse(refusal.noting(noted, Some(news), now)),
            other => other,
        }
    }

    /// The record to write, if it changes.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Take(taken) => taken.record.as_deref(),
            Self::Done(done) => done.record.as_deref(),
            Self::Refuse(refusal) => refusal.record.as_deref(),
            Self::Wait(_) => None,
        }
    }

    /// Something is waited for.
    pub fn wait(waiting_on: impl Into<Said>) -> Self {
        Self::Wait(waiting_on.into())
    }

    /// Going on would do harm.
    pub fn refuse(why: impl Into<Refusal>) -> Self {
        Self::Refuse(why.into())
    }

    /// A move that only writes the record.
    pub fn write(doing: impl Into<Said>, record: Record) -> Self {
        Self::Take(Move {
            doing: doing.into(),
            record: Some(Box::new(record)),
            found: None,
            steps: Vec::new(),
        })
    }

    /// A move that leaves the record as it is.
    pub fn act(doing: impl Into<Said>, steps: Vec<Step>) -> Self {
        Self::Take(Move {
            doing: doing.into(),
            record: None,
            found: None,
            steps,
        })
    }
}
