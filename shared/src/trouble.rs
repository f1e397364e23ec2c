//! Why a look could not go on.

use crate::{
    aws::{AwsError, LookError},
    decision::Refusal,
    input::BadInput,
    job::FailureType,
    names::PairId,
    record::{NotRead, Unreadable},
};

/// Why a look could not go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// Something could not be seen or done.
    #[error(transparent)]
    Look(#[from] LookError),
    /// The release record is not one that this version can read.
    #[error(transparent)]
    Record(#[from] Unreadable),
    /// Not everything could be seen, and what could says that the release must not go on.
    #[error("{0}")]
    Gate(Box<Refusal>),
    /// Others wrote the record, every time.
    #[error(
        "the release record of {pair} was changed {times} times by other invocations between reading and writing it. Nothing was \
         changed; the call is repeated"
    )]
    Conflict {
        /// The pair.
        pair: PairId,
        /// How often.
        times: usize,
    },
}

impl From<AwsError> for Trouble {
    fn from(error: AwsError) -> Self {
        Self::Look(error.into())
    }
}

impl From<NotRead> for Trouble {
    fn from(why: NotRead) -> Self {
        match why {
            NotRead::Look(error) => error.into(),
            NotRead::Record(unreadable) => unreadable.into(),
        }
    }
}

impl From<BadInput> for Trouble {
    fn from(bad: BadInput) -> Self {
        Self::Look(bad.into())
    }
}

impl Trouble {
    /// Whether the look may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Look(error) => error.is_passing(),
            Self::Gate(_) | Self::Record(_) => false,
            Self::Conflict { .. } => true,
        }
    }

    /// Whether a right is missing.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Look(error) if error.is_denied())
    }

    /// The name of the error that an invocation fails with: `errorType` of its answer, and in its log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Look(error) => error.name(),
            Self::Gate(_) => "GateClosed",
            Self::Record(_) => "UnreadableRecord",
            Self::Conflict { .. } => "RecordConflict",
        }
    }

    /// How CodePipeline files it.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Look(error) => error.failure_type(),
            Self::Record(_) => FailureType::ConfigurationError,
            Self::Gate(refusal) => refusal.why.failure(),
            Self::Conflict { .. } => FailureType::SystemUnavailable,
        }
    }
}
