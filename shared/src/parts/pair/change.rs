//! Changes to two services.

use std::fmt;

use super::ScalableTarget;
use crate::{
    aws::{Account, AwsError},
    names::{ClusterName, ServiceName, TaskDefinitionArn},
    words::plural,
};

/// One change to two services. Absolute, so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Register the candidate's task definition from the JSON input of `RegisterTaskDefinition`.
    Register {
        /// The input.
        definition: String,
    },
    /// Change a service.
    UpdateService {
        /// Which.
        service: ServiceName,
        /// What it shall run; `None` leaves it as it is.
        task_definition: Option<TaskDefinitionArn>,
        /// How many tasks it shall have; `None` leaves it as it is.
        desired: Option<u32>,
    },
    /// Make a service's newest deployment anew: ECS launches nothing more for one that has failed (API reference, `Deployment`,
    /// `rolloutState`).
    Redeploy {
        /// Which.
        service: ServiceName,
        /// What it runs.
        task_definition: TaskDefinitionArn,
    },
    /// Stop one task, and nothing but that.
    StopTask {
        /// Whose it is.
        service: ServiceName,
        /// Its id.
        task: String,
        /// Why; ECS shows it, in at most 1024 characters.
        reason: String,
    },
    /// Set a service's scalable target.
    Scale {
        /// Whose.
        service: ServiceName,
        /// To what.
        to: ScalableTarget,
    },
}

/// What there is once it is made, in words that are the same whenever it is wanted.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register { .. } => f.write_str("the candidate's task definition is registered"),
            Self::UpdateService {
                service,
                task_definition: Some(version),
                ..
            } => write!(f, "{service} runs {}", version.short()),
            Self::UpdateService {
                service,
                desired: Some(desired),
                ..
            } => write!(f, "{service} has {desired} task{}", plural(*desired)),
            Self::UpdateService { service, .. } => write!(f, "{service} stays as it is"),
            Self::Redeploy {
                service,
                task_definition,
            } => write!(f, "{service} deploys {} once more", task_definition.short()),
            Self::StopTask { service, task, .. } => write!(
                f,
                "task {task} of {service} is stopped, although it is protected from scale-in"
            ),
            Self::Scale { service, to } => write!(
                f,
                "{service} is scaled automatically from {} to {}{}",
                to.min, to.max, to.suspended
            ),
        }
    }
}

impl Change {
    /// A service gets another version and keeps everything else.
    #[must_use]
    pub fn version(service: &ServiceName, task_definition: &TaskDefinitionArn) -> Self {
        Self::UpdateService {
            service: service.clone(),
            task_definition: Some(task_definition.clone()),
            desired: None,
        }
    }

    /// A service gets another count and keeps everything else.
    #[must_use]
    pub fn count(service: &ServiceName, desired: u32) -> Self {
        Self::UpdateService {
            service: service.clone(),
            task_definition: None,
            desired: Some(desired),
        }
    }

    /// Makes it, in the cluster of both services.
    ///
    /// # Errors
    /// AWS did not do it.
    pub async fn apply(&self, account: &Account, cluster: &ClusterName) -> Result<(), AwsError> {
        match self {
            Self::Register { definition } => {
                let arn = account.register_task_definition(definition).await?;
                tracing::info!("registered {}", arn.short());
                Ok(())
            }
            Self::UpdateService {
                service,
                task_definition,
                desired,
            } => {
                let version = task_definition.as_ref();
                account
                    .update_service(cluster, service, version, *desired, false)
                    .await
            }
            Self::Redeploy {
                service,
                task_definition,
            } => {
                let version = Some(task_definition);
                account
                    .update_service(cluster, service, version, None, true)
                    .await
            }
            Self::StopTask { task, reason, .. } => account.stop_task(cluster, task, reason).await,
            Self::Scale { service, to } => account.set_scaling(cluster, service, *to).await,
        }
    }
}
