//! Tasks that end by themselves: whose doing it was, and how often the stable version's do.

use std::time::Duration;

use canary::{
    parts::{exits::Exits, pair},
    record::Record,
};
use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    wire::Ailment,
    world::journal::What,
};

use crate::play::{Play, pairs};

/// A release whose share is held for half an hour. Its alarms see nothing of all this.
async fn begin(stage: &Stage, script: Script) -> (Play, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 30 * 60)]),
        ..stage.clone()
    };
    let play = Play::begin(&stage, script).await;
    play.slow_down();
    play.forgive();
    let release = play.push("v2");
    (play, release)
}

fn ends_after(label: &str, seconds: u16) -> Version {
    Version::new(label, Behaviour::EndsAfter(seconds))
}

/// Tasks that ended by themselves, as the record has them.
fn exits(record: &Record) -> Exits {
    let set: pair::Set = record.body.set.read().expect("a set");
    set.exits
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_ends_again_and_again_is_rolled_back_with_the_third() {
    for stage in pairs() {
        let (play, release) = begin(&stage, Script::new([ends_after("v2", 100)])).await;
        let before = play.pair();
        assert_eq!(play.until_ended(&release).await, "FAILED");
        let said = play.said(&release, "shift-weight");
        let expected = "tasks of orders:2 ended by themselves since the release began";
        assert!(
            said.contains(expected) && said.contains("of the stable version 0"),
            "{said}"
        );
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_approval_waits_the_schedule_counts_them() {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 0)]),
        ..Stage::default()
    };
    let play = Play::begin(&stage, Script::new([ends_after("v2", 170)])).await;
    play.slow_down();
    play.forgive();
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    let record = play.record().expect("there was a release");
    let canary::record::Phase::RolledBack { cause, .. } = record.phase else {
        panic!("{}", record.phase)
    };
    assert!(cause.to_string().contains("ended by themselves"), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_ends_as_often_as_the_stable_version_is_as_good() {
    let script = Script::beginning_with(ends_after("v1", 400), [ends_after("v2", 400)]);
    let [stage, ..] = pairs();
    let (play, release) = begin(&stage, script).await;
    play.until_approval(&release).await;
    let record = play.record().expect("there is a release");
    let exits = exits(&record);
    let (own, stable) = (exits.candidate.many, exits.stable.many);
    assert!(own > 2 && stable > 2, "{own} and {stable}");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_others_stop_count_for_nothing() {
    for stage in pairs() {
        let (play, release) =
            begin(&stage, Script::new([Version::new("v2", Behaviour::Works)])).await;
        play.until_said(&release, "shift-weight", "50 % asked")
            .await;
        for _ in 0..5 {
            play.stop_tasks(stage::CANARY, 1);
            play.pass(Duration::from_mins(2)).await;
        }
        play.until_approval(&release).await;
        let record = play.record().expect("there is a release");
        let exits = exits(&record);
        assert!(exits.is_empty(), "{exits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_that_ecs_moves_to_another_zone_count_for_nothing() {
    for stage in pairs() {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let (play, release) = begin(&stage, script).await;
        play.until_said(&release, "shift-weight", "50 % asked")
            .await;
        play.until_bakes().await;
        play.account.with(|world| world.ecs.zones = 2);
        play.until_approval(&release).await;
        let record = play.record().expect("there is a release");
        let exits = exits(&record);
        assert!(exits.is_empty(), "{exits:?}");
        let moved = play.account.with(|world| {
            let events = world.journal.iter().filter_map(|entry| match &entry.what {
                What::ServiceEvent { service, message } => Some((service, message)),
                _ => None,
            });
            let moved = events.filter(|(_, message)| message.contains("due to AZ rebalancing"));
            moved
                .map(|(service, _)| service.clone())
                .collect::<Vec<_>>()
        });
        for service in [stage::PRIMARY, stage::CANARY] {
            assert!(moved.iter().any(|it| it == service), "{moved:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_ended_while_nobody_could_ask_is_counted_later() {
    let [stage, ..] = pairs();
    let (play, release) = begin(&stage, Script::new([ends_after("v2", 200)])).await;
    play.until_said(&release, "shift-weight", "50 % asked")
        .await;
    play.pass(Duration::from_mins(1)).await;
    play.fail(
        stage::SHIFT_WEIGHT,
        "DescribeTasks",
        Ailment::Throttled,
        Some(Duration::from_mins(10)),
    );
    play.pass(Duration::from_mins(10)).await;
    let said = play.said(&release, "shift-weight");
    assert!(said.ends_with("; looking again"), "it holds: {said}");
    play.pass(Duration::from_mins(1)).await;
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("ended by themselves"), "{said}");
}
