//! AWS `CodePipeline`: executions, stages and their locks, actions, jobs, approvals, stopping.
//!
//! Calls take effect on actions at once; executions move on when the account ticks, as on AWS the
//! next action starts a moment after a result was put.
//!
//! Different from AWS: there are no parallel executions, stage conditions, triggers, disabled
//! transitions, stage rollbacks or pipeline updates (each is refused by name), and creating a
//! pipeline does not start it.

mod action_types;
mod actions;
mod announce;
mod approvals;
mod control;
mod declaration;
mod input;
mod jobs;
mod needs;
mod progress;
mod provision;
mod queries;
mod state;
#[cfg(test)]
mod stories;
mod transitions;
mod variables;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::Value;

use super::{
    Fault, Principal, World, iam,
    journal::What,
    service::{Endpoint, Service},
    unknown_operation,
};
use actions::End;
use declaration::Declaration;
use state::{ActionStatus, Pipeline, Trigger, Work};

/// The principal that the artifact credentials of jobs belong to.
pub const JOB_PRINCIPAL: &str = "pipeline-job";

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/codepipeline.json")),
    call: |world, it| call(world, it.operation, it.input),
    tick,
    needs: needs::needs,
    resources: provision::RESOURCES,
    ..Service::new("codepipeline")
};

/// Pipelines and their executions.
pub struct CodePipeline {
    /// How long after a continuation token the next job comes, in the account's time, not paced.
    /// AWS does not document it; it is said to be about 30 seconds.
    pub reinvoke_after: Duration,
    /// Whether `GetPipelineState` shows an approval's token after its answer. The user guide's sample of `get-pipeline-state` does;
    /// "each open approval request" elsewhere implies that it does not.
    pub answered_keep_tokens: bool,
    /// `accessKeyId` of the artifact credentials in jobs, by which the signer of a call can be told.
    pub job_access_key: String,
    /// `secretAccessKey` and `sessionToken` of the artifact credentials in jobs.
    pub job_secret: String,
    pipelines: BTreeMap<String, Pipeline>,
    /// What rules have started while its pipeline was being moved on, as pipeline and rule.
    waiting: Vec<(String, String)>,
}

impl Default for CodePipeline {
    fn default() -> Self {
        Self {
            reinvoke_after: Duration::from_secs(30),
            answered_keep_tokens: true,
            job_access_key: "ASIAPIPELINEJOB".to_owned(),
            job_secret: "EXAMPLE-NOT-A-SECRET".to_owned(),
            pipelines: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }
}

/// Without the secret.
impl fmt::Debug for CodePipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodePipeline")
            .field("reinvoke_after", &self.reinvoke_after)
            .field("pipelines", &self.pipelines)
            .finish_non_exhaustive()
    }
}

/// An action that somebody outside plays: source, build.
#[derive(Debug, Clone)]
pub struct PlayedAction {
    /// What to give to [`action_finished`].
    pub action_execution: String,
    /// The execution.
    pub execution: String,
    /// The stage.
    pub stage: String,
    /// The action.
    pub action: String,
    /// `S3`, `CodeBuild`, `CodeStarSourceConnection`, ...
    pub provider: String,
    /// The action's configuration, variables resolved.
    pub configuration: BTreeMap<String, String>,
    /// Input artifacts by name, as (bucket, key).
    pub input_artifacts: BTreeMap<String, (String, String)>,
    /// Where to put output artifacts, by name, as (bucket, key).
    pub output_artifacts: BTreeMap<String, (String, String)>,
}

/// How a played action ended.
#[derive(Debug, Clone)]
pub enum Played {
    /// With output variables. `CommitId`, `VersionId` or `ETag` of a source action becomes the
    /// revision of its artifact.
    Succeeded(BTreeMap<String, String>),
    /// With a message.
    Failed(String),
}

/// Creates a pipeline from input as `CreatePipeline` takes it (`{"pipeline": {...}}`).
///
/// # Errors
/// `PipelineNameInUseException`, `InvalidStructureException`, `InvalidStageDeclarationException`,
/// `InvalidActionDeclarationException`, `ValidationException`; also for what exists on AWS but not
/// here.
pub fn create_pipeline(world: &mut World, input: &Value) -> Result<(), Fault> {
    if let Some(unknown) = input
        .as_object()
        .and_then(|input| input.keys().find(|key| *key != "pipeline"))
    {
        return Err(Fault::new(
            "ValidationException",
            format!("CreatePipeline with {unknown} is not supported by the local account"),
        ));
    }
    let declared = input["pipeline"].clone();
    let declaration = Declaration::parse(&declared)?;
    let name = declaration.name.clone();
    if world.codepipeline.pipelines.contains_key(&name) {
        return Err(Fault::new(
            "PipelineNameInUseException",
            format!("there is a pipeline {name} already"),
        ));
    }
    let (role, arn) = (
        declaration.role_arn.clone(),
        world.arn("codepipeline", &name),
    );
    act_as(world, &role, &arn)?;
    let pipeline = Pipeline {
        declared,
        declaration,
        closed: BTreeMap::new(),
        created: world.now,
        executions: Vec::new(),
        runs: Vec::new(),
    };
    world.codepipeline.pipelines.insert(name, pipeline);
    Ok(())
}

