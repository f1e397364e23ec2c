//! A version that takes messages and is never done with one: it fails none, and its tasks are healthy.

use std::time::Duration;

use rehearsal_core::stage::{self, Behaviour, Script, Stage, Step, Version};

use crate::{
    lambda_alias,
    play::{Play, stable},
    task_sets,
};

fn hangs() -> Script {
    Script::new([Version::new("v2", Behaviour::Hangs)])
}

#[tokio::test(start_paused = true)]
async fn hanging_version() {
    let play = Play::begin(&Stage::default(), hangs()).await;
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.fired(), [stage::STALLED_ALARM]);
    assert_eq!(
        play.said(&release, "Approval"),
        "",
        "nobody was asked to approve it"
    );
    assert_eq!(play.pair(), stable());
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.lost(), [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

/// Lambda ends each of its invocations at the timeout. What it has received and never ended has failed, which the verdict counts.
#[tokio::test(start_paused = true)]
async fn hanging_version_behind_an_alias() {
    let play = Play::begin(&lambda_alias::stage(), hangs()).await;
    let before = play.pair();
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), before);
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.lost(), [""; 0]);
    assert_eq!(play.dead_letters(), 0);
    insta::assert_snapshot!(play.transcript());
}

/// A task that hangs takes what it has room for and no more, so that only the minutes count in which tasks start.
#[tokio::test(start_paused = true)]
async fn hanging_version_of_task_sets() {
    let stage = Stage {
        steps: Some(vec![Step::new(10, 600), Step::new(50, 600)]),
        further_steps: Some(Vec::new()),
        ..task_sets::consumers()
    };
    let play = Play::begin(&stage, hangs()).await;
    let before = play.pair();
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("worse than the primary"), "{said}");
    assert_eq!(play.pair(), before);
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.lost(), [""; 0]);
    assert_eq!(play.dead_letters(), 0);
}

/// A canary that should end fewer than six messages a minute is not judged by what it ends. Both services then are, by the hour before.
#[tokio::test(start_paused = true)]
async fn hanging_version_that_is_seen_only_after_its_promotion() {
    let stage = Stage {
        steps: Some(vec![Step::new(10, 60)]),
        ..Stage::default()
    };
    let play = Play::begin(&stage, hangs()).await;
    play.messages_arrive_every(Duration::from_secs(5));
    play.pass(Duration::from_mins(65)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(play.fired(), [""; 0]);
    play.until_phase("RolledBack").await;
    assert_eq!(play.fired(), [stage::STALLED_ALARM]);
    assert_eq!(play.pair(), stable());
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.lost(), [""; 0]);
}
