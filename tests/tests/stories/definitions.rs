//! Whole task definitions: teams change environment, size and secrets with the image, and what they change is approved by name.

use rehearsal_core::stage::{self, Behaviour, Defines, Script, Stage, TASK_DEFINITION, Version};
use serde_json::{Value, json};

use crate::play::{Artifact, Play, pairs};

/// A stage whose source has a task definition, and a version that changes it.
async fn begin(stage: &Stage) -> Play {
    let stage = Stage {
        task_definition: Some(TASK_DEFINITION.to_owned()),
        ..stage.clone()
    };
    let second = Version::new("v2", Behaviour::Works).defining(Defines {
        variable: ("FAST_LANE", "planted-secret".to_owned()),
        size: (512, 1024),
    });
    Play::begin(&stage, Script::new([second])).await
}

fn changes(play: &Play) -> String {
    let report = play
        .calls(stage::DEPLOY_CANARY)
        .pop()
        .expect("it was invoked");
    let changes = &report.input["outputVariables"]["Changes"];
    changes.as_str().expect("an output variable").to_owned()
}

fn runs(play: &Play, service: &str) -> Value {
    let input = json!({ "cluster": stage::CLUSTER, "services": [service] });
    let shown = play.ecs("DescribeServices", &input);
    let version = shown["services"][0]["taskDefinition"]
        .as_str()
        .expect("an ARN");
    play.definition_like(version)
}

