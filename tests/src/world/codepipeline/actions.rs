//! The life of one action execution.

use std::collections::BTreeMap;

use super::{
    PlayedAction,
    action_types::Kind,
    announce, approvals,
    declaration::Action,
    jobs,
    state::{ActionRun, ActionStatus, Approval, Artifact, ErrorDetails, Lambda, Pipeline, Work},
    variables,
};
use crate::world::{Effect, World, iam};

/// How long an approval waits unless its action says otherwise, minutes. AWS: "Quotas in
/// `CodePipeline`", seven days.
const APPROVAL_TIMEOUT_MINUTES: u32 = 7 * 24 * 60;

/// How an action execution ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// With output variables and, perhaps, a summary.
    Succeeded {
        variables: BTreeMap<String, String>,
        summary: Option<String>,
    },
    /// With an error and, perhaps, a summary.
    Failed {
        error: ErrorDetails,
        summary: Option<String>,
    },
    /// Because somebody stopped the execution without waiting.
    Abandoned,
}

impl End {
    /// A failure of which only a code and a message are known.
    pub(super) fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed {
            error: ErrorDetails {
                code: code.to_owned(),
                message: message.into(),
            },
            summary: None,
        }
    }
}

/// Starts an action of a stage that the execution is in. An action that cannot start has failed when
/// this returns.
pub(super) fn start(
    world: &mut World,
    pipeline: &mut Pipeline,
    execution: usize,
    stage: usize,
    action: usize,
) {
    let declared = &pipeline.declaration.stages[stage].actions[action];
    let owner = &pipeline.executions[execution];
    let resolved = variables::resolve(&declared.configuration, owner);
    let inputs: Result<Vec<Artifact>, String> = declared
        .input_artifacts
        .iter()
        .map(|input| {
            let artifact = owner.artifacts.get(&input.name).cloned();
            artifact.ok_or_else(|| format!("input artifact {} was not put out", input.name))
        })
        .collect();
    let problem = [resolved.as_ref().err(), inputs.as_ref().err()]
        .into_iter()
        .flatten()
        .next()
        .cloned();
    let run = ActionRun {
        id: world.uuid(),
        execution,
        stage,
        action,
        attempt: owner.stages.get(&stage).map_or(1, |run| run.attempt),
        started: world.now,
        updated: world.now,
        status: ActionStatus::InProgress,
        summary: None,
        percent: None,
        error: None,
        external_id: None,
        configuration: resolved.unwrap_or_default(),
        inputs: inputs.unwrap_or_default(),
        outputs: outputs(world, pipeline, stage, action),
        variables: BTreeMap::new(),
        work: Work::Played,
    };
    pipeline.runs.push(run);
    let run = pipeline.runs.len() - 1;
    announce::action(world, pipeline, run);
    match problem {
        Some(reason) => finish(
            world,
            pipeline,
            run,
            End::failed("ConfigurationError", reason),
        ),
        None => begin(world, pipeline, run),
    }
}

/// Where an action's output artifacts go. AWS truncates the pipeline's name to 20 characters and the
/// artifact's to 10 and adds a random word.
fn outputs(world: &mut World, pipeline: &Pipeline, stage: usize, action: usize) -> Vec<Artifact> {
    let head = |text: &str, length| text.chars().take(length).collect::<String>();
    pipeline.declaration.stages[stage].actions[action]
        .output_artifacts
        .iter()
        .map(|output| Artifact {
            name: output.name.clone(),
            bucket: pipeline.declaration.artifact_store.location.clone(),
            key: format!(
                "{}/{}/{}",
                head(&pipeline.declaration.name, 20),
                head(&output.name, 10),
                head(&world.uuid(), 7)
            ),
            revision: None,
        })
        .collect()
}

fn begin(world: &mut World, pipeline: &mut Pipeline, run: usize) {
    let declared = pipeline.declared(&pipeline.runs[run]);
    match declared.kind() {
        Kind::Played => {
            if let Err(message) = authorize_played(world, pipeline, run) {
                let end = End::failed("PermissionError", message);
                return finish(world, pipeline, run, end);
            }
            let effect = Effect::PlayAction(played(pipeline, &pipeline.runs[run]));
            world.outbox.push(effect);
        }
        Kind::Approval => {
            let minutes = declared
                .timeout_in_minutes
                .unwrap_or(APPROVAL_TIMEOUT_MINUTES);
            let token = world.uuid();
            pipeline.runs[run].external_id = Some(token.clone());
            pipeline.runs[run].work = Work::Approval(Approval {
                token,
                // A person's time, not the account's clockwork: not paced.
                expires: world.now + std::time::Duration::from_mins(minutes.into()),
                answered: false,
            });
            approvals::notify(world, pipeline, run);
        }
        Kind::Lambda => {
            pipeline.runs[run].work = Work::Lambda(Lambda::default());
            jobs::issue(world, pipeline, run, None);
        }
    }
}

