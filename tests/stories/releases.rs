//! Whole releases, from the push to the end, as golden transcripts.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Mode, Script, Stage, Step, Version},
    wire::Interference,
    world::{Fault, events::Delivery, scaling},
};

use crate::{
    alarms::chance_ignored,
    play::{Play, stable},
};

fn v2(behaviour: Behaviour) -> Script {
    Script::new([Version::new("v2", behaviour)])
}

#[tokio::test(start_paused = true)]
async fn good_version() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.phase(), "Promoted");
    assert_eq!(
        play.pair(),
        "orders: orders:2 4/4 in 1, scaled 2..20 ---\norders-canary: orders:2 1/1 in 1"
    );
    assert_eq!(play.lost(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn bad_version() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Fails(30))).await;
    let release = play.push("v2");
    play.until_ended(&release).await;
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
    assert_eq!(play.lost(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

/// An hour in which both versions fail one attempt in twenty, as workers do whose dependencies are briefly away.
fn both_fail() -> (Stage, Script) {
    let fails = Behaviour::FailsAttempts(5);
    let script = Script::beginning_with(Version::new("v1", fails), [Version::new("v2", fails)]);
    let stage = Stage {
        steps: Some(vec![Step::new(10, 30 * 60), Step::new(50, 30 * 60)]),
        ..Stage::default()
    };
    (stage, script)
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_no_more_than_the_one_before_is_released_after_an_hour() {
    let (stage, script) = both_fail();
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    let began = play.account.now();
    play.until_approval(&release).await;
    assert!(play.account.now().since(began) > Duration::from_hours(1));
    assert!(play.both_fail_one_in_twenty());
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.fired(), [""; 0]);
    assert_eq!(
        play.pair(),
        "orders: orders:2 4/4 in 1, scaled 2..20 ---\norders-canary: orders:2 1/1 in 1"
    );
    assert_eq!(play.lost(), [""; 0]);
}

/// The story above can fail: without regard to chance the same release is rolled back.
#[tokio::test(start_paused = true)]
async fn an_alarm_that_takes_chance_for_a_difference_rolls_the_same_release_back() {
    let (stage, script) = both_fail();
    let play = Play::begin_from(&chance_ignored(), &stage, script, |_| ()).await;
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.fired(), [stage::FAILURES_ALARM]);
}

#[tokio::test(start_paused = true)]
async fn crash_loop() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::CrashesAtStart)).await;
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn rejected() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn overtaken() {
    let script = Script::new([
        Version::new("v2", Behaviour::Works),
        Version::new("v3", Behaviour::Works),
    ]);
    let play = Play::begin(&Stage::default(), script).await;
    let first = play.push("v2");
    play.until_approval(&first).await;
    let second = play.push("v3");
    play.pass(Duration::from_mins(30)).await;
    assert_eq!(
        play.phase(),
        "Shifting",
        "the first release still has the pair"
    );
    play.approve();
    assert_eq!(play.until_ended(&first).await, "SUCCEEDED");
    play.until_approval(&second).await;
    play.approve();
    assert_eq!(play.until_ended(&second).await, "SUCCEEDED");
    assert_eq!(
        play.pair(),
        "orders: orders:3 4/4 in 1, scaled 2..20 ---\norders-canary: orders:3 1/1 in 1"
    );
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn alarm_while_promoting() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    play.until_phase("Promoting").await;
    play.until("the primary is being updated", |world| {
        crate::play::is_deploying(world)
    })
    .await;
    play.alarm("somebody's orders are lost");
    play.until_ended(&release).await;
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn lost_events() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Fails(30))).await;
    play.account
        .with(|world| world.events.delivery = Delivery::Lost);
    let release = play.push("v2");
    let ended = play.until_ended(&release).await;
    assert!(
        ["FAILED", "STOPPED"].contains(&ended.as_str()),
        "the gates see the alarm, or the schedule does: {ended}"
    );
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn throttled() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let mut calls = 0;
    play.interfere(move |_| {
        calls += 1;
        match calls % 3 {
            0 => Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded")),
            _ => Interference::None,
        }
    });
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(
        play.pair(),
        "orders: orders:2 4/4 in 1, scaled 2..20 ---\norders-canary: orders:2 1/1 in 1"
    );
}

