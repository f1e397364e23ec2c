//! What a release of a queue's consumers does, waits for and refuses, in words.

use crate::{
    input::TARGET,
    job::FailureType,
    parts::{
        letters,
        pair::{self, Counts, ServiceSaid},
        plan::Unreachable,
    },
    weight::{Attained, Share, Weight},
    words::{Code, Shared, Words},
};

/// What is done about a queue's consumers, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// Task counts move towards a share.
    #[error(
        "{asked} asked, {} attainable: {} of {} tasks; setting {} primary and {} canary tasks",
        goal.share(), goal.canary, goal.total(), next.primary, next.canary
    )]
    Shift {
        /// The share asked for.
        asked: Weight,
        /// Where this leads.
        goal: Counts,
        /// What is set now.
        next: Counts,
    },
    /// What was set is there.
    #[error("{asked} asked, {attained}, all run")]
    Live {
        /// The share.
        asked: Weight,
        /// What the counts give.
        attained: Attained,
    },
    /// Task counts.
    #[error("{asked} asked, {now} attained: waiting for tasks ({primary}; {canary})")]
    Tasks {
        /// The share asked for.
        asked: Weight,
        /// The share of the running tasks.
        now: Share,
        /// The primary's counts.
        primary: ServiceSaid,
        /// The canary's counts.
        canary: ServiceSaid,
    },
    /// About dead letters.
    #[error(transparent)]
    Letters(#[from] letters::Reason),
    /// Messages of a group wait for each other, whoever has the first.
    #[error(
        "queue {queue} ({TARGET}: field traffic.queue.url) is a FIFO queue: SQS gives the messages of a group in their order, so what one \
         version holds up the other never gets. A release needs a standard queue"
    )]
    Fifo {
        /// Its name.
        queue: String,
    },
    /// `maxTasks` leaves no room.
    #[error(
        "{taken} tasks run, and maxTasks is {most} ({TARGET}: field traffic.queue.maxTasks): there is no room for the canary's first. Raise \
         it to {needed} or more, then retry"
    )]
    NoRoom {
        /// Tasks that are not the canary's to take.
        taken: u32,
        /// `maxTasks`.
        most: u32,
        /// What it would take.
        needed: u32,
    },
    /// No counts give the share.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// About the services.
    #[error(transparent)]
    Pair(#[from] pair::Reason),
}

impl From<Shared> for Reason {
    fn from(shared: Shared) -> Self {
        Self::Pair(shared.into())
    }
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::Unreachable(_) | Self::Fifo { .. } | Self::NoRoom { .. } => {
                FailureType::ConfigurationError
            }
            Self::Pair(pair) => pair.failure(),
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Pair(pair) => pair.code(),
            _ => None,
        }
    }
}
