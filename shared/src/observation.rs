//! What one look saw, in our own words.

use std::{fmt, time::Duration};

use crate::{
    clock::Timestamp,
    exits::Exit,
    names::AlarmName,
    parts::{
        pair::{Service, Task},
        rules::Whole,
        task_definition::Definition,
    },
    record::Record,
};

/// What a look knows of something that it asked AWS for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// It was seen.
    Known(T),
    /// It does not exist.
    Gone,
    /// It could not be seen: neither zero, nor empty, nor healthy.
    Unknown(Unseen),
}

/// Why something could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// A sentence that names what.
    pub why: String,
    /// Whether that may pass without anybody doing anything.
    pub is_passing: bool,
}

impl<T: fmt::Display> Known<T> {
    /// It in words, or what there is not of it.
    #[must_use]
    pub fn said(&self, what: &str) -> String {
        match self {
            Self::Known(seen) => seen.to_string(),
            Self::Gone => format!("{what} is gone"),
            Self::Unknown(unseen) => format!("{what} not seen: {unseen}"),
        }
    }
}

impl<T> Known<T> {
    /// What was seen, if it was.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(seen) => Some(seen),
            Self::Gone | Self::Unknown(_) => None,
        }
    }

    /// Why it could not be seen, if it could not.
    pub fn unseen(&self) -> Option<&Unseen> {
        match self {
            Self::Unknown(unseen) => Some(unseen),
            Self::Known(_) | Self::Gone => None,
        }
    }

    /// It was not looked at.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Unknown(Unseen {
            why: "it was not looked at".to_owned(),
            is_passing: true,
        })
    }

    /// Whether it does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }

    /// The same of a part of it.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Known(seen) => Known::Known(of(seen)),
            Self::Gone => Known::Gone,
            Self::Unknown(unseen) => Known::Unknown(unseen),
        }
    }
}

/// The pair, its guards and its release record at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When.
    pub now: Timestamp,
    /// The pair's release record, if there ever was a release.
    pub record: Option<Record>,
    /// The primary service.
    pub primary: Service,
    /// The canary service.
    pub canary: Service,
    /// The alarms of the target, in its order.
    pub alarms: Vec<Alarm>,
    /// Messages in the dead-letter queue; `None` if the target has none.
    pub dead_letters: Option<u64>,
    /// What the load balancer does; `None` if the target has none.
    pub alb: Option<Whole>,
    /// Tasks of both services that have ended within about the last hour, but for those whose end is plainly somebody else's doing.
    pub exits: Vec<Exit>,
    /// The running tasks of the service that is in question; `None` where none is, or where nobody has asked.
    pub tasks: Option<Vec<Task>>,
    /// The latest revision of the family, while the candidate is being registered.
    pub latest: Option<Definition>,
}

/// An alarm of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: AlarmName,
    /// Whether it is in `ALARM`. `INSUFFICIENT_DATA` is not: a queue that is idle or a service
    /// without traffic has no data, and what is missing is the alarm's own `TreatMissingData` to judge.
    pub firing: bool,
    /// Since when it is in its state, if that is said.
    pub since: Option<Timestamp>,
    /// Whether its actions are switched on, and neither a suppressor nor a mute rule holds them back.
    pub acts: bool,
    /// Whether `ALARM` is the first state that it has had, and for want of data: it is new, and has not gone anywhere.
    pub first: bool,
    /// CloudWatch's own words about the state.
    pub reason: String,
    /// How long what it watches has to be bad before it goes to `ALARM`, if that is known: a composite alarm does not say.
    pub takes: Option<Duration>,
}

/// Whether an alarm is in its state because there is no data, and not because of what they say; from CloudWatch's own words ("no
/// datapoints were received for 1 period and 1 missing datapoint was treated as breaching").
#[must_use]
pub fn is_without_data(reason: &str) -> bool {
    reason.contains("no datapoints were received")
}

impl Alarm {
    /// Whether it is in `ALARM` and means it: an operator who has switched its actions off, muted it, or put another alarm in front
    /// of it does not want to hear it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.firing && self.acts
    }

    /// The same of one that has gone to `ALARM` since a release began. One that was there before has not to do with the release,
    /// and a new one has not gone anywhere.
    #[must_use]
    pub fn counts_since(&self, began: Timestamp) -> bool {
        self.counts() && !self.first && self.since.is_none_or(|since| since >= began)
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// One line for the ledger.
impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.primary, self.canary)?;
        let firing: Vec<_> = self
            .alarms
            .iter()
            .filter(|alarm| alarm.firing)
            .map(|alarm| alarm.name.as_str())
            .collect();
        if firing.is_empty() {
            write!(f, "; {} alarms, none in ALARM", self.alarms.len())?;
        } else {
            write!(f, "; in ALARM: {}", firing.join(", "))?;
        }
        if let Some(letters) = self.dead_letters {
            write!(f, "; {letters} dead letters")?;
        }
        match &self.alb {
            Some(alb) => write!(f, "; {alb}"),
            None => Ok(()),
        }
    }
}
