//! The gate on dead letters: how many may come to a queue during a release.

use serde::{Deserialize, Serialize};

use super::Letters;
use crate::{
    aws::Account, clock::Timestamp, input::BadInput, known::Known, names::QueueUrl,
    parts::gate::When, words::Words,
};

/// What a target says of dead letters, below `traffic` and its model's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetters {
    /// The dead-letter queue; without one, dead letters do not gate the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_url: Option<QueueUrl>,
    /// By how many messages it may grow during a release.
    #[serde(default)]
    pub max_dead_letters: u64,
    /// By how many it may have grown since the release began as long as the promotion is guarded; without it, dead letters do not
    /// roll a promoted release back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_max_dead_letters: Option<u64>,
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
        "{grown} new message{} in dead-letter queue {queue} since the release began; allowed: {allowed} ({field}). It holds {now} now",
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

impl DeadLetters {
    /// Fields of which a release keeps those that it began with.
    pub const LIMITS: [&str; 2] = ["maxDeadLetters", "guardMaxDeadLetters"];

    /// Checks what one field cannot know.
    ///
    /// # Errors
    /// They are bounded in the guard, and there is no queue to ask.
    pub fn check(&self, source: &'static str) -> Result<(), BadInput> {
        if self.guard_max_dead_letters.is_none() || self.dead_letter_url.is_some() {
            return Ok(());
        }
        let problem =
            "there is no dead-letter queue to ask; name it in deadLetterUrl or leave the field out";
        Err(BadInput::field(source, "guardMaxDeadLetters", problem))
    }

    /// The same of whoever consumes a queue.
    ///
    /// # Errors
    /// That, or the dead-letter queue is the queue itself.
    pub fn check_of(&self, source: &'static str, queue: &QueueUrl) -> Result<(), BadInput> {
        self.check(source)?;
        if self.dead_letter_url.as_ref() != Some(queue) {
            return Ok(());
        }
        let problem = "this is the queue itself; name its dead-letter queue or leave the field out";
        Err(BadInput::field(source, "deadLetterUrl", problem))
    }

    /// What is to be said of those that a release finds: where there are some, and a single one more ends it.
    #[must_use]
    pub fn one_more_ends_it(&self, found: Option<u64>) -> Option<String> {
        let letters = found.filter(|letters| *letters > 0 && self.max_dead_letters == 0)?;
        let s = if letters == 1 { "" } else { "s" };
        Some(format!(
            "the dead-letter queue has {letters} message{s} from before, and one more ends the release (maxDeadLetters is 0)"
        ))
    }

    /// How many there are, if there is a queue to ask; `field` is where the target names it, by its path.
    pub async fn count(&self, account: &Account, field: &'static str) -> Known<Option<u64>> {
        match &self.dead_letter_url {
            Some(url) => Known::needed(account.messages(url, field).await).map(Some),
            None => Known::Known(None),
        }
    }

    fn queue(&self) -> String {
        let queue = self.dead_letter_url.as_ref().map(QueueUrl::queue);
        queue.unwrap_or_default().to_owned()
    }

    /// The field that bounds them, and the bound. Within the guard only where one is set for it.
    fn allowed(&self, when: When) -> Option<(&'static str, u64)> {
        match when {
            When::Guard => Some(("guardMaxDeadLetters", self.guard_max_dead_letters?)),
            When::Action | When::Approval => Some(("maxDeadLetters", self.max_dead_letters)),
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
            queue: self.queue(),
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
            queue: self.queue(),
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
