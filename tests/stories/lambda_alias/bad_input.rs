//! What a release would run into is refused by name, through the real job, before the first write.

use rehearsal_core::{
    stage::{self, Behaviour, DEPLOY_CANARY, Version},
    world::{functions, iam, sqs},
};
use serde_json::{Map, json};

use super::{stage, v2};
use crate::{
    bad_input,
    play::{Artifact, Play},
};

async fn play() -> (Play, String) {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.held_execution();
    (play, release)
}

fn package() -> Artifact {
    Artifact::Bytes(Version::new("v2", Behaviour::Works).package())
}

async fn refused(play: &Play, release: &str, rest: &str, artifact: Artifact, expected: &str) {
    let parameters = format!("{{\"release\": \"{release}\"{rest}}}");
    let job = (DEPLOY_CANARY, Some(parameters.as_str()));
    bad_input::refused(play, job, artifact, expected).await;
}

#[tokio::test(start_paused = true)]
async fn an_alias_with_weights() {
    let (play, release) = play().await;
    play.publish_another().await;
    play.route("1", &[("2", 0.25)]);
    let told = "alias orders:live has weights already: version 1, 25 % to version 2";
    refused(&play, &release, "", package(), told).await;
}

#[tokio::test(start_paused = true)]
async fn an_alias_of_what_is_not_published() {
    let (play, release) = play().await;
    play.route("$LATEST", &[]);
    refused(
        &play,
        &release,
        "",
        package(),
        "alias orders:live sends its invocations to $LATEST",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_alias_that_is_gone() {
    let (play, release) = play().await;
    play.delete_alias();
    refused(
        &play,
        &release,
        "",
        package(),
        "alias live of function orders does not exist",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn versions_with_different_roles() {
    let (play, release) = play().await;
    play.account.with(|world| {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Principal": { "Service": iam::LAMBDA }, "Action": "sts:AssumeRole" }] });
        let role = iam::put_role(world, "another", &trust, &[]).expect("a role");
        let mut changed = functions::function(world, stage::FUNCTION)
            .expect("it exists")
            .clone();
        changed.role = Some(role);
        functions::create_function(world, changed).expect("Lambda may assume it");
    });
    refused(
        &play,
        &release,
        "",
        package(),
        "the two versions differ in their role: version 1 has ",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_invokes_the_function_past_the_alias() {
    let (play, release) = play().await;
    let queue = play.account.with(|world| {
        sqs::create_queue(world, "others", &Map::new()).expect("a queue");
        let queue = world.arn("sqs", "others");
        let role = functions::function(world, stage::FUNCTION).and_then(|it| it.role.clone());
        let role = role.expect("it has one");
        let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Resource": queue,
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] } });
        let name = role.rsplit('/').next().unwrap_or_default();
        iam::add_policy(world, name, "others", &policy).expect("a policy");
        queue
    });
    let mapping = json!({ "FunctionName": "orders", "EventSourceArn": queue });
    play.lambda("CreateEventSourceMapping", &mapping);
    refused(&play, &release, "", package(), "event source mapping ").await;
}

#[tokio::test(start_paused = true)]
async fn a_package_for_another_architecture() {
    let (play, release) = play().await;
    let mut program = "\u{7f}ELF\u{2}\u{1}\u{1}".to_owned();
    program += &"\0".repeat(9);
    program += "\u{3}\0\u{3e}\0";
    let package = Artifact::zip("bootstrap", &program);
    refused(
        &play,
        &release,
        "",
        package,
        "the package's program (bootstrap) is built for x86_64",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_exist() {
    let (play, release) = play().await;
    let told = "version 7 of function orders does not exist";
    refused(
        &play,
        &release,
        ", \"version\": \"7\"",
        Artifact::None,
        told,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_update_in_progress() {
    let (play, release) = play().await;
    play.account.with(|world| {
        world.functions.update_takes = std::time::Duration::from_hours(2);
    });
    let input = json!({ "FunctionName": "orders", "Description": "better" });
    play.lambda("UpdateFunctionConfiguration", &input);
    refused(
        &play,
        &release,
        "",
        package(),
        "an update of function orders is in progress",
    )
    .await;
}
