//! Reasons in words: each belongs to whoever gives it; everybody else has what is said.

use std::{fmt, time::Duration};

use crate::{item::Item, job::FailureType, names::ReleaseId};

/// A reason: what is done, what is waited for, or why something is refused. Its `Display` is the sentence that operators read.
pub trait Words: fmt::Display {
    /// How CodePipeline files an action that is refused for it, or has waited for it too long.
    fn failure(&self) -> FailureType {
        FailureType::JobFailed
    }

    /// How far it is, in percent, where that can be said.
    fn percent(&self) -> Option<u8> {
        None
    }

    /// What tells it from others, where somebody asks.
    fn code(&self) -> Option<Code> {
        None
    }
}

/// What others ask about a reason, whoever gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Another invocation wrote the record between our reading and our writing.
    OtherInvocation,
    /// AWS itself keeps the look from going on.
    Aws,
    /// Not everything could be seen.
    NotSeen,
    /// AWS refuses something.
    Refused,
    /// What is wanted is there, and is held for a time.
    Held,
    /// The canary is worse.
    Worse,
    /// A release is being rolled back.
    RollingBack,
    /// Everything is as it should be, as every minute.
    NoNews,
}

/// A reason as everybody but its owner has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    sentence: String,
    failure: FailureType,
    percent: Option<u8>,
    code: Option<Code>,
}

impl<W: Words> From<W> for Said {
    fn from(words: W) -> Self {
        Self {
            sentence: words.to_string(),
            failure: words.failure(),
            percent: words.percent(),
            code: words.code(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Said {
    /// How CodePipeline files an action that is refused for it, or has waited for it too long.
    #[must_use]
    pub fn failure(&self) -> FailureType {
        self.failure
    }

    /// How far it is, in percent, where that can be said.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        self.percent
    }

    pub(crate) fn code(&self) -> Option<Code> {
        self.code
    }

    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code == Some(code)
    }
}

/// What functions, models and kits have in common to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shared {
    /// Another invocation wrote the record between our reading and our writing.
    #[error("another invocation is updating this pair; looking again")]
    OtherInvocation,
    /// AWS itself.
    #[error("{0}; looking again")]
    Aws(String),
    /// What is restored, as far as that can be seen.
    #[error("rolling back, not everything can be seen: {0}")]
    NotSeen(String),
    /// A rollback goes on.
    #[error("rollback of release {0} goes on")]
    GoOnRollingBack(ReleaseId),
    /// The pair runs the image already.
    #[error("nothing to do: {pair} already runs {item}")]
    NothingToDo {
        /// What people call the pair.
        pair: String,
        /// What is asked for.
        item: Item,
    },
}

impl Words for Shared {
    fn failure(&self) -> FailureType {
        match self {
            Self::Aws(_) => FailureType::SystemUnavailable,
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::OtherInvocation => Some(Code::OtherInvocation),
            Self::Aws(_) => Some(Code::Aws),
            Self::NotSeen(_) => Some(Code::NotSeen),
            Self::GoOnRollingBack(_) => Some(Code::RollingBack),
            Self::NothingToDo { .. } => None,
        }
    }
}

/// The ending of a word that is counted.
pub(crate) fn plural(many: u32) -> &'static str {
    if many == 1 { "" } else { "s" }
}

/// A reason after a sentence, if there is one.
pub(crate) fn because(reason: Option<&String>) -> String {
    reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}

/// What is said besides, after semicolons.
#[must_use]
pub fn besides(but: &[String]) -> String {
    let but = but.iter();
    but.fold(String::new(), |all, sentence| all + "; " + sentence)
}

/// Further sentences after a full stop.
#[must_use]
pub fn further(sentences: &[String]) -> String {
    let sentences = sentences.iter();
    sentences.fold(String::new(), |all, sentence| all + ". " + sentence)
}

/// How far something is that takes its time, in percent.
#[must_use]
pub fn percent(held: Duration, of: Duration) -> Option<u8> {
    let percent = held.as_millis().saturating_mul(100) / of.as_millis().max(1);
    u8::try_from(percent.min(100)).ok()
}
