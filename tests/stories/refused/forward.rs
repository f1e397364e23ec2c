//! What the three that go forward cannot see holds them, and closes no eye to what they can see.

use rehearsal_core::wire::Ailment;

use super::*;

/// What a look at a share that bakes reads besides the record and the alarms.
fn reads(stage: &Stage) -> &'static [&'static str] {
    match (stage.traffic.runs(), stage.traffic.work()) {
        (Runs::Function, _) => &[
            "GetAlias",
            "GetProvisionedConcurrencyConfig",
            "GetQueueAttributes",
        ],
        (_, Work::Messages) => &[
            "DescribeServices",
            "DescribeScalableTargets",
            "GetQueueAttributes",
        ],
        (_, Work::Requests) => &[
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

/// shift-weight sees the alarm, which nobody else hears of, while it cannot make a call.
async fn an_alarm_ends_it_without(stage: &Stage, operation: &str, how: Ailment) {
    let (play, release) = baking(stage).await;
    play.account
        .with(|world| world.events.delivery = Delivery::Lost);
    for unseen in ["DescribeAlarms", "TransactWriteItems"] {
        play.fail(stage::ROLLBACK, unseen, Ailment::Throttled, None);
    }
    play.fail(stage::SHIFT_WEIGHT, operation, how, None);
    for _ in 0..36 {
        play.alarm("orders fail");
        play.pass(Duration::from_secs(5)).await;
    }
    let said = play.said(&release, "shift-weight");
    assert!(
        said.contains("is in ALARM. orders fail"),
        "{operation} {how:?} of {:?}: {said}\n{}",
        stage.traffic,
        play.transcript()
    );
    play.account.mend();
    play.account
        .with(|world| world.events.delivery = Delivery::Exact);
    play.until_phase("RolledBack").await;
}

#[tokio::test(start_paused = true)]
async fn an_alarm_ends_the_release_whatever_else_cannot_be_seen() {
    for stage in pairs().into_iter().chain([alias()]) {
        for operation in reads(&stage) {
            for how in [Ailment::Throttled, Ailment::Denied] {
                an_alarm_ends_it_without(&stage, operation, how).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_ends_the_release_of_consumers_by_task_sets_whatever_else_cannot_be_seen() {
    let [_, constant_total, _] = task_sets();
    for (operation, how) in [
        ("DescribeServices", Ailment::Throttled),
        ("DescribeServices", Ailment::Denied),
        ("ListTasks", Ailment::Denied),
        ("GetQueueAttributes", Ailment::Throttled),
    ] {
        an_alarm_ends_it_without(&constant_total, operation, how).await;
    }
}

/// Behind a load balancer alarms call rollback by themselves; what shift-weight sees are targets.
#[tokio::test(start_paused = true)]
async fn targets_of_task_sets_that_do_not_answer_end_the_release_whatever_else_cannot_be_seen() {
    let [.., balanced] = task_sets();
    for (operation, how) in [
        ("DescribeServices", Ailment::Throttled),
        ("ListTasks", Ailment::Denied),
    ] {
        let (play, release) = baking(&balanced).await;
        // Nobody could answer in their place.
        play.forgive();
        play.fail(stage::SHIFT_WEIGHT, operation, how, None);
        play.requests().hang_checks_of("v2");
        play.until_action(&release, "shift-weight", "Failed").await;
        let said = play.said(&release, "shift-weight");
        assert!(said.contains("healthy"), "{operation} {how:?}: {said}");
        play.until_phase("RolledBack").await;
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
    assert!(said.starts_with("timed out after "), "{said}");
    let kinds = play.calls(stage::SHIFT_WEIGHT).into_iter();
    let kinds = kinds.filter(|call| call.operation == "PutJobFailureResult");
    let kinds: Vec<_> = kinds
        .map(|call| call.input["failureDetails"]["type"].clone())
        .collect();
    assert_eq!(kinds, ["PermissionError"]);
    play.until_phase("RolledBack").await;
}

/// A release that succeeds although a function's operation fails for a while, from when it is the function's turn.
async fn succeeds_without(
    stage: &Stage,
    (function, operation): (&str, &str),
    how: Ailment,
) -> Play {
    let play = Play::begin(stage, v2()).await;
    play.slow_down();
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
    play.fail(function, operation, how, for_now);
    if function != stage::PROMOTE_PRIMARY {
        play.until_approval(&release).await;
    }
    play.approve();
    let ended = play.until_ended(&release).await;
    assert_eq!(ended, "SUCCEEDED", "{function} {operation} {how:?}");
    play
}

#[tokio::test(start_paused = true)]
async fn a_right_that_iam_does_not_know_everywhere_yet_is_waited_for_two_minutes() {
    let [stage, ..] = pairs();
    for call in [
        (stage::DEPLOY_CANARY, "DescribeServices"),
        (stage::DEPLOY_CANARY, "RegisterTaskDefinition"),
        (stage::SHIFT_WEIGHT, "DescribeAlarms"),
        (stage::PROMOTE_PRIMARY, "GetItem"),
    ] {
        succeeds_without(&stage, call, Ailment::Denied).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_task_sets_that_aws_refuses_or_leaves_unanswered_for_a_while_is_made_in_the_end()
 {
    let [_, constant_total, balanced] = task_sets();
    let primary = (stage::PROMOTE_PRIMARY, "UpdateServicePrimaryTaskSet");
    let create = (stage::DEPLOY_CANARY, "CreateTaskSet");
    let scale = |function| (function, "UpdateTaskSet");
    for (stage, call, how) in [
        (&constant_total, create, Ailment::Denied),
        (&balanced, create, Ailment::AnswerLost),
        (&balanced, scale(stage::SHIFT_WEIGHT), Ailment::Denied),
        (
            &constant_total,
            scale(stage::SHIFT_WEIGHT),
            Ailment::Hanging,
        ),
        (&balanced, scale(stage::PROMOTE_PRIMARY), Ailment::Hanging),
        (&constant_total, primary, Ailment::Denied),
        (&balanced, primary, Ailment::AnswerLost),
    ] {
        let play = succeeds_without(stage, call, how).await;
        let sets = play.account.with(sets_of_service);
        assert_eq!(sets.len(), 2, "each is made once: {call:?} {how:?}");
        play.assert_nothing_lost();
    }
}
