//! The operations that only look.

use serde_json::{Map, Value, json};

use super::{
    announce::VERSION,
    declaration::Action,
    input::{optional_text, text},
    state::{ActionRun, ActionStatus, Artifact, Execution, Pipeline, Place, Status, Work},
};
use crate::world::{Fault, World};

fn pipeline<'a>(world: &'a World, input: &Value, member: &str) -> Result<&'a Pipeline, Fault> {
    let name = text(input, member);
    world
        .codepipeline
        .pipelines
        .get(name)
        .ok_or_else(|| super::pipeline_not_found(name))
}

/// `GetPipeline`
pub(super) fn get_pipeline(world: &World, input: &Value) -> Result<Value, Fault> {
    let pipeline = pipeline(world, input, "name")?;
    if let Some(version) = input["version"].as_u64()
        && version != u64::from(VERSION)
    {
        return Err(Fault::new(
            "PipelineVersionNotFoundException",
            format!("there is no version {version}"),
        ));
    }
    let mut declared = pipeline.declared.clone();
    declared["version"] = json!(VERSION);
    Ok(json!({
        "pipeline": declared,
        "metadata": {
            "pipelineArn": world.arn("codepipeline", &pipeline.declaration.name),
            "created": pipeline.created.epoch_seconds(),
            "updated": pipeline.created.epoch_seconds(),
        },
    }))
}

/// `GetPipelineState`
pub(super) fn get_pipeline_state(world: &World, input: &Value) -> Result<Value, Fault> {
    let pipeline = pipeline(world, input, "name")?;
    let stages: Vec<Value> = (0..pipeline.declaration.stages.len())
        .map(|stage| stage_state(world, pipeline, stage))
        .collect();
    Ok(json!({
        "pipelineName": pipeline.declaration.name,
        "pipelineVersion": VERSION,
        "stageStates": stages,
        "created": pipeline.created.epoch_seconds(),
        "updated": pipeline.created.epoch_seconds(),
    }))
}

fn stage_state(world: &World, pipeline: &Pipeline, stage: usize) -> Value {
    let declared = &pipeline.declaration.stages[stage];
    let mut shown = json!({ "stageName": declared.name });
    let inbound: Vec<Value> = pipeline
        .executions
        .iter()
        .filter(|one| one.place == Place::Before(stage))
        .map(|one| stage_execution(one, one.status))
        .collect();
    if let Some(first) = inbound.first() {
        shown["inboundExecution"] = first.clone();
        shown["inboundExecutions"] = Value::Array(inbound);
    }
    shown["inboundTransitionState"] = match pipeline.closed.get(&stage) {
        None => json!({ "enabled": true }),
        Some(closed) => json!({
            "enabled": false,
            "disabledReason": closed.reason,
            "lastChangedAt": closed.at.epoch_seconds(),
        }),
    };
    shown["actionStates"] = (0..declared.actions.len())
        .map(|action| {
            let mut shown = json!({ "actionName": declared.actions[action].name });
            if let Some(run) = pipeline.latest_run(stage, action) {
                shown["latestExecution"] =
                    action_execution(run, world.codepipeline.answered_keep_tokens);
            }
            shown
        })
        .collect();
    if let Some(latest) = pipeline.latest_in(stage) {
        let execution = &pipeline.executions[latest];
        let run = &execution.stages[&stage];
        shown["latestExecution"] = stage_execution(execution, run.status);
        if run.attempt > 1 {
            shown["retryStageMetadata"] = json!({
                "manualStageRetryAttempt": run.attempt - 1,
                "latestRetryTrigger": "ManualStageRetry",
            });
        }
    }
    shown
}

fn stage_execution(execution: &Execution, status: Status) -> Value {
    json!({
        "pipelineExecutionId": execution.id,
        "status": status.name(),
        "type": "STANDARD",
    })
}

