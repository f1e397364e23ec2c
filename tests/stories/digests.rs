//! Tags that move: what would run decides whether there is something to do, whatever it is called.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Version},
    wire::Ailment,
    world::ecr::{self, Image, MANIFEST, Repository, Tags},
};
use serde_json::{Value, json};

use crate::play::Play;

/// A team's repository whose `latest` means the newest image.
struct Moving {
    play: Play,
    release: String,
    repository: Repository,
    script: Script,
}

impl Moving {
    /// The pair runs `latest`, which is v1.
    async fn begin() -> Self {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let play = Play::begin(&Stage::default(), script.clone()).await;
        play.slow_down();
        let repository = play.account.with(|world| {
            let repository = Repository::here(world, "team/orders");
            ecr::create(world, &repository, Tags::Mutable).expect("a repository");
            repository
        });
        play.grant(
            stage::DEPLOY_CANARY,
            "ecr:DescribeImages",
            &repository.arn(),
        );
        let moving = Self {
            release: play.held_execution(),
            play,
            repository,
            script,
        };
        moving.push("v1");
        let mut definition = moving.play.definition_like("orders:1");
        definition["containerDefinitions"][0]["image"] = moving.latest().into();
        moving.play.ecs("RegisterTaskDefinition", &definition);
        for service in [stage::PRIMARY, stage::CANARY] {
            let input = json!({ "cluster": stage::CLUSTER, "service": service, "taskDefinition": "orders:2" });
            moving.play.ecs("UpdateService", &input);
        }
        moving.play.pass(Duration::from_mins(5)).await;
        moving
    }

    fn digest(&self, label: &str) -> String {
        let mut versions = self.script.versions();
        let version = versions.find(|version| version.label == label);
        version.expect("the script has it").digest()
    }

    /// `latest` is this version from now on.
    fn push(&self, label: &str) {
        let image = Image {
            digest: self.digest(label),
            media_type: MANIFEST,
        };
        let pushed =
            |world: &mut _| ecr::put_image(world, &self.repository, &image, Some("latest"));
        self.play.account.with(pushed).expect("it is pushed");
    }

    fn latest(&self) -> String {
        format!("{}:latest", self.repository.uri())
    }

    /// deploy-canary is given an image; its last report, once nothing more is asked for.
    async fn deploy(&self, image: &str) -> Value {
        let parameters = json!({ "release": self.release, "image": image }).to_string();
        let failed = self.play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
        assert_eq!(failed.kind, "", "{}", failed.message);
        let report = self.play.calls(stage::DEPLOY_CANARY).pop();
        report.expect("it is reported").input
    }

    /// What a version's only container is registered with.
    fn image_of(&self, version: &str) -> String {
        let described = self.play.definition_like(version);
        let image = &described["containerDefinitions"][0]["image"];
        image.as_str().expect("an image").to_owned()
    }
}

fn summary(report: &Value) -> &str {
    report["executionDetails"]["summary"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_means_another_image_by_now_is_a_release_of_that_digest() {
    let moving = Moving::begin().await;
    moving.push("v2");
    let report = moving.deploy(&moving.latest()).await;
    assert!(
        summary(&report).contains("orders-canary runs orders:3"),
        "{report}"
    );
    let pinned = format!("{}@{}", moving.repository.uri(), moving.digest("v2"));
    assert_eq!(moving.image_of("orders:3"), pinned);
    assert_eq!(report["outputVariables"]["Image"], pinned);
    assert_eq!(report["outputVariables"]["Changes"], "image of app");
    // Whoever pushes meanwhile releases nothing by that.
    moving.push("v1");
    let record = moving.play.record().expect("there is a release");
    assert_eq!(record.item.to_string(), pinned);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_still_means_what_runs_is_nothing_to_do() {
    let moving = Moving::begin().await;
    let before = moving.play.pair();
    let report = moving.deploy(&moving.latest()).await;
    assert!(
        summary(&report).starts_with("nothing to do: orders already runs "),
        "{report}"
    );
    assert_eq!(report["outputVariables"]["Changes"], "none");
    assert_eq!(moving.play.pair(), before);
}

/// A stage that is rolled back in the pipeline brings an earlier execution's image back.
#[tokio::test(start_paused = true)]
async fn the_running_digest_by_another_name_is_nothing_to_do() {
    let moving = Moving::begin().await;
    let by_digest = format!("{}@{}", moving.repository.uri(), moving.digest("v1"));
    let report = moving.deploy(&by_digest).await;
    assert!(summary(&report).starts_with("nothing to do"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_tell_is_a_release() {
    for (situation, prepare) in [
        (
            "the role may not ask",
            (|moving: &Moving| {
                moving.play.fail(
                    stage::DEPLOY_CANARY,
                    "DescribeImages",
                    Ailment::Denied,
                    None,
                );
            }) as fn(&Moving),
        ),
        ("the primary has no task", |moving| {
            let input =
                json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "desiredCount": 0 });
            moving.play.ecs("UpdateService", &input);
        }),
    ] {
        let moving = Moving::begin().await;
        prepare(&moving);
        moving.play.pass(Duration::from_mins(2)).await;
        let report = moving.deploy(&moving.latest()).await;
        assert!(
            summary(&report).contains("orders-canary runs orders:3"),
            "{situation}: {report}"
        );
    }
}

/// Throttling passes, and is no reason for a release that nobody needs.
#[tokio::test(start_paused = true)]
async fn a_registry_that_throttles_is_asked_again() {
    let moving = Moving::begin().await;
    let a_minute = Some(Duration::from_mins(1));
    moving.play.fail(
        stage::DEPLOY_CANARY,
        "DescribeImages",
        Ailment::Throttled,
        a_minute,
    );
    let report = moving.deploy(&moving.latest()).await;
    assert!(summary(&report).starts_with("nothing to do"), "{report}");
}
