//! A function that is killed right after a write, whichever it is: what it leaves behind can be rolled back.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Traffic, Version},
    world::{World, journal::Call, scaling},
};
use serde_json::json;

use crate::play::{Play, is_deploying};

/// A pair, and which writes of a function are followed by a crash.
struct Crashes {
    stage: Stage,
    change: fn(&mut World),
    counts: fn(&Call) -> bool,
}

/// Consumers of a queue; after every write.
fn queue() -> Crashes {
    Crashes {
        stage: Stage {
            canary_scaling: Some((0, 10)),
            steps: Some(vec![Step::new(10, 60), Step::new(50, 60)]),
            ..Stage::default()
        },
        change: |_| (),
        counts: |_| true,
    }
}

/// Services behind a load balancer, whose primary somebody does not let scale out; after every write but those of the
/// record, which are the same for both.
fn alb() -> Crashes {
    Crashes {
        stage: Stage {
            traffic: Traffic::Alb,
            canary_scaling: Some((0, 10)),
            steps: Some(vec![Step::new(50, 0)]),
            deregistration_delay: Duration::from_secs(10),
            ..Stage::default()
        },
        change: |world| {
            // Nothing here hangs on it, and the release is over sooner.
            world.codepipeline.reinvoke_after = Duration::from_secs(10);
            let target = json!({
                "ServiceNamespace": "ecs",
                "ResourceId": "service/orders/orders",
                "ScalableDimension": "ecs:service:DesiredCount",
                "SuspendedState": { "DynamicScalingOutSuspended": true },
            });
            scaling::call(world, "RegisterScalableTarget", &target).expect("it is scaled");
        },
        counts: |call| call.service != "dynamodb" && !call.operation.starts_with("PutJob"),
    }
}

impl Crashes {
    /// Every crash of a function, one after the other; answers how many there were.
    async fn of(&self, function: &'static str) -> usize {
        let mut nth = 1;
        while self.crash(function, nth).await {
            nth += 1;
        }
        nth - 1
    }

    /// Plays a release with a crash in it; approves when asked; `false` if the crash never came.
    async fn crash(&self, function: &'static str, nth: usize) -> bool {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let play = Play::begin_with(&self.stage, script, self.change).await;
        play.slow_down();
        let before = play.pair();
        let mut writes = 0;
        let counts = self.counts;
        let crashed = play.crash_after(function, move |call| {
            writes += usize::from(counts(call));
            writes == nth
        });
        let release = play.push("v2");
        let mut rolled_back = false;
        for _ in 0..60 * 60 {
            play.pass(Duration::from_secs(5)).await;
            if crashed.has_happened() {
                break;
            }
            if play.waits_for_approval() {
                play.approve();
            }
            if function == stage::ROLLBACK && !rolled_back && play.account.with(is_deploying) {
                rolled_back = true;
                play.alarm("orders fail");
            }
            if play.has_ended(&release)
                && (function != stage::ROLLBACK || play.phase() == "RolledBack")
            {
                break;
            }
        }
        if !crashed.has_happened() {
            return false;
        }
        if function != stage::ROLLBACK {
            play.roll_back(&release, "a function crashed");
        }
        for _ in 0..60 {
            if play.pair() == before && play.phase() != "RollingBack" {
                break;
            }
            play.pass(Duration::from_secs(10)).await;
        }
        play.pass(Duration::from_mins(3)).await;
        let phase = play.phase();
        assert!(
            ["RolledBack", "none"].contains(&phase.as_str()),
            "{phase}\n{}",
            play.transcript()
        );
        assert_eq!(
            play.pair(),
            before,
            "{function} crashed after write {nth}\n{}",
            play.transcript()
        );
        if self.stage.traffic == Traffic::Alb {
            assert_eq!(play.requests().failed(), [""; 0], "{}", play.transcript());
        }
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_deploy_canary_after_any_write_can_be_rolled_back() {
    let crashes = queue().of(stage::DEPLOY_CANARY).await;
    assert!(crashes >= 7, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_shift_weight_after_any_write_can_be_rolled_back() {
    let crashes = queue().of(stage::SHIFT_WEIGHT).await;
    assert!(crashes >= 5, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_promote_primary_after_any_write_can_be_rolled_back() {
    let crashes = queue().of(stage::PROMOTE_PRIMARY).await;
    assert!(crashes >= 7, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_rollback_after_any_write_is_repaired_by_the_schedule() {
    let crashes = queue().of(stage::ROLLBACK).await;
    assert!(crashes >= 6, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_a_crash_of_deploy_canary_can_be_rolled_back() {
    let crashes = alb().of(stage::DEPLOY_CANARY).await;
    assert!(crashes >= 4, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_a_crash_of_shift_weight_can_be_rolled_back() {
    let crashes = alb().of(stage::SHIFT_WEIGHT).await;
    assert!(crashes >= 2, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_a_crash_of_promote_primary_can_be_rolled_back() {
    let crashes = alb().of(stage::PROMOTE_PRIMARY).await;
    assert!(crashes >= 6, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_a_crash_of_rollback_is_repaired_by_the_schedule() {
    let crashes = alb().of(stage::ROLLBACK).await;
    assert!(crashes >= 6, "{crashes}");
}