/// Changes a pipeline to input as `UpdatePipeline` takes it (`{"pipeline": {...}}`). Executions that are in progress go on in
/// stages and actions of the same places. On AWS its version is one higher then; here it stays 1.
///
/// # Errors
/// `PipelineNotFoundException`, and as [`create_pipeline`]; `ValidationException` for other stages while an execution is in
/// progress: AWS stops or fails it, which is not played here.
pub fn update_pipeline(world: &mut World, input: &Value) -> Result<(), Fault> {
    let declared = input["pipeline"].clone();
    let declaration = Declaration::parse(&declared)?;
    let name = declaration.name.clone();
    let (role, arn) = (
        declaration.role_arn.clone(),
        world.arn("codepipeline", &name),
    );
    act_as(world, &role, &arn)?;
    take_pipeline(world, &name, |_, pipeline| {
        let shape = |declaration: &Declaration| -> Vec<(String, usize)> {
            let stages = declaration.stages.iter();
            stages
                .map(|stage| (stage.name.clone(), stage.actions.len()))
                .collect()
        };
        let is_busy = pipeline
            .executions
            .iter()
            .any(|execution| execution.place != state::Place::Ended);
        if is_busy && shape(&pipeline.declaration) != shape(&declaration) {
            return Err(Fault::new(
                "ValidationException",
                format!(
                    "the local account changes the stages of pipeline {name} only when no execution is in progress"
                ),
            ));
        }
        pipeline.declared = declared;
        pipeline.declaration = declaration;
        Ok(())
    })?
}

/// Deletes a pipeline. One that is not there is passed over.
pub fn delete_pipeline(world: &mut World, name: &str) {
    world.codepipeline.pipelines.remove(name);
}

/// Jobs' credentials are the pipeline's: whoever has them acts as its role.
fn act_as(world: &mut World, role: &str, pipeline_arn: &str) -> Result<(), Fault> {
    let job = Principal(JOB_PRINCIPAL.to_owned());
    iam::assume(world, &job, role, iam::CODEPIPELINE, Some(pipeline_arn)).map_err(|fault| {
        let message = format!(
            "CodePipeline is not authorized to perform AssumeRole on role {role}: {}",
            fault.message
        );
        Fault::new("InvalidStructureException", message)
    })
}

/// Starts an execution; answers its id.
///
/// # Errors
/// `PipelineNotFoundException`, `ValidationException`,
/// `ConcurrentPipelineExecutionsLimitExceededException`.
pub fn start_execution(
    world: &mut World,
    pipeline: &str,
    variables: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let trigger = control::called(world);
    take_pipeline(world, pipeline, |world, pipeline| {
        control::begin(world, pipeline, variables, trigger, None)
    })?
}

/// A rule starts an execution, whose variables have their defaults. Why it cannot is noted in the
/// journal: nobody waits for an answer.
///
/// A pipeline that is just being moved on, as one that has set the rule off, is started at the next
/// tick.
pub fn start_by_rule(world: &mut World, pipeline: &str, rule_arn: &str) {
    if !world.codepipeline.pipelines.contains_key(pipeline) {
        let start = (pipeline.to_owned(), rule_arn.to_owned());
        return world.codepipeline.waiting.push(start);
    }
    let trigger = Trigger {
        kind: "CloudWatchEvent",
        detail: rule_arn.to_owned(),
    };
    let started = take_pipeline(world, pipeline, |world, pipeline| {
        control::begin(world, pipeline, &BTreeMap::new(), trigger, None)
    });
    if let Err(fault) = started.and_then(|started| started) {
        not_started(world, pipeline, rule_arn, &fault);
    }
}

fn not_started(world: &mut World, pipeline: &str, rule_arn: &str, fault: &Fault) {
    world.note(What::Told(format!(
        "{rule_arn} started no execution of {pipeline}: {}",
        fault.message
    )));
}

