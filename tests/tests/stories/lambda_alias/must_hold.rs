//! What must hold whatever happens.

use std::time::Duration;

use rehearsal_core::{stage, world::events::Delivery};

use super::{PROMOTED, STABLE, assert_nothing_lost, stage, v2_and_v3};
use crate::play::Play;

async fn at_approval() -> (Play, String) {
    let play = Play::begin(&stage(), v2_and_v3()).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, release)
}

/// The situations in which the rollback of AWS's guidance for queue-processing canaries goes wrong.
mod where_the_guidance_goes_wrong {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_the_canary_is_deployed_leaves_the_alias_on_the_stable_version() {
        let play = Play::begin(&stage(), v2_and_v3()).await;
        let release = play.push("v2");
        play.until_phase("Deploying").await;
        play.alarm("orders fail");
        assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), STABLE);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_after_the_execution_succeeded_still_restores_the_stable_version() {
        let (play, release) = at_approval().await;
        play.succeeds(&release).await;
        assert_eq!(play.pair(), PROMOTED);
        play.pass(Duration::from_mins(20)).await;
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), STABLE);
        let ended = play.until_ended(&release).await;
        assert_eq!(ended, "SUCCEEDED", "what has ended is left alone");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_a_newer_commit_waits_ends_the_release_not_the_newer_execution() {
        let (play, release) = at_approval().await;
        let newer = play.push("v3");
        play.pass(Duration::from_mins(1)).await;
        play.alarm("orders fail");
        assert_eq!(play.until_ended(&release).await, "FAILED");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), STABLE);
        play.until_approval(&newer).await;
        play.succeeds(&newer).await;
        assert_eq!(play.pair(), "live: 100 % version 3 (v3)");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_at_the_approval_counts_although_a_newer_execution_has_failed() {
        let (play, release) = at_approval().await;
        let newer = play.push("v9 that nobody can build");
        assert_eq!(play.until_ended(&newer).await, "FAILED");
        assert_eq!(
            play.phase().await,
            "Shifting",
            "the failure of another execution is no reason"
        );
        play.alarm("orders fail");
        assert_eq!(play.until_ended(&release).await, "FAILED");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), STABLE);
    }
}

#[tokio::test(start_paused = true)]
async fn every_event_twice_concurrently_and_out_of_order_has_no_second_effect() {
    let twice = |world: &mut rehearsal_core::world::World| {
        world.events.delivery = Delivery::Twice;
        world.functions.deliver_twice = true;
    };
    let play = Play::begin_with(&stage(), v2_and_v3(), twice).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    assert_eq!(play.pair(), PROMOTED);
    assert_nothing_lost(&play);
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(play.pair(), STABLE);
}

/// A rollback stops the candidate with its first call, and is over only once no invocation of it can go on.
#[tokio::test(start_paused = true)]
async fn a_rollback_takes_the_weight_first_and_waits_for_the_candidates_timeout() {
    let (play, _) = at_approval().await;
    play.alarm("orders fail");
    play.until_phase("RollingBack").await;
    let asked = play.account.now();
    play.until_phase("RolledBack").await;
    assert!(play.account.now().since(asked) >= Duration::from_secs(20));
    let writes = play.writes();
    let mut of_rollback = writes.iter().filter(|it| it.principal.0 == stage::ROLLBACK);
    let first = of_rollback.next().expect("it writes");
    assert_eq!(first.operation, "UpdateAlias");
    assert_eq!(play.pair(), STABLE);
}

#[tokio::test(start_paused = true)]
async fn weights_that_somebody_sets_while_the_approval_waits_end_the_release_and_stay() {
    let (play, release) = at_approval().await;
    play.route("1", &[("2", 0.3)]);
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(
        play.pair(),
        "live: 70 % version 1 (v1), 30 % version 2 (v2)"
    );
}
