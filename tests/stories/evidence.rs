//! What the counts of both versions come to: who is rolled back by them, who is not, and what is said where they cannot be read.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    wire::Ailment,
    world::cloudwatch::{Incomplete, Status},
};
use serde_json::json;

use crate::play::{Play, pairs};

/// A release of such a version in steps of so many percent and minutes, that no alarm, dead letter or ended task rolls back: what counts
/// is the verdict, which acts.
async fn judged(stage: &Stage, behaviour: Behaviour, steps: &[(u8, u64)]) -> (Play, String) {
    let steps = steps
        .iter()
        .map(|(percent, minutes)| Step::new(*percent, minutes * 60));
    let stage = Stage {
        steps: Some(steps.collect()),
        max_dead_letters: 100_000,
        ..stage.clone()
    };
    let script = Script::new([Version::new("v2", behaviour)]);
    let play = Play::begin(&stage, script).await;
    play.retarget(|target| {
        target["verdict"] = json!("act");
        target["maxTaskExits"] = json!(100_000);
    });
    play.switch_alarms_off();
    let release = play.push("v2");
    (play, release)
}

const WORSE: &str = "The canary is worse than the primary: ";

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_more_often_is_rolled_back_in_its_first_step() {
    for stage in pairs() {
        let (play, release) =
            judged(&stage, Behaviour::FailsAttempts(40), &[(25, 15), (50, 15)]).await;
        assert_eq!(
            play.until_ended(&release).await,
            "FAILED",
            "{}",
            play.transcript()
        );
        let said = play.said(&release, "shift-weight");
        assert!(said.starts_with(WORSE), "{said}\n{}", play.transcript());
        play.until_phase("RolledBack").await;
        let (_, text) = play.notices().remove(0);
        assert!(text.contains(WORSE), "{text}\n{}", play.transcript());
        let ledger = play.ledger().await;
        let refused = format!("shift-weight: refused: {WORSE}");
        let refused = ledger.iter().any(|it| it.starts_with(&refused));
        assert!(refused, "{ledger:?}");
        assert!(
            !play.transcript().contains("50 % asked"),
            "{}",
            play.transcript()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_worse_canary_is_refused_also_where_nobody_can_write_that_down() {
    let (play, release) =
        judged(&Stage::default(), Behaviour::FailsAttempts(40), &[(25, 15)]).await;
    play.until_bakes().await;
    let throttled = Ailment::Throttled;
    play.fail(stage::SHIFT_WEIGHT, "TransactWriteItems", throttled, None);
    assert_eq!(
        play.until_ended(&release).await,
        "FAILED",
        "{}",
        play.transcript()
    );
    let said = play.said(&release, "shift-weight");
    assert!(said.starts_with(WORSE), "{said}\n{}", play.transcript());
    play.until_phase("RolledBack").await;
}

#[tokio::test(start_paused = true)]
async fn what_becomes_worse_while_an_approval_waits_is_rolled_back_by_the_schedule() {
    for stage in pairs() {
        // The share is over before anything can be said.
        let (play, release) = judged(&stage, Behaviour::FailsAttempts(40), &[(25, 0)]).await;
        play.until_approval(&release).await;
        assert_eq!(
            play.until_ended(&release).await,
            "FAILED",
            "{}",
            play.transcript()
        );
        play.until_phase("RolledBack").await;
        let (_, text) = play.notices().remove(0);
        assert!(text.contains(WORSE), "{text}\n{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_verdict_is_only_told_a_worse_canary_reaches_its_approval_and_people_hear_of_it()
{
    let (play, release) =
        judged(&Stage::default(), Behaviour::FailsAttempts(40), &[(25, 10)]).await;
    play.retarget(|target| target["verdict"] = json!("tell"));
    play.until_approval(&release).await;
    assert_eq!(play.output(stage::SHIFT_WEIGHT, "Verdict"), "worse");
    let told = play.output(stage::SHIFT_WEIGHT, "Evidence");
    assert!(
        told.ends_with("That is only told (TARGET: field verdict is tell)"),
        "{told}"
    );
    play.pass(Duration::from_mins(3)).await;
    let heard = play
        .notices()
        .iter()
        .filter(|(_, text)| text.contains("goes on although its canary is seen to be worse"))
        .count();
    assert_eq!(heard, 1, "{}", play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_good_canary_is_promoted_with_what_was_counted_and_its_measured_share() {
    for stage in pairs() {
        let (play, release) = judged(&stage, Behaviour::Works, &[(25, 10)]).await;
        play.until_approval(&release).await;
        assert_eq!(
            play.output(stage::SHIFT_WEIGHT, "Verdict"),
            "not enough evidence"
        );
        let told = play.output(stage::SHIFT_WEIGHT, "Evidence");
        assert!(told.starts_with("Canary 0 of "), "{told}");
        let measured = play.output(stage::SHIFT_WEIGHT, "Measured");
        assert!(
            measured.contains(" % measured: ") && !measured.contains("far from"),
            "{measured}"
        );
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_whose_process_dies_of_messages_is_found_by_what_never_ended() {
    let (play, release) = judged(
        &Stage::default(),
        Behaviour::DiesOnMessages(30),
        &[(25, 30)],
    )
    .await;
    assert_eq!(
        play.until_ended(&release).await,
        "FAILED",
        "{}",
        play.transcript()
    );
    let said = play.said(&release, "shift-weight");
    assert!(said.starts_with(WORSE), "{said}\n{}", play.transcript());
}

/// A release of a version that is promoted without a failure, and of whose attempts 5 % may fail; from then on so many percent do.
async fn failing_once_promoted(stage: &Stage, percent: u8) -> Play {
    let (play, release) = judged(stage, Behaviour::Works, &[(25, 5)]).await;
    play.retarget(|target| target["evidence"] = json!({ "objective": 5 }));
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    play.change("v2", Behaviour::FailsAttempts(percent));
    play
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_more_than_its_objective_once_it_is_promoted_is_rolled_back_in_the_guard()
 {
    for stage in pairs() {
        let play = failing_once_promoted(&stage, 40).await;
        play.until_phase("RolledBack").await;
        let notices = play.notices();
        let worse = "The promoted version is worse than its objective of at most 5 % failures: ";
        let is_told = notices.iter().any(|(_, text)| text.contains(worse));
        assert!(is_told, "{notices:?}\n{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_keeps_within_its_objective_stays_and_is_not_looked_at_once_its_guard_is_over() {
    for stage in pairs() {
        let play = failing_once_promoted(&stage, 2).await;
        let requested = || {
            play.account
                .with(|world| world.cloudwatch.metrics_requested)
        };
        play.pass(Duration::from_mins(61)).await;
        assert_eq!(play.phase(), "Promoted", "{}", play.transcript());
        let ledger = play.ledger().await;
        let held = "No comparison: everything runs the candidate. ";
        let is_held = |it: &String| it.contains(held) && it.contains(" attempts failed since ");
        assert!(ledger.iter().any(is_held), "{ledger:?}");
        let in_guard = requested();
        play.pass(Duration::from_mins(10)).await;
        assert_eq!(requested(), in_guard);
    }
}

/// What keeps the counts from being read.
enum Trouble {
    Call(Ailment),
    Result(Status),
    Names,
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_keeps_no_release_from_its_approval() {
    let rows = [
        (
            Trouble::Call(Ailment::Denied),
            "No evidence: the function's role may not call cloudwatch:GetMetricData on the metrics of both versions. Grant it",
        ),
        (
            Trouble::Call(Ailment::Throttled),
            "No evidence: AWS throttles cloudwatch:GetMetricData",
        ),
        (
            Trouble::Call(Ailment::Hanging),
            "No evidence: AWS does not answer cloudwatch:GetMetricData",
        ),
        (
            Trouble::Result(Status::PartialData),
            "No evidence: cloudwatch:GetMetricData on Failed of ServiceName=orders-canary in CanaryRelease/SampleApp failed with an unexpected answer: PartialData",
        ),
        (
            Trouble::Result(Status::InternalError),
            "No evidence: cloudwatch:GetMetricData on Failed of ServiceName=orders-canary in CanaryRelease/SampleApp failed with an unexpected answer: InternalError",
        ),
        (
            Trouble::Result(Status::Forbidden),
            "No evidence: cloudwatch:GetMetricData on Failed of ServiceName=orders-canary in CanaryRelease/SampleApp failed with an unexpected answer: Forbidden",
        ),
        (
            Trouble::Names,
            "No evidence: Processed of ServiceName=orders-canery in CanaryRelease/SampleApp has no data, while the primary has; if it works, its metrics have other names or dimensions",
        ),
    ];
    for (trouble, expected) in rows {
        let (play, release) = judged(&Stage::default(), Behaviour::Works, &[(25, 10)]).await;
        match trouble {
            Trouble::Call(how) => play.fail(stage::SHIFT_WEIGHT, "GetMetricData", how, None),
            Trouble::Result(status) => play.account.with(|world| {
                world.cloudwatch.incomplete = vec![Incomplete::new("Failed", status)];
            }),
            Trouble::Names => play.retarget(|target| {
                target["traffic"]["queue"]["metrics"] = json!({
                    "namespace": "CanaryRelease/SampleApp", "processed": "Processed", "failed": "Failed",
                    "primary": {"ServiceName": "orders"}, "canary": {"ServiceName": "orders-canery"},
                });
            }),
        }
        play.until_approval(&release).await;
        let told = play.output(stage::SHIFT_WEIGHT, "Evidence");
        assert!(told.starts_with(expected), "{told}\n{}", play.transcript());
        assert_eq!(play.output(stage::SHIFT_WEIGHT, "Verdict"), "no evidence");
        play.succeeds(&release).await;
    }
}

/// Amazon CloudWatch pricing: `GetMetricData`, USD for a metric.
const PRICE: f64 = 0.01 / 1000.0;

#[tokio::test(start_paused = true)]
async fn what_is_read_in_twelve_hours_costs_less_than_five_cents() {
    let [queue, _, alb] = pairs();
    for stage in [queue, alb] {
        let (play, _) = judged(&stage, Behaviour::Works, &[(25, 12 * 60)]).await;
        play.slow_down();
        play.until_bakes().await;
        let requested = || {
            play.account
                .with(|world| world.cloudwatch.metrics_requested)
        };
        play.pass(Duration::from_mins(65)).await;
        let first_hour = requested();
        play.pass(Duration::from_hours(1)).await;
        // Each hour after the first is like the second.
        let twelve = first_hour + 11 * (requested() - first_hour);
        let cost = PRICE * f64::from(u32::try_from(twelve).expect("some thousands"));
        assert!(
            (0.01..0.05).contains(&cost),
            "{first_hour}, {twelve} metrics: {cost} USD"
        );
    }
}