#[tokio::test(start_paused = true)]
async fn a_variable_and_the_size_are_released_with_the_image_and_approved_by_name() {
    for stage in [&pairs()[0], &pairs()[2]] {
        let play = begin(stage).await;
        let before = runs(&play, stage::PRIMARY);
        let release = play.push("v2");
        play.until_approval(&release).await;
        let text = |field: &str| before[field].as_str().expect("a size").to_owned();
        let expected = format!(
            "image of app, variable FAST_LANE of app is new, cpu {} to 512, memory {} to 1024",
            text("cpu"),
            text("memory")
        );
        assert_eq!(changes(&play), expected);
        assert!(
            !play.transcript().contains("planted-secret"),
            "no value is told"
        );
        play.succeeds(&release).await;
        let after = runs(&play, stage::PRIMARY);
        assert_eq!(
            (&after["cpu"], &after["memory"]),
            (&json!("512"), &json!("1024"))
        );
        let variables = after["containerDefinitions"][0]["environment"].to_string();
        assert!(variables.contains("FAST_LANE"), "{variables}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_brings_the_whole_definition_back() {
    let play = begin(&Stage::default()).await;
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(std::time::Duration::from_mins(2)).await;
    assert_eq!(play.pair(), before);
}

/// A pipeline whose Terraform or CDK has registered the revision.
#[tokio::test(start_paused = true)]
async fn a_revision_that_is_registered_already_is_put_on_the_canary_as_it_is() {
    let play = Play::begin(
        &Stage::default(),
        Script::new([Version::new("v2", Behaviour::Works)]),
    )
    .await;
    let release = play.held_execution();
    let mut definition = play.definition_like("orders:1");
    definition["cpu"] = json!("512");
    definition["memory"] = json!("1024");
    let registered = play.ecs("RegisterTaskDefinition", &definition);
    let revision = &registered["taskDefinition"]["taskDefinitionArn"];
    let parameters = json!({ "release": release, "taskDefinition": revision }).to_string();
    let failed = play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
    assert_eq!(failed.kind, "", "{}", failed.message);
    assert!(
        play.service(stage::CANARY).contains("orders:2 "),
        "{}",
        play.pair()
    );
    assert!(changes(&play).starts_with("cpu "), "{}", changes(&play));
    let calls = play.calls(stage::DEPLOY_CANARY);
    assert!(
        !calls
            .iter()
            .any(|call| call.operation == "RegisterTaskDefinition")
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_definition_is_nothing_to_do() {
    let play = Play::begin(
        &Stage::default(),
        Script::new([Version::new("v2", Behaviour::Works)]),
    )
    .await;
    let release = play.held_execution();
    let definition = play.definition_like("orders:1").to_string();
    let before = play.pair();
    let parameters = json!({ "release": release, "taskDefinition": TASK_DEFINITION }).to_string();
    let file = Artifact::zip(TASK_DEFINITION, &definition);
    let failed = play
        .job_with(stage::DEPLOY_CANARY, Some(&parameters), file)
        .await;
    assert_eq!(failed.kind, "", "{}", failed.message);
    assert_eq!(changes(&play), "none");
    assert_eq!(play.pair(), before);
}

#[tokio::test(start_paused = true)]
async fn the_revision_that_the_primary_is_on_is_nothing_to_do() {
    let play = Play::begin(
        &Stage::default(),
        Script::new([Version::new("v2", Behaviour::Works)]),
    )
    .await;
    let release = play.held_execution();
    let described = play.ecs(
        "DescribeTaskDefinition",
        &json!({ "taskDefinition": "orders:1" }),
    );
    let revision = &described["taskDefinition"]["taskDefinitionArn"];
    let parameters = json!({ "release": release, "taskDefinition": revision }).to_string();
    let failed = play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
    assert_eq!(
        (failed.kind.as_str(), changes(&play).as_str()),
        ("", "none")
    );
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_does_not_fit_the_pair_is_refused_by_name() {
    type Change = fn(&mut Value);
    let rows: [(&str, Change); 3] = [
        (
            "the task definition of taskdef.json (UserParameters: field taskDefinition) is of the family payments, and the pair's",
            |it| it["family"] = json!("payments"),
        ),
        (
            "the task definition of taskdef.json (UserParameters: field taskDefinition) has the taskRoleArn arn:aws:iam::111122223333:role/admin",
            |it| it["taskRoleArn"] = json!("arn:aws:iam::111122223333:role/admin"),
        ),
        (
            "taskdef.json: field containerDefinitions: <IMAGE1_NAME> is a placeholder, and no image is given for it",
            |it| it["containerDefinitions"][0]["image"] = json!("<IMAGE1_NAME>"),
        ),
    ];
    for (expected, change) in rows {
        let play = Play::begin(
            &Stage::default(),
            Script::new([Version::new("v2", Behaviour::Works)]),
        )
        .await;
        let release = play.held_execution();
        let mut definition = play.definition_like("orders:1");
        change(&mut definition);
        let before = (play.writes().len(), play.pair());
        let parameters =
            json!({ "release": release, "taskDefinition": TASK_DEFINITION }).to_string();
        let file = Artifact::zip(TASK_DEFINITION, &definition.to_string());
        let refused = play
            .job_with(stage::DEPLOY_CANARY, Some(&parameters), file)
            .await;
        assert_eq!(refused.kind, "ConfigurationError", "{}", refused.message);
        assert!(
            refused.message.starts_with(expected),
            "{expected}\n{}",
            refused.message
        );
        assert_eq!(
            (play.writes().len(), play.pair()),
            before,
            "nothing was changed"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_is_inactive_is_refused_before_anything_is_changed() {
    let play = Play::begin(
        &Stage::default(),
        Script::new([Version::new("v2", Behaviour::Works)]),
    )
    .await;
    let release = play.held_execution();
    let definition = play.definition_like("orders:1");
    let registered = play.ecs("RegisterTaskDefinition", &definition);
    let revision = &registered["taskDefinition"]["taskDefinitionArn"];
    play.ecs(
        "DeregisterTaskDefinition",
        &json!({ "taskDefinition": revision }),
    );
    let parameters = json!({ "release": release, "taskDefinition": revision }).to_string();
    let refused = play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
    assert!(
        refused
            .message
            .contains("is INACTIVE: no service can be put on it"),
        "{}",
        refused.message
    );
    assert_eq!(play.phase().await, "none");
}
