//! Whole releases, from the push to the end, as golden transcripts.

use std::time::Duration;

use rehearsal::{
    stage::{Behaviour, Script, Stage, Version},
    wire::Interference,
    world::{Fault, events::Delivery},
};

use crate::play::{Play, stable};

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
    assert_eq!(play.phase().await, "Promoted");
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
        play.phase().await,
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
    assert_eq!(
        play.until_ended(&release).await,
        "FAILED",
        "the gates see the alarm"
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
