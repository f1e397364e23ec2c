//! Starting, stopping and retrying executions.
//!
//! AWS: `CodePipeline` user guide, "Start a pipeline", "Stop a pipeline execution" and "Retry a
//! failed stage or failed actions in a stage".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    actions::{self, End},
    announce,
    declaration::{ExecutionMode, PipelineType, check_variable_value},
    input::{optional_text, text},
    progress,
    state::{ActionStatus, Execution, Pipeline, Place, Status, Stop, Trigger},
    take_pipeline,
};
use crate::world::{Fault, World};

/// Executions of a queued pipeline at one time. AWS: "Quotas in `CodePipeline`".
const CONCURRENT_EXECUTIONS: usize = 50;

/// `StartPipelineExecution`
pub(super) fn start(world: &mut World, input: &Value) -> Result<Value, Fault> {
    if !input["sourceRevisions"].is_null() {
        return Err(validation(
            "sourceRevisions are not supported by the local account",
        ));
    }
    let variables = input["variables"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (text(one, "name").to_owned(), text(one, "value").to_owned()))
        .collect();
    let token = optional_text(input, "clientRequestToken");
    let trigger = called(world);
    let id = take_pipeline(world, text(input, "name"), |world, pipeline| {
        begin(world, pipeline, &variables, trigger, token)
    })??;
    Ok(json!({ "pipelineExecutionId": id }))
}

/// Somebody called `StartPipelineExecution`; callers are not told apart here.
pub(super) fn called(world: &World) -> Trigger {
    Trigger {
        kind: "StartPipelineExecution",
        detail: format!("arn:aws:iam::{}:root", world.identity.account),
    }
}

/// Starts an execution; one that was started with the same client token is that one.
pub(super) fn begin(
    world: &mut World,
    pipeline: &mut Pipeline,
    given: &BTreeMap<String, String>,
    trigger: Trigger,
    client_token: Option<String>,
) -> Result<String, Fault> {
    let earlier = pipeline
        .executions
        .iter()
        .find(|one| client_token.is_some() && one.client_token == client_token);
    if let Some(earlier) = earlier {
        return Ok(earlier.id.clone());
    }
    check_concurrency(pipeline)?;
    let variables = resolve_variables(pipeline, given)?;
    let id = world.uuid();
    pipeline.executions.push(Execution {
        id: id.clone(),
        status: Status::InProgress,
        place: Place::Before(0),
        started: world.now,
        updated: world.now,
        attempt: 1,
        variables,
        trigger,
        stop: None,
        client_token,
        artifacts: BTreeMap::new(),
        outputs: BTreeMap::new(),
        stages: BTreeMap::new(),
    });
    announce::execution(world, pipeline, pipeline.executions.len() - 1, "STARTED");
    // At once, so that two starts between ticks do not supersede each other before the first stage.
    progress::advance(world, pipeline);
    Ok(id)
}

fn check_concurrency(pipeline: &Pipeline) -> Result<(), Fault> {
    let running = pipeline
        .executions
        .iter()
        .filter(|one| one.place != Place::Ended)
        .count();
    if pipeline.declaration.execution_mode == ExecutionMode::Queued
        && running >= CONCURRENT_EXECUTIONS
    {
        return Err(Fault::new(
            "ConcurrentPipelineExecutionsLimitExceededException",
            format!(
                "pipeline {} has {running} executions in progress",
                pipeline.declaration.name
            ),
        ));
    }
    Ok(())
}

fn resolve_variables(
    pipeline: &Pipeline,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let declared = &pipeline.declaration.variables;
    if pipeline.declaration.pipeline_type == PipelineType::V1 && !given.is_empty() {
        return Err(validation("a V1 pipeline has no variables"));
    }
    if let Some(unknown) = given
        .keys()
        .find(|name| declared.iter().all(|one| one.name != **name))
    {
        return Err(validation(&format!(
            "the pipeline does not declare variable {unknown}"
        )));
    }
    declared
        .iter()
        .map(|variable| {
            let name = &variable.name;
            let value = given
                .get(name)
                .or(variable.default_value.as_ref())
                .ok_or_else(|| {
                    validation(&format!("variable {name} has no default and needs a value"))
                })?;
            check_variable_value(name, value)?;
            Ok((name.clone(), value.clone()))
        })
        .collect()
}

