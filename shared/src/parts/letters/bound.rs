//! The gate on dead letters: how many may come to a queue during a release.

use super::Letters;
use crate::{clock::Timestamp, names::QueueUrl, parts::gate::When, words::Words};

/// How many dead letters may come.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The queue's name.
    pub queue: &'a str,
    /// During a release.
    pub most: u64,
    /// As long as its promotion is guarded; `None` where they do not matter then.
    pub guard_most: Option<u64>,
}

/// A dead-letter queue, as far as a release knows it.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// When.
    pub now: Timestamp,
    /// When the release began.
    pub began: Timestamp,
    /// How many there were then.
    pub found: Option<u64>,
    /// What looks have seen since; `None` while that is what the release found.
    pub letters: Option<Letters>,
    /// How many this look has seen, if any could be.
    pub seen: Option<u64>,
}

/// What is said of dead letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A count that SQS gives approximately.
    #[error(
        "dead-letter queue {queue} seems to hold {now}, more than {allowed} beyond what was there: SQS counts approximately, so that counts \
         if the next look sees it, too"
    )]
    More {
        /// The queue's name.
        queue: String,
        /// How many there are.
        now: u64,
        /// How many may come.
        allowed: u64,
    },
    /// More have come than may.
    #[error(
        "{grown} message{} came to the dead-letter queue {queue} since the release began; {allowed} are allowed ({field}). It holds {now} now",
        if *grown == 1 { "" } else { "s" }
    )]
    TooMany {
        /// The queue's name.
        queue: String,
        /// How many came.
        grown: u64,
        /// How many may come.
        allowed: u64,
        /// The field that says so.
        field: &'static str,
        /// How many there are.
        now: u64,
    },
}

impl Words for Reason {}

impl<'a> Bound<'a> {
    /// Of a queue, if the target has one to ask.
    #[must_use]
    pub fn of(queue: Option<&'a QueueUrl>, most: u64, guard_most: Option<u64>) -> Self {
        Self {
            queue: queue.map_or("", QueueUrl::queue),
            most,
            guard_most,
        }
    }

    /// The field that bounds them, and the bound. Within the guard only where one is set for it.
    fn allowed(&self, when: When) -> Option<(&'static str, u64)> {
        match when {
            When::Guard => Some(("guardMaxDeadLetters", self.guard_most?)),
            When::Action | When::Approval => Some(("maxDeadLetters", self.most)),
        }
    }

    /// The queue has not grown by more than is allowed.
    ///
    /// # Errors
    /// It has, as two looks in a row have seen.
    pub fn ask(&self, when: When, of: Counted) -> Result<(), Reason> {
        let (Some(now), Some(letters), Some((field, allowed))) =
            (of.seen, of.letters(), self.allowed(when))
        else {
            return Ok(());
        };
        if !letters.are_too_many(of.now) {
            return Ok(());
        }
        Err(Reason::TooMany {
            queue: self.queue.to_owned(),
            grown: now.saturating_sub(letters.mark),
            allowed,
            field,
            now,
        })
    }

    /// One look has seen that it has.
    #[must_use]
    pub fn undecided(&self, when: When, of: Counted) -> Option<Reason> {
        let (_, allowed) = self.allowed(when)?;
        of.letters?.beyond?;
        Some(Reason::More {
            queue: self.queue.to_owned(),
            now: of.seen?,
            allowed,
        })
    }

    /// What looks have seen, with this one.
    #[must_use]
    pub fn noted(&self, when: When, of: Counted) -> Option<Letters> {
        let (Some(now), Some(letters), Some((_, allowed))) =
            (of.seen, of.letters(), self.allowed(when))
        else {
            return of.letters;
        };
        let found = of.found.map(Letters::found);
        let noted = letters.seeing(now, allowed, of.now);
        Some(noted).filter(|it| it.begun.is_none() && Some(*it) != found)
    }
}

impl Counted {
    /// What is known of the queue, if the release had one to ask.
    fn letters(&self) -> Option<Letters> {
        let begun = || Some(Letters::begun(self.found?, self.began));
        self.letters.or_else(begun)
    }
}
