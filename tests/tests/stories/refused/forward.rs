//! What the three that go forward cannot see holds them, and closes no eye to what they can see.

use rehearsal_core::wire::Ailment;

use super::*;

/// What a look at a share that bakes reads besides the record and the alarms.
fn reads(stage: &Stage) -> &'static [&'static str] {
    match stage.traffic {
        Traffic::Queue => &[
            "DescribeServices",
            "DescribeScalableTargets",
            "GetQueueAttributes",
        ],
        Traffic::Lambda => &[
            "GetAlias",
            "GetProvisionedConcurrencyConfig",
            "GetQueueAttributes",
        ],
        Traffic::Alb => &[
            "DescribeServices",
            "DescribeScalableTargets",
            "DescribeRules",
            "DescribeTargetHealth",
        ],
    }
}

/// A release whose share bakes for half an hour.
async fn baking(stage: &Stage) -> (Play, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 30 * 60)]),
        ..stage.clone()
    };
    let play = Play::begin(&stage, v2()).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_bakes().await;
    (play, release)
}

#[tokio::test(start_paused = true)]
async fn an_alarm_ends_the_release_whatever_else_cannot_be_seen() {
    for stage in targets() {
        for operation in reads(&stage) {
            for how in [Ailment::Throttled, Ailment::Denied] {
                let (play, release) = baking(&stage).await;
                // Nobody else hears of the alarm.
                play.account
                    .with(|world| world.events.delivery = Delivery::Lost);
                play.fail(stage::ROLLBACK, "DescribeAlarms", Ailment::Throttled, None);
                play.fail(
                    stage::ROLLBACK,
                    "TransactWriteItems",
                    Ailment::Throttled,
                    None,
                );
                play.fail(stage::SHIFT_WEIGHT, operation, how, None);
                for _ in 0..36 {
                    play.alarm("orders fail");
                    play.pass(Duration::from_secs(5)).await;
                }
                let said = play.said(&release, "shift-weight");
                assert!(
                    said.contains("is in ALARM. orders fail"),
                    "{operation} {how:?}: {said}"
                );
                play.account.mend();
                play.account
                    .with(|world| world.events.delivery = Delivery::Exact);
                play.until_phase("RolledBack").await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_for_a_while_holds_the_release_and_ends_it_only_if_that_lasts() {
    for stage in pairs() {
        let (play, release) = baking(&stage).await;
        let ten_minutes = Duration::from_mins(10);
        play.fail(
            stage::SHIFT_WEIGHT,
            "DescribeAlarms",
            Ailment::Denied,
            Some(ten_minutes),
        );
        play.pass(Duration::from_mins(5)).await;
        let said = play.said(&release, "shift-weight");
        assert!(
            said.contains("may not call cloudwatch:DescribeAlarms"),
            "{said}"
        );
        assert!(said.ends_with("looking again"), "{said}");
        play.until_approval(&release).await;
    }
    let [stage, ..] = pairs();
    let (play, release) = baking(&stage).await;
    play.fail(stage::SHIFT_WEIGHT, "DescribeAlarms", Ailment::Denied, None);
    play.until_action(&release, "shift-weight", "Failed").await;
    let said = play.said(&release, "shift-weight");
    assert!(said.starts_with("not finished within "), "{said}");
    let kinds = play.calls(stage::SHIFT_WEIGHT).into_iter();
    let kinds = kinds.filter(|call| call.operation == "PutJobFailureResult");
    let kinds: Vec<_> = kinds
        .map(|call| call.input["failureDetails"]["type"].clone())
        .collect();
    assert_eq!(kinds, ["PermissionError"]);
    play.until_phase("RolledBack").await;
}

#[tokio::test(start_paused = true)]
async fn a_right_that_iam_does_not_know_everywhere_yet_is_waited_for_two_minutes() {
    let [stage, ..] = pairs();
    for (function, operation) in [
        (stage::DEPLOY_CANARY, "DescribeServices"),
        (stage::DEPLOY_CANARY, "RegisterTaskDefinition"),
        (stage::SHIFT_WEIGHT, "DescribeAlarms"),
        (stage::PROMOTE_PRIMARY, "GetItem"),
    ] {
        let play = Play::begin(&stage, v2()).await;
        let release = play.push("v2");
        match function {
            stage::SHIFT_WEIGHT => {
                play.until_action(&release, "shift-weight", "InProgress")
                    .await;
            }
            stage::PROMOTE_PRIMARY => play.until_approval(&release).await,
            _ => {}
        }
        let for_now = Some(Duration::from_secs(100));
        play.fail(function, operation, Ailment::Denied, for_now);
        if function != stage::PROMOTE_PRIMARY {
            play.until_approval(&release).await;
        }
        play.approve();
        let ended = play.until_ended(&release).await;
        assert_eq!(ended, "SUCCEEDED", "{function} {operation}");
    }
}
