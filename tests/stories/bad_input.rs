//! What a person may get wrong: the action fails as a configuration error within one look, the first sentence
//! says what is wrong and where, and nothing was changed.

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Version},
    wire::Interference,
    world::{Fault, functions},
};
use serde_json::json;

use crate::play::{Artifact, Play};

async fn play() -> (Play, String) {
    let play = Play::begin(
        &Stage::default(),
        Script::new([Version::new("v2", Behaviour::Works)]),
    )
    .await;
    let release = play.held_execution();
    (play, release)
}

/// Lets the role look beyond its pair: the shipped one would not even be told that a name is wrong.
fn look_anywhere(play: &Play) {
    for action in [
        "dynamodb:GetItem",
        "ecs:DescribeServices",
        "sqs:GetQueueAttributes",
    ] {
        play.grant(stage::DEPLOY_CANARY, action, "*");
    }
}

fn with(release: &str, rest: &str) -> String {
    format!("{{\"release\": \"{release}\", {rest}}}")
}

/// Gives a function a job, which fails by these words, and nothing has changed; answers as what kind of failure.
pub(crate) async fn refused(
    play: &Play,
    (function, parameters): (&'static str, Option<&str>),
    artifact: Artifact,
    expected: &str,
) -> String {
    let before = (play.writes().len(), play.pair());
    let refused = play.job_with(function, parameters, artifact).await;
    assert!(
        refused.message.starts_with(expected),
        "expected {expected}\nfound    {}",
        refused.message
    );
    assert_eq!(
        (play.writes().len(), play.pair()),
        before,
        "nothing was changed"
    );
    assert_eq!(play.phase(), "none", "nothing was recorded");
    refused.kind
}

async fn misconfigured(
    play: &Play,
    function: &'static str,
    parameters: Option<&str>,
    expected: &str,
) {
    let kind = refused(play, (function, parameters), Artifact::None, expected).await;
    assert_eq!(kind, "ConfigurationError", "{expected}");
}

#[tokio::test(start_paused = true)]
async fn user_parameters_that_are_wrong() {
    let (play, release) = play().await;
    let with = |rest: &str| with(&release, rest);
    let cases = [
        (stage::DEPLOY_CANARY, None, "UserParameters is missing"),
        (
            stage::DEPLOY_CANARY,
            Some(
                "{\"release\": \"3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f\", \"image\": \"orders:v2\"}"
                    .to_owned(),
            ),
            "pipeline orders-release (TARGET: field pipeline) has no execution 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f",
        ),
        (
            stage::DEPLOY_CANARY,
            Some("release=v2".to_owned()),
            "UserParameters is not valid JSON",
        ),
        (
            stage::DEPLOY_CANARY,
            Some(with("\"imgae\": \"orders:v2\"")),
            "UserParameters: field imgae: unknown field",
        ),
        (
            stage::DEPLOY_CANARY,
            Some(with("\"image\": 7")),
            "UserParameters: field image: invalid type: integer `7`",
        ),
        (
            stage::DEPLOY_CANARY,
            Some(with("\"image\": \"orders\"")),
            "UserParameters: field image: \"orders\" is not an image with a tag",
        ),
        (
            stage::DEPLOY_CANARY,
            Some(with("\"image\": \"orders:v2\", \"container\": \"web\"")),
            "there is no container \"web\" in task definition orders:1; it has \"app\". UserParameters names it",
        ),
        (
            stage::SHIFT_WEIGHT,
            Some(with("\"weight\": 101, \"bakeMinutes\": 1")),
            "UserParameters: field weight: 101 is not a weight",
        ),
        (
            stage::SHIFT_WEIGHT,
            Some(with("\"steps\": []")),
            "UserParameters: field steps: the list is empty",
        ),
        (
            stage::SHIFT_WEIGHT,
            Some(with("\"weight\": 5, \"bakeMinutes\": 1441")),
            "UserParameters: field steps: 1441 minutes in total",
        ),
        (
            stage::PROMOTE_PRIMARY,
            Some("{}".to_owned()),
            "UserParameters: missing field `release`",
        ),
        (
            stage::PROMOTE_PRIMARY,
            Some(with("\"timeoutMinutes\": 1441")),
            "UserParameters: field timeoutMinutes: 1441 minutes in total",
        ),
        (
            stage::ROLLBACK,
            Some("[]".to_owned()),
            "UserParameters: invalid length 0",
        ),
    ];
    for (function, parameters, expected) in cases {
        misconfigured(&play, function, parameters.as_deref(), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_wrong() {
    let cases = [
        (
            "\"orders-canary\"",
            "\"orders-canery\"",
            "service orders-canery in cluster orders (TARGET: field canary) does not exist",
        ),
        (
            "\"cluster\":\"orders\"",
            "\"cluster\":\"order\"",
            "cluster order (TARGET: field cluster) does not exist",
        ),
        (
            "111122223333/orders\"",
            "111122223333/order\"",
            "queue order (TARGET: field traffic.queue.url) does not exist",
        ),
        (
            "111122223333/orders-dead-letters",
            "111122223333/orders-dead",
            "queue orders-dead (TARGET: field traffic.queue.deadLetterUrl) does not exist",
        ),
        (
            "[\"orders-dead-letters\"",
            "[\"orders-dead-leters\"",
            "alarm orders-dead-leters (TARGET: field alarms) does not exist",
        ),
        (
            "\"additive\"",
            "\"adaptive\"",
            "TARGET: field traffic.queue.mode: unknown variant `adaptive`",
        ),
        ("{", "", "TARGET is not valid JSON"),
    ];
    for (from, to, expected) in cases {
        let (play, release) = play().await;
        look_anywhere(&play);
        let image = with(&release, "\"image\": \"orders:v2\"");
        play.set_environment(stage::DEPLOY_CANARY, |environment| {
            let target = environment["TARGET"].replacen(from, to, 1);
            assert_ne!(target, environment["TARGET"], "{from}");
            environment.insert("TARGET".to_owned(), target);
        });
        misconfigured(&play, stage::DEPLOY_CANARY, Some(&image), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_without_its_environment() {
    let (play, release) = play().await;
    look_anywhere(&play);
    let with = |rest: &str| with(&release, rest);
    play.set_environment(stage::DEPLOY_CANARY, |environment| {
        drop(environment.remove("RELEASES_TABLE"));
    });
    let image = with("\"image\": \"orders:v2\"");
    misconfigured(
        &play,
        stage::DEPLOY_CANARY,
        Some(&image),
        "RELEASES_TABLE is missing; set it in the function's environment",
    )
    .await;
    play.set_environment(stage::DEPLOY_CANARY, |environment| {
        environment.insert("RELEASES_TABLE".to_owned(), "release".to_owned());
    });
    misconfigured(
        &play,
        stage::DEPLOY_CANARY,
        Some(&image),
        "table release (RELEASES_TABLE) does not exist",
    )
    .await;
    play.set_environment(stage::DEPLOY_CANARY, |environment| {
        drop(environment.remove("TARGET"));
    });
    misconfigured(
        &play,
        stage::DEPLOY_CANARY,
        Some(&image),
        "TARGET is missing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_input_artifact_that_is_wrong() {
    let (play, release) = play().await;
    let plain = format!("{{\"release\": \"{release}\"}}");
    let cases = [
        (
            Artifact::None,
            "UserParameters: field image: missing, and the action has no input artifact",
        ),
        (
            Artifact::Absent,
            "input artifact BuildOutput (bucket orders-artifactstore-63sm3r828760-artifacts-4zxfjw1lus5v) does not exist",
        ),
        (
            Artifact::Bytes(b"<html>".to_vec()),
            "the first input artifact: is no zip file that can be read",
        ),
        (
            Artifact::zip("image.json", "[]"),
            "the first input artifact: has no imagedefinitions.json at its root",
        ),
        (
            Artifact::zip("imagedefinitions.json", "{]"),
            "imagedefinitions.json is not valid JSON",
        ),
        (
            Artifact::zip(
                "imagedefinitions.json",
                r#"[{"name":"web","imageUri":"web:2"}]"#,
            ),
            "there is no container \"web\" in task definition orders:1; it has \"app\". imagedefinitions.json names it",
        ),
        (
            Artifact::zip(
                "imagedefinitions.json",
                r#"[{"name":"app","imageUri":"orders"}]"#,
            ),
            "imagedefinitions.json: field [0].imageUri: \"orders\" is not an image with a tag",
        ),
    ];
    for (artifact, expected) in cases {
        let job = (stage::DEPLOY_CANARY, Some(plain.as_str()));
        let kind = refused(&play, job, artifact, expected).await;
        assert_eq!(kind, "ConfigurationError", "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_role_may_not_do_names_action_and_resource() {
    for (operation, action) in [
        ("DescribeServices", "ecs:DescribeServices on cluster orders"),
        (
            "DescribeAlarms",
            "cloudwatch:DescribeAlarms on the target's alarms",
        ),
        (
            "GetItem",
            "dynamodb:GetItem on table orders-releases (RELEASES_TABLE)",
        ),
        (
            "TransactWriteItems",
            "dynamodb:PutItem on table orders-releases (RELEASES_TABLE)",
        ),
    ] {
        let (play, release) = play().await;
        let with = |rest: &str| with(&release, rest);
        play.interfere(move |call| {
            if call.principal.0 == stage::DEPLOY_CANARY && call.operation == operation {
                Interference::Refuse(Fault::new(
                    "AccessDeniedException",
                    "no identity-based policy allows it",
                ))
            } else {
                Interference::None
            }
        });
        let image = with("\"image\": \"orders:v2\"");
        let refused = play.job(stage::DEPLOY_CANARY, Some(&image)).await;
        assert_eq!(refused.kind, "PermissionError", "{}", refused.message);
        let expected = format!("the function's role may not call {action}. Grant it");
        assert!(
            refused.message.starts_with(&expected),
            "expected {expected}\nfound    {}",
            refused.message
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_knows_is_refused_by_name() {
    let (play, _) = play().await;
    for function in stage::FUNCTIONS {
        for event in [
            json!({"hello": "world"}),
            json!([]),
            json!(null),
            json!({"Records": [{"eventSource": "aws:s3"}]}),
        ] {
            play.account
                .with(|world| functions::invoke_async(world, function, event, "hand"));
        }
    }
    play.pass(std::time::Duration::from_secs(10)).await;
    assert_eq!(play.failed_invocations(), [""; 0]);
    assert_eq!(play.writes().len(), 0);
}
