//! What is waited for, in the words of the console.

use std::{fmt, time::Duration};

use super::Doing;
use crate::{
    clock::{Spoken, Timestamp},
    names::{ReleaseId, ServiceName, TaskDefinitionArn},
    observation::Known,
    parts::{
        pair::{Deployment, Protection, Service},
        rules::TargetHealth,
    },
    record::Cause,
    traffic::release::Missing,
    weight::{Share, Weight},
    words::{because, plural},
};

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
    #[error("waiting for {service} to run {candidate}: {running} of {desired} tasks{}{}{}", incomplete(*.running, *.desired), failures(*.failed), because(reason.as_ref()))]
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
    /// A count that SQS gives approximately.
    #[error(
        "dead-letter queue {queue} seems to hold {now}, more than {allowed} beyond what was there: SQS counts approximately, so that counts \
         if the next look sees it, too"
    )]
    DeadLetters {
        /// The queue's name.
        queue: String,
        /// How many there are.
        now: u64,
        /// How many may come.
        allowed: u64,
    },
    /// Ends of tasks that nobody knows the reason of.
    #[error(
        "{unknown} task{} of {candidate} ended for reasons that this version of the suite does not know, and that would be too many if \
         they ended by themselves: nothing goes further until two hours after they ended", plural(*unknown)
    )]
    UnknownExits {
        /// `FAMILY:REVISION`.
        candidate: String,
        /// How many.
        unknown: u32,
    },
    /// Healthy targets, before they get requests.
    #[error("waiting for {service} to settle with {needed} healthy target{}: {health}", plural(*needed))]
    Targets {
        /// The service.
        service: ServiceName,
        /// How many have to be healthy.
        needed: u32,
        /// How many are.
        health: TargetHealth,
    },
    /// The next step of giving requests back.
    #[error("canary's weight is down to {weight}; goes on at {until}")]
    DrainStep {
        /// The canary's share.
        weight: Weight,
        /// When.
        until: Timestamp,
    },
    /// Targets that finish their requests.
    #[error(
        "{weight} on every rule; the canary's targets have until {until} to finish their requests (deregistration delay)"
    )]
    Draining {
        /// The canary's share.
        weight: Weight,
        /// Until when.
        until: Timestamp,
    },
    /// A rule or a target group, of which a rollback could not see what it does.
    #[error("rolling back, but the canary keeps its tasks: {0}")]
    Unseen(String),
    /// The bake time of a share.
    #[error("{asked} asked, {attained}; baking {} of {}", Spoken(*held), Spoken(*bake))]
    Bake {
        /// The share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
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
    /// What is restored, as far as that can be seen.
    #[error("rolling back, not everything can be seen: {0}")]
    NotSeen(String),
    /// Tasks of the candidate that neither a count nor a deployment ends.
    #[error(
        "rolling back, but the candidate's tasks on {canary} go on: {}. protectedTasks is wait; to end them now, stop them by hand",
        protection.map_or_else(|| "ECS does not end them".to_owned(), |it| it.to_string())
    )]
    Protected {
        /// The canary service.
        canary: ServiceName,
        /// What protects them, if that was seen.
        protection: Option<Protection>,
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

impl From<(&ServiceName, &Known<Service>)> for ServiceSaid {
    fn from((name, seen): (&ServiceName, &Known<Service>)) -> Self {
        match seen {
            Known::Known(service) => service.into(),
            Known::Gone => Self(format!("{name} is gone")),
            Known::Unknown(unseen) => Self(format!("{name} is not seen ({unseen})")),
        }
    }
}

impl fmt::Display for ServiceSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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
                .and_then(|d| d.reason.clone())
                .or_else(|| Some(service.protection?.to_string())),
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

/// All tasks run, and older ones are still on their way out, or ECS still counts on the new ones staying.
fn incomplete(running: u32, desired: u32) -> &'static str {
    if running >= desired {
        ", the deployment is not complete"
    } else {
        ""
    }
}

fn failures(failed: u32) -> String {
    match failed {
        0 => String::new(),
        1 => ", 1 task failed to start".to_owned(),
        many => format!(", {many} tasks failed to start"),
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