/// The pair with a constant total, its canary scaled automatically too, at the approval.
async fn constant_total() -> (Play, String) {
    let stage = Stage {
        mode: Mode::ConstantTotal,
        canary_scaling: Some((1, 10)),
        ..Stage::default()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, release)
}

const CONSTANT: &str = "orders: orders:1 4/4 in 1, scaled 2..20 ---\n\
                        orders-canary: orders:1 1/1 in 1, scaled 1..10 ---";

#[tokio::test(start_paused = true)]
async fn a_constant_total_is_kept_and_given_back_with_its_scaling() {
    let (play, release) = constant_total().await;
    assert_eq!(
        play.pair(),
        "orders: orders:1 3/3 in 1, scaled 0..20 xxx\norders-canary: orders:2 2/2 in 1, scaled 0..10 xxx"
    );
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.pair(), CONSTANT.replace("orders:1", "orders:2"));
}

#[tokio::test(start_paused = true)]
async fn a_constant_total_is_rolled_back_with_its_scaling() {
    let (play, release) = constant_total().await;
    play.reject("latency doubled");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), CONSTANT);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_bakes_is_held_when_the_primary_is_scaled() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_said(
        &release,
        "shift-weight",
        "50 % asked, 50 % attained: 4 of 8 tasks; baking",
    )
    .await;
    play.account
        .with(|world| scaling::scale(world, "service/orders/orders", 6))
        .unwrap();
    play.until_said(
        &release,
        "shift-weight",
        "50 % asked, 50 % attained: 6 of 12 tasks; baking",
    )
    .await;
    play.until_approval(&release).await;
}

#[tokio::test(start_paused = true)]
async fn a_suite_for_the_whole_account_finds_the_pair_by_its_record() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.set_environment(stage::ROLLBACK, |environment| {
        drop(environment.remove("TARGET"));
    });
    // The shipped roles are those of a suite for one pair: theirs has no need to look for others.
    play.grant(
        stage::ROLLBACK,
        "dynamodb:Scan",
        "arn:aws:dynamodb:*:*:table/orders-releases",
    );
    play.alarm("orders fail");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
}

#[tokio::test(start_paused = true)]
async fn people_are_told_of_an_alarm_and_twice_of_its_rollback_with_the_cause() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert_eq!(play.warnings(), [], "a release that goes well is no news");
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(10)).await;
    let notices = play.warnings();
    let subjects: Vec<_> = notices
        .iter()
        .map(|(subject, _)| subject.as_str())
        .collect();
    assert_eq!(
        subjects,
        [
            "ALARM: \"orders-dead-letters\" in EU (Frankfurt)".to_owned(),
            format!("orders: rolling back release {release}"),
            format!("orders: rolled back release {release}"),
        ]
    );
    let beginnings: Vec<_> = notices
        .iter()
        .skip(1)
        .filter_map(|(_, message)| message.lines().next())
        .collect();
    let cause = "alarm orders-dead-letters went to ALARM: orders fail.";
    assert_eq!(
        beginnings,
        [
            format!("Release {release} of orders is being rolled back: {cause}"),
            format!("Release {release} of orders is rolled back: {cause}"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_begins_twice_at_once_is_told_once() {
    let play = Play::begin(&Stage::default(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.account.with(|world| {
        world.events.delivery = Delivery::Twice;
        world.functions.deliver_twice = true;
    });
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(10)).await;
    let of_rollback = |(subject, _): &(String, String)| subject.starts_with("orders: ");
    let told = play.notices().into_iter().filter(of_rollback).count();
    assert_eq!(told, 2, "{:?}", play.notices());
}
