//! What one look calls for. No I/O, no clock, no async in here.

mod notice;
mod refusal;
mod step;

use std::{fmt, time::Duration};

use crate::{
    artifact::Images,
    clock::{Spoken, Timestamp},
    names::{AlarmName, ReleaseId, ServiceName, TaskDefinitionArn},
    observation::{Deployment, Service},
    record::{Cause, Record},
    traffic::queue::Counts,
    weight::{Share, Weight},
};

pub use notice::Notice;
pub use refusal::Refusal;
pub use step::{Approval, Step};

/// The next move, decided from one observation.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a decision changes nothing until it is carried out"]
pub enum Decision {
    /// The world is short of the goal; this brings it closer.
    Take(Move),
    /// The world is still moving; look again later.
    Wait(WaitingOn),
    /// The world matches the goal.
    Done(Done),
    /// Going on would do harm.
    Refuse(Refusal),
}

/// What to change: the record first, then everything else at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// What this is, for the summary and the ledger.
    pub doing: Doing,
    /// The record to write before any step; `None` leaves it as it is.
    pub record: Option<Box<Record>>,
    /// Absolute steps without an order among them.
    pub steps: Vec<Step>,
}

/// The goal is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What was reached.
    pub outcome: Outcome,
    /// The record to write before that is said.
    pub record: Option<Box<Record>>,
    /// Output variables for later actions of the pipeline.
    pub variables: Vec<(&'static str, String)>,
}

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
    /// A rollback goes on.
    #[error("rollback of release {0} goes on")]
    GoOnRollingBack(ReleaseId),
}

/// Why there is nothing to do yet. Its `Display` is the action's summary in the console.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WaitingOn {
    /// Another invocation wrote the record between our reading and our writing.
    #[error("another invocation is at work for this pair; looking again")]
    OtherInvocation,
    /// The candidate's registration.
    #[error("waiting for the candidate's task definition to be registered")]
    Registration,
    /// Tasks before the release begins.
    #[error("waiting for {0} to settle before the release begins")]
    Settling(ServiceSaid),
    /// A deployment.
    #[error("waiting for {service} to run {candidate}: {running} of {desired} tasks{}{}", failures(*.failed), because(reason.as_ref()))]
    Rollout {
        /// The service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        candidate: String,
        /// Running tasks of the deployment.
        running: u32,
        /// Desired tasks of the deployment.
        desired: u32,
        /// Tasks that failed to start in a row.
        failed: u32,
        /// ECS's own words.
        reason: Option<String>,
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
    /// The bake time of a share.
    #[error("{asked} asked, {attained} attained: {} of {} tasks; baking {} of {}", attained.part, attained.whole, Spoken(*held), Spoken(*bake))]
    Bake {
        /// The share asked for.
        asked: Weight,
        /// The share of whole tasks.
        attained: Share,
        /// For how long it has been held.
        held: Duration,
        /// For how long it is to be held.
        bake: Duration,
    },
    /// The bake time after a promotion.
    #[error("promotion complete; health watched for {} of {}", Spoken(*held), Spoken(*bake))]
    Watch {
        /// For how long it has been watched.
        held: Duration,
        /// For how long it is to be watched.
        bake: Duration,
    },
    /// The work going back to the primary.
    #[error("waiting for {0} to settle")]
    GivingBack(ServiceSaid),
    /// The rollback of the release that had the pair.
    #[error("waiting for the rollback of release {release}: {cause}")]
    OtherRollback {
        /// That release.
        release: ReleaseId,
        /// Why it is rolled back.
        cause: Cause,
    },
    /// Invocations that began before the rollback and may still write.
    #[error("restored; watching until {until} that nothing that began earlier undoes it")]
    Fence {
        /// When the last of them is over.
        until: Timestamp,
    },
    /// Services on their way back.
    #[error("rolling back: {primary}; {canary}")]
    Restoring {
        /// The primary.
        primary: ServiceSaid,
        /// The canary.
        canary: ServiceSaid,
    },
    /// A change that was made and does not last.
    #[error("{0}, again and again; somebody or something else undoes it")]
    Undone(Box<Doing>),
    /// AWS itself.
    #[error("{0}; looking again")]
    Aws(String),
}

/// A service in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSaid(String);

impl From<&Service> for ServiceSaid {
    fn from(service: &Service) -> Self {
        Self(service.to_string())
    }
}

