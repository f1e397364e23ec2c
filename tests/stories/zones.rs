//! Availability Zones: ECS moves tasks from one to another by itself, as it does by default, in the middle of a release.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    world::journal::What,
};

use crate::play::{Play, is_deploying, pairs};

/// A release whose share is held for half an hour while there is one zone. Its alarms see nothing of all this.
async fn begin(stage: &Stage) -> (Play, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 30 * 60)]),
        ..stage.clone()
    };
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(&stage, script).await;
    play.slow_down();
    play.forgive();
    let release = play.push("v2");
    (play, release)
}

/// One more zone has room: ECS begins to spread the tasks evenly.
fn another_zone(play: &Play) {
    play.account.with(|world| world.ecs.zones += 1);
}

/// The services of which ECS has moved a task so far.
fn moved(play: &Play) -> Vec<String> {
    play.entries(|what| match what {
        What::ServiceEvent { service, message } if message.contains("due to AZ rebalancing") => {
            Some(service.clone())
        }
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn a_release_goes_through_while_ecs_moves_tasks_and_none_of_them_counts_as_ended() {
    for stage in pairs() {
        let (play, release) = begin(&stage).await;
        play.until_bakes().await;
        another_zone(&play);
        play.until_approval(&release).await;
        for service in [stage::PRIMARY, stage::CANARY] {
            assert!(moved(&play).iter().any(|it| it == service), "{service}");
        }
        another_zone(&play);
        play.succeeds(&release).await;
        let record = play.record().expect("there is a release");
        let set: canary::parts::pair::Set = record.body.set.read().expect("a set");
        assert!(set.exits.is_empty(), "{:?}", set.exits);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_goes_through_while_ecs_moves_tasks() {
    for stage in pairs() {
        let (play, release) = begin(&stage).await;
        let before = play.pair();
        play.until_bakes().await;
        another_zone(&play);
        play.until("a task is being moved", |world| {
            let mut newest = world.journal.iter().rev();
            newest.any(|entry| matches!(&entry.what, What::ServiceEvent { message, .. } if message.contains("to AZ Rebalance")))
        })
        .await;
        play.alarm("orders fail");
        assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(10)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn a_promotion_in_which_ecs_moves_tasks_is_taken_back_as_any() {
    for stage in pairs() {
        let (play, release) = begin(&stage).await;
        let before = play.pair();
        play.until_approval(&release).await;
        play.approve();
        play.until("the primary is being updated", is_deploying)
            .await;
        another_zone(&play);
        play.alarm("orders fail");
        assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(10)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}
