//! AWS `CodePipeline`: job results, executions, approvals.

use std::fmt;

use aws_sdk_codepipeline::types::{
    ActionExecutionStatus::InProgress, ApprovalResult, ApprovalStatus, ExecutionDetails,
    FailureDetails, FailureType as SdkFailureType, StageExecution, StageExecutionStatus,
};

use super::{Account, AwsError};
use crate::{
    job::{FailureType, Report, cut},
    names::{PipelineName, ReleaseId},
};

/// What the pipeline is doing for one release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Execution {
    /// Whether the execution is in a stage or waits before one.
    pub under_way: bool,
    /// Its approvals that wait for an answer.
    pub approvals: Vec<Approval>,
    /// What else of it is in progress: actions, as `STAGE/ACTION`.
    pub at_work: Vec<String>,
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

/// Limits of the API, in characters (botocore `codepipeline`).
mod most {
    pub(super) const SUMMARY: usize = 2048;
    pub(super) const MESSAGE: usize = 5000;
    pub(super) const APPROVAL: usize = 512;
    pub(super) const REASON: usize = 200;
}

/// Whether CodePipeline still wanted a job's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It did.
    Yes,
    /// The job has ended or is unknown: it timed out, was stopped, or another invocation answered it.
    NotWanted,
}

impl Account {
    /// Reports the result of a job.
    pub async fn report(&self, job: &str, report: &Report) -> Result<Delivered, AwsError> {
        let resource = format!("job {job}");
        let error = match report {
            Report::Continue {
                token,
                summary,
                percent,
            } => {
                let details = ExecutionDetails::builder()
                    .summary(cut(summary, most::SUMMARY))
                    .set_percent_complete(percent.map(i32::from))
                    .build();
                let call = self
                    .codepipeline
                    .put_job_success_result()
                    .job_id(job)
                    .continuation_token(token);
                let answer = call.execution_details(details).send().await;
                answer
                    .err()
                    .map(|error| AwsError::of("codepipeline:PutJobSuccessResult", resource, &error))
            }
            Report::Succeeded { summary, variables } => {
                let details = ExecutionDetails::builder()
                    .summary(cut(summary, most::SUMMARY))
                    .percent_complete(100);
                let mut call = self
                    .codepipeline
                    .put_job_success_result()
                    .job_id(job)
                    .execution_details(details.build());
                for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
                    call = call.output_variables(*name, value);
                }
                let answer = call.send().await;
                answer
                    .err()
                    .map(|error| AwsError::of("codepipeline:PutJobSuccessResult", resource, &error))
            }
            Report::Failed { kind, message } => self.report_failure(job, *kind, message).await?,
        };
        match error {
            None => Ok(Delivered::Yes),
            // AWS does not say which of the two an ended job gets.
            Some(error)
                if error.is("InvalidJobStateException") || error.is("JobNotFoundException") =>
            {
                Ok(Delivered::NotWanted)
            }
            Some(error) => Err(error),
        }
    }

    async fn report_failure(
        &self,
        job: &str,
        kind: FailureType,
        message: &str,
    ) -> Result<Option<AwsError>, AwsError> {
        const ACTION: &str = "codepipeline:PutJobFailureResult";
        let resource = format!("job {job}");
        let details = FailureDetails::builder()
            .r#type(sdk(kind))
            .message(cut(message, most::MESSAGE))
            .build()
            .map_err(|error| AwsError::unusable(ACTION, &resource, error.to_string()))?;
        let call = self.codepipeline.put_job_failure_result().job_id(job);
        let answer = call.failure_details(details).send().await;
        Ok(answer
            .err()
            .map(|error| AwsError::of(ACTION, resource, &error)))
    }

    /// How an execution stands, in CodePipeline's words; `None` if the pipeline does not know it.
    pub async fn execution_status(
        &self,
        pipeline: &PipelineName,
        release: &ReleaseId,
    ) -> Result<Option<ExecutionStatus>, AwsError> {
        let answer = self
            .codepipeline
            .get_pipeline_execution()
            .pipeline_name(pipeline.as_str())
            .pipeline_execution_id(release.as_str())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let status = answer
                    .pipeline_execution()
                    .and_then(|execution| execution.status());
                Ok(status.map(|status| status.as_str().into()))
            }
            Err(error) => {
                let error = AwsError::of(
                    "codepipeline:GetPipelineExecution",
                    format!("pipeline {pipeline}"),
                    &error,
                );
                if error.is("PipelineExecutionNotFoundException")
                    || error.is("PipelineNotFoundException")
                {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Where every execution of a pipeline is: nowhere if there is no such pipeline, as before its
    /// stack is deployed and after it is deleted, when the schedule runs all the same.
    pub async fn pipeline(&self, pipeline: &PipelineName) -> Result<Pipeline, AwsError> {
        let answer = self
            .codepipeline
            .get_pipeline_state()
            .name(pipeline.as_str())
            .send()
            .await
            .map_err(|error| {
                AwsError::of(
                    "codepipeline:GetPipelineState",
                    format!("pipeline {pipeline} (TARGET: field pipeline)"),
                    &error,
                )
            });
        let stages = match answer {
            Ok(answer) => answer.stage_states.unwrap_or_default(),
            Err(error) if error.is("PipelineNotFoundException") => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Pipeline {
            name: pipeline.clone(),
            stages,
        })
    }

    pub(crate) async fn reject(&self, approval: &Approval, summary: &str) -> Result<(), AwsError> {
        const ACTION: &str = "codepipeline:PutApprovalResult";
        let resource = format!(
            "{}/{}/{}",
            approval.pipeline, approval.stage, approval.action
        );
        let result = ApprovalResult::builder()
            .status(ApprovalStatus::Rejected)
            .summary(cut(summary, most::APPROVAL))
            .build();
        let result =
            result.map_err(|error| AwsError::unusable(ACTION, &resource, error.to_string()))?;
        let answer = self
            .codepipeline
            .put_approval_result()
            .pipeline_name(approval.pipeline.as_str())
            .stage_name(&approval.stage)
            .action_name(&approval.action)
            .token(&approval.token)
            .result(result)
            .send()
            .await;
        match answer.map_err(|error| AwsError::of(ACTION, resource, &error)) {
            // Somebody has answered it, or it has expired: a later look sees how.
            Err(error)
                if error.is("InvalidApprovalTokenException")
                    || error.is("ApprovalAlreadyCompletedException") =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    pub(crate) async fn stop(
        &self,
        pipeline: &PipelineName,
        release: &ReleaseId,
        reason: &str,
        abandon: bool,
    ) -> Result<(), AwsError> {
        let answer = self
            .codepipeline
            .stop_pipeline_execution()
            .pipeline_name(pipeline.as_str())
            .pipeline_execution_id(release.as_str())
            .reason(cut(reason, most::REASON))
            .abandon(abandon)
            .send()
            .await;
        let resource = format!("pipeline {pipeline}, execution {release}");
        match answer
            .map_err(|error| AwsError::of("codepipeline:StopPipelineExecution", resource, &error))
        {
            // It has ended, or is being stopped: what was wanted.
            Err(error)
                if error.is("PipelineExecutionNotStoppableException")
                    || error.is("DuplicatedStopRequestException") =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }
}

/// `Status` of a pipeline execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionStatus(String);

impl From<&str> for ExecutionStatus {
    fn from(status: &str) -> Self {
        Self(status.to_owned())
    }
}

impl ExecutionStatus {
    /// As CodePipeline spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the execution goes on, and is not being stopped.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        self.0 == "InProgress"
    }

    /// Whether the execution is being stopped: it begins nothing more, and what is in progress is waited for, an approval too.
    ///
    /// AWS: `CodePipeline` user guide, "Stop a pipeline execution".
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0 == "Stopping"
    }

    /// Whether the execution can still do something.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.is_in_progress() || self.is_stopping()
    }
}

/// A pipeline's stages.
#[derive(Debug)]
pub struct Pipeline {
    name: PipelineName,
    stages: Vec<aws_sdk_codepipeline::types::StageState>,
}

impl Pipeline {
    /// What the pipeline is doing for a release.
    ///
    /// The approval token of a stage belongs to the execution that is in the stage now, so the
    /// execution's id is compared first; and an approval that was answered may still show its token, so its status is, too
    /// (AWS: user guide, the sample of `get-pipeline-state`).
    #[must_use]
    pub fn execution(&self, release: &ReleaseId) -> Execution {
        let is_ours = |id: &str| id == release.as_str();
        let mut found = Execution::default();
        for stage in &self.stages {
            let inbound = stage.inbound_executions().iter();
            found.under_way |= inbound
                .map(StageExecution::pipeline_execution_id)
                .any(is_ours);
            let latest = stage.latest_execution();
            let is_here = latest.is_some_and(|latest| {
                is_ours(latest.pipeline_execution_id())
                    && matches!(
                        latest.status(),
                        StageExecutionStatus::InProgress | StageExecutionStatus::Stopping
                    )
            });
            if !is_here {
                continue;
            }
            found.under_way = true;
            for action in stage.action_states() {
                let run = action.latest_execution();
                let Some(run) = run.filter(|run| run.status() == Some(&InProgress)) else {
                    continue;
                };
                let (stage, action) = (stage.stage_name(), action.action_name());
                let (stage, action) = (stage.unwrap_or_default(), action.unwrap_or_default());
                match run.token() {
                    Some(token) => found.approvals.push(Approval {
                        pipeline: self.name.clone(),
                        stage: stage.to_owned(),
                        action: action.to_owned(),
                        token: token.to_owned(),
                    }),
                    None => found.at_work.push(format!("{stage}/{action}")),
                }
            }
        }
        found
    }
}

fn sdk(kind: FailureType) -> SdkFailureType {
    match kind {
        FailureType::JobFailed => SdkFailureType::JobFailed,
        FailureType::ConfigurationError => SdkFailureType::ConfigurationError,
        FailureType::PermissionError => SdkFailureType::PermissionError,
        FailureType::SystemUnavailable => SdkFailureType::SystemUnavailable,
    }
}
