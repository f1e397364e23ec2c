//! Stories about tags that come to mean another image.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::world::{
    ecr::{self, Image, Repository, Tags},
    ecs::{TaskLaunch, register_task_definition},
};

/// A cluster beside the repository `app`, in which `latest` names an image, whose digest it answers.
fn begin() -> (Stage, Repository, String) {
    let mut stage = Stage::new();
    let app = Repository::here(&stage.world, "app");
    ecr::create(&mut stage.world, &app, Tags::Mutable).unwrap();
    let digest = ecr::push(&mut stage.world, &app, "latest").unwrap();
    (stage, app, digest)
}

/// Registers a definition of an image of `app`, such as `:latest`.
fn definition(stage: &mut Stage, app: &Repository, which: &str, container: &Value) -> String {
    let mut container = container.clone();
    container["name"] = json!("app");
    container["image"] = json!(format!("{}{which}", app.uri()));
    let input = json!({"family": "app", "containerDefinitions": [container]});
    register_task_definition(&mut stage.world, &input).unwrap()
}

fn push(stage: &mut Stage, app: &Repository) -> String {
    ecr::push(&mut stage.world, app, "latest").unwrap()
}

/// The digests of the running tasks' images, oldest first.
fn running(stage: &mut Stage) -> Vec<String> {
    let tasks = stage.tasks("RUNNING");
    let digest = |task: &Value| {
        task["containers"][0]["imageDigest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    tasks.iter().map(digest).collect()
}

/// Why the newest task has stopped.
fn stopped_reason(stage: &mut Stage) -> String {
    let tasks = stage.tasks("STOPPED");
    let newest = tasks.last().unwrap();
    assert_eq!(newest["stopCode"], "TaskFailedToStart");
    newest["stoppedReason"].as_str().unwrap().to_owned()
}

fn scale(stage: &mut Stage, desired: u32) {
    stage.update(&json!({"desiredCount": desired}));
    stage.seconds(60);
}

#[test]
fn a_task_says_which_image_its_tag_named_when_it_started() {
    let (mut stage, app, digest) = begin();
    let latest = definition(&mut stage, &app, ":latest", &json!({}));
    stage.service(&latest, 1, &json!({}));
    push(&mut stage, &app);
    assert_eq!(running(&mut stage), [digest.as_str()]);
    let TaskLaunch {
        image,
        digest: started,
        ..
    } = &stage.launches[0];
    assert!(image.ends_with("/app:latest"), "{image}");
    assert_eq!(*started, digest);
}

#[test]
fn all_tasks_of_a_deployment_run_the_image_that_the_first_one_found() {
    let (mut stage, app, first) = begin();
    let latest = definition(&mut stage, &app, ":latest", &json!({}));
    stage.service(&latest, 1, &json!({}));
    let second = push(&mut stage, &app);
    scale(&mut stage, 2);
    assert_eq!(running(&mut stage), [first.as_str(), first.as_str()]);
    stage.update(&json!({"forceNewDeployment": true}));
    stage.seconds(120);
    assert_eq!(running(&mut stage), [second.as_str(), second.as_str()]);
}

#[test]
fn without_version_consistency_every_task_finds_its_own_image() {
    let (mut stage, app, first) = begin();
    let disabled = json!({"versionConsistency": "disabled"});
    let latest = definition(&mut stage, &app, ":latest", &disabled);
    stage.service(&latest, 1, &json!({}));
    let second = push(&mut stage, &app);
    scale(&mut stage, 2);
    assert_eq!(running(&mut stage), [first, second]);
}

#[test]
fn a_deployment_that_began_without_tasks_never_settles_on_an_image() {
    let (mut stage, app, first) = begin();
    let latest = definition(&mut stage, &app, ":latest", &json!({}));
    stage.service(&latest, 0, &json!({}));
    scale(&mut stage, 1);
    let second = push(&mut stage, &app);
    scale(&mut stage, 2);
    assert_eq!(running(&mut stage), [first, second]);
}

#[test]
fn a_tag_that_is_not_there_keeps_tasks_from_starting() {
    let (mut stage, app, digest) = begin();
    let missing = definition(&mut stage, &app, ":v9", &json!({}));
    stage.service(&missing, 1, &json!({}));
    let named = format!("{}:v9", app.uri());
    assert_eq!(
        stopped_reason(&mut stage),
        format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {named}: {named}: not found"
        )
    );
    let media_type = ecr::MANIFEST;
    let image = Image {
        digest: digest.clone(),
        media_type,
    };
    ecr::put_image(&mut stage.world, &app, &image, Some("v9")).unwrap();
    stage.seconds(30 * 60);
    assert_eq!(running(&mut stage), [digest]);
}

#[test]
fn a_deployment_whose_image_was_deleted_starts_no_task_any_more_although_its_tag_has_moved_on() {
    let (mut stage, app, first) = begin();
    let latest = definition(&mut stage, &app, ":latest", &json!({}));
    stage.service(&latest, 1, &json!({}));
    push(&mut stage, &app);
    ecr::delete_image(&mut stage.world, &app, &first).unwrap();
    scale(&mut stage, 2);
    let named = format!("{}:latest@{first}: not found", app.uri());
    let reason = stopped_reason(&mut stage);
    assert!(reason.ends_with(&named), "{reason}");
    assert_eq!(running(&mut stage), [first]);
}

#[test]
fn a_tag_of_an_index_is_the_digest_of_the_index() {
    let (mut stage, app, _) = begin();
    let index = ecr::push_index(&mut stage.world, &app, "v2", 2).unwrap();
    let both = definition(&mut stage, &app, ":v2", &json!({}));
    stage.service(&both, 1, &json!({}));
    assert_eq!(running(&mut stage), [index]);
}

#[test]
fn an_image_of_another_account_and_region_is_found_there() {
    let (mut stage, app, _) = begin();
    let theirs = Repository {
        registry: "444455556666".to_owned(),
        region: "us-east-1".to_owned(),
        ..app
    };
    ecr::create(&mut stage.world, &theirs, Tags::Mutable).unwrap();
    let digest = push(&mut stage, &theirs);
    let by_digest = definition(&mut stage, &theirs, &format!("@{digest}"), &json!({}));
    stage.service(&by_digest, 1, &json!({}));
    assert_eq!(running(&mut stage), [digest]);
}
