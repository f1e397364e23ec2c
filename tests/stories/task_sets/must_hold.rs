//! What must hold whatever happens.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Stage},
    world::events::Delivery,
};
use serde_json::json;

use super::{promoted, stable, v2_and_v3};
use crate::play::{Play, is_primary, sets_of_service, task_sets};

async fn at_approval(stage: &Stage) -> (Play, String) {
    let play = Play::begin(stage, v2_and_v3()).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, release)
}

/// The situations in which the rollback of AWS's guidance for queue-processing canaries goes wrong.
mod where_the_guidance_goes_wrong {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_the_canary_is_deployed_leaves_the_stable_set_alone() {
        for stage in task_sets() {
            let play = Play::begin(&stage, v2_and_v3()).await;
            let release = play.push("v2");
            play.until_phase("Deploying").await;
            play.alarm("orders fail");
            assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), stable(&stage));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_after_the_execution_succeeded_brings_the_stable_set_back() {
        for stage in task_sets() {
            let (play, release) = at_approval(&stage).await;
            play.succeeds(&release).await;
            assert_eq!(play.pair(), promoted(&stage, 1, 2));
            play.pass(Duration::from_mins(20)).await;
            play.alarm("orders fail");
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), stable(&stage));
            let ended = play.until_ended(&release).await;
            assert_eq!(ended, "SUCCEEDED", "what has ended is left alone");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_a_newer_commit_waits_ends_the_release_not_the_newer_execution() {
        for stage in task_sets() {
            let (play, release) = at_approval(&stage).await;
            let newer = play.push("v3");
            play.pass(Duration::from_mins(1)).await;
            play.alarm("orders fail");
            assert_eq!(play.until_ended(&release).await, "FAILED");
            play.until("v2 is rolled back", |world| {
                is_primary(world, "orders:1") && sets_of_service(world).len() == 1
            })
            .await;
            play.until_approval(&newer).await;
            play.succeeds(&newer).await;
            assert!(play.account.with(|world| is_primary(world, "orders:3")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_at_the_approval_counts_although_a_newer_execution_has_failed() {
        for stage in task_sets() {
            let (play, release) = at_approval(&stage).await;
            let newer = play.push("v9 that nobody can build");
            assert_eq!(play.until_ended(&newer).await, "FAILED");
            assert_eq!(
                play.phase(),
                "Shifting",
                "the failure of another execution is no reason"
            );
            play.alarm("orders fail");
            assert_eq!(play.until_ended(&release).await, "FAILED");
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), stable(&stage));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_event_twice_concurrently_and_out_of_order_has_no_second_effect() {
    for stage in task_sets() {
        let play = Play::begin_with(&stage, v2_and_v3(), |world| {
            world.events.delivery = Delivery::Twice;
            world.functions.deliver_twice = true;
        })
        .await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
        assert_eq!(play.pair(), promoted(&stage, 1, 2));
        play.assert_nothing_lost();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.pair(), stable(&stage));
    }
}

/// Before a promotion the stable set is nobody's to change, but for the tasks that a constant total has taken from it.
#[tokio::test(start_paused = true)]
async fn a_rollback_before_the_promotion_writes_nothing_to_a_stable_set_that_has_all_tasks() {
    let [additive, _, balanced] = task_sets();
    for stage in [additive, balanced] {
        let (play, release) = at_approval(&stage).await;
        let sets = play.account.with(sets_of_service);
        play.reject("not today");
        play.until_ended(&release).await;
        play.until_phase("RolledBack").await;
        let mut writes = play.writes();
        writes.retain(|call| call.principal.0.starts_with("orders-"));
        let touched = writes
            .iter()
            .filter(|call| call.input["taskSet"] == sets[0]["id"]);
        assert_eq!(touched.count(), 0);
        assert_eq!(play.pair(), stable(&stage));
    }
}

/// A set that somebody makes while a release is under way ends it, and stays as it is.
#[tokio::test(start_paused = true)]
async fn a_foreign_set_ends_the_release_and_stays() {
    for stage in task_sets() {
        let (play, release) = at_approval(&stage).await;
        let foreign = json!({
            "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskDefinition": "orders:1", "launchType": "FARGATE",
            "networkConfiguration": play.account.with(sets_of_service)[0]["networkConfiguration"],
        });
        let made = play.ecs("CreateTaskSet", &foreign)["taskSet"]["id"].clone();
        assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(5)).await;
        let sets = play.account.with(sets_of_service);
        let (found, theirs) = (&sets[0], &sets[1]);
        assert_eq!(
            (&found["status"], &found["computedDesiredCount"]),
            (&json!("PRIMARY"), &json!(4))
        );
        assert_eq!(
            (&theirs["id"], &theirs["status"]),
            (&made, &json!("ACTIVE"))
        );
        assert_eq!(sets.len(), 2);
        let mut writes = play.writes();
        writes.retain(|call| call.principal.0.starts_with("orders-"));
        assert!(writes.iter().all(|call| call.input["taskSet"] != made));
    }
}
