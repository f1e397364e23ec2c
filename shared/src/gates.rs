//! Safety questions, asked at every look at everything, before anything else. They answer with a reason and change
//! nothing. [`Gate::effect`] is the table of which of them counts when.

pub(crate) mod evidence;
mod ownership;
pub mod verdict;

use crate::{
    aws::alarms::Alarm,
    clock::Timestamp,
    names::{AlarmName, ReleaseId},
    observation::{Observation, Sight},
    record::{Cause, Reason, Record},
    traffic::{door::Shut, model::News},
    words::{Said, Words},
};

pub use crate::parts::gate::{Effect, Gate, When};
use evidence::words::ToGoOn;
pub use evidence::words::{Share, Told, Worse};
pub use ownership::{NotOwned, own};

/// A closed gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Which.
    pub gate: Gate,
    /// Why.
    pub why: Why,
}

/// Why a gate is closed.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// An alarm of the target.
    Alarm(AlarmFiring),
    /// The candidate fails more often than the primary, or than its objective allows.
    Worse(Box<Worse>),
    /// What the pair is like.
    Pair(Shut),
}

/// An alarm of the target is in `ALARM`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("alarm {alarm} is in ALARM. {reason}")]
pub struct AlarmFiring {
    /// The alarm.
    pub alarm: AlarmName,
    /// CloudWatch's own words.
    pub reason: String,
}

/// A part of the pair was removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}. It was removed outside this release")]
pub struct Gone(pub String);

impl Words for AlarmFiring {}

impl Words for Gone {}

impl From<Gone> for Why {
    fn from(gone: Gone) -> Self {
        Self::Pair(Shut {
            why: gone.into(),
            changed: None,
        })
    }
}

/// What an action says of it.
impl From<Why> for Said {
    fn from(why: Why) -> Self {
        match why {
            Why::Alarm(firing) => firing.into(),
            Why::Worse(worse) => ToGoOn(*worse).into(),
            Why::Pair(shut) => shut.why,
        }
    }
}

impl Sight {
    /// The same with what it says noted in the release's record, if the record is that release's and the release goes on; and what of
    /// that later looks need.
    #[must_use]
    pub fn judged(&self, release: &ReleaseId) -> (Self, Option<News>) {
        let own = self.record.as_ref();
        let own =
            own.filter(|it| it.release == *release && it.is_active() && it.rollback().is_none());
        let mut judged = self.clone();
        let Some(record) = own else {
            return (judged, None);
        };
        let (noted, news) = noted(When::Action, &self.seen, record);
        judged.record = Some(noted);
        (judged, news)
    }
}

/// The record with what a look has seen that counts only together with other looks, and what of that later looks need. The same look
/// twice is one.
#[must_use]
pub fn noted(when: When, seen: &Observation, record: &Record) -> (Record, Option<News>) {
    let (body, of_pair) = record.open(seen.now, &seen.pair).noted(when);
    let mut noted = record.with(body);
    let (evidence, of_evidence) = evidence::gathered(seen, record);
    noted.evidence = Box::new(evidence);
    (noted, of_pair.or(of_evidence))
}

/// Every gate of a release that has begun, for one of its actions; its record has [noted] what was seen, as for all gates. What is
/// undecided is waited for.
pub fn all(seen: &Observation, record: &Record) -> Result<Option<Said>, Said> {
    match closed(When::Action, seen, record) {
        Some(closed) => Err(closed.why.into()),
        None => Ok(record.open(seen.now, &seen.pair).undecided(When::Action)),
    }
}

/// What nobody can tell yet: nothing goes further until somebody can.
#[must_use]
pub fn undecided(when: When, seen: &Observation, record: &Record) -> Option<Said> {
    record.open(seen.now, &seen.pair).undecided(when)
}

/// The first gate that is seen closed. Whose the record is was asked before, by whoever has read it.
#[must_use]
pub fn closed(when: When, seen: &Observation, record: &Record) -> Option<Closed> {
    let alarms = || {
        let firing = since_began(seen.alarms.get()?, record).err()?;
        Some((Gate::Alarms, Why::Alarm(firing)))
    };
    let of_model = || {
        let (gate, shut) = record.open(seen.now, &seen.pair).closed(when)?;
        Some((gate, Why::Pair(shut)))
    };
    let verdict = || {
        let worse = worse(record).err()?;
        Some((Gate::Verdict, Why::Worse(Box::new(worse))))
    };
    let (gate, why) = alarms().or_else(of_model).or_else(verdict)?;
    Some(Closed { gate, why })
}

/// The candidate is not seen to be worse, or that is only told, or the release goes on despite it.
fn worse(record: &Record) -> Result<(), Worse> {
    match Told::of(record) {
        Some(Told::Worse(worse)) => Err(worse),
        _ => Ok(()),
    }
}

/// Why a release is rolled back, known since now. A verdict that ends an action is named, too: of that action whoever calls rollback
/// knows only that it has failed.
#[must_use]
pub fn cause(record: &Record, reason: Reason, now: Timestamp) -> Cause {
    let is_named = matches!(&reason, Reason::Gate { gate, .. } if *gate == Gate::Verdict);
    let cause = Cause::new(reason, now);
    match worse(record) {
        Err(worse) if !is_named => Cause {
            what: format!("{cause}. {worse}"),
            ..cause
        },
        _ => cause,
    }
}

/// Before a release begins, no alarm of the target may be in `ALARM`, since whenever.
pub fn alarms(seen: &[Alarm]) -> Result<(), AlarmFiring> {
    none(seen, Alarm::counts)
}

/// Since the release began, no alarm of the target has gone to `ALARM`, and stayed there.
fn since_began(seen: &[Alarm], record: &Record) -> Result<(), AlarmFiring> {
    none(seen, |alarm| alarm.counts_since(record.began))
}

fn none(seen: &[Alarm], counts: impl Fn(&Alarm) -> bool) -> Result<(), AlarmFiring> {
    match seen.iter().find(|alarm| counts(alarm)) {
        None => Ok(()),
        Some(alarm) => Err(AlarmFiring {
            alarm: alarm.name.clone(),
            reason: alarm.reason.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
