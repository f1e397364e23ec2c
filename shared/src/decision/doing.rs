//! What is being changed, in the words of the console.

use std::{fmt, time::Duration};

use super::{Plan, WaitingOn, besides};
use crate::{
    artifact::Images,
    clock::{Clock, Spoken, Timestamp},
    job::cut,
    names::{ReleaseId, ServiceName},
    parts::pair::{Counts, keeps_a_task},
    record::Cause,
    weight::{Attained, Weight},
    words::plural,
};

/// What a candidate changes, as the approval shows it: as much as is read there, in at most 300 characters.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a>(pub &'a [String]);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 300;
        if self.0.is_empty() {
            return f.write_str("none");
        }
        f.write_str(&cut(&self.0.join(", "), MOST))
    }
}

/// What a move does, as an operator reads it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Doing {
    /// The release begins.
    #[error(
        "release begins: {image} is to replace {stable}. Changes: {}. The canary has to run it steadily by {}{}",
        Changes(changes), Clock(*until), besides(but)
    )]
    Begin {
        /// The candidate's image.
        image: Images,
        /// What the primary runs.
        stable: String,
        /// What that changes, by name.
        changes: Vec<String>,
        /// When the action's time is up.
        until: Timestamp,
        /// What is to be said besides.
        but: Vec<String>,
    },
    /// The candidate is registered.
    #[error("registering the candidate's task definition")]
    Register,
    /// What counts only together with other looks is written down.
    #[error("{said}{waiting_on}")]
    Note {
        /// It.
        said: String,
        /// What is waited for meanwhile.
        waiting_on: Box<WaitingOn>,
    },
    /// The same, by the schedule.
    #[error("{said}release {release}: what this look has seen counts together with the next")]
    Noted {
        /// The release.
        release: ReleaseId,
        /// It.
        said: String,
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
    /// The first share, with what is to come.
    #[error("{first}. {plan}")]
    Planned {
        /// What is done about the first share.
        first: Box<Self>,
        /// When which share is to be there.
        plan: Plan,
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
    #[error("suspending automatic scaling for the length of the release{}", keeping(floor.as_ref()))]
    HoldScaling {
        /// The primary, if a task of it is to stay although it scales to zero.
        floor: Option<ServiceName>,
    },
    /// Automatic scaling becomes what it was.
    #[error("restoring automatic scaling")]
    RestoreScaling,
    /// A service that had no task has none again.
    #[error("promotion complete; setting {0} back to 0 tasks, as the release found it")]
    GiveBackFloor(ServiceName),
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
        now: String,
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

fn keeping(floor: Option<&ServiceName>) -> String {
    besides(floor.map(keeps_a_task).as_slice())
}

fn there(attained: Attained) -> &'static str {
    match attained {
        Attained::Tasks(_) => ", all run",
        Attained::Weight(_) => " on every rule",
    }
}
