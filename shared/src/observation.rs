//! What one look saw, in our own words.

use std::{fmt, time::Duration};

use crate::{
    aws::{AwsError, Trouble},
    clock::Timestamp,
    names::AlarmName,
    traffic::Seen,
};

/// What a look knows of something that it asked AWS for.
#[derive(Debug, Clone, PartialEq)]
pub enum Known<T> {
    /// It was seen.
    Known(T),
    /// It does not exist.
    Gone,
    /// It could not be seen: neither zero, nor empty, nor healthy.
    Unknown(Unseen),
}

/// Why something could not be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// A sentence that names what.
    pub why: String,
    /// Whether that may pass without anybody doing anything.
    pub is_passing: bool,
    /// What AWS has answered, if it has.
    pub trouble: Option<Box<Trouble>>,
}

/// What kept a look from going on: what AWS has answered, or that it has not.
impl From<Unseen> for Trouble {
    fn from(unseen: Unseen) -> Self {
        match unseen.trouble {
            Some(trouble) => *trouble,
            None => AwsError::unusable("a look", "the pair", unseen.why).into(),
        }
    }
}

impl Unseen {
    /// Whether AWS says that it does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.trouble.as_deref(), Some(Trouble::Aws(error)) if error.is_missing())
    }
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

    /// What a look that needs all of it makes of an answer: what is not there is no more seen than what AWS does not tell.
    pub fn needed(answer: Result<T, impl Into<Trouble>>) -> Self {
        answer.map_or_else(|error| Self::Unknown(error.into().into()), Self::Known)
    }

    /// It was not looked at.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Unknown(Unseen {
            why: "it was not looked at".to_owned(),
            is_passing: true,
            trouble: None,
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

/// A pair and its guards at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When.
    pub now: Timestamp,
    /// The alarms of the target, in its order.
    pub alarms: Known<Vec<Alarm>>,
    /// The pair, as its traffic model sees it.
    pub pair: Seen,
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
        write!(f, "{}; ", self.pair)?;
        match &self.alarms {
            Known::Known(alarms) => f.write_str(&in_alarm(alarms)),
            Known::Gone => f.write_str("alarms are gone"),
            Known::Unknown(unseen) => write!(f, "alarms not seen: {unseen}"),
        }
    }
}

fn in_alarm(alarms: &[Alarm]) -> String {
    let firing = alarms.iter().filter(|alarm| alarm.firing);
    let firing: Vec<_> = firing.map(|alarm| alarm.name.as_str()).collect();
    if firing.is_empty() {
        format!("{} alarms, none in ALARM", alarms.len())
    } else {
        format!("in ALARM: {}", firing.join(", "))
    }
}
