//! The library's adapters alone, over the wire: what they make of AWS's answers, and that nothing to ask is no
//! request.

mod task_sets;

use canary::{
    aws::{pipeline::Delivered, table::Written},
    clock::Timestamp,
    job::{FailureType, Report},
    names::{ClusterName, PipelineName, ReleaseId},
    notice::Notice,
    record::Entry,
};
use rehearsal_core::stage::{self, Behaviour, Script, Stage, Version};

use crate::play::Play;

async fn at_approval() -> (Play, String) {
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(&Stage::default(), script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, release)
}

#[tokio::test(start_paused = true)]
async fn nothing_to_ask_is_no_request() {
    let (play, _) = at_approval().await;
    let aws = play.adapters("nobody");
    assert_eq!(aws.alarms(&[]).await, Ok(Vec::new()));
    let cluster = ClusterName::try_from(stage::CLUSTER).unwrap();
    assert_eq!(aws.tasks(&cluster, &[]).await, Ok(Vec::new()));
    assert_eq!(play.calls("nobody").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_written_only_over_the_revision_that_was_read() {
    let (play, _) = at_approval().await;
    let aws = play.adapters(stage::DEPLOY_CANARY);
    let read = play.record().expect("a release has the pair");
    let now = Timestamp::from_epoch_millis(1_790_930_000_000);
    let next = read.advance(read.phase.clone(), now);
    let entry = Entry {
        pair: read.pair.clone(),
        at: now,
        function: "deploy-canary",
        caller: "a story".to_owned(),
        release: Some(read.release.clone()),
        seen: "what it saw".to_owned(),
        decided: "what it decided".to_owned(),
    };
    assert_eq!(aws.write(&next, None, &entry).await, Ok(Written::Yes));
    assert_eq!(aws.write(&next, None, &entry).await, Ok(Written::Overtaken));
    assert_eq!(
        play.record(),
        Some(next),
        "what was written is what is read"
    );
    let told = play
        .ledger()
        .await
        .into_iter()
        .filter(|line| line.ends_with("what it decided"))
        .count();
    assert_eq!(told, 1, "a write that did not happen leaves no decision");
}

#[tokio::test(start_paused = true)]
async fn a_task_definition_comes_back_with_every_field_and_tag() {
    let (play, release) = at_approval().await;
    let aws = play.adapters(stage::DEPLOY_CANARY);
    let stable = aws.task_definition("orders:1").await.unwrap();
    let candidate = aws.task_definition("orders").await.unwrap();
    let tags = candidate["tags"].as_array().unwrap();
    assert!(
        tags.iter().any(|tag| tag["key"] == "application"),
        "the stable tags are kept"
    );
    assert!(
        tags.iter()
            .any(|tag| tag["key"] == "canary:release" && tag["value"] == release.as_str())
    );
    let without_image = |answer: &serde_json::Value| {
        let mut definition = answer["taskDefinition"].clone();
        definition["containerDefinitions"][0]["image"] = serde_json::Value::Null;
        for own in [
            "taskDefinitionArn",
            "revision",
            "registeredAt",
            "registeredBy",
        ] {
            definition[own] = serde_json::Value::Null;
        }
        definition
    };
    assert_eq!(without_image(&candidate), without_image(&stable));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_waits_for_is_no_error() {
    let (play, _) = at_approval().await;
    let aws = play.adapters(stage::DEPLOY_CANARY);
    let failed = Report::Failed {
        kind: FailureType::JobFailed,
        message: "too late".to_owned(),
    };
    let unknown = "00000000-0000-4000-8000-00000000000a";
    assert_eq!(aws.report(unknown, &failed).await, Ok(Delivered::NotWanted));
}

#[tokio::test(start_paused = true)]
async fn an_execution_is_found_with_its_approval_and_no_other_is() {
    let (play, release) = at_approval().await;
    let aws = play.adapters(stage::ROLLBACK);
    let pipeline = PipelineName::try_from(stage::PIPELINE).unwrap();
    let state = aws.pipeline(&pipeline).await.unwrap();
    let ours = state.execution(&ReleaseId::try_from(release.as_str()).unwrap());
    assert!(ours.under_way);
    assert_eq!(
        ours.approvals.first().map(|it| it.action.as_str()),
        Some("Approval")
    );
    let other = ReleaseId::try_from("00000000-0000-4000-8000-00000000000a").unwrap();
    let other_state = state.execution(&other);
    assert!(!other_state.under_way && other_state.approvals.is_empty());
    assert_eq!(aws.execution_status(&pipeline, &other).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_is_not_there_yet_has_no_execution() {
    let (play, release) = at_approval().await;
    let aws = play.adapters("person");
    let pipeline = PipelineName::try_from("parcels-release").unwrap();
    let state = aws.pipeline(&pipeline).await.unwrap();
    let ours = state.execution(&ReleaseId::try_from(release.as_str()).unwrap());
    assert!(!ours.under_way && ours.approvals.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_notice_reaches_the_topic_and_that_it_cannot_is_no_error() {
    let (play, _) = at_approval().await;
    let topic = play.scene.notifications_topic.clone();
    let notice = Notice::new("orders", "all well", "Nothing happened.\n".to_owned());
    let aws = play.adapters_telling("rollback", &topic);
    aws.tell(&notice).await;
    let told = (
        "orders: all well".to_owned(),
        "Nothing happened.\n".to_owned(),
    );
    assert_eq!(play.warnings(), std::slice::from_ref(&told));

    let missing = format!("{topic}-of-somebody-else");
    for other in [missing.as_str(), "orders-rollbacks"] {
        let aws = play.adapters_telling("rollback", other);
        aws.tell(&notice).await;
    }
    play.adapters("deploy-canary").tell(&notice).await;
    assert_eq!(
        play.warnings(),
        [told],
        "whoever cannot tell says so and goes on"
    );
    let tried: Vec<_> = play
        .calls("rollback")
        .into_iter()
        .filter(|call| call.service == "sns")
        .map(|call| call.fault)
        .collect();
    assert_eq!(
        tried,
        [None, Some("NotFoundException".to_owned())],
        "what is no topic's ARN is not asked"
    );
}
