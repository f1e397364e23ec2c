//! What is being changed, in the words of the console.

use std::time::Duration;

use super::{WaitingOn, plural};
use crate::{
    artifact::Images,
    clock::{Spoken, Timestamp},
    exits::Exits,
    names::{ReleaseId, ServiceName},
    record::Cause,
    traffic::queue::Counts,
    weight::{Attained, Weight},
};

/// What a move does, as an operator reads it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Doing {
    /// The release begins.
    #[error("release begins: {image} is to replace {stable}")]
    Begin {
        /// The candidate's image.
        image: Images,
        /// What the primary runs.
        stable: String,
    },
    /// The candidate is registered.
    #[error("registering the candidate's task definition")]
    Register,
    /// The candidate is known.
    #[error("candidate registered as {0}")]
    Registered(String),
    /// What counts only together with other looks is written down.
    #[error("{exits}{waiting_on}")]
    Note {
        /// Tasks that ended by themselves.
        exits: Exits,
        /// What is waited for meanwhile.
        waiting_on: Box<WaitingOn>,
    },
    /// The same, by the schedule.
    #[error("{exits}release {release}: what this look has seen counts together with the next")]
    Noted {
        /// The release.
        release: ReleaseId,
        /// Tasks that ended by themselves.
        exits: Exits,
    },
    /// The candidate goes to the canary service.
    #[error("updating {service} to {candidate}")]
    Update {
        /// The service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        candidate: String,
    },
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
    /// Tasks before a weight rises.
    #[error("{asked} asked; setting {service} to {tasks} task{}, its weight follows", plural(*tasks))]
    Capacity {
        /// The share asked for.
        asked: Weight,
        /// The canary service.
        service: ServiceName,
        /// Its tasks.
        tasks: u32,
    },
    /// Weights.
    #[error("{asked} asked; setting the canary's target group to {}", attained.of())]
    Weigh {
        /// The share asked for.
        asked: Weight,
        /// What the weights give.
        attained: Attained,
    },
    /// What was set is there.
    #[error("{asked} asked, {attained}{}", there(*attained))]
    Live {
        /// The share.
        asked: Weight,
        /// What the weights give.
        attained: Attained,
    },
    /// Tasks after a weight has fallen.
    #[error("{asked} asked and drained; setting {service} to {tasks} task{}", plural(*tasks))]
    ScaleIn {
        /// The share asked for.
        asked: Weight,
        /// The canary service.
        service: ServiceName,
        /// Its tasks.
        tasks: u32,
    },
    /// The promotion begins.
    #[error("promotion begins: {candidate} is to run on {primary}")]
    Promote {
        /// `FAMILY:REVISION`.
        candidate: String,
        /// The primary service.
        primary: ServiceName,
    },
    /// The work goes back to the primary.
    #[error("primary runs the candidate; setting {canary} back to {resting} tasks")]
    GiveBack {
        /// The canary service.
        canary: ServiceName,
        /// Its resting tasks.
        resting: u32,
    },
    /// Task counts become ours alone.
    #[error("suspending automatic scaling for the length of the release")]
    HoldScaling,
    /// Automatic scaling becomes what it was.
    #[error("restoring automatic scaling")]
    RestoreScaling,
    /// The promotion is complete and watched.
    #[error("promotion complete; health is watched for {}", Spoken(*.0))]
    Watch(Duration),
    /// A release whose execution has ended is handed to rollback.
    #[error(
        "release {release} was left unfinished by its pipeline execution ({status}); it is rolled back first"
    )]
    TakeOver {
        /// The release that had the pair.
        release: ReleaseId,
        /// How its execution ended.
        status: String,
    },
    /// A rollback begins.
    #[error("rolling back release {release}: {cause}")]
    RollBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The share is not what was asked for any more, and cannot be.
    #[error("{asked} asked, {now}; {why}")]
    Drift {
        /// The share asked for.
        asked: Weight,
        /// The share that there is.
        now: Attained,
        /// Why it cannot be held.
        why: String,
    },
    /// The schedule cannot watch a release that goes on, or is guarded.
    #[error("release {release} ({phase}) is not watched as it should be since {since}: {why}")]
    Failing {
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: String,
        /// Since when.
        since: Timestamp,
        /// What keeps the schedule from it.
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
    /// A rollback goes on.
    #[error("rollback of release {0} goes on")]
    GoOnRollingBack(ReleaseId),
}

impl Doing {
    /// Whether a rollback begins or goes on.
    #[must_use]
    pub fn is_of_rollback(&self) -> bool {
        matches!(self, Self::RollBack { .. } | Self::GoOnRollingBack(_))
    }
}

fn there(attained: Attained) -> &'static str {
    match attained {
        Attained::Tasks(_) => ", all run",
        Attained::Weight(_) => " on every rule",
    }
}