/// The token of an approval is here while it can be used, and perhaps after that.
fn action_execution(run: &ActionRun, answered_keep_tokens: bool) -> Value {
    let mut state = json!({
        "actionExecutionId": run.id,
        "status": run.status.name(),
        "lastStatusChange": run.updated.epoch_seconds(),
    });
    put(&mut state, "summary", run.summary.as_ref());
    put(&mut state, "percentComplete", run.percent);
    match (&run.work, run.status) {
        (Work::Approval(approval), status) => {
            if status == ActionStatus::InProgress || answered_keep_tokens {
                state["token"] = json!(approval.token);
            }
        }
        (Work::Played | Work::Lambda(_), _) => {
            put(&mut state, "externalExecutionId", run.external_id.as_ref());
        }
    }
    if let Some(error) = &run.error {
        state["errorDetails"] = json!({ "code": error.code, "message": error.message });
    }
    state
}

/// `GetPipelineExecution`
pub(super) fn get_pipeline_execution(world: &World, input: &Value) -> Result<Value, Fault> {
    let pipeline = pipeline(world, input, "pipelineName")?;
    let id = text(input, "pipelineExecutionId");
    let index = pipeline
        .execution_named(id)
        .ok_or_else(|| execution_not_found(id))?;
    let execution = &pipeline.executions[index];
    let revisions: Vec<Value> = execution
        .artifacts
        .values()
        .filter(|artifact| artifact.revision.is_some())
        .map(|artifact| json!({ "name": artifact.name, "revisionId": artifact.revision }))
        .collect();
    let variables: Vec<Value> = execution
        .variables
        .iter()
        .map(|(name, value)| json!({ "name": name, "resolvedValue": value }))
        .collect();
    Ok(json!({ "pipelineExecution": {
        "pipelineName": pipeline.declaration.name,
        "pipelineVersion": VERSION,
        "pipelineExecutionId": execution.id,
        "status": execution.status.name(),
        "artifactRevisions": revisions,
        "variables": variables,
        "trigger": trigger(execution),
        "executionMode": pipeline.declaration.execution_mode.name(),
        "executionType": "STANDARD",
    }}))
}

fn trigger(execution: &Execution) -> Value {
    json!({
        "triggerType": execution.trigger.kind,
        "triggerDetail": execution.trigger.detail,
    })
}

/// `ListPipelineExecutions`, newest first.
pub(super) fn list_pipeline_executions(world: &World, input: &Value) -> Result<Value, Fault> {
    let pipeline = pipeline(world, input, "pipelineName")?;
    let succeeded_in = input["filter"]["succeededInStage"]["stageName"].as_str();
    let summaries: Vec<Value> = (0..pipeline.executions.len())
        .rev()
        .filter(|&index| {
            succeeded_in.is_none_or(|name| {
                let stage = pipeline.declaration.stage_named(name);
                stage
                    .and_then(|stage| pipeline.executions[index].stages.get(&stage))
                    .is_some_and(|run| run.status == Status::Succeeded)
            })
        })
        .map(|index| execution_summary(pipeline, index))
        .collect();
    page("pipelineExecutionSummaries", summaries, input)
}

fn execution_summary(pipeline: &Pipeline, index: usize) -> Value {
    let execution = &pipeline.executions[index];
    let sources: Vec<Value> = pipeline.declaration.stages[0]
        .actions
        .iter()
        .filter_map(|action| {
            let output = &action.output_artifacts.first()?.name;
            let revision = execution.artifacts.get(output)?.revision.as_ref()?;
            Some(json!({ "actionName": action.name, "revisionId": revision }))
        })
        .collect();
    let mut summary = json!({
        "pipelineExecutionId": execution.id,
        "status": execution.status.name(),
        "startTime": execution.started.epoch_seconds(),
        "lastUpdateTime": execution.updated.epoch_seconds(),
        "sourceRevisions": sources,
        "trigger": trigger(execution),
        "executionMode": pipeline.declaration.execution_mode.name(),
        "executionType": "STANDARD",
    });
    if let Some(stop) = &execution.stop {
        summary["stopTrigger"] = json!({});
        put(&mut summary["stopTrigger"], "reason", stop.reason.as_ref());
    }
    summary
}

