//! Every operation that rollback changes something with, denied for ever: the rest is restored, people hear of what is missing.

use rehearsal_core::wire::Ailment;

use super::*;

/// Denies rollback an operation from the alarm on, for ever; what is left of the release half an hour later.
async fn denied(stage: &Stage, at: At, operation: &str) -> (Play, String, String) {
    let (play, before, release) = release(stage, at).await;
    play.fail(stage::ROLLBACK, operation, Ailment::Denied, None);
    play.alarm("orders fail");
    play.pass(Duration::from_mins(30)).await;
    (play, before, release)
}

/// What the record says is missing.
fn missing(play: &Play) -> Vec<String> {
    let record = play.record().expect("a record");
    let rolling_back = record.rollback();
    let missing = rolling_back.map(|it| it.missing.clone());
    missing
        .unwrap_or_default()
        .into_iter()
        .map(|it| it.what)
        .collect()
}

fn told_of_missing(play: &Play) -> Vec<String> {
    let notices = play.notices().into_iter();
    let notices = notices.filter(|(subject, _)| subject.contains("cannot roll back everything"));
    notices.map(|(_, message)| message).collect()
}

/// Once the right is granted, everything is as found.
async fn is_restored_when_granted(play: &Play, before: &str) {
    play.account.mend();
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(3)).await;
    assert_eq!(play.pair(), before, "{}", play.transcript());
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_change_services_everything_else_is_restored() {
    for stage in pairs() {
        for at in [At::Approval, At::Promotion] {
            let (play, before, release) = denied(&stage, at, "UpdateService").await;
            assert!(play.has_ended(&release), "{}", play.transcript());
            assert_eq!(play.phase(), "RollingBack");
            let missing = missing(&play);
            let version = "orders-canary runs orders:1".to_owned();
            let primary = "orders runs orders:1".to_owned();
            match (stage.traffic.work(), at) {
                (Work::Messages, At::Approval) => {
                    assert!(missing.contains(&version), "{missing:?}");
                }
                (Work::Requests, At::Approval) => {
                    // Weights are another right.
                    assert!(
                        play.pair().ends_with("rule: 100 primary, 0 canary"),
                        "{}",
                        play.pair()
                    );
                    assert!(missing.contains(&version), "{missing:?}");
                }
                (_, At::Promotion) => assert!(missing.contains(&primary), "{missing:?}"),
            }
            let told = told_of_missing(&play);
            assert_eq!(told.len(), 1, "at once, and again after an hour: {told:?}");
            assert!(
                told[0].contains("may not call ecs:UpdateService"),
                "{}",
                told[0]
            );
            assert!(told[0].contains("\"family\": \"orders\""), "{}", told[0]);
            if at == At::Approval && stage.traffic == Traffic::Queue {
                play.pass(Duration::from_hours(2)).await;
                assert_eq!(told_of_missing(&play).len(), 3, "hourly");
            }
            is_restored_when_granted(&play, &before).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_change_scaling_everything_else_is_restored() {
    for stage in pairs() {
        let (play, before, release) = denied(&stage, At::Approval, "RegisterScalableTarget").await;
        assert!(play.has_ended(&release));
        let pair = play.pair();
        assert!(pair.contains("orders-canary: orders:1 1/1 in 1"), "{pair}");
        let missing = missing(&play);
        let canary = "orders-canary is scaled automatically from 0 to 10".to_owned();
        assert!(missing.contains(&canary), "{missing:?}");
        let told = told_of_missing(&play).len();
        assert!((1..=missing.len()).contains(&told), "{told} of {missing:?}");
        is_restored_when_granted(&play, &before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_change_rules_the_canary_keeps_its_tasks_and_the_primary_goes_back() {
    let [.., stage] = pairs();
    for at in [At::Approval, At::Promotion] {
        let (play, before, release) = denied(&stage, at, "ModifyRule").await;
        assert!(play.has_ended(&release));
        let pair = play.pair();
        assert!(pair.starts_with("orders: orders:1 4/4 in 1"), "{pair}");
        assert!(pair.contains("orders-canary: orders:2 2/2"), "{pair}");
        assert!(
            missing(&play)
                .iter()
                .any(|it| it.ends_with("100 primary and 0 canary"))
        );
        assert_eq!(told_of_missing(&play).len(), 1);
        assert_eq!(play.requests().failed(), [""; 0]);
        is_restored_when_granted(&play, &before).await;
        assert_eq!(play.requests().failed(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_change_the_alias_the_execution_ends_and_people_are_told_what_is_missing()
 {
    for at in [At::Approval, At::Promotion] {
        let (play, before, release) = denied(&alias(), at, "UpdateAlias").await;
        assert!(play.has_ended(&release), "{}", play.transcript());
        assert_eq!(play.phase(), "RollingBack");
        let missing = missing(&play);
        let all = "alias orders:live sends its invocations to version 1".to_owned();
        assert_eq!(missing, [all]);
        let told = told_of_missing(&play);
        assert_eq!(told.len(), 1, "at once, and again after an hour: {told:?}");
        assert!(
            told[0].contains("may not call lambda:UpdateAlias"),
            "{}",
            told[0]
        );
        assert!(told[0].contains("aws lambda update-alias"), "{}", told[0]);
        is_restored_when_granted(&play, &before).await;
    }
}

/// Denies rollback a call that changes a service of task sets: what the sets are like then, what is missing, and with which call
/// people help.
async fn sets_without(
    (stage, at, action): (&Stage, At, &str),
    sets: &[&str],
    (lacks, call): (&str, &str),
) {
    let operation = action.split(':').nth(1).unwrap_or_default();
    let (play, before, release) = denied(stage, at, operation).await;
    let told = format!(
        "{action} at {at:?} of {:?}, {:?}\n{}",
        stage.traffic,
        stage.mode,
        play.transcript()
    );
    assert!(play.has_ended(&release), "{told}");
    assert_eq!(play.phase(), "RollingBack", "{told}");
    let pair = play.pair();
    let is_set = |line: &&str| line.starts_with("PRIMARY") || line.starts_with("ACTIVE");
    let found: Vec<_> = pair.lines().filter(is_set).collect();
    assert_eq!(found.len(), sets.len(), "{found:?}\n{told}");
    for (found, set) in found.into_iter().zip(sets) {
        assert!(found.starts_with(set), "{found}, not {set}\n{told}");
    }
    let missing = missing(&play);
    assert!(
        missing.len() == 1 && missing[0].ends_with(lacks),
        "{missing:?}\n{told}"
    );
    let notices = told_of_missing(&play);
    assert_eq!(notices.len(), 1, "at once, and again after an hour: {told}");
    let notice = &notices[0];
    assert!(
        notice.contains(&format!("may not call {action}")),
        "{notice}"
    );
    assert!(notice.contains(call), "{notice}");
    is_restored_when_granted(&play, &before).await;
    if stage.traffic.work() == Work::Requests {
        assert_eq!(play.requests().failed(), [""; 0], "{told}");
    }
}

/// Without a load balancer an additive candidate only has to be deleted, which takes its tasks as well.
#[tokio::test(start_paused = true)]
async fn without_the_right_to_scale_sets_the_candidate_goes_unless_it_has_all_tasks() {
    let [additive, constant_total, balanced] = task_sets();
    for stage in [&additive, &balanced] {
        let (play, before, _) = denied(stage, At::Approval, "UpdateTaskSet").await;
        assert_eq!(play.phase(), "RolledBack");
        assert_eq!(play.pair(), before);
    }
    let scaled = ("has the scale 100 %", "aws ecs update-task-set --task-set");
    let reduced = ["PRIMARY orders:1 38 % 2/2"];
    let action = "ecs:UpdateTaskSet";
    sets_without((&constant_total, At::Approval, action), &reduced, scaled).await;
    let kept = ["ACTIVE orders:1 0 % 0/0", "PRIMARY orders:2 100 % 4/4"];
    for stage in [&additive, &balanced] {
        sets_without((stage, At::Promotion, action), &kept, scaled).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_make_a_set_primary_the_stable_one_gets_all_work() {
    let back = ["ACTIVE orders:1 100 % 4/4", "PRIMARY orders:2 0 % 0/0"];
    let told = (
        "is the PRIMARY of orders",
        "aws ecs update-service-primary-task-set --primary-task-set",
    );
    let [additive, _, balanced] = task_sets();
    for stage in [additive, balanced] {
        let denied = (&stage, At::Promotion, "ecs:UpdateServicePrimaryTaskSet");
        sets_without(denied, &back, told).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_delete_sets_the_candidates_has_no_task() {
    let empty = ["PRIMARY orders:1 100 % 4/4", "ACTIVE orders:2 0 % 0/0"];
    let told = ("of orders is deleted", "aws ecs delete-task-set --task-set");
    let [additive, constant_total, balanced] = task_sets();
    for (stage, at) in [
        (&constant_total, At::Approval),
        (&balanced, At::Approval),
        (&additive, At::Promotion),
        (&balanced, At::Promotion),
    ] {
        sets_without((stage, at, "ecs:DeleteTaskSet"), &empty, told).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_change_rules_a_candidates_set_keeps_its_tasks() {
    let [.., balanced] = task_sets();
    for (at, candidate) in [
        (At::Approval, "ACTIVE orders:2 38 % 2/2"),
        (At::Promotion, "ACTIVE orders:2 100 % 4/4"),
    ] {
        let sets = ["PRIMARY orders:1 100 % 4/4", candidate];
        let denied = (&balanced, at, "elasticloadbalancing:ModifyRule");
        sets_without(denied, &sets, ("100 primary and 0 canary", "")).await;
    }
}

async fn ends_without(operation: &str) {
    for stage in targets() {
        for at in [At::Approval, At::Promotion] {
            let (play, before, release) = denied(&stage, at, operation).await;
            assert!(
                play.has_ended(&release),
                "{operation} {at:?}\n{}",
                play.transcript()
            );
            assert_eq!(play.pair(), before);
            assert_eq!(
                play.phase(),
                "RolledBack",
                "{operation} {at:?}\n{}",
                play.transcript()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_may_not_be_rejected_is_stopped() {
    ends_without("PutApprovalResult").await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_may_not_be_stopped_fails() {
    ends_without("StopPipelineExecution").await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_of_which_nobody_can_be_told_is_complete() {
    for stage in targets() {
        let (play, before, release) = denied(&stage, At::Approval, "Publish").await;
        assert!(play.has_ended(&release));
        assert_eq!(play.phase(), "RolledBack");
        assert_eq!(play.pair(), before);
    }
}
