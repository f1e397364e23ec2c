//! Whole task definitions: teams change environment, size and secrets with the image, and what they change is approved by name.

use rehearsal_core::{
    stage::{self, Behaviour, Defines, Script, Stage, TASK_DEFINITION, Version},
    world::journal::Call,
};
use serde_json::{Value, json};

use crate::play::{Artifact, Failed, Play, pairs};

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
    let play = Play::begin(&stage, Script::new([second])).await;
    play.slow_down();
    play
}

fn changes(play: &Play) -> String {
    play.output(stage::DEPLOY_CANARY, "Changes")
}

/// A pipeline that waits for deploy-canary, which a story gives a definition by itself.
struct Held {
    play: Play,
    release: String,
}

impl Held {
    async fn begin() -> Self {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let play = Play::begin(&Stage::default(), script).await;
        let release = play.held_execution();
        Self { play, release }
    }

    /// The file of the definition that the primary runs, changed.
    async fn file(&self, change: impl FnOnce(&mut Value)) -> Failed {
        let mut definition = self.play.definition_like("orders:1");
        change(&mut definition);
        let file = Artifact::zip(TASK_DEFINITION, &definition.to_string());
        self.deploy(&json!(TASK_DEFINITION), file).await
    }

    async fn revision(&self, arn: &Value) -> Failed {
        self.deploy(arn, Artifact::None).await
    }

    async fn deploy(&self, whole: &Value, artifact: Artifact) -> Failed {
        let parameters = json!({ "release": self.release, "taskDefinition": whole }).to_string();
        let job = self
            .play
            .job_with(stage::DEPLOY_CANARY, Some(&parameters), artifact);
        job.await
    }

    /// The ARN of the definition that the primary runs, registered once more with a change.
    fn registered(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut definition = self.play.definition_like("orders:1");
        change(&mut definition);
        let registered = self.play.ecs("RegisterTaskDefinition", &definition);
        registered["taskDefinition"]["taskDefinitionArn"].clone()
    }
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

/// Terraform or CDK has registered it.
#[tokio::test(start_paused = true)]
async fn a_revision_that_is_registered_already_is_put_on_the_canary_as_it_is() {
    let held = Held::begin().await;
    let revision = held.registered(|it| {
        it["cpu"] = json!("512");
        it["memory"] = json!("1024");
    });
    let failed = held.revision(&revision).await;
    assert_eq!(failed.kind, "", "{}", failed.message);
    let play = &held.play;
    let canary = play.service(stage::CANARY);
    assert!(canary.contains("orders:2 "), "{canary}");
    assert_eq!(changes(play), "cpu 256 to 512, memory 512 to 1024");
    let calls = play.calls(stage::DEPLOY_CANARY);
    let registers = |call: &Call| call.operation == "RegisterTaskDefinition";
    assert!(!calls.iter().any(registers));
}

#[tokio::test(start_paused = true)]
async fn the_same_definition_is_nothing_to_do_in_a_file_and_as_a_revision() {
    let held = Held::begin().await;
    let before = held.play.pair();
    let failed = held.file(|_| ()).await;
    assert_eq!(
        (failed.kind.as_str(), changes(&held.play).as_str()),
        ("", "none")
    );
    let named = json!({ "taskDefinition": "orders:1" });
    let described = held.play.ecs("DescribeTaskDefinition", &named);
    let failed = held
        .revision(&described["taskDefinition"]["taskDefinitionArn"])
        .await;
    assert_eq!(
        (failed.kind.as_str(), changes(&held.play).as_str()),
        ("", "none")
    );
    assert_eq!(held.play.pair(), before);
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
        let held = Held::begin().await;
        let state = || (held.play.writes().len(), held.play.pair());
        let before = state();
        let refused = held.file(change).await;
        assert_eq!(refused.kind, "ConfigurationError", "{}", refused.message);
        let said = &refused.message;
        assert!(said.starts_with(expected), "{expected}\n{said}");
        assert_eq!(state(), before, "nothing was changed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_is_inactive_is_refused_before_anything_is_changed() {
    let held = Held::begin().await;
    let revision = held.registered(|_| ());
    let named = json!({ "taskDefinition": revision });
    held.play.ecs("DeregisterTaskDefinition", &named);
    let said = held.revision(&revision).await.message;
    assert!(
        said.contains("is INACTIVE: no service can be put on it"),
        "{said}"
    );
    assert_eq!(held.play.phase(), "none");
}