impl fmt::Display for ServiceSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was reached. Its `Display` is the action's last summary.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Outcome {
    /// The canary service runs the candidate.
    #[error("{canary} runs {candidate} ({image}): {tasks} of {tasks} tasks steady")]
    Deployed {
        /// The canary service.
        canary: ServiceName,
        /// `FAMILY:REVISION`.
        candidate: String,
        /// The image.
        image: Images,
        /// Its tasks.
        tasks: u32,
    },
    /// All shares were held.
    #[error("{asked} asked, {attained} attained: {} of {} tasks; all shares held, no gate closed", attained.part, attained.whole)]
    Shifted {
        /// The last share asked for.
        asked: Weight,
        /// The share attained.
        attained: Share,
    },
    /// The pair runs the candidate.
    #[error(
        "promoted: {primary} and {canary} run {candidate}, tasks and scaling are as the release found them"
    )]
    Promoted {
        /// The primary service.
        primary: ServiceName,
        /// The canary service.
        canary: ServiceName,
        /// `FAMILY:REVISION`.
        candidate: String,
    },
    /// The primary runs the image already.
    #[error("nothing to do: {primary} already runs {image}")]
    NothingToDo {
        /// The primary service.
        primary: ServiceName,
        /// The image.
        image: Images,
    },
    /// Everything is as the release found it.
    #[error("rolled back release {release}: {cause}")]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// There is nothing to roll back.
    #[error("nothing rolled back: {0}")]
    Idle(Idle),
}

/// Why a rollback has nothing to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Idle {
    /// No release ever had the pair.
    #[error("no release has ever begun for this pair")]
    NoRelease,
    /// The last release is promoted, and not just now.
    #[error(
        "release {release} is promoted since {since}, alarms roll it back for {guard_minutes} minutes (guardMinutes) only; to roll it back now, invoke rollback by hand"
    )]
    Promoted {
        /// The release.
        release: ReleaseId,
        /// Since when.
        since: Timestamp,
        /// `guardMinutes`.
        guard_minutes: u32,
    },
    /// The last release is promoted, and its pipeline execution's end is no reason to undo it.
    #[error("release {0} is promoted")]
    Finished(ReleaseId),
    /// It was rolled back before.
    #[error("release {release} is rolled back already: {cause}")]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The pair is another release's.
    #[error("the pair belongs to release {owner}, not to {asked}")]
    NotTheOwner {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The release that the trigger names.
        asked: ReleaseId,
    },
    /// An event that came late: what it tells of was over when the release began.
    #[error("the event is about {at}, before release {release} began at {began}")]
    Earlier {
        /// When it happened.
        at: Timestamp,
        /// The release that has the pair.
        release: ReleaseId,
        /// When that began.
        began: Timestamp,
    },
    /// The alarm is somebody else's.
    #[error(
        "alarm {0} is not among the target's alarms and does not name this function as its own action"
    )]
    ForeignAlarm(AlarmName),
    /// The release goes on as it should.
    #[error("release {release} is {phase} and its pipeline execution is under way")]
    UnderWay {
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: String,
    },
}

impl WaitingOn {
    /// Waiting for a deployment to be rolled out.
    #[must_use]
    pub fn rollout(service: &Service, candidate: &TaskDefinitionArn) -> Self {
        let deployment: Option<&Deployment> = service
            .deployments
            .iter()
            .find(|deployment| deployment.task_definition == *candidate);
        Self::Rollout {
            service: service.name.clone(),
            candidate: candidate.short().to_owned(),
            running: deployment.map_or(0, |deployment| deployment.running),
            desired: service.desired,
            failed: deployment.map_or(0, |deployment| deployment.failed_tasks),
            reason: deployment
                .filter(|deployment| deployment.failed_tasks > 0)
                .and_then(|d| d.reason.clone()),
        }
    }

    /// How far the wait is, in percent, where that can be said.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let (Self::Bake { held, bake, .. } | Self::Watch { held, bake }) = self else {
            return None;
        };
        let percent = held.as_millis().saturating_mul(100) / bake.as_millis().max(1);
        u8::try_from(percent.min(100)).ok()
    }
}

impl Decision {
    /// Gives up once `timeout` has passed since `started`, instead of waiting or of doing something again
    /// that does not last. What moves the record on is progress and goes through.
    pub fn bounded(self, started: Timestamp, now: Timestamp, timeout: Duration) -> Self {
        match self {
            Self::Wait(waiting_on) if now.since(started) >= timeout => {
                Self::Refuse(Refusal::TimedOut {
                    timeout,
                    waiting_on: Box::new(waiting_on),
                })
            }
            Self::Take(Move {
                doing,
                record: None,
                ..
            }) if now.since(started) >= timeout => Self::Refuse(Refusal::TimedOut {
                timeout,
                waiting_on: Box::new(WaitingOn::Undone(Box::new(doing))),
            }),
            other => other,
        }
    }

    /// A move that only writes the record.
    pub fn write(doing: Doing, record: Record) -> Self {
        Self::Take(Move {
            doing,
            record: Some(Box::new(record)),
            steps: Vec::new(),
        })
    }

    /// A move that leaves the record as it is.
    pub fn act(doing: Doing, steps: Vec<Step>) -> Self {
        Self::Take(Move {
            doing,
            record: None,
            steps,
        })
    }
}

fn failures(failed: u32) -> String {
    match failed {
        0 => String::new(),
        1 => ", 1 task failed to start".to_owned(),
        many => format!(", {many} tasks failed to start"),
    }
}

fn because(reason: Option<&String>) -> String {
    reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}
