//! What calls need.

use crate::world::iam::needs::{Need, Question, text};

pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let action = it.action();
    let resource = |members: &[&str]| {
        let names: Vec<_> = members.iter().map(|one| text(it.input, one)).collect();
        it.world.arn("codepipeline", &names.join("/"))
    };
    let resource = match it.operation {
        "PutJobSuccessResult" | "PutJobFailureResult" | "GetJobDetails" => "*".to_owned(),
        "PutApprovalResult" => resource(&["pipelineName", "stageName", "actionName"]),
        "DisableStageTransition" | "EnableStageTransition" | "RetryStageExecution" => {
            resource(&["pipelineName", "stageName"])
        }
        "GetPipelineExecution"
        | "ListActionExecutions"
        | "ListPipelineExecutions"
        | "StopPipelineExecution" => resource(&["pipelineName"]),
        "GetPipeline" | "GetPipelineState" | "StartPipelineExecution" => resource(&["name"]),
        "CreatePipeline" => {
            let pipeline = &it.input["pipeline"];
            let arn = it.world.arn("codepipeline", text(pipeline, "name"));
            let passed = it.pass(text(pipeline, "roleArn"), "codepipeline.amazonaws.com");
            return Some(vec![Need::new(action, arn), passed]);
        }
        _ => return None,
    };
    Some(vec![Need::new(action, resource)])
}
