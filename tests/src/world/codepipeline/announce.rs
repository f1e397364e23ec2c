//! State changes: what `EventBridge` and the journal are told.
//!
//! AWS: `CodePipeline` user guide, "Monitoring `CodePipeline` events". `version` and
//! `pipeline-execution-attempt` are floating-point numbers there (`1.0`), the version of an action
//! type is text, and a stage's first attempt is number 0.0.

use serde_json::{Map, Value, json};

use super::state::{ActionStatus, Artifact, Pipeline, Place};
use crate::world::{World, events, journal::What};

/// The version of a pipeline that is never updated.
pub(super) const VERSION: u32 = 1;

/// An execution changed, for example `STARTED`.
pub(super) fn execution(world: &mut World, pipeline: &Pipeline, index: usize, change: &str) {
    let execution = &pipeline.executions[index];
    let mut detail = json!({
        "pipeline": pipeline.declaration.name,
        "execution-id": execution.id,
        "start-time": execution.started.iso_millis(),
        "state": change,
        "version": f64::from(VERSION),
        "pipeline-execution-attempt": f64::from(execution.attempt),
    });
    match (change, &execution.stop) {
        ("STARTED", _) => {
            detail["execution-trigger"] = json!({
                "trigger-type": execution.trigger.kind,
                "trigger-detail": execution.trigger.detail,
            });
        }
        ("STOPPING", Some(stop)) => {
            if let Some(reason) = &stop.reason {
                detail["stop-execution-comments"] = json!(reason);
            }
        }
        _ => {}
    }
    world.note(What::Execution {
        pipeline: pipeline.declaration.name.clone(),
        execution: execution.id.clone(),
        state: change.to_owned(),
    });
    emit(world, pipeline, "Pipeline", &detail);
}

/// A stage of an execution changed, for example `STARTED`.
pub(super) fn stage(
    world: &mut World,
    pipeline: &Pipeline,
    index: usize,
    stage: usize,
    change: &str,
) {
    let execution = &pipeline.executions[index];
    let Some(run) = execution.stages.get(&stage) else {
        return;
    };
    let mut detail = json!({
        "pipeline": pipeline.declaration.name,
        "execution-id": execution.id,
        "start-time": run.started.iso_millis(),
        "stage": pipeline.declaration.stages[stage].name,
        "state": change,
        "version": f64::from(VERSION),
        "pipeline-execution-attempt":
            if run.attempt == 1 { 0.0 } else { f64::from(execution.attempt) },
    });
    if change == "RESUMED" {
        detail["stage-last-retry-attempt-time"] = json!(world.now.iso_millis());
    }
    emit(world, pipeline, "Stage", &detail);
}

/// A stop was asked for: the execution, and the stage that it is in, are stopping.
pub(super) fn stopping(world: &mut World, pipeline: &Pipeline, index: usize) {
    execution(world, pipeline, index, "STOPPING");
    if let Place::Inside(inside) = pipeline.executions[index].place {
        stage(world, pipeline, index, inside, "STOPPING");
    }
}

/// An action execution changed its status.
pub(super) fn action(world: &mut World, pipeline: &Pipeline, run: usize) {
    journal_action(world, pipeline, run);
    let run = &pipeline.runs[run];
    let execution = &pipeline.executions[run.execution];
    let declared = pipeline.declared(run);
    let mut detail = json!({
        "pipeline": pipeline.declaration.name,
        "execution-id": execution.id,
        "start-time": run.started.iso_millis(),
        "stage": pipeline.declaration.stages[run.stage].name,
    });
    if run.status != ActionStatus::InProgress {
        let mut result = Map::new();
        let summary = run
            .summary
            .as_ref()
            .or(run.error.as_ref().map(|error| &error.message));
        for (key, value) in [
            ("external-execution-summary", summary),
            ("external-execution-id", run.external_id.as_ref()),
            ("error-code", run.error.as_ref().map(|error| &error.code)),
        ] {
            if let Some(value) = value {
                result.insert(key.to_owned(), json!(value));
            }
        }
        if !result.is_empty() {
            detail["execution-result"] = Value::Object(result);
        }
    }
    for (key, artifacts) in [
        ("input-artifacts", &run.inputs),
        ("output-artifacts", &run.outputs),
    ] {
        if !artifacts.is_empty() {
            detail[key] = artifacts.iter().map(location).collect();
        }
    }
    detail["action-execution-id"] = json!(run.id);
    detail["action"] = json!(declared.name);
    detail["state"] = json!(match run.status {
        ActionStatus::InProgress => "STARTED",
        ActionStatus::Abandoned => "ABANDONED",
        ActionStatus::Succeeded => "SUCCEEDED",
        ActionStatus::Failed => "FAILED",
    });
    detail["region"] = json!(world.identity.region);
    detail["type"] = json!({
        "owner": declared.type_id.owner,
        "provider": declared.type_id.provider,
        "category": declared.type_id.category,
        "version": declared.type_id.version,
    });
    detail["version"] = json!(f64::from(VERSION));
    detail["pipeline-execution-attempt"] = json!(f64::from(execution.attempt));
    emit(world, pipeline, "Action", &detail);
}

/// Notes an action's status and what its summary now says.
pub(super) fn journal_action(world: &mut World, pipeline: &Pipeline, run: usize) {
    let run = &pipeline.runs[run];
    world.note(What::Action {
        execution: pipeline.executions[run.execution].id.clone(),
        stage: pipeline.declaration.stages[run.stage].name.clone(),
        action: pipeline.declared(run).name.clone(),
        status: run.status.name().to_owned(),
        summary: run
            .error
            .as_ref()
            .map(|error| error.message.clone())
            .or_else(|| run.summary.clone()),
    });
}

fn location(artifact: &Artifact) -> Value {
    json!({
        "name": artifact.name,
        "s3location": { "bucket": artifact.bucket, "key": artifact.key },
    })
}

fn emit(world: &mut World, pipeline: &Pipeline, level: &str, detail: &Value) {
    let resources = [world.arn("codepipeline", &pipeline.declaration.name)];
    events::emit(
        world,
        "aws.codepipeline",
        &format!("CodePipeline {level} Execution State Change"),
        &resources,
        detail,
    );
}