/// What a source, build or test needs of the pipeline's role. What a build reads and writes is its
/// project's.
///
/// AWS: `CodePipeline` user guide, "AWS `CodeBuild` build and test action reference" and "Amazon S3
/// source action reference", "Service role permissions".
fn authorize_played(world: &mut World, pipeline: &Pipeline, run: usize) -> Result<(), String> {
    let declared = pipeline.declared(&pipeline.runs[run]);
    let run = &pipeline.runs[run];
    let configured = |name: &str| run.configuration.get(name).map_or("", String::as_str);
    let needs = match declared.type_id.provider.as_str() {
        "CodeBuild" => {
            let project = format!("project/{}", configured("ProjectName"));
            let project = world.arn("codebuild", &project);
            ["codebuild:StartBuild", "codebuild:BatchGetBuilds"]
                .map(|action| (action, project.clone()))
                .to_vec()
        }
        "S3" => {
            let bucket = format!("arn:aws:s3:::{}", configured("S3Bucket"));
            let object = format!("{bucket}/{}", configured("S3ObjectKey"));
            let mut needs = vec![
                ("s3:GetBucketAcl", bucket.clone()),
                ("s3:GetBucketLocation", bucket.clone()),
                ("s3:GetBucketVersioning", bucket),
                ("s3:GetObject", object.clone()),
                ("s3:GetObjectVersion", object),
            ];
            needs.extend(run.outputs.iter().map(|Artifact { bucket, key, .. }| {
                ("s3:PutObject", format!("arn:aws:s3:::{bucket}/{key}"))
            }));
            needs
        }
        _ => Vec::new(),
    };
    let mut needs = needs.iter();
    needs.try_for_each(|(action, on)| authorize(world, pipeline, declared, action, on))
}

/// Whether the role that an action runs as, its own or the pipeline's, may do something.
pub(super) fn authorize(
    world: &mut World,
    pipeline: &Pipeline,
    action: &Action,
    needed: &str,
    resource: &str,
) -> Result<(), String> {
    let own = action.role_arn.as_ref();
    let role = own.unwrap_or(&pipeline.declaration.role_arn);
    iam::authorize_role(world, role, needed, resource, &[]).map_err(|denied| {
        format!(
            "The service role or action role doesn't have the permissions required to access {resource}. \
             Update the IAM role permissions, and then try again. Error: {denied}"
        )
    })
}

fn played(pipeline: &Pipeline, run: &ActionRun) -> PlayedAction {
    let places = |artifacts: &[Artifact]| {
        artifacts
            .iter()
            .map(|one| (one.name.clone(), (one.bucket.clone(), one.key.clone())))
            .collect()
    };
    let declared = pipeline.declared(run);
    PlayedAction {
        action_execution: run.id.clone(),
        execution: pipeline.executions[run.execution].id.clone(),
        stage: pipeline.declaration.stages[run.stage].name.clone(),
        action: declared.name.clone(),
        provider: declared.type_id.provider.clone(),
        configuration: run.configuration.clone(),
        input_artifacts: places(&run.inputs),
        output_artifacts: places(&run.outputs),
    }
}

/// Ends an action execution that is in progress. What follows from it for the stage is for
/// [`advance`](super::progress::advance).
pub(super) fn finish(world: &mut World, pipeline: &mut Pipeline, run: usize, end: End) {
    let ended = &mut pipeline.runs[run];
    ended.updated = world.now;
    if let Work::Lambda(lambda) = &mut ended.work {
        lambda.again = None;
        for job in &mut lambda.jobs {
            job.open = false;
        }
    }
    match end {
        End::Succeeded { variables, summary } => {
            ended.status = ActionStatus::Succeeded;
            ended.summary = summary;
            ended.variables = variables;
            hand_on(pipeline, run);
        }
        End::Failed { error, summary } => {
            ended.status = ActionStatus::Failed;
            ended.summary = summary;
            ended.error = Some(error);
        }
        End::Abandoned => ended.status = ActionStatus::Abandoned,
    }
    announce::action(world, pipeline, run);
}

/// Makes a succeeded action's artifacts and variables known to later ones.
fn hand_on(pipeline: &mut Pipeline, run: usize) {
    let run = &pipeline.runs[run];
    let declared = pipeline.declared(run);
    let revision = (declared.type_id.category == "Source")
        .then(|| {
            ["CommitId", "VersionId", "ETag"]
                .iter()
                .find_map(|name| run.variables.get(*name).cloned())
        })
        .flatten();
    let namespace = declared.namespace.clone();
    let execution = &mut pipeline.executions[run.execution];
    for output in &run.outputs {
        let artifact = Artifact {
            revision: revision.clone(),
            ..output.clone()
        };
        execution.artifacts.insert(output.name.clone(), artifact);
    }
    if let Some(namespace) = namespace {
        execution.outputs.insert(namespace, run.variables.clone());
    }
}