/// `StopPipelineExecution`. The execution is stopping when this returns, and stopped when a later
/// tick finds nothing in progress.
pub(super) fn stop(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let id = text(input, "pipelineExecutionId");
    let stop = Stop {
        abandon: input["abandon"].as_bool().unwrap_or(false),
        reason: optional_text(input, "reason"),
    };
    take_pipeline(world, text(input, "pipelineName"), |world, pipeline| {
        let index = pipeline
            .execution_named(id)
            .ok_or_else(|| not_stoppable(id, "there is no such execution"))?;
        request_stop(world, pipeline, index, stop)
    })??;
    Ok(json!({ "pipelineExecutionId": id }))
}

fn request_stop(
    world: &mut World,
    pipeline: &mut Pipeline,
    index: usize,
    stop: Stop,
) -> Result<(), Fault> {
    let execution = &mut pipeline.executions[index];
    let abandon = stop.abandon;
    match (
        execution.status,
        execution.stop.as_ref().map(|one| one.abandon),
    ) {
        (Status::InProgress, _) => {
            execution.status = Status::Stopping;
            execution.updated = world.now;
            execution.stop = Some(stop);
            if let Place::Inside(stage) = execution.place
                && let Some(run) = execution.stages.get_mut(&stage)
            {
                run.status = Status::Stopping;
            }
            announce::stopping(world, pipeline, index);
        }
        (Status::Stopping, Some(false)) if abandon => execution.stop = Some(stop),
        (Status::Stopping, _) => {
            return Err(Fault::new(
                "DuplicatedStopRequestException",
                format!("execution {} is stopping already", execution.id),
            ));
        }
        (Status::Stopped | Status::Succeeded | Status::Superseded | Status::Failed, _) => {
            return Err(not_stoppable(&execution.id, "it has ended"));
        }
    }
    if abandon {
        for run in pipeline.in_progress(index) {
            actions::finish(world, pipeline, run, End::Abandoned);
        }
    }
    Ok(())
}

/// `RetryStageExecution`
pub(super) fn retry(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let id = text(input, "pipelineExecutionId");
    let all = text(input, "retryMode") == "ALL_ACTIONS";
    let stage_name = text(input, "stageName");
    take_pipeline(world, text(input, "pipelineName"), |world, pipeline| {
        let stage = pipeline.declaration.called_stage(stage_name)?;
        let index = retryable(pipeline, stage, id, all)?;
        check_concurrency(pipeline)?;
        resume(world, pipeline, index, stage, all);
        Ok(())
    })??;
    Ok(json!({ "pipelineExecutionId": id }))
}

/// The execution, if its stage can be retried.
fn retryable(pipeline: &Pipeline, stage: usize, id: &str, all: bool) -> Result<usize, Fault> {
    let refuse = |reason: &str| {
        Err(Fault::new(
            "StageNotRetryableException",
            format!(
                "stage {} of execution {id} cannot be retried: {reason}",
                pipeline.declaration.stages[stage].name
            ),
        ))
    };
    let Some(index) = pipeline.execution_named(id) else {
        return refuse("there is no such execution");
    };
    let execution = &pipeline.executions[index];
    let Some(run) = execution.stages.get(&stage) else {
        return refuse("it never entered the stage");
    };
    if pipeline.latest_in(stage) != Some(index) {
        return Err(Fault::new(
            "NotLatestPipelineExecutionException",
            format!("execution {id} is not the latest in the stage"),
        ));
    }
    if execution.place != Place::Ended || !matches!(run.status, Status::Failed | Status::Stopped) {
        return refuse("the stage has not failed");
    }
    let has_failed = pipeline
        .current_runs(index, stage)
        .into_iter()
        .flatten()
        .any(|run| run.status != ActionStatus::Succeeded);
    if !all && !has_failed {
        return refuse("it contains no failed actions");
    }
    Ok(index)
}

/// The same execution goes on in the same stage, as one attempt more.
fn resume(world: &mut World, pipeline: &mut Pipeline, index: usize, stage: usize, all: bool) {
    let execution = &mut pipeline.executions[index];
    execution.status = Status::InProgress;
    execution.place = Place::Inside(stage);
    execution.stop = None;
    execution.updated = world.now;
    execution.attempt += 1;
    if let Some(run) = execution.stages.get_mut(&stage) {
        run.status = Status::InProgress;
        run.attempt += 1;
        if all {
            run.counts_from = run.attempt;
        }
    }
    announce::execution(world, pipeline, index, "RESUMED");
    announce::stage(world, pipeline, index, stage, "RESUMED");
}

fn not_stoppable(id: &str, reason: &str) -> Fault {
    Fault::new(
        "PipelineExecutionNotStoppableException",
        format!("execution {id} cannot be stopped: {reason}"),
    )
}

fn validation(message: &str) -> Fault {
    Fault::new("ValidationException", message)
}
