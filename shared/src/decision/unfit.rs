//! Why a release does not begin where nothing is wrong yet: what it, or its rollback, would run into later.

use crate::{job::FailureType, names::ServiceName, target::TARGET};

/// Something about the pair with which a release is not begun. Everything here is asked before the first write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// AWS puts no service on a task definition that is `INACTIVE` (API reference, `DeregisterTaskDefinition`).
    #[error(
        "service {service} runs {definition}, which is {status}: no service can be put back on it, so the release could not be rolled \
         back. Register the same definition once more, update the service to that, then retry"
    )]
    NotActive {
        /// The service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        definition: String,
        /// Its status.
        status: String,
    },
    /// The candidate is a revision of the primary's family, for both.
    #[error(
        "service {primary} runs the family {of_primary}, and service {canary} the family {of_canary}: the candidate would be a revision \
         of the first for both. Put both on the same family, then retry"
    )]
    OtherFamily {
        /// The primary.
        primary: ServiceName,
        /// Its family.
        of_primary: String,
        /// The canary.
        canary: ServiceName,
        /// Its family.
        of_canary: String,
    },
    /// A release stays within one family: the functions may pass its roles, and put its revisions on services.
    #[error(
        "the task definition of {from} is of the family {found}, and the pair's services run {expected}. Write that family there, then \
         retry; another family is a deployment of your own"
    )]
    CandidateFamily {
        /// The file or revision.
        from: String,
        /// Its family.
        found: String,
        /// The pair's.
        expected: String,
    },
    /// IAM lets the functions pass the pair's two roles, and no others.
    #[error(
        "the task definition of {from} has the {field} {found}, and the one that {service} runs has {expected}: a release does not change \
         what its tasks may do. Write that role there, then retry; another role is a deployment of your own"
    )]
    CandidateRole {
        /// The file or revision.
        from: String,
        /// `taskRoleArn` or `executionRoleArn`.
        field: &'static str,
        /// What it has.
        found: String,
        /// The primary.
        service: ServiceName,
        /// What that has.
        expected: String,
    },
    /// As for a stable version.
    #[error(
        "the task definition of {from} is {status}: no service can be put on it. Register the same definition once more, name that, then \
         retry"
    )]
    CandidateNotActive {
        /// The revision.
        from: String,
        /// Its status.
        status: String,
    },
    /// AWS refuses a desired count there (API reference, `UpdateService`).
    #[error(
        "service {service} has the scheduling strategy {strategy}, whose tasks cannot be counted; a release needs REPLICA. Create the \
         service anew with that, then retry"
    )]
    Scheduling {
        /// The service.
        service: ServiceName,
        /// What it has.
        strategy: String,
    },
    /// Blue/green, linear and canary deployments of ECS's own.
    #[error(
        "service {service} has the deployment strategy {strategy}: ECS would move its work in steps of its own. Set \
         deploymentConfiguration.strategy to ROLLING, then retry"
    )]
    Strategy {
        /// The service.
        service: ServiceName,
        /// What it has.
        strategy: String,
    },
    /// ECS would undo what a release, or its rollback, has set.
    #[error(
        "ECS itself takes back deployments of service {service} that fail ({field} is true), also the one that a rollback makes. Set it \
         to false, then retry; a failed deployment ends the release without it"
    )]
    RollsBack {
        /// The service.
        service: ServiceName,
        /// Which switch.
        field: &'static str,
    },
    /// `COMPLETED` would not mean that all tasks run.
    #[error(
        "ECS calls a deployment of service {service} COMPLETED before all its tasks run and all older ones are gone \
         (deploymentConfiguration.earlySuccessCriteria). Switch that off, or set healthyPercent to 100 and sourceServiceRevisionCleanup to \
         BLOCKING, then retry"
    )]
    EarlySuccess {
        /// The service.
        service: ServiceName,
    },
    /// Neither an older task may stop nor a new one start. ECS says that in a service event only.
    #[error(
        "with {desired} task{} service {service} cannot exchange any: minimumHealthyPercent {least} and maximumPercent {most} allow it to \
         stop none and to start none. Set maximumPercent to 200, then retry", crate::words::plural(*desired)
    )]
    CannotExchange {
        /// The service.
        service: ServiceName,
        /// Its count.
        desired: u32,
        /// `minimumHealthyPercent`.
        least: u32,
        /// `maximumPercent`.
        most: u32,
    },
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
    /// AWS: 50 tags a resource (ECS developer guide, "Tagging your Amazon ECS resources").
    #[error(
        "task definition {definition} has {found} tags; the candidate gets {ours} more, and AWS takes {most}. Take away {}, then retry",
        found + ours - most
    )]
    TooManyTags {
        /// `FAMILY:REVISION`.
        definition: String,
        /// How many it has that are not AWS's own.
        found: usize,
        /// How many a release adds.
        ours: usize,
        /// How many there may be.
        most: usize,
    },
}

impl Unfit {
    /// How CodePipeline files it.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::NotActive { .. } => FailureType::JobFailed,
            _ => FailureType::ConfigurationError,
        }
    }
}
