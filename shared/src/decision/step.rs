//! Changes to AWS.

use std::fmt;

use super::plural;
use crate::{
    names::{ForwardArn, PipelineName, ReleaseId, ServiceName, TaskDefinitionArn},
    parts::{
        pair::ScalableTarget,
        rules::{Actions, Weights},
    },
};

/// One change to AWS. Absolute, so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
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
    /// Set the weights of a rule's two target groups.
    Weigh {
        /// Which rule.
        forward: ForwardArn,
        /// All its actions, with the weights.
        actions: Actions,
        /// The weights.
        weights: Weights,
    },
    /// Reject an approval that waits.
    Reject {
        /// Where it waits.
        approval: Approval,
        /// Why; CodePipeline shows it.
        summary: String,
    },
    /// Stop a pipeline execution.
    Stop {
        /// The pipeline.
        pipeline: PipelineName,
        /// The execution.
        release: ReleaseId,
        /// Why; CodePipeline shows it.
        reason: String,
        /// Whether actions that are in progress are given up, instead of being waited for. An approval that is waited for may
        /// still be answered for as long as its timeout.
        abandon: bool,
    },
}

/// What there is once it is taken, in words that are the same whenever it is wanted.
impl fmt::Display for Step {
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
            Self::Weigh {
                forward, weights, ..
            } => write!(f, "{} has the weights {weights}", forward.short()),
            Self::Reject { approval, .. } => write!(
                f,
                "approval {} in stage {} of pipeline {} is rejected",
                approval.action, approval.stage, approval.pipeline
            ),
            Self::Stop {
                pipeline, release, ..
            } => write!(f, "execution {release} of pipeline {pipeline} is stopped"),
        }
    }
}

impl Step {
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
}

/// A manual approval that waits for an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Approval {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// Its stage.
    pub stage: String,
    /// Its action.
    pub action: String,
    /// What proves that the answer is meant for this approval.
    pub token: String,
}

/// The token is a capability: it never shows.
impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Approval({}/{}/{})",
            self.pipeline, self.stage, self.action
        )
    }
}
