//! Manual approvals.
//!
//! AWS: `CodePipeline` user guide, "Manage approval actions in pipelines".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    actions::{self, End},
    input::text,
    state::{ActionRun, ActionStatus, ErrorDetails, Pipeline, Work},
    take_pipeline,
};
use crate::world::{
    Fault, Principal, World,
    journal::What,
    sns::{self, Publisher},
};

/// Characters of a subject that SNS takes.
const LONGEST_SUBJECT: usize = 100;

/// Tells the readers of the action's topic, if it has one, that an answer is waited for, with the role of the action or
/// else of the pipeline. The subject is as in AWS's e-mails and not documented.
///
/// AWS: `CodePipeline` user guide, "JSON data format for manual approval notifications".
pub(super) fn notify(world: &mut World, pipeline: &Pipeline, run: usize) {
    let run = &pipeline.runs[run];
    let (Some(topic), Work::Approval(approval)) =
        (run.configuration.get("NotificationArn"), &run.work)
    else {
        return;
    };
    let (declaration, action) = (&pipeline.declaration, pipeline.declared(run));
    let (name, stage) = (&declaration.name, &declaration.stages[run.stage].name);
    let region = &world.identity.region;
    let console =
        format!("https://console.aws.amazon.com/codepipeline/home?region={region}#/view/{name}");
    let mut asked = json!({
        "pipelineName": name,
        "stageName": stage,
        "actionName": action.name,
        "token": approval.token,
        // To the minute: `2016-07-07T20:22Z`.
        "expires": format!("{}Z", &approval.expires.iso_seconds()[..16]),
        "approvalReviewLink": format!("{console}/{stage}/{}/approve/{}", action.name, approval.token),
    });
    for (key, member) in [
        ("ExternalEntityLink", "externalEntityLink"),
        ("CustomData", "customData"),
    ] {
        if let Some(value) = run.configuration.get(key) {
            asked[member] = json!(value);
        }
    }
    let message =
        json!({ "region": region, "consoleLink": console, "approval": asked }).to_string();
    let subject = format!(
        "APPROVAL NEEDED: AWS CodePipeline {name} for action {}",
        action.name
    );
    let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
    if let Err(denied) = actions::authorize(world, pipeline, action, "sns:Publish", topic) {
        return world.note(What::Told(format!(
            "nobody was notified through {topic}: {denied}"
        )));
    }
    let role = action.role_arn.as_ref().unwrap_or(&declaration.role_arn);
    let role = Principal(role.clone());
    sns::notify(
        world,
        Publisher::Principal(&role),
        topic,
        Some(&subject),
        &message,
    );
}

/// `PutApprovalResult`
pub(super) fn put(world: &mut World, input: &Value) -> Result<Value, Fault> {
    take_pipeline(world, text(input, "pipelineName"), |world, pipeline| {
        let run = addressed(pipeline, input)?;
        let approve = match text(&input["result"], "status") {
            "Approved" => true,
            "Rejected" => false,
            other => {
                return Err(Fault::new(
                    "ValidationException",
                    format!("result.status {other} is neither Approved nor Rejected"),
                ));
            }
        };
        answer(
            world,
            pipeline,
            run,
            approve,
            text(&input["result"], "summary"),
        );
        Ok(json!({ "approvedAt": world.now.epoch_seconds() }))
    })?
}

/// The request for approval that a call is about.
fn addressed(pipeline: &Pipeline, input: &Value) -> Result<usize, Fault> {
    let (stage_name, action_name) = (text(input, "stageName"), text(input, "actionName"));
    let stage = pipeline.declaration.called_stage(stage_name)?;
    let action = pipeline.declaration.stages[stage]
        .actions
        .iter()
        .position(|action| action.name == action_name)
        .ok_or_else(|| {
            Fault::new(
                "ActionNotFoundException",
                format!("there is no action {action_name} in stage {stage_name}"),
            )
        })?;
    let token = text(input, "token");
    let requested = pipeline.runs.iter().enumerate().find_map(|(index, run)| {
        match (&run.work, (run.stage, run.action) == (stage, action)) {
            (Work::Approval(approval), true) if approval.token == token => {
                Some((index, run.status, approval.answered))
            }
            _ => None,
        }
    });
    match requested {
        Some((run, ActionStatus::InProgress, _)) => Ok(run),
        Some((_, _, true)) => Err(Fault::new(
            "ApprovalAlreadyCompletedException",
            format!("approval {action_name} has been answered"),
        )),
        Some(_) | None => Err(Fault::new(
            "InvalidApprovalTokenException",
            format!("the token is not one that approval {action_name} waits for"),
        )),
    }
}

fn waits(run: &ActionRun) -> bool {
    run.status == ActionStatus::InProgress && matches!(run.work, Work::Approval(_))
}

/// The first approval that waits.
pub(super) fn waiting(pipeline: &Pipeline) -> Option<&ActionRun> {
    pipeline.runs.iter().find(|run| waits(run))
}

/// A person's answer in the console: to the first approval that waits.
pub(super) fn answer_waiting(
    world: &mut World,
    pipeline: &mut Pipeline,
    approve: bool,
    summary: &str,
) -> Result<(), Fault> {
    let waiting = pipeline.runs.iter().position(waits);
    let run = waiting.ok_or_else(|| {
        Fault::new(
            "InvalidApprovalTokenException",
            format!(
                "no approval of pipeline {} waits for an answer",
                pipeline.declaration.name
            ),
        )
    })?;
    answer(world, pipeline, run, approve, summary);
    Ok(())
}

/// What AWS writes into the error of a rejected approval is not documented: here the summary that
/// the rejection came with.
fn answer(world: &mut World, pipeline: &mut Pipeline, run: usize, approve: bool, summary: &str) {
    if let Work::Approval(approval) = &mut pipeline.runs[run].work {
        approval.answered = true;
    }
    let summary = (!summary.is_empty()).then(|| summary.to_owned());
    let end = if approve {
        End::Succeeded {
            variables: BTreeMap::new(),
            summary,
        }
    } else {
        End::Failed {
            error: ErrorDetails {
                code: "JobFailed".to_owned(),
                message: summary.clone().unwrap_or_else(|| "Rejected.".to_owned()),
            },
            summary,
        }
    };
    actions::finish(world, pipeline, run, end);
}

/// Fails approvals that nobody answered in time. An execution that is stopping waits for them too;
/// whether AWS does is not documented, only that it waits for all actions in progress.
pub(super) fn tick(world: &mut World, pipeline: &mut Pipeline) {
    for run in 0..pipeline.runs.len() {
        let action = &pipeline.runs[run];
        if let (ActionStatus::InProgress, Work::Approval(approval)) = (action.status, &action.work)
            && approval.expires <= world.now
        {
            let end = End::failed("JobFailed", "The approval was not answered in time.");
            actions::finish(world, pipeline, run, end);
        }
    }
}
