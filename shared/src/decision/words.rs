//! What becomes of reasons from one look to the next.

use std::time::Duration;

use crate::{
    clock::Spoken,
    job::FailureType,
    words::{Code, Said, Words},
};

/// A reason about another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Again {
    /// What counts only together with other looks is written down.
    #[error("{said}{waiting_on}")]
    Note {
        /// It.
        said: String,
        /// What is waited for meanwhile.
        waiting_on: Said,
    },
    /// A change that was made and does not last.
    #[error("{0}; something outside this release keeps undoing it")]
    Undone(Said),
    /// It took too long.
    #[error("timed out after {}: {waiting_on}", Spoken(*timeout))]
    TimedOut {
        /// The timeout.
        timeout: Duration,
        /// What it was waiting for.
        waiting_on: Said,
    },
}

impl Words for Again {
    fn percent(&self) -> Option<u8> {
        match self {
            Self::Note { waiting_on, .. } => waiting_on.percent(),
            Self::Undone(_) | Self::TimedOut { .. } => None,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Note { waiting_on, .. } => waiting_on.code(),
            Self::Undone(_) | Self::TimedOut { .. } => None,
        }
    }

    fn failure(&self) -> FailureType {
        match self {
            Self::TimedOut { waiting_on, .. } => waiting_on.failure(),
            Self::Note { .. } | Self::Undone(_) => FailureType::JobFailed,
        }
    }
}
