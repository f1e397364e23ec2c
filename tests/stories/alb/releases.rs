//! Whole releases, from the push to the end, as golden transcripts.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    wire::Interference,
    world::{Fault, events::Delivery, journal::What},
};

use super::{STABLE, failed_elsewhere, on, stage, v2};
use crate::play::{Play, runs};

#[tokio::test(start_paused = true)]
async fn good_version() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    for asked in [10, 50] {
        let measured = play.requests().share("v2", stage::CANARY_GROUP, asked);
        assert!(
            (measured - f64::from(asked)).abs() < 2.0,
            "{asked} % asked, {measured} % measured"
        );
    }
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.phase(), "Promoted");
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), on(2));
    assert_eq!(play.requests().failed(), [""; 0]);
    assert!(play.requests().sent() > 8_000);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn bad_version() {
    let play = Play::begin(&stage(), v2(Behaviour::Fails(30))).await;
    let release = play.push("v2");
    play.until_ended(&release).await;
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(failed_elsewhere(&play, "v2"), [""; 0]);
    let writes: Vec<_> = play
        .writes()
        .into_iter()
        .filter(|call| call.principal.0 == stage::ROLLBACK)
        .map(|call| call.operation)
        .collect();
    assert_eq!(
        writes[0], "ModifyRule",
        "no request goes to it any more, then the rest: {writes:?}"
    );
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_no_more_than_the_one_before_is_released_after_an_hour() {
    let fails = Behaviour::FailsAttempts(5);
    let script = Script::beginning_with(Version::new("v1", fails), [Version::new("v2", fails)]);
    let stage = Stage {
        steps: Some(vec![Step::new(10, 30 * 60), Step::new(50, 30 * 60)]),
        ..stage()
    };
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert!(play.both_fail_one_in_twenty());
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.fired(), [""; 0]);
    assert_eq!(play.pair(), on(2));
}

#[tokio::test(start_paused = true)]
async fn crash_loop() {
    let play = Play::begin(&stage(), v2(Behaviour::CrashesAtStart)).await;
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
    let changes = play.entries(|what| matches!(what, What::Weights { .. }).then_some(()));
    assert_eq!(
        changes.len(),
        1,
        "the weights are what they were at the beginning"
    );
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn rejected() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn overtaken() {
    let script = Script::new([
        Version::new("v2", Behaviour::Works),
        Version::new("v3", Behaviour::Works),
    ]);
    let play = Play::begin(&stage(), script).await;
    let first = play.push("v2");
    play.until_approval(&first).await;
    let second = play.push("v3");
    play.pass(Duration::from_mins(5)).await;
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
    assert_eq!(play.pair(), on(3));
    assert_eq!(play.requests().failed(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn alarm_while_promoting() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    play.until("the primary runs v2 too", |world| {
        runs(world, stage::PRIMARY, "v2")
    })
    .await;
    play.alarm("somebody's orders are lost");
    play.until_ended(&release).await;
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn lost_events() {
    let play = Play::begin(&stage(), v2(Behaviour::Fails(30))).await;
    play.account
        .with(|world| world.events.delivery = Delivery::Lost);
    let release = play.push("v2");
    let ended = play.until_ended(&release).await;
    assert!(
        ["FAILED", "STOPPED"].contains(&ended.as_str()),
        "the gates see the alarm, or the schedule does: {ended}"
    );
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(failed_elsewhere(&play, "v2"), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn throttled() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let mut calls = 0;
    play.interfere(move |_| {
        calls += 1;
        match calls % 7 {
            0 => Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded")),
            _ => Interference::None,
        }
    });
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.pair(), on(2));
    assert_eq!(play.requests().failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn foreign_weight() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    let baking = "50 % asked, 50 % attained: weight 50 of 100; baking";
    play.until_said(&release, "shift-weight", baking).await;
    play.set_weights(70, 30);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let message = play.said(&release, "shift-weight");
    let both = "has the weights 70 primary and 30 canary, not 50 primary and 50 canary as this release last set them";
    assert!(message.contains(both), "{message}");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn unhealthy_canary() {
    let play = Play::begin(&stage(), v2(Behaviour::TurnsUnhealthyAfter(10))).await;
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let message = play.said(&release, "shift-weight");
    assert!(
        message.starts_with(
            "1 of the canary's targets in orders-canary is unhealthy; 0 are allowed (maxUnhealthy)."
        ),
        "{message}"
    );
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    insta::assert_snapshot!(play.transcript());
}
