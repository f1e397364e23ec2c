//! Why a release of two services does not begin where nothing is wrong yet: what it, or its rollback, would run into later.

use crate::{
    job::FailureType,
    names::ServiceName,
    words::{Words, plural},
};

/// Something about the services with which a release is not begun.
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
         stop none and to start none. Set maximumPercent to 200, then retry", plural(*desired)
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
}

impl Words for Unfit {
    fn failure(&self) -> FailureType {
        match self {
            Self::NotActive { .. } => FailureType::JobFailed,
            _ => FailureType::ConfigurationError,
        }
    }
}
