//! The templates decide what is rehearsed: what changes there, changes here.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Script, Stage, Traffic, Version},
    template::Templates,
    world::{World, cloudwatch::dashboard, journal::What},
};
use serde_json::{Value, json};

use crate::{
    connector::client,
    play::{Play, shipped, stable},
};

fn v2(behaviour: Behaviour) -> Script {
    Script::new([Version::new("v2", behaviour)])
}

/// A place in a template, to change.
fn place<'a>(templates: &'a mut Templates, file: &str, pointer: &str) -> &'a mut Value {
    let document = templates.document_mut(file).unwrap();
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("{file} has no {pointer}"))
}

/// The statement of that `Sid`, wherever in a template it is, taken out.
fn remove_statement(templates: &mut Templates, file: &str, resource: &str, sid: &str) {
    let resource = place(
        templates,
        file,
        &format!("/Resources/{resource}/Properties"),
    );
    let policies = match resource.get_mut("Policies") {
        Some(policies) => policies.pointer_mut("/0/PolicyDocument/Statement"),
        None => resource.pointer_mut("/PolicyDocument/Statement"),
    };
    let statements = policies.and_then(Value::as_array_mut).unwrap();
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != sid);
    assert_eq!(statements.len(), before - 1, "{sid}");
}

/// Neither the alarm nor the gate hears of dead letters.
fn deaf_to_dead_letters() -> (Templates, Stage) {
    let mut templates = shipped().clone();
    let alarm = "/Resources/DeadLettersAlarm/Properties";
    place(&mut templates, "monitoring.yaml", alarm)["Threshold"] = json!(1_000_000);
    let stage = Stage {
        max_dead_letters: 1_000_000,
        ..Stage::default()
    };
    (templates, stage)
}

async fn begin(templates: &Templates, script: Script) -> Play {
    Play::begin_from(templates, &Stage::default(), script, |_| ()).await
}

