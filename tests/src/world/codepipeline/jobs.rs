//! Lambda actions: a job per invocation, results, continuations and time limits.
//!
//! AWS: `CodePipeline` user guide, "Invoke an AWS Lambda function in a pipeline" and "Quotas in
//! `CodePipeline`". The time limits are paced like the rest of the account's clockwork.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    actions::{self, End},
    announce,
    input::{optional_text, text},
    state::{ActionStatus, Again, Artifact, ErrorDetails, Job, Lambda, Pipeline, Work},
    take_pipeline,
};
use crate::{
    clock::Moment,
    world::{Fault, World, functions},
};

/// How long a job may go without a result. AWS: "Quotas in `CodePipeline`", Lambda invoke action.
const ANSWER_WITHIN: Duration = Duration::from_mins(20);
/// How long all jobs of one action may take together. AWS: same page.
const ACTION_WITHIN: Duration = Duration::from_hours(24);
/// Bytes of all output variables of one action, names included. AWS: same page.
const LARGEST_OUTPUT_VARIABLES: usize = 122_880;
/// How long the credentials of a job are good for, as its event says.
const CREDENTIALS_FOR: Duration = Duration::from_hours(1);

/// Creates a job and invokes the action's function with it.
pub(super) fn issue(
    world: &mut World,
    pipeline: &mut Pipeline,
    run: usize,
    continuation: Option<String>,
) {
    let function = pipeline.runs[run]
        .configuration
        .get("FunctionName")
        .cloned()
        .unwrap_or_default();
    if functions::function(world, &function).is_none() {
        let message = format!("The Lambda function {function} does not exist.");
        let end = End::failed("ConfigurationError", message);
        return actions::finish(world, pipeline, run, end);
    }
    let (role, arn) = (
        pipeline.declaration.role_arn.clone(),
        world.arn("codepipeline", &pipeline.declaration.name),
    );
    let allowed = super::act_as(world, &role, &arn)
        .map_err(|fault| fault.message)
        .and_then(|()| {
            let resource = functions::arn(world, &function);
            let action = pipeline.declared(&pipeline.runs[run]);
            actions::authorize(world, pipeline, action, "lambda:InvokeFunction", &resource)
        });
    if let Err(message) = allowed {
        return actions::finish(
            world,
            pipeline,
            run,
            End::failed("PermissionError", message),
        );
    }
    let job = Job {
        id: world.uuid(),
        issued: world.now,
        continuation,
        open: true,
    };
    let event = event(world, pipeline, run, &job);
    if let Work::Lambda(lambda) = &mut pipeline.runs[run].work {
        lambda.again = None;
        lambda.jobs.push(job);
    }
    functions::invoke_async(world, &function, event, "codepipeline");
}

/// What the function gets. It names neither pipeline nor execution, as on AWS.
fn event(world: &World, pipeline: &Pipeline, run: usize, job: &Job) -> Value {
    let mut data = data(world, pipeline, run, job);
    let expires = world.now + CREDENTIALS_FOR;
    data["artifactCredentials"]["expirationTime"] = json!(expires.0);
    json!({ "CodePipeline.job": {
        "id": job.id,
        "accountId": world.identity.account,
        "data": data,
    }})
}

/// What the event and `GetJobDetails` have in common.
fn data(world: &World, pipeline: &Pipeline, run: usize, job: &Job) -> Value {
    let run = &pipeline.runs[run];
    let artifacts = |artifacts: &[Artifact]| -> Vec<Value> {
        artifacts
            .iter()
            .map(|artifact| {
                json!({
                    "name": artifact.name,
                    "revision": artifact.revision,
                    "location": {
                        "type": "S3",
                        "s3Location": {
                            "bucketName": artifact.bucket,
                            "objectKey": artifact.key,
                        },
                    },
                })
            })
            .collect()
    };
    let mut data = json!({
        "actionConfiguration": { "configuration": run.configuration },
        "inputArtifacts": artifacts(&run.inputs),
        "outputArtifacts": artifacts(&run.outputs),
        "artifactCredentials": {
            "accessKeyId": world.codepipeline.job_access_key,
            "secretAccessKey": world.codepipeline.job_secret,
            "sessionToken": world.codepipeline.job_secret,
        },
    });
    if let Some(token) = &job.continuation {
        data["continuationToken"] = json!(token);
    }
    if let Some(key) = &pipeline.declaration.artifact_store.encryption_key {
        data["encryptionKey"] = key.clone();
    }
    data
}

/// Where a job is.
struct Found {
    pipeline: String,
    run: usize,
    job: Job,
}

fn find(world: &World, id: &str) -> Result<Found, Fault> {
    for (name, pipeline) in &world.codepipeline.pipelines {
        for (run, action) in pipeline.runs.iter().enumerate() {
            let Work::Lambda(lambda) = &action.work else {
                continue;
            };
            if let Some(job) = lambda.jobs.iter().find(|job| job.id == id) {
                return Ok(Found {
                    pipeline: name.clone(),
                    run,
                    job: job.clone(),
                });
            }
        }
    }
    Err(Fault::new(
        "JobNotFoundException",
        format!("there is no job {id}"),
    ))
}

fn find_open(world: &World, id: &str) -> Result<Found, Fault> {
    let found = find(world, id)?;
    if found.job.open {
        return Ok(found);
    }
    // Which of the two errors AWS gives for a job that has ended is not documented.
    Err(Fault::new(
        "InvalidJobStateException",
        format!("job {id} has ended; it takes no result"),
    ))
}

