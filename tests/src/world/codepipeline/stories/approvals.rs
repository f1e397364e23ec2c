use serde_json::Map;

use super::*;
use crate::world::sns;

fn at_the_approval() -> (Story, String) {
    let mut story = Story::with_actions(&[approval("Approve", 1), lambda("Promote", 2, "{}")]);
    let execution = story.start_and_fetch();
    (story, execution)
}

#[test]
fn a_pipeline_stops_at_an_unanswered_approval() {
    let (mut story, execution) = at_the_approval();
    story.after(Duration::from_hours(24 * 6));
    assert_eq!(story.jobs(), Vec::<Value>::new());
    assert_eq!(story.status(&execution), "InProgress");
    let token = story.action("Canary", "Approve")["token"].clone();
    story
        .answer("Canary", "Approve", "Approved", &token)
        .expect("approved");
    story.tick();
    let job = story.job();
    story.succeed(&job);
    assert_eq!(story.status(&execution), "Succeeded");
}

#[test]
fn an_approval_that_nobody_answers_for_seven_days_fails() {
    let (mut story, execution) = at_the_approval();
    let token = story.action("Canary", "Approve")["token"].clone();
    story.after(Duration::from_hours(24 * 7));
    assert_eq!(story.status(&execution), "Failed");
    let late = story.answer("Canary", "Approve", "Approved", &token);
    assert_eq!(
        late.expect_err("too late").code,
        "InvalidApprovalTokenException"
    );
}

#[test]
fn an_approval_may_have_its_own_timeout() {
    let mut approve = approval("Approve", 1);
    approve["timeoutInMinutes"] = json!(5);
    let mut story = Story::with_actions(&[approve]);
    let execution = story.start_and_fetch();
    story.after(Duration::from_secs(299));
    assert_eq!(story.status(&execution), "InProgress");
    story.after(Duration::from_secs(1));
    assert_eq!(story.status(&execution), "Failed");
}

#[test]
fn a_wrong_approval_token_is_refused() {
    let (mut story, execution) = at_the_approval();
    let wrong = json!("00000000-0000-4000-8000-000000000000");
    let fault = story.answer("Canary", "Approve", "Approved", &wrong);
    assert_eq!(
        fault.expect_err("wrong").code,
        "InvalidApprovalTokenException"
    );
    story.tick();
    assert_eq!(story.status(&execution), "InProgress");
    assert_eq!(story.action("Canary", "Approve")["status"], "InProgress");
}

#[test]
fn an_approval_is_answered_once_and_its_token_is_worth_nothing_if_it_shows() {
    let (mut story, _) = at_the_approval();
    let token = story.action("Canary", "Approve")["token"].clone();
    story
        .answer("Canary", "Approve", "Approved", &token)
        .expect("approved");
    let again = story.answer("Canary", "Approve", "Rejected", &token);
    assert_eq!(
        again.expect_err("answered").code,
        "ApprovalAlreadyCompletedException"
    );
    assert_eq!(story.action("Canary", "Approve")["token"], token);
    assert_eq!(story.action("Canary", "Approve")["status"], "Succeeded");
    story.world.codepipeline.answered_keep_tokens = false;
    assert_eq!(story.action("Canary", "Approve")["token"], Value::Null);
}

#[test]
fn an_approval_that_does_not_exist_is_named() {
    let (mut story, _) = at_the_approval();
    let token = story.action("Canary", "Approve")["token"].clone();
    for (stage, action, code) in [
        ("Nowhere", "Approve", "StageNotFoundException"),
        ("Canary", "Nothing", "ActionNotFoundException"),
    ] {
        let fault = story.answer(stage, action, "Approved", &token);
        assert_eq!(fault.expect_err("unknown").code, code);
    }
}

#[test]
fn a_person_answers_in_the_console_without_a_token() {
    let (mut story, execution) = at_the_approval();
    answer_approval(&mut story.world, "orders", false, "no").expect("rejected");
    story.tick();
    assert_eq!(story.status(&execution), "Failed");
    assert_eq!(story.action("Canary", "Approve")["summary"], "no");
    let none = answer_approval(&mut story.world, "orders", false, "no");
    assert_eq!(
        none.expect_err("none waits").code,
        "InvalidApprovalTokenException"
    );
}

#[test]
fn a_rejected_approval_emits_three_events() {
    let (mut story, execution) = at_the_approval();
    let token = story.action("Canary", "Approve")["token"].clone();
    story.state_events();
    story
        .answer("Canary", "Approve", "Rejected", &token)
        .expect("rejected");
    story.tick();
    let events = story.state_events();
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["detail-type"].clone(),
                event["detail"]["state"].clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        ["Action", "Stage", "Pipeline"].map(|level| (
            json!(format!("CodePipeline {level} Execution State Change")),
            json!("FAILED")
        ))
    );
    let detail = &events[0]["detail"];
    assert_eq!(detail["type"]["category"], "Approval");
    assert_eq!(detail["execution-id"], json!(execution));
    assert_eq!(
        detail["execution-result"]["external-execution-summary"],
        "error rate too high"
    );
}

#[test]
fn the_readers_of_an_approval_s_topic_are_asked_for_an_answer() {
    let mut approve = approval("Approve", 1);
    let topic = "arn:aws:sns:eu-central-1:111122223333:approvals";
    approve["configuration"] = json!({
        "NotificationArn": topic,
        "CustomData": "release #{codepipeline.PipelineExecutionId}",
        "ExternalEntityLink": "https://example.com/dashboard",
    });
    let mut story = Story::with_actions(&[approve]);
    sns::create_topic(&mut story.world, "approvals", &Map::new()).expect("a topic");
    let execution = story.start_and_fetch();
    let notice = story.world.sns.published.pop().expect("a message");
    assert_eq!(notice.topic, topic);
    assert_eq!(
        notice.subject.as_deref(),
        Some("APPROVAL NEEDED: AWS CodePipeline orders for action Approve")
    );
    let message: Value = serde_json::from_str(&notice.message).expect("a document");
    let console =
        "https://console.aws.amazon.com/codepipeline/home?region=eu-central-1#/view/orders";
    let token = story.action("Canary", "Approve")["token"].clone();
    let token = token.as_str().expect("a token");
    assert_eq!(
        message,
        json!({
            "region": "eu-central-1",
            "consoleLink": console,
            "approval": {
                "pipelineName": "orders",
                "stageName": "Canary",
                "actionName": "Approve",
                "token": token,
                "expires": "2026-09-28T14:13Z",
                "approvalReviewLink": format!("{console}/Canary/Approve/approve/{token}"),
                "externalEntityLink": "https://example.com/dashboard",
                "customData": format!("release {execution}"),
            },
        })
    );
}
