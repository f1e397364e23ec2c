//! A person stops the execution, and waits: CodePipeline would wait for an approval for seven days.

use canary::record::Phase;
use rehearsal_core::wire::Ailment;

use super::*;

#[tokio::test(start_paused = true)]
async fn stop_and_wait_at_the_approval_rolls_back_and_frees_the_stage() {
    for stage in targets() {
        for is_told in [true, false] {
            let play = Play::begin(&stage, script()).await;
            play.slow_down();
            let before = play.pair();
            let release = play.push("v2");
            play.until_approval(&release).await;
            play.pass(Duration::from_mins(1)).await;
            if !is_told {
                play.lose_events();
            }
            stop_and_wait(&play, &release);
            play.until_phase("RolledBack").await;
            let record = play.record().expect("a record");
            let Phase::RolledBack { cause, .. } = record.phase else {
                panic!("it is rolled back")
            };
            assert!(
                cause.what.starts_with("stopped by a person"),
                "{}",
                cause.what
            );
            ends(&play, &release, &before).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stop_and_wait_in_a_bake_raises_no_share_any_more_and_fails_the_action() {
    for stage in targets() {
        for is_told in [true, false] {
            let play = Play::begin(&slow(&stage), script()).await;
            play.slow_down();
            let before = play.pair();
            let release = play.push("v2");
            play.until_said(&release, "shift-weight", "25 % asked, ")
                .await;
            play.pass(Duration::from_mins(4)).await;
            if !is_told {
                play.lose_events();
                play.suspend_schedule();
            }
            let raised = shares(&play);
            stop_and_wait(&play, &release);
            play.until_action(&release, "shift-weight", "Failed").await;
            let said = play.said(&release, "shift-weight");
            assert!(said.contains("stopped by a person"), "{said}");
            assert!(!shares(&play)[raised.len()..].contains(&50), "{raised:?}");
            play.resume_schedule();
            ends(&play, &release, &before).await;
        }
    }
}

/// The shares that the action said it was asked for, one after the other.
fn shares(play: &Play) -> Vec<u32> {
    play.entries(|what| match what {
        What::Action {
            summary: Some(said),
            action,
            ..
        } if action == "shift-weight" => {
            let percent = said.split_once(" % asked")?.0.parse();
            percent.ok()
        }
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn stop_and_wait_in_a_promotion_is_waited_for() {
    for stage in targets() {
        let play = Play::begin(&stage, script()).await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.approve();
        play.until_action(&release, "promote-primary", "InProgress")
            .await;
        play.pass(Duration::from_secs(20)).await;
        stop_and_wait(&play, &release);
        assert_eq!(play.until_ended(&release).await, "STOPPED");
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.phase(), "Promoted", "{}", play.transcript());
        let promoted = if stage.traffic.has_tasks() {
            "orders: orders:2 "
        } else {
            "live: 100 % version 2 (v2)"
        };
        assert!(play.pair().starts_with(promoted), "{}", play.pair());
    }
}

#[tokio::test(start_paused = true)]
async fn rollbacks_own_stop_that_meets_an_approval_it_has_not_seen_ends_all_the_same() {
    for stage in targets() {
        let play = Play::begin(&stage, script()).await;
        play.slow_down();
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        let blind = Some(Duration::from_mins(2));
        play.fail(
            stage::ROLLBACK,
            "GetPipelineState",
            Ailment::Throttled,
            blind,
        );
        play.alarm("orders fail");
        play.until("the execution is being stopped", |world| {
            world.journal.iter().any(
                |entry| matches!(&entry.what, What::Execution { state, .. } if state == "STOPPING"),
            )
        })
        .await;
        ends(&play, &release, &before).await;
    }
}
