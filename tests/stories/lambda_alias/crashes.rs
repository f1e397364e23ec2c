//! A function that is killed right after a write, whichever it is: what it leaves behind can be rolled back.

use std::time::Duration;

use rehearsal_core::stage::{self, Behaviour};

use super::{STABLE, v2};
use crate::play::{Play, function};

/// Every crash of a function, one after the other; answers how many there were.
async fn crashes_of(function: &'static str) -> usize {
    let mut nth = 1;
    while crash(function, nth).await {
        nth += 1;
    }
    nth - 1
}

/// Plays a release with a crash in it; approves when asked; `false` if the crash never came.
async fn crash(of: &'static str, nth: usize) -> bool {
    let play = Play::begin(&function(), v2(Behaviour::Works)).await;
    play.slow_down();
    let mut writes = 0;
    let crashed = play.crash_after(of, move |_| {
        writes += 1;
        writes == nth
    });
    let release = play.push("v2");
    for _ in 0..60 * 12 {
        play.pass(Duration::from_secs(5)).await;
        let over = play.has_ended(&release) && play.phase() != "RollingBack";
        if crashed.has_happened() || over {
            break;
        }
        if play.waits_for_approval() {
            if of == stage::ROLLBACK {
                play.alarm("orders fail");
            } else {
                play.approve();
            }
        }
    }
    if !crashed.has_happened() {
        return false;
    }
    if of != stage::ROLLBACK {
        play.roll_back(&release, "a function crashed");
    }
    for _ in 0..60 {
        play.pass(Duration::from_secs(10)).await;
        if play.pair() == STABLE && play.phase() != "RollingBack" {
            break;
        }
    }
    play.pass(Duration::from_mins(3)).await;
    let phase = play.phase();
    let transcript = play.transcript();
    assert!(
        ["RolledBack", "none"].contains(&phase.as_str()),
        "{phase}\n{transcript}"
    );
    assert_eq!(
        play.pair(),
        STABLE,
        "{of} crashed after write {nth}\n{transcript}"
    );
    true
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_deploy_canary_can_be_rolled_back() {
    let crashes = crashes_of(stage::DEPLOY_CANARY).await;
    assert!(crashes >= 5, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_shift_weight_can_be_rolled_back() {
    let crashes = crashes_of(stage::SHIFT_WEIGHT).await;
    assert!(crashes >= 3, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_promote_primary_can_be_rolled_back() {
    let crashes = crashes_of(stage::PROMOTE_PRIMARY).await;
    assert!(crashes >= 3, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_rollback_is_repaired_by_the_schedule() {
    let crashes = crashes_of(stage::ROLLBACK).await;
    assert!(crashes >= 4, "{crashes}");
}
