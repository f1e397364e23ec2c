//! A pipeline in which people decide twice.

use super::*;

const SECOND: &str = "Approval-to-promote";

/// The shipped pipeline with further steps between two approvals, which rollback may both answer.
fn with_further_steps() -> Templates {
    let mut templates = shipped().clone();
    let pipeline = templates.document_mut("pipeline.yaml").expect("it exists");
    let steps = "[{\"weight\":50,\"bakeSeconds\":0}]";
    pipeline["Parameters"]["FurtherSteps"]["Default"] = json!(steps);
    for root in ["main.yaml", "http.yaml"] {
        let root = templates.document_mut(root).expect("it exists");
        let parameters = &mut root["Resources"]["Functions"]["Properties"]["Parameters"];
        parameters["ApprovalAction"] = json!("Approval*");
    }
    templates
}

/// A release whose first decision waits, at a quarter of the work.
async fn at_the_first(stage: &Stage) -> (Play, String, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(25, 0)]),
        ..stage.clone()
    };
    let play = Play::begin_from(&with_further_steps(), &stage, script(), |_| ()).await;
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, before, release)
}

/// A release whose second decision waits, at half of it.
async fn at_the_second(stage: &Stage) -> (Play, String, String) {
    let (play, before, release) = at_the_first(stage).await;
    answer(&play, "Approval", "Approved");
    play.until_action(&release, SECOND, "InProgress").await;
    (play, before, release)
}

#[tokio::test(start_paused = true)]
async fn what_both_approve_is_promoted_and_each_is_shown_its_own_share() {
    for stage in pairs() {
        let (play, _, release) = at_the_second(&stage).await;
        for (action, asked) in [
            ("shift-weight", "25 % asked"),
            ("shift-weight-further", "50 % asked"),
        ] {
            let said = play.said(&release, action);
            assert!(said.contains(asked), "{action}: {said}");
        }
        answer(&play, SECOND, "Approved");
        assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_rejects_the_first_or_the_second_time_has_it_rolled_back() {
    for stage in pairs() {
        let (play, before, release) = at_the_first(&stage).await;
        answer(&play, "Approval", "Rejected");
        ends(&play, &release, &before).await;
        let (play, before, release) = at_the_second(&stage).await;
        answer(&play, SECOND, "Rejected");
        ends(&play, &release, &before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_at_either_decision_takes_it_from_people() {
    for stage in pairs() {
        for second in [false, true] {
            let (play, before, release) = if second {
                at_the_second(&stage).await
            } else {
                at_the_first(&stage).await
            };
            play.pass(Duration::from_mins(1)).await;
            play.alarm("orders fail");
            ends(&play, &release, &before).await;
            let calls = play.calls(stage::ROLLBACK);
            let rejected = calls
                .iter()
                .filter(|it| it.operation == "PutApprovalResult" && it.fault.is_none());
            let rejected: Vec<_> = rejected.map(|it| &it.input["actionName"]).collect();
            let waited = if second { SECOND } else { "Approval" };
            assert_eq!(rejected, [waited], "{}", play.transcript());
        }
    }
}