/// `ListActionExecutions`, newest first.
pub(super) fn list_action_executions(world: &World, input: &Value) -> Result<Value, Fault> {
    let pipeline = pipeline(world, input, "pipelineName")?;
    if !input["filter"]["latestInPipelineExecution"].is_null() {
        return Err(Fault::new(
            "ValidationException",
            "filter.latestInPipelineExecution is not supported by the local account",
        ));
    }
    let only = optional_text(&input["filter"], "pipelineExecutionId")
        .map(|id| {
            let index = pipeline.execution_named(&id);
            index.ok_or_else(|| execution_not_found(&id))
        })
        .transpose()?;
    let details: Vec<Value> = pipeline
        .runs
        .iter()
        .rev()
        .filter(|run| only.is_none_or(|execution| run.execution == execution))
        .map(|run| action_detail(world, pipeline, run))
        .collect();
    page("actionExecutionDetails", details, input)
}

fn action_detail(world: &World, pipeline: &Pipeline, run: &ActionRun) -> Value {
    let declared = pipeline.declared(run);
    let mut input = json!({
        "actionTypeId": action_type(declared),
        "configuration": declared.configuration,
        "resolvedConfiguration": run.configuration,
        "region": world.identity.region,
        "inputArtifacts": artifacts(&run.inputs),
    });
    put(&mut input, "roleArn", declared.role_arn.as_ref());
    put(&mut input, "namespace", declared.namespace.as_ref());
    let mut result = Value::Object(Map::new());
    put(&mut result, "externalExecutionId", run.external_id.as_ref());
    put(
        &mut result,
        "externalExecutionSummary",
        run.summary.as_ref(),
    );
    if let Some(error) = &run.error {
        result["errorDetails"] = json!({ "code": error.code, "message": error.message });
    }
    json!({
        "pipelineExecutionId": pipeline.executions[run.execution].id,
        "actionExecutionId": run.id,
        "pipelineVersion": VERSION,
        "stageName": pipeline.declaration.stages[run.stage].name,
        "actionName": declared.name,
        "startTime": run.started.epoch_seconds(),
        "lastUpdateTime": run.updated.epoch_seconds(),
        "status": run.status.name(),
        "input": input,
        "output": {
            "outputArtifacts": artifacts(&run.outputs),
            "executionResult": result,
            "outputVariables": run.variables,
        },
    })
}

fn artifacts(artifacts: &[Artifact]) -> Vec<Value> {
    artifacts
        .iter()
        .map(|one| json!({ "name": one.name, "s3location": { "bucket": one.bucket, "key": one.key } }))
        .collect()
}

/// An `ActionTypeId`.
pub(super) fn action_type(action: &Action) -> Value {
    let id = &action.type_id;
    json!({
        "category": id.category,
        "owner": id.owner,
        "provider": id.provider,
        "version": id.version,
    })
}

/// One page of a list. The token is the number of items before the page.
fn page(member: &str, items: Vec<Value>, input: &Value) -> Result<Value, Fault> {
    let skip: usize = match input["nextToken"].as_str() {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|skip| *skip < items.len())
            .ok_or_else(|| {
                Fault::new(
                    "InvalidNextTokenException",
                    "nextToken is not one that an earlier answer gave",
                )
            })?,
    };
    let most = input["maxResults"].as_u64().unwrap_or(100);
    let end = skip.saturating_add(usize::try_from(most).unwrap_or(usize::MAX));
    let mut answer = Value::Object(Map::new());
    if end < items.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    answer[member] = items.into_iter().take(end).skip(skip).collect();
    Ok(answer)
}

fn put<T: serde::Serialize>(object: &mut Value, member: &str, value: Option<T>) {
    if let Some(value) = value {
        object[member] = json!(value);
    }
}

fn execution_not_found(id: &str) -> Fault {
    Fault::new(
        "PipelineExecutionNotFoundException",
        format!("there is no execution {id}"),
    )
}
