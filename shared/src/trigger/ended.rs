//! The end of a pipeline execution.

use aws_lambda_events::eventbridge::EventBridgeEvent;

use super::{Ignored, envelope};
use crate::{
    clock::Timestamp,
    names::{PipelineName, ReleaseId},
};

/// How a pipeline execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The execution.
    pub release: ReleaseId,
    /// What happened, a sentence without a full stop.
    pub what: String,
    /// When, if that is said.
    pub at: Option<Timestamp>,
}

/// The end of an execution, or the rejection that will end it. `STOPPING` is not an end: running actions
/// are still at work. `None` if it is no event of an execution.
pub(super) fn read(event: &EventBridgeEvent) -> Option<Result<Ended, Ignored>> {
    let detail = &event.detail;
    let state = detail["state"].as_str()?;
    let what = match (event.detail_type.as_str(), state) {
        (
            "CodePipeline Pipeline Execution State Change",
            "FAILED" | "STOPPED" | "CANCELED" | "SUPERSEDED",
        ) => {
            format!("its pipeline execution ended as {state}")
        }
        ("CodePipeline Action Execution State Change", "FAILED" | "ABANDONED" | "CANCELED")
            if detail["type"]["category"] == "Approval" =>
        {
            let said = detail["execution-result"]["external-execution-summary"]
                .as_str()
                .unwrap_or_default();
            let action = detail["action"].as_str().unwrap_or("approval");
            let colon = if said.is_empty() { "" } else { ": " };
            format!("{action} was rejected or expired{colon}{said}")
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
        what,
        at: envelope::time(event),
    }))
}
