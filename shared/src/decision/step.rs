//! Changes to AWS.

use std::fmt;

use crate::{
    names::{PipelineName, ReleaseId, ServiceName, TaskDefinitionArn},
    observation::{Observation, ScalableTarget, Service},
    record::Record,
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
    /// Set a service's scalable target.
    Scale {
        /// Whose.
        service: ServiceName,
        /// To what.
        to: ScalableTarget,
    },
    /// Reject an approval that waits.
    Reject {
        /// Where it waits.
        approval: Approval,
        /// Why; CodePipeline shows it.
        summary: String,
    },
    /// Stop a pipeline execution, letting running actions end.
    Stop {
        /// The pipeline.
        pipeline: PipelineName,
        /// The execution.
        release: ReleaseId,
        /// Why; CodePipeline shows it.
        reason: String,
    },
}

impl Step {
    /// What is missing before the counts that are the release's for its length are its alone: the canary's,
    /// and in `constantTotal` the primary's.
    ///
    /// No count is changed before nothing is missing. So a count under live scaling is never the release's.
    #[must_use]
    pub fn hold(seen: &Observation, record: &Record) -> Vec<Self> {
        let primary = record.owns_primary_count().then_some(&seen.primary);
        [Some(&seen.canary), primary]
            .into_iter()
            .flatten()
            .filter_map(|service| {
                Some(Self::Scale {
                    service: service.name.clone(),
                    to: service.scaling_to_hold()?,
                })
            })
            .collect()
    }

    /// A service gets another count and keeps everything else.
    #[must_use]
    pub fn count(service: &Service, desired: u32) -> Self {
        Self::UpdateService {
            service: service.name.clone(),
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