/// Why the example cannot be set up from templates.
fn refusal(templates: &Templates) -> String {
    let mut world = World::new(stage::identity(), Moment(0), 1);
    let script = Script::new([]);
    let error = Stage::default().set_up_from(templates, &mut world, &script);
    error.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn other_user_parameters_in_the_pipeline_are_another_release() {
    let mut templates = shipped().clone();
    let action = "/Resources/Pipeline/Properties/Stages/2/Actions/2/Configuration";
    let parameters =
        "{\"release\":\"#{codepipeline.PipelineExecutionId}\",\"weight\":80,\"bakeMinutes\":1}";
    place(&mut templates, "pipeline.yaml", action)["UserParameters"] = parameters.into();
    let play = begin(&templates, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_said(
        &release,
        "shift-weight",
        "80 % asked, 80 % attained: 16 of 20 tasks; baking",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_threshold_of_the_alarm_lets_dead_letters_pass() {
    let (mut templates, stage) = deaf_to_dead_letters();
    let gap = place(&mut templates, "main.yaml", "/Parameters/FailureGap");
    gap["Default"] = json!(100);
    place(&mut templates, "main.yaml", "/Parameters/Verdict")["Default"] = json!("tell");
    let script = || v2(Behaviour::Fails(30));
    let play = Play::begin_from(&templates, &stage, script(), |_| ()).await;
    let release = play.push("v2");
    play.until_approval(&release).await;

    let play = Play::begin(&stage, script()).await;
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_more_than_the_primary_fires_its_alarm() {
    let (templates, stage) = deaf_to_dead_letters();
    let play = Play::begin_from(&templates, &stage, v2(Behaviour::Fails(60)), |_| ()).await;
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    let cause = format!("alarm {} went to ALARM", stage::FAILURES_ALARM);
    let told = play.notices();
    assert!(
        told.iter().any(|(_, text)| text.contains(&cause)),
        "{told:?}"
    );
    assert_eq!(play.pair(), stable());
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_fails_alone_does_not_keep_its_repair_from_being_released() {
    let (templates, stage) = deaf_to_dead_letters();
    let script = Script::beginning_with(
        Version::new("v1", Behaviour::Fails(60)),
        [Version::new("v2", Behaviour::Works)],
    );
    let play = Play::begin_from(&templates, &stage, script, |_| ()).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn without_a_statement_of_its_role_a_function_says_what_it_may_not_do() {
    let mut templates = shipped().clone();
    remove_statement(&mut templates, "ecs.yaml", "Register", "RegisterCandidate");
    let play = begin(&templates, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let report = play.calls(stage::DEPLOY_CANARY).pop().unwrap();
    let details = &report.input["failureDetails"];
    assert_eq!(details["type"], "PermissionError");
    let said = details["message"].as_str().unwrap();
    assert!(
        said.contains("the function's role may not call ecs:RegisterTaskDefinition"),
        "{said}"
    );
    assert!(
        said.contains(
            "is not authorized to perform: ecs:RegisterTaskDefinition on resource: \
             arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:*"
        ),
        "{said}"
    );
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_receive_the_tasks_process_nothing() {
    let mut templates = shipped().clone();
    let statement = "/Resources/TaskRole/Properties/Policies/0/PolicyDocument/Statement/0/Action";
    *place(&mut templates, "application.yaml", statement) = json!("sqs:DeleteMessage");
    let play = begin(&templates, v2(Behaviour::Works)).await;
    play.pass(Duration::from_mins(2)).await;
    let refused = play.calls("task").pop().and_then(|call| call.fault);
    assert_eq!(refused.as_deref(), Some("AccessDeniedException"));
    let processed = play.entries(|what| matches!(what, What::Messages { .. }).then_some(()));
    assert_eq!(processed, []);
}

#[tokio::test(start_paused = true)]
async fn without_a_statement_of_the_pipelines_role_its_action_fails() {
    for (sid, action) in [("Build", "Build"), ("Release", "deploy-canary")] {
        let mut templates = shipped().clone();
        remove_statement(&mut templates, "pipeline-role.yaml", "PipelineRole", sid);
        let play = begin(&templates, v2(Behaviour::Works)).await;
        let release = play.push("v2");
        assert_eq!(play.until_ended(&release).await, "FAILED");
        let said = play.said(&release, action);
        assert!(
            said.contains("The service role or action role doesn't have the permissions required"),
            "{action}: {said}"
        );
        assert_eq!(
            play.calls(stage::DEPLOY_CANARY).len(),
            0,
            "nothing was invoked"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_reads_its_artifact_with_the_rights_of_the_pipeline() {
    let read = |templates: Templates| async move {
        let play = begin(&templates, v2(Behaviour::Works)).await;
        let s3 = client!(aws_sdk_s3, play.account, "pipeline-job");
        let bucket = play.artifact_bucket();
        let answer = s3.get_object().bucket(bucket).key("k").send().await;
        let error = answer.expect_err("there is no such object");
        aws_sdk_s3::error::ProvideErrorMetadata::code(&error).map(str::to_owned)
    };
    assert_eq!(read(shipped().clone()).await.as_deref(), Some("NoSuchKey"));
    let mut templates = shipped().clone();
    remove_statement(
        &mut templates,
        "pipeline-role.yaml",
        "PipelineRole",
        "Artifacts",
    );
    assert_eq!(read(templates).await.as_deref(), Some("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn without_a_permission_for_alarms_an_alarm_reaches_nobody_and_the_schedule_makes_it_good() {
    let mut templates = shipped().clone();
    let resources = place(&mut templates, "triggers.yaml", "/Resources");
    resources
        .as_object_mut()
        .unwrap()
        .shift_remove("AlarmPermission");
    let play = begin(&templates, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.alarm("orders fail");
    play.pass(Duration::from_secs(30)).await;
    assert!(
        !play.has_ended(&release),
        "the alarm could invoke the function"
    );
    let told = play.entries(|what| match what {
        What::Told(text) => Some(text.clone()),
        _ => None,
    });
    assert!(
        told.iter()
            .any(|line| line.contains("lambda:InvokeFunction")),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_push_that_the_rule_does_not_match_starts_nothing_and_says_so() {
    let mut templates = shipped().clone();
    let rule = place(&mut templates, "source.yaml", "/Resources/Rule/Properties");
    rule["EventPattern"] =
        json!({ "source": ["aws.s3"], "detail": { "object": { "key": ["other.zip"] } } });
    let play = begin(&templates, v2(Behaviour::Works)).await;
    let script = v2(Behaviour::Works);
    let released = play.account.with(|world| script.release(world, "v2"));
    let message = released.unwrap_err().message;
    assert!(
        message.contains("no rule started orders-release"),
        "{message}"
    );
}

#[test]
fn a_broken_template_is_told_with_file_resource_and_property() {
    let mut templates = shipped().clone();
    place(
        &mut templates,
        "application.yaml",
        "/Resources/Queue/Properties",
    )["VisibilityTimout"] = json!(30);
    let told = refusal(&templates);
    assert!(told.contains("infra/application.yaml:"), "{told}");
    assert!(told.contains("resource Queue"), "{told}");
    assert!(told.contains("VisibilityTimout"), "{told}");

    let mut templates = shipped().clone();
    place(&mut templates, "application.yaml", "/Resources/Cluster")["Type"] =
        "AWS::EKS::Cluster".into();
    let told = refusal(&templates);
    assert!(told.contains("resource Cluster"), "{told}");
    assert!(told.contains("AWS::EKS::Cluster"), "{told}");

    let mut templates = shipped().clone();
    place(
        &mut templates,
        "pipeline.yaml",
        "/Resources/Pipeline/Properties/Name",
    )["Fn::Sub"] = "${Nmae}".into();
    let told = refusal(&templates);
    assert!(told.contains("infra/pipeline.yaml:"), "{told}");
    assert!(told.contains("Nmae"), "{told}");
}

#[test]
fn the_dashboard_shows_what_the_application_measures_of_the_services_that_there_are() {
    let mut world = World::new(stage::identity(), Moment(0), 1);
    Stage::default()
        .set_up(&mut world, &Script::new([]))
        .unwrap();
    let shown = dashboard::shown(&world, "orders-release");
    let own: Vec<_> = shown
        .iter()
        .filter(|metric| metric[0] == "CanaryRelease/SampleApp")
        .collect();
    for service in [stage::PRIMARY, stage::CANARY] {
        for name in ["Processed", "Failed", "LatencyMs"] {
            let metric = ["CanaryRelease/SampleApp", name, "ServiceName", service];
            assert!(own.iter().any(|it| **it == metric), "{metric:?}");
        }
    }
    assert_eq!(own.len(), 6, "{own:?}");
}

/// The build is played; what it leaves must be what the shipped ones leave.
#[tokio::test(start_paused = true)]
async fn the_build_that_is_played_gives_what_the_buildspec_gives() {
    for (traffic, text) in [
        (Traffic::Queue, include_str!("../../buildspec.yml")),
        (Traffic::Lambda, include_str!("../../buildspec-lambda.yml")),
    ] {
        let mut read = Templates::parse("", [("buildspec", text)]).unwrap();
        let buildspec = read.document_mut("buildspec").unwrap().clone();
        let stage = Stage {
            traffic,
            ..Stage::default()
        };
        let play = Play::begin(&stage, v2(Behaviour::Works)).await;
        let release = play.push("v2");
        play.until_approval(&release).await;
        let (variables, files) = play.built(&release);
        let exported = buildspec["env"]["exported-variables"].as_array();
        assert_eq!(exported.cloned().unwrap_or_default(), variables);
        assert_eq!(buildspec["artifacts"]["files"], json!(files));
    }
}
