//! What rollback does and waits for, in words.

use canary::{
    clock::Timestamp,
    gates::Told,
    names::ReleaseId,
    parts::release::Missing,
    record::{Cause, Phase},
    weight::Weight,
    words::{Code, Said, Words, further},
};

use crate::idle::Idle;

/// What rollback does or waits for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// Everything is as the release found it, but for what is somebody else's.
    #[error(
        "rolled back release {release}: {cause}{}{}",
        further(left),
        further(missed)
    )]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
        /// What was left as it is, and why.
        left: Vec<String>,
        /// Scheduled actions that fell into the suspension of their scaling.
        missed: Vec<String>,
    },
    /// There is nothing to roll back.
    #[error("nothing rolled back: {0}")]
    Idle(Idle),
    /// A rollback begins.
    #[error("rolling back release {release}: {cause}")]
    RollBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The same, by the schedule.
    #[error("{said}release {release}: what this look has seen counts together with the next")]
    Noted {
        /// The release.
        release: ReleaseId,
        /// It.
        said: String,
    },
    /// The same, of what both versions do.
    #[error("release {release}: {told}")]
    Judged {
        /// The release.
        release: ReleaseId,
        /// What the evidence says.
        told: Box<Told>,
    },
    /// The canary is seen to be worse, and the release goes on.
    #[error("release {release} goes on although the canary is worse: {told}")]
    GoesOn {
        /// The release.
        release: ReleaseId,
        /// What the evidence says, and why it goes on.
        told: Box<Told>,
    },
    /// The same, after its promotion.
    #[error("release {release} stays promoted although it is worse: {told}")]
    Stays {
        /// The release.
        release: ReleaseId,
        /// What the evidence says, and why it stays.
        told: Box<Told>,
    },
    /// The share is not what was asked for any more, and cannot be.
    #[error("{asked} asked, {now}; {why}")]
    Drift {
        /// The share asked for.
        asked: Weight,
        /// The share that there is.
        now: String,
        /// Why it cannot be held.
        why: Said,
    },
    /// The schedule cannot watch a release that goes on, or is guarded.
    #[error("release {release} ({phase}) is not watched as it should be since {since}: {why}")]
    Failing {
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: Box<Phase>,
        /// Since when.
        since: Timestamp,
        /// What keeps the schedule from it.
        why: String,
    },
    /// The schedule cannot take away what a promoted release has kept.
    #[error(
        "release {release} is promoted and its guard over, but what it kept for its rollback does not go, since {since}: {why}"
    )]
    StillKept {
        /// The release.
        release: ReleaseId,
        /// Since when.
        since: Timestamp,
        /// What keeps it from going.
        why: String,
    },
    /// The schedule can again.
    #[error("release {0} is watched again as it should be")]
    Watched(ReleaseId),
    /// Alarms do not roll a promoted release back any more.
    #[error("alarms do not roll release {release} back any more: {cause}")]
    EndGuard {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// Invocations that began before the rollback and may still write.
    #[error("restored; confirming until {until} that no earlier call undoes it")]
    Fence {
        /// When the last of them is over.
        until: Timestamp,
    },
    /// Actions in progress, after which the pipeline execution is over.
    #[error(
        "restored; waiting for the pipeline execution of release {release} to end{}",
        in_progress(at_work)
    )]
    Ending {
        /// The release.
        release: ReleaseId,
        /// The actions, as `STAGE/ACTION`.
        at_work: Vec<String>,
    },
    /// What AWS does not allow a rollback to do.
    #[error("rolling back; AWS does not allow this: {}. {}{}", first.what, first.why, and_others(*.others))]
    Missing {
        /// The first of it.
        first: Box<Missing>,
        /// How much more there is.
        others: usize,
    },
}

impl Words for Reason {
    fn code(&self) -> Option<Code> {
        match self {
            Self::RollBack { .. } => Some(Code::RollingBack),
            Self::Missing { .. } => Some(Code::Refused),
            Self::Idle(idle) if idle.is_no_news() => Some(Code::NoNews),
            _ => None,
        }
    }
}

fn in_progress(actions: &[String]) -> String {
    match actions {
        [] => String::new(),
        [one] => format!(": action {one} is in progress"),
        many => format!(": actions {} are in progress", many.join(", ")),
    }
}

fn and_others(others: usize) -> String {
    match others {
        0 => String::new(),
        others => format!(" (and {others} more)"),
    }
}
