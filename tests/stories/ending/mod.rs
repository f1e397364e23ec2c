//! Every execution whose release is rolled back comes to its end, and leaves its stage free.

mod approvals;
mod stopped;
mod twice;

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    template::Templates,
    world::{codepipeline, journal::What},
};
use serde_json::{Value, json};

use crate::play::{Play, pairs, shipped, targets};

/// When an execution has to be over at the latest: after the fence, two looks of the schedule.
const LATEST: Duration = Duration::from_mins(3);

fn script() -> Script {
    Script::new([
        Version::new("v2", Behaviour::Works),
        Version::new("v3", Behaviour::Works),
    ])
}

/// The shipped pipeline with another approval, of which rollback's role knows nothing, as tools add them to stages: before
/// (`-1`), beside (`0`) or behind (`1`) its own.
fn with_another_approval(place: i64) -> Templates {
    let mut templates = shipped().clone();
    let pipeline = templates.document_mut("pipeline.yaml").expect("it exists");
    let stages = pipeline.pointer_mut("/Resources/Pipeline/Properties/Stages");
    let stages = stages.and_then(Value::as_array_mut).expect("it has stages");
    let actions = stages
        .iter_mut()
        .filter_map(|stage| stage["Actions"].as_array_mut())
        .find(|actions| actions.iter().any(|it| it["Name"] == "Approval"))
        .expect("it has an approval");
    for action in actions.iter_mut().map(choice) {
        action["RunOrder"] = json!(action["RunOrder"].as_i64().unwrap_or(1) * 10);
    }
    let own = actions.iter().find(|it| it["Name"] == "Approval");
    let mut another = own.expect("it was found").clone();
    another["Name"] = json!("SecurityChanges");
    another["RunOrder"] = json!(another["RunOrder"].as_i64().unwrap_or_default() + place);
    let configuration = another.as_object_mut().expect("an action");
    configuration.remove("Configuration");
    actions.push(another);
    templates
}

/// An action, or the one that a condition adds.
fn choice(action: &mut Value) -> &mut Value {
    if action["Fn::If"].is_array() {
        &mut action["Fn::If"][1]
    } else {
        action
    }
}

/// A person answers one approval by its name.
fn answer(play: &Play, action: &str, status: &str) {
    let pipeline = state(play);
    let stages = pipeline["stageStates"].as_array().into_iter().flatten();
    let (stage, token) = stages
        .flat_map(|stage| {
            let actions = stage["actionStates"].as_array().into_iter().flatten();
            actions.map(move |action| (stage["stageName"].clone(), action))
        })
        .find(|(_, it)| it["actionName"] == action)
        .map(|(stage, it)| (stage, it["latestExecution"]["token"].clone()))
        .expect("it is in the pipeline");
    let input = json!({
        "pipelineName": stage::PIPELINE, "stageName": stage, "actionName": action, "token": token,
        "result": { "status": status, "summary": "by a person" },
    });
    play.account
        .with(|world| codepipeline::call(world, "PutApprovalResult", &input))
        .expect("it waits");
}

fn state(play: &Play) -> Value {
    let input = json!({ "name": stage::PIPELINE });
    play.account
        .with(|world| codepipeline::call(world, "GetPipelineState", &input))
        .expect("the pipeline exists")
}

/// A person stops an execution, and waits for what is in progress.
fn stop_and_wait(play: &Play, execution: &str) {
    let input = json!({
        "pipelineName": stage::PIPELINE, "pipelineExecutionId": execution, "reason": "not today",
    });
    play.account
        .with(|world| codepipeline::call(world, "StopPipelineExecution", &input))
        .expect("it is in progress");
}

/// Within the time that it has, the execution is over, and the pair what it was; then the next release gets through.
async fn ends(play: &Play, release: &str, before: &str) {
    let since = play.account.now();
    let ended = play.until_ended(release).await;
    let took = play.account.now().since(since);
    assert!(
        took <= LATEST,
        "{ended} after {took:?}\n{}",
        play.transcript()
    );
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), before, "{}", play.transcript());
    play.account.with(|world| {
        let names = json!({ "AlarmName": play.alarm_name(), "StateValue": "OK", "StateReason": "put right" });
        rehearsal_core::world::cloudwatch::call(world, "SetAlarmState", &names).expect("it exists");
    });
    let next = play.push("v3");
    play.until("the next release has the stage", |world| {
        world.journal.iter().any(|entry| {
            matches!(&entry.what, What::Action { execution, action, status, .. }
                if *execution == next && action == "deploy-canary" && status == "InProgress")
        })
    })
    .await;
}

/// Shares that are held for five minutes each.
fn slow(stage: &Stage) -> Stage {
    Stage {
        steps: Some(vec![Step::new(25, 300), Step::new(50, 300)]),
        ..stage.clone()
    }
}