/// The execution of a pipeline that was started last.
#[must_use]
pub fn newest_execution<'a>(world: &'a World, pipeline: &str) -> Option<&'a str> {
    let pipeline = world.codepipeline.pipelines.get(pipeline)?;
    pipeline.executions.last().map(|newest| newest.id.as_str())
}

/// A played action ended. One that is unknown or not in progress any more is ignored.
pub fn action_finished(world: &mut World, action_execution: &str, how: Played) {
    let end = match how {
        Played::Succeeded(variables) => End::Succeeded {
            variables,
            summary: None,
        },
        Played::Failed(message) => End::failed("JobFailed", message),
    };
    on_every_pipeline(world, |world, pipeline| {
        let run = pipeline.runs.iter().position(|run| {
            run.id == action_execution
                && run.status == ActionStatus::InProgress
                && matches!(run.work, Work::Played)
        });
        if let Some(run) = run {
            actions::finish(world, pipeline, run, end.clone());
        }
    });
}

/// What the approval that waits in a pipeline has for people to read, its variables resolved.
#[must_use]
pub fn asks(world: &World, pipeline: &str) -> Option<String> {
    let pipeline = world.codepipeline.pipelines.get(pipeline)?;
    approvals::waiting(pipeline)?
        .configuration
        .get("CustomData")
        .cloned()
}

/// Answers the approval that waits in a pipeline, as a person does in the console. When several wait,
/// the one that has waited longest.
///
/// # Errors
/// `PipelineNotFoundException`; `InvalidApprovalTokenException` when none waits.
pub fn answer_approval(
    world: &mut World,
    pipeline: &str,
    approve: bool,
    summary: &str,
) -> Result<(), Fault> {
    take_pipeline(world, pipeline, |world, pipeline| {
        approvals::answer_waiting(world, pipeline, approve, summary)
    })??;
    let verb = if approve { "approved" } else { "rejected" };
    world.note(What::Told(format!("{verb}: {summary}")));
    Ok(())
}

/// An API call.
///
/// # Errors
/// Those of the operation; `UnknownOperationException` for operations that are not here.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "PutJobSuccessResult" => jobs::succeeded(world, input),
        "PutJobFailureResult" => jobs::failed(world, input),
        "GetJobDetails" => jobs::details(world, input),
        "PutApprovalResult" => approvals::put(world, input),
        "StartPipelineExecution" => control::start(world, input),
        "StopPipelineExecution" => control::stop(world, input),
        "RetryStageExecution" => control::retry(world, input),
        "DisableStageTransition" => transitions::disable(world, input),
        "EnableStageTransition" => transitions::enable(world, input),
        "GetPipeline" => queries::get_pipeline(world, input),
        "GetPipelineState" => queries::get_pipeline_state(world, input),
        "GetPipelineExecution" => queries::get_pipeline_execution(world, input),
        "ListPipelineExecutions" => queries::list_pipeline_executions(world, input),
        "ListActionExecutions" => queries::list_action_executions(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// Moves executions on, times actions out.
pub fn tick(world: &mut World) {
    for (pipeline, rule_arn) in std::mem::take(&mut world.codepipeline.waiting) {
        if world.codepipeline.pipelines.contains_key(&pipeline) {
            start_by_rule(world, &pipeline, &rule_arn);
        } else {
            not_started(world, &pipeline, &rule_arn, &pipeline_not_found(&pipeline));
        }
    }
    on_every_pipeline(world, |world, pipeline| {
        jobs::tick(world, pipeline);
        approvals::tick(world, pipeline);
        progress::advance(world, pipeline);
    });
}

/// Does something with a pipeline and the rest of the world. The pipeline is out of the world
/// meanwhile; nothing that it sets off comes back to it before the next call or tick.
fn take_pipeline<T>(
    world: &mut World,
    name: &str,
    act: impl FnOnce(&mut World, &mut Pipeline) -> T,
) -> Result<T, Fault> {
    let (name, mut pipeline) = world
        .codepipeline
        .pipelines
        .remove_entry(name)
        .ok_or_else(|| pipeline_not_found(name))?;
    let result = act(world, &mut pipeline);
    world.codepipeline.pipelines.insert(name, pipeline);
    Ok(result)
}

fn on_every_pipeline(world: &mut World, mut act: impl FnMut(&mut World, &mut Pipeline)) {
    for (name, mut pipeline) in std::mem::take(&mut world.codepipeline.pipelines) {
        act(world, &mut pipeline);
        world.codepipeline.pipelines.insert(name, pipeline);
    }
}

fn pipeline_not_found(name: &str) -> Fault {
    Fault::new(
        "PipelineNotFoundException",
        format!("there is no pipeline {name}"),
    )
}
