//! The end of a pipeline execution.

use aws_lambda_events::eventbridge::EventBridgeEvent;

use super::{Ignored, envelope};
use crate::{
    clock::Timestamp,
    names::{PipelineName, ReleaseId},
    record::Reason,
};

/// How a pipeline execution ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The execution.
    pub release: ReleaseId,
    /// How far that is.
    pub how: End,
    /// What happened, a sentence without a full stop.
    pub what: String,
    /// When, if that is said.
    pub at: Option<Timestamp>,
}

/// How far the end of an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has ended.
    Over,
    /// An approval was rejected or has expired. What waits or works beside it goes on, and the execution ends after that.
    Rejected,
    /// Somebody stops it. What is in progress is waited for, an approval too.
    Stopping,
}

/// The end of an execution, or what will end it. `None` if it is no event of an execution.
pub(super) fn read(event: &EventBridgeEvent) -> Option<Result<Ended, Ignored>> {
    let detail = &event.detail;
    let state = detail["state"].as_str()?;
    let (how, what) = match (event.detail_type.as_str(), state) {
        (
            "CodePipeline Pipeline Execution State Change",
            "FAILED" | "STOPPED" | "CANCELED" | "SUPERSEDED",
        ) => (
            End::Over,
            format!("its pipeline execution ended as {state}"),
        ),
        ("CodePipeline Pipeline Execution State Change", "STOPPING") => {
            (End::Stopping, Reason::Stopped.to_string())
        }
        ("CodePipeline Action Execution State Change", "FAILED" | "ABANDONED" | "CANCELED")
            if detail["type"]["category"] == "Approval" =>
        {
            let said = detail["execution-result"]["external-execution-summary"]
                .as_str()
                .unwrap_or_default();
            let action = detail["action"].as_str().unwrap_or("approval");
            let colon = if said.is_empty() { "" } else { ": " };
            (
                End::Rejected,
                format!("{action} was rejected or expired{colon}{said}"),
            )
        }
        (
            "CodePipeline Pipeline Execution State Change"
            | "CodePipeline Stage Execution State Change"
            | "CodePipeline Action Execution State Change",
            _,
        ) => {
            return Some(Err(Ignored::NotAnEnd {
                detail_type: event.detail_type.clone(),
                state: state.to_owned(),
            }));
        }
        _ => return None,
    };
    Some(Ok(Ended {
        pipeline: detail["pipeline"].as_str()?.try_into().ok()?,
        release: detail["execution-id"].as_str()?.try_into().ok()?,
        how,
        what,
        at: envelope::time(event),
    }))
}