/// `PutJobSuccessResult`
pub(super) fn succeeded(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let found = find_open(world, text(input, "jobId"))?;
    let token = optional_text(input, "continuationToken");
    let variables = output_variables(input, token.is_some())?;
    if !input["currentRevision"].is_null() {
        return Err(Fault::new(
            "ValidationException",
            "currentRevision is not supported by the local account",
        ));
    }
    let details = input["executionDetails"].clone();
    take_pipeline(world, &found.pipeline, |world, pipeline| {
        let action = &mut pipeline.runs[found.run];
        let summary = optional_text(&details, "summary");
        action.percent = details["percentComplete"].as_u64().or(action.percent);
        action.external_id =
            optional_text(&details, "externalExecutionId").or(action.external_id.take());
        if let Some(token) = token {
            go_on(world, pipeline, found.run, summary, token);
        } else {
            let end = End::Succeeded { variables, summary };
            actions::finish(world, pipeline, found.run, end);
        }
    })?;
    Ok(json!({}))
}

fn output_variables(input: &Value, continues: bool) -> Result<BTreeMap<String, String>, Fault> {
    let variables: BTreeMap<String, String> = input["outputVariables"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    if continues && !variables.is_empty() {
        return Err(Fault::new(
            "ValidationException",
            "output variables cannot be given together with a continuation token",
        ));
    }
    let size: usize = variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > LARGEST_OUTPUT_VARIABLES {
        return Err(Fault::new(
            "OutputVariablesSizeExceededException",
            format!(
                "the output variables have {size} bytes; {LARGEST_OUTPUT_VARIABLES} are allowed"
            ),
        ));
    }
    Ok(variables)
}

/// The function wants to be asked again.
fn go_on(
    world: &mut World,
    pipeline: &mut Pipeline,
    run: usize,
    summary: Option<String>,
    token: String,
) {
    let at = world.now + world.codepipeline.reinvoke_after;
    let action = &mut pipeline.runs[run];
    let is_news = action.summary != summary;
    action.summary = summary;
    if let Work::Lambda(lambda) = &mut action.work {
        for job in &mut lambda.jobs {
            job.open = false;
        }
        lambda.again = Some(Again { at, token });
    }
    if is_news {
        announce::journal_action(world, pipeline, run);
    }
}

/// `PutJobFailureResult`
pub(super) fn failed(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let found = find_open(world, text(input, "jobId"))?;
    let details = &input["failureDetails"];
    let external_id = optional_text(details, "externalExecutionId");
    let error = ErrorDetails {
        code: text(details, "type").to_owned(),
        message: text(details, "message").to_owned(),
    };
    take_pipeline(world, &found.pipeline, |world, pipeline| {
        let action = &mut pipeline.runs[found.run];
        action.external_id = external_id.or(action.external_id.take());
        let end = End::Failed {
            error,
            summary: None,
        };
        actions::finish(world, pipeline, found.run, end);
    })?;
    Ok(json!({}))
}

/// `GetJobDetails`. Whether AWS fills the execution's id for jobs of Lambda actions is not
/// documented: it is left out, with the pipeline's ARN, so that nothing here comes to lean on it.
pub(super) fn details(world: &World, input: &Value) -> Result<Value, Fault> {
    let found = find(world, text(input, "jobId"))?;
    let pipeline = &world.codepipeline.pipelines[&found.pipeline];
    let run = &pipeline.runs[found.run];
    let declared = pipeline.declared(run);
    let mut data = data(world, pipeline, found.run, &found.job);
    for list in ["inputArtifacts", "outputArtifacts"] {
        for artifact in data[list].as_array_mut().into_iter().flatten() {
            // `null` in the event, missing in the API's answer.
            if let Some(artifact) = artifact.as_object_mut()
                && artifact["revision"].is_null()
            {
                artifact.remove("revision");
            }
        }
    }
    data["actionTypeId"] = super::queries::action_type(declared);
    data["pipelineContext"] = json!({
        "pipelineName": pipeline.declaration.name,
        "stage": { "name": pipeline.declaration.stages[run.stage].name },
        "action": { "name": declared.name },
    });
    Ok(json!({ "jobDetails": {
        "id": found.job.id,
        "accountId": world.identity.account,
        "data": data,
    }}))
}

/// What time calls for at a Lambda action that is in progress.
enum Due {
    Nothing,
    Again(String),
    TimedOut(String),
}

/// Fails actions that have waited too long, issues the jobs that continuations asked for.
pub(super) fn tick(world: &mut World, pipeline: &mut Pipeline) {
    for run in 0..pipeline.runs.len() {
        match due(world, pipeline, run) {
            Due::Nothing => {}
            Due::Again(token) => issue(world, pipeline, run, Some(token)),
            Due::TimedOut(message) => {
                let end = End::failed("JobFailed", message);
                actions::finish(world, pipeline, run, end);
            }
        }
    }
}

fn due(world: &World, pipeline: &Pipeline, run: usize) -> Due {
    let run = &pipeline.runs[run];
    let (ActionStatus::InProgress, Work::Lambda(lambda)) = (run.status, &run.work) else {
        return Due::Nothing;
    };
    let overdue = |since: Moment, limit| world.now.since(since) >= world.paced(limit);
    let function = run.configuration.get("FunctionName");
    let function = function.map_or("", String::as_str);
    match lambda {
        _ if overdue(run.started, ACTION_WITHIN) => Due::TimedOut(format!(
            "The Lambda function {function} did not come to an end within 24 hours."
        )),
        Lambda {
            again: Some(again), ..
        } if again.at <= world.now => Due::Again(again.token.clone()),
        Lambda { jobs, .. } => match jobs.last() {
            Some(job) if job.open && overdue(job.issued, ANSWER_WITHIN) => Due::TimedOut(format!(
                "The Lambda function {function} did not report a result of job {} within 20 minutes.",
                job.id
            )),
            _ => Due::Nothing,
        },
    }
}
