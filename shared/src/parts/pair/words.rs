//! What a release of two services does, waits for and refuses, in words.

use std::fmt;

use super::{Deployment, Protection, Service, Unfit, keeps_a_task};
use crate::{
    job::FailureType,
    known::Known,
    names::{ServiceName, TaskDefinitionArn},
    parts::{exits, task_definition},
    words::{Code, Shared, Words, because},
};

/// What is done about two services, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The candidate is registered.
    #[error("registering the candidate's task definition")]
    Register,
    /// The candidate goes to the canary service.
    #[error("updating {service} to {}", candidate.short())]
    Update {
        /// The service.
        service: ServiceName,
        /// What it is to run.
        candidate: TaskDefinitionArn,
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
    /// The work goes back to the primary.
    #[error("primary runs the candidate; setting {canary} back to {resting} tasks")]
    GiveBack {
        /// The canary service.
        canary: ServiceName,
        /// Its resting tasks.
        resting: u32,
    },
    /// A service that had no task has none again.
    #[error("promotion complete; setting {0} back to 0 tasks, as the release found it")]
    GiveBackFloor(ServiceName),
    /// The candidate's registration.
    #[error("waiting for the candidate's task definition to be registered")]
    Registration,
    /// Tasks before the release begins.
    #[error("waiting for {0} to settle before the release begins")]
    Settling(ServiceSaid),
    /// A deployment.
    #[error("waiting for {service} to run {}: {running} of {desired} tasks{}{}{}", candidate.short(), incomplete(*.running, *.desired), failures(*.failed), because(reason.as_ref()))]
    Rollout {
        /// The service.
        service: ServiceName,
        /// What it is to run.
        candidate: TaskDefinitionArn,
        /// Running tasks of the deployment.
        running: u32,
        /// Desired tasks of the deployment.
        desired: u32,
        /// Tasks that failed to start in a row.
        failed: u32,
        /// ECS's own words.
        reason: Option<String>,
    },
    /// The work going back to the primary.
    #[error("waiting for {0} to settle")]
    GivingBack(ServiceSaid),
    /// Services on their way back.
    #[error("rolling back: {primary}; {canary}")]
    Restoring {
        /// The primary.
        primary: ServiceSaid,
        /// The canary.
        canary: ServiceSaid,
    },
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
    /// A gate closed: somebody else wrote.
    #[error("{service} runs {}, not {} as this release last set it. The service was changed outside this release{}", version(found.as_ref()), expected.short(), because(reason.as_ref()))]
    ForeignWrite {
        /// The service.
        service: ServiceName,
        /// What it runs; `None` for nothing.
        found: Option<TaskDefinitionArn>,
        /// What it should run.
        expected: TaskDefinitionArn,
        /// ECS's own words about the newest deployment.
        reason: Option<String>,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "{service} has the desired count {found}, not {expected} as this release last set it. The service was changed outside this release"
    )]
    ForeignCount {
        /// The service.
        service: ServiceName,
        /// Its desired count.
        found: u32,
        /// What it should be.
        expected: u32,
    },
    /// ECS gave up on a deployment.
    #[error("the ECS circuit breaker failed the deployment of {} on {service}{}", task_definition.short(), because(reason.as_ref()))]
    CircuitBreaker {
        /// The service.
        service: ServiceName,
        /// What was deployed.
        task_definition: TaskDefinitionArn,
        /// ECS's own words.
        reason: Option<String>,
    },
    /// About tasks that end by themselves.
    #[error(transparent)]
    Exits(#[from] exits::Reason),
    /// Before the release.
    #[error("the pair is not steady: {0}. Wait until its deployment is COMPLETED, then retry")]
    NotSteady(ServiceSaid),
    /// Before the promotion.
    #[error(
        "{service} does not run the candidate {} that was approved: {found}. Nothing was changed", candidate.short()
    )]
    NotTheCandidate {
        /// The canary service.
        service: ServiceName,
        /// What was approved.
        candidate: TaskDefinitionArn,
        /// What it runs instead.
        found: String,
    },
    /// What a release would run into later.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// What is to be released.
    #[error(transparent)]
    Definition(#[from] task_definition::Reason),
    /// What others say, too.
    #[error(transparent)]
    Shared(#[from] Shared),
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::Unfit(unfit) => unfit.failure(),
            Self::Definition(definition) => definition.failure(),
            Self::Shared(shared) => shared.failure(),
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Shared(shared) => shared.code(),
            _ => None,
        }
    }
}

impl Reason {
    /// Waiting for a deployment to be rolled out.
    #[must_use]
    pub fn rollout(service: &Service, candidate: &TaskDefinitionArn) -> Self {
        let deployment: Option<&Deployment> = service
            .deployments
            .iter()
            .find(|deployment| deployment.task_definition == *candidate);
        Self::Rollout {
            service: service.name.clone(),
            candidate: candidate.clone(),
            running: deployment.map_or(0, |deployment| deployment.running),
            desired: service.desired,
            failed: deployment.map_or(0, |deployment| deployment.failed_tasks),
            reason: deployment
                .filter(|deployment| deployment.failed_tasks > 0)
                .and_then(|d| d.reason.clone())
                .or_else(|| Some(service.protection?.to_string())),
        }
    }

    /// The service that somebody else has changed, by its name.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        match self {
            Self::ForeignWrite { service, .. } | Self::ForeignCount { service, .. } => {
                Some(service.as_str())
            }
            _ => None,
        }
    }
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

fn version(version: Option<&TaskDefinitionArn>) -> &str {
    version.map_or("nothing", TaskDefinitionArn::short)
}

fn keeping(floor: Option<&ServiceName>) -> String {
    floor.map_or_else(String::new, |primary| {
        format!("; {}", keeps_a_task(primary))
    })
}

/// All tasks run, and older ones are still on their way out, or ECS still counts on the new ones staying.
fn incomplete(running: u32, desired: u32) -> &'static str {
    if running >= desired {
        ", the deployment is still in progress"
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
