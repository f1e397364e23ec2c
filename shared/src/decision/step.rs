//! Changes to AWS.

use std::fmt;

use crate::{
    aws::pipeline::Approval,
    names::{PipelineName, ReleaseId},
    traffic,
};

/// One change to AWS. Absolute, so that taking it twice is taking it once.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Change how the versions run, or how work is split between them.
    Traffic(traffic::Change),
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

impl Step {
    /// As many steps as there are changes.
    #[must_use]
    pub fn of(changes: Vec<traffic::Change>) -> Vec<Self> {
        changes.into_iter().map(Self::Traffic).collect()
    }

    /// Those that change how the versions run, or how work is split.
    #[must_use]
    pub fn changes_among(steps: &[Self]) -> Vec<traffic::Change> {
        let changes = steps.iter().filter_map(|step| match step {
            Self::Traffic(change) => Some(change.clone()),
            Self::Reject { .. } | Self::Stop { .. } => None,
        });
        changes.collect()
    }
}

/// What there is once it is taken, in words that are the same whenever it is wanted.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Traffic(change) => change.fmt(f),
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
