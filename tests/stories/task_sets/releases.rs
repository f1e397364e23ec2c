//! Whole releases, from the push to the end, as golden transcripts.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version, Work},
    wire::Interference,
    world::{Fault, events::Delivery},
};

use super::{
    at_second_approval, balanced, consumers, is_rolled_back, promoted, stable,
    until_second_approval, v2, v2_and_v3,
};
use crate::play::{Play, is_primary, sets_of_service, task_sets};

/// A release of a version that behaves so, until it is rolled back.
async fn rolled_back(stage: &Stage, behaviour: Behaviour) -> (Play, String) {
    let play = Play::begin(stage, v2(behaviour)).await;
    let release = play.push("v2");
    is_rolled_back(&play, stage, &release).await;
    (play, release)
}

async fn good_version(stage: &Stage) -> Play {
    let (play, release) = at_second_approval(stage, v2(Behaviour::Works)).await;
    play.succeeds(&release).await;
    assert_eq!(play.phase(), "Promoted");
    assert_eq!(play.pair(), promoted(stage, 1, 2));
    play.assert_nothing_lost();
    play
}

#[tokio::test(start_paused = true)]
async fn consumers_of_a_good_version() {
    insta::assert_snapshot!(good_version(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn targets_of_a_good_version() {
    let play = good_version(&balanced()).await;
    for asked in [10, 50] {
        let measured = play.requests().share("v2", stage::GREEN_GROUP, asked);
        assert!(
            (measured - f64::from(asked)).abs() < 2.0,
            "{asked} % asked, {measured} % measured"
        );
    }
    insta::assert_snapshot!(play.transcript());
}

/// No alarm compares the sets of a service: the verdict does.
#[tokio::test(start_paused = true)]
async fn consumers_of_a_bad_version() {
    let (play, _) = rolled_back(&consumers(), Behaviour::Fails(60)).await;
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn targets_of_a_bad_version() {
    let (play, _) = rolled_back(&balanced(), Behaviour::Fails(30)).await;
    let mut failed = play.requests().failed();
    failed.retain(|words| !words.ends_with(" from v2"));
    assert_eq!(failed, [""; 0]);
    insta::assert_snapshot!(play.transcript());
}

/// One attempt in twenty fails, and passes at a later one: no alarm sees that, the verdict does.
#[tokio::test(start_paused = true)]
async fn consumers_of_a_slightly_worse_version() {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 60 * 60)]),
        ..consumers()
    };
    let (play, release) = rolled_back(&stage, Behaviour::FailsAttempts(5)).await;
    assert_eq!(play.fired(), [""; 0]);
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("worse"), "{said}");
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_no_more_than_the_one_before_is_released_after_an_hour() {
    let fails = Behaviour::FailsAttempts(4);
    let script = Script::beginning_with(Version::new("v1", fails), [Version::new("v2", fails)]);
    let stage = Stage {
        steps: Some(vec![Step::new(10, 30 * 60), Step::new(50, 30 * 60)]),
        further_steps: Some(Vec::new()),
        ..consumers()
    };
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    assert_eq!(play.fired(), [""; 0]);
    assert_eq!(play.pair(), promoted(&stage, 1, 2));
    assert_eq!(play.lost(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn few_messages_are_not_enough_evidence_and_no_reason_to_stop() {
    let play = Play::begin(&consumers(), v2(Behaviour::Works)).await;
    play.messages_arrive_every(Duration::from_mins(1));
    let release = play.push("v2");
    until_second_approval(&play, &release).await;
    let said = play.output(stage::SHIFT_WEIGHT, "Evidence");
    assert!(said.contains("of the 100 that it takes"), "{said}");
    play.succeeds(&release).await;
    assert_eq!(play.pair(), promoted(&consumers(), 1, 2));
}

/// ECS has no circuit breaker for task sets: the third task that ends by itself ends the release.
#[tokio::test(start_paused = true)]
async fn consumers_that_end_at_once() {
    let (play, release) = rolled_back(&consumers(), Behaviour::CrashesAtStart).await;
    let said = play.said(&release, "deploy-canary");
    assert!(said.contains("ended by themselves"), "{said}");
    play.assert_nothing_lost();
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn targets_that_end_at_once() {
    let (play, _) = rolled_back(&balanced(), Behaviour::CrashesAtStart).await;
    play.assert_nothing_lost();
    insta::assert_snapshot!(play.transcript());
}

/// Nobody tells of it: tasks that end by themselves are counted.
#[tokio::test(start_paused = true)]
async fn consumers_that_die_on_messages() {
    let (play, _) = rolled_back(&consumers(), Behaviour::DiesOnMessages(20)).await;
    insta::assert_snapshot!(play.transcript());
}

async fn rejected_at_first(stage: &Stage) -> Play {
    let play = Play::begin(stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    is_rolled_back(&play, stage, &release).await;
    play.assert_nothing_lost();
    play
}

async fn rejected_in_the_end(stage: &Stage) -> Play {
    let (play, release) = at_second_approval(stage, v2(Behaviour::Works)).await;
    play.reject("support has new tickets");
    is_rolled_back(&play, stage, &release).await;
    play.assert_nothing_lost();
    play
}

#[tokio::test(start_paused = true)]
async fn consumers_are_rejected_at_the_first_approval() {
    insta::assert_snapshot!(rejected_at_first(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn consumers_are_rejected_at_the_second_approval() {
    insta::assert_snapshot!(rejected_in_the_end(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn targets_are_rejected_at_the_first_approval() {
    rejected_at_first(&balanced()).await;
}

#[tokio::test(start_paused = true)]
async fn targets_are_rejected_at_the_second_approval() {
    insta::assert_snapshot!(rejected_in_the_end(&balanced()).await.transcript());
}

/// The newer version has its turn once the one before is released; behind a load balancer in the group that was the stable one's first.
async fn overtaken(stage: &Stage) -> Play {
    let (play, first) = at_second_approval(stage, v2_and_v3()).await;
    let second = play.push("v3");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(
        play.phase(),
        "Shifting",
        "the first release still has the service"
    );
    play.succeeds(&first).await;
    until_second_approval(&play, &second).await;
    play.succeeds(&second).await;
    assert_eq!(play.pair(), promoted(stage, 2, 3));
    play.assert_nothing_lost();
    play
}

#[tokio::test(start_paused = true)]
async fn consumers_are_overtaken() {
    insta::assert_snapshot!(overtaken(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn targets_are_overtaken() {
    overtaken(&balanced()).await;
}

async fn alarm_while_promoting(stage: &Stage) -> Play {
    let stage = Stage {
        promote_bake: Duration::from_mins(5),
        ..stage.clone()
    };
    let (play, release) = at_second_approval(&stage, v2(Behaviour::Works)).await;
    play.approve();
    play.until("v2 is PRIMARY", |world| is_primary(world, "orders:2"))
        .await;
    play.alarm("somebody's orders are lost");
    is_rolled_back(&play, &stage, &release).await;
    if stage.traffic.work() == Work::Requests {
        play.assert_nothing_lost();
    }
    play
}

#[tokio::test(start_paused = true)]
async fn an_alarm_while_consumers_are_promoted() {
    insta::assert_snapshot!(alarm_while_promoting(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn an_alarm_while_targets_are_promoted() {
    insta::assert_snapshot!(alarm_while_promoting(&balanced()).await.transcript());
}

/// The set that the promotion has kept comes back.
async fn alarm_in_the_guard(stage: &Stage) -> Play {
    let (play, release) = at_second_approval(stage, v2(Behaviour::Works)).await;
    play.succeeds(&release).await;
    play.pass(Duration::from_mins(20)).await;
    play.alarm("somebody's orders are lost");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable(stage));
    play.assert_nothing_lost();
    play
}

#[tokio::test(start_paused = true)]
async fn an_alarm_after_consumers_were_promoted() {
    insta::assert_snapshot!(alarm_in_the_guard(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn an_alarm_after_targets_were_promoted() {
    insta::assert_snapshot!(alarm_in_the_guard(&balanced()).await.transcript());
}

/// For a rollback alone it is kept; by hand there is none any more.
#[tokio::test(start_paused = true)]
async fn once_the_guard_is_over_the_kept_set_goes() {
    for stage in task_sets() {
        let play = Play::begin(&stage, v2(Behaviour::Works)).await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
        play.pass(Duration::from_mins(65)).await;
        let sets = play.account.with(sets_of_service);
        assert_eq!(sets.len(), 1, "{}", play.pair());
        assert_eq!(sets[0]["status"], "PRIMARY");
        play.roll_back(&release, "orders look odd");
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(play.phase(), "Promoted");
        let said = play.ledger().await.pop().unwrap_or_default();
        assert!(
            said.ends_with("to go back, release the earlier version"),
            "{said}"
        );
        play.assert_nothing_lost();
    }
}

async fn lost_events(stage: &Stage) -> Play {
    let play = Play::begin(stage, v2(Behaviour::Fails(60))).await;
    play.account
        .with(|world| world.events.delivery = Delivery::Lost);
    let release = play.push("v2");
    is_rolled_back(&play, stage, &release).await;
    play
}

#[tokio::test(start_paused = true)]
async fn the_schedule_rolls_consumers_back_where_events_are_lost() {
    insta::assert_snapshot!(lost_events(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn the_schedule_rolls_targets_back_where_events_are_lost() {
    lost_events(&balanced()).await;
}

async fn throttled(stage: &Stage) {
    let play = Play::begin(stage, v2(Behaviour::Works)).await;
    let mut calls = 0;
    play.interfere(move |_| {
        calls += 1;
        match calls % 4 {
            0 => Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded")),
            _ => Interference::None,
        }
    });
    let release = play.push("v2");
    until_second_approval(&play, &release).await;
    play.succeeds(&release).await;
    assert_eq!(play.pair(), promoted(stage, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_made_again_for_consumers() {
    throttled(&consumers()).await;
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_made_again_for_targets() {
    throttled(&balanced()).await;
}

/// Somebody gives the candidate's set another scale while it bakes.
#[tokio::test(start_paused = true)]
async fn a_foreign_scale() {
    let stage = consumers();
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_bakes().await;
    let sets = play.account.with(sets_of_service);
    play.scale_set(&sets[1]["id"], 75.0);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("has the scale 75 %"), "{said}");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable(&stage));
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_foreign_weight() {
    let stage = balanced();
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_bakes().await;
    play.set_weights(70, 30);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("has the weights 70"), "{said}");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable(&stage));
    play.assert_nothing_lost();
    insta::assert_snapshot!(play.transcript());
}
