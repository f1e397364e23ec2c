//! The watch: gates are asked and the share is held, also while no job runs; and what that asks of AWS.

use std::{collections::BTreeMap, time::Duration};

use rehearsal_core::{
    stage::{self, Behaviour, Stage, Work},
    wire::Ailment,
    world::{journal::What, scaling},
};
use serde_json::{Value, json};

use super::{stable, v2};
use crate::play::{Play, sets_of_service, task_sets};

/// A release that waits for its approval, and has been looked at since.
async fn at_approval(stage: &Stage) -> (Play, String) {
    let play = Play::begin(stage, v2(Behaviour::Works)).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.pass(Duration::from_mins(3)).await;
    assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
    (play, release)
}

/// Automatic scaling wants another count.
fn scale(play: &Play, tasks: u32) {
    let service = format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY);
    play.account
        .with(|world| scaling::scale(world, &service, tasks))
        .expect("it is scaled");
}

fn computed(play: &Play) -> Vec<u64> {
    let sets = play.account.with(sets_of_service);
    let counts = sets.iter();
    counts
        .filter_map(|set| set["computedDesiredCount"].as_u64())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_candidate_follows_a_service_that_is_scaled_out_in_the_night_and_in_again() {
    let [additive, _, balanced] = task_sets();
    for stage in [additive, balanced] {
        let (play, release) = at_approval(&stage).await;
        let many = |stable: u64| match stage.traffic.work() {
            Work::Messages => vec![stable, stable],
            Work::Requests => vec![stable, stable / 2],
        };
        for tasks in [8, 4] {
            scale(&play, tasks);
            play.pass(Duration::from_mins(5)).await;
            assert_eq!(computed(&play), many(tasks.into()), "{}", play.transcript());
            assert_eq!(play.phase(), "Shifting");
        }
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_scaled_does_not_end_the_guard() {
    for stage in task_sets() {
        let (play, release) = at_approval(&stage).await;
        play.succeeds(&release).await;
        scale(&play, 9);
        play.pass(Duration::from_mins(4)).await;
        scale(&play, 4);
        play.pass(Duration::from_mins(4)).await;
        assert_eq!(play.record().expect("a record").guard_ended, None);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), stable(&stage), "{}", play.transcript());
    }
}

/// A promoted release; the id of the set that it has kept.
async fn kept(stage: &Stage) -> (Play, Value) {
    let (play, release) = at_approval(stage).await;
    play.succeeds(&release).await;
    let sets = play.account.with(sets_of_service);
    let mut kept = sets.iter().filter(|set| set["status"] == "ACTIVE");
    let kept = kept.next().expect("a set is kept")["id"].clone();
    (play, kept)
}

fn told_of(play: &Play, what: &str) -> usize {
    let notices = play.notices().into_iter();
    notices.filter(|(_, told)| told.contains(what)).count()
}

/// That is a rollback by hand, which no watch undoes: the guard ends, and people hear of it.
#[tokio::test(start_paused = true)]
async fn who_makes_the_kept_set_primary_within_the_guard_has_taken_over() {
    let [additive, ..] = task_sets();
    let (play, kept) = kept(&additive).await;
    let primary =
        json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "primaryTaskSet": kept });
    play.ecs("UpdateServicePrimaryTaskSet", &primary);
    play.scale_set(&kept, 100.0);
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(play.phase(), "Promoted");
    let told = "and alarms do not roll it back any more";
    assert_eq!(
        told_of(&play, told),
        1,
        "{:?}\n{}",
        play.notices(),
        play.transcript()
    );
    play.pass(Duration::from_hours(2)).await;
    let sets = play.account.with(sets_of_service);
    let kept = sets.iter().find(|set| set["id"] == kept);
    let kept = kept.expect("it stays");
    assert_eq!(
        (&kept["status"], &kept["runningCount"]),
        (&json!("PRIMARY"), &json!(4))
    );
}

#[tokio::test(start_paused = true)]
async fn a_kept_set_that_cannot_be_seen_once_the_guard_is_over_is_told_of_and_goes_later() {
    let [additive, ..] = task_sets();
    let (play, _) = kept(&additive).await;
    play.pass(Duration::from_mins(58)).await;
    let (operation, denied) = ("DescribeServices", Ailment::Denied);
    play.fail(
        stage::ROLLBACK,
        operation,
        denied,
        Some(Duration::from_hours(3)),
    );
    play.pass(Duration::from_hours(2)).await;
    let told = "is promoted and its guard over, but what it kept for its rollback does not go";
    assert!(told_of(&play, told) > 0, "{}", play.transcript());
    play.pass(Duration::from_mins(70)).await;
    assert_eq!(play.account.with(sets_of_service).len(), 1);
    assert!(play.record().expect("a record").failing.is_none());
}

/// What rollback asks in the next three minutes, without what it says to others; each call by how often a minute.
async fn asked(play: &Play) -> BTreeMap<String, usize> {
    let before = play.calls(stage::ROLLBACK).len();
    play.pass(Duration::from_mins(3)).await;
    let mut asked = BTreeMap::new();
    for call in play.calls(stage::ROLLBACK).split_off(before) {
        *asked.entry(call.operation).or_insert(0) += 1;
    }
    for times in asked.values_mut() {
        *times /= 3;
    }
    asked
}

#[tokio::test(start_paused = true)]
async fn the_watch_asks_for_one_service_where_a_pair_has_two() {
    let [additive, _, balanced] = task_sets();
    for stage in [additive, balanced] {
        let (play, release) = at_approval(&stage).await;
        let of_work: &[_] = match stage.traffic.work() {
            Work::Messages => &[("GetQueueAttributes", 1), ("DescribeAlarms", 1)],
            Work::Requests => &[("DescribeRules", 1), ("DescribeTargetHealth", 2)],
        };
        let always = [("DescribeServices", 1), ("GetItem", 2), ("ListTasks", 1)];
        let mut guard: Vec<_> = always.iter().chain(of_work).copied().collect();
        let waits = [
            ("GetMetricData", 1),
            ("GetPipelineExecution", 1),
            ("GetPipelineState", 1),
            ("TransactWriteItems", 1),
        ];
        let stated = |calls: Vec<(&str, usize)>| -> BTreeMap<String, usize> {
            calls
                .into_iter()
                .map(|(it, times)| (it.to_owned(), times))
                .collect()
        };
        let expected = guard.iter().chain(&waits).copied().collect();
        assert_eq!(asked(&play).await, stated(expected), "the approval waits");
        play.succeeds(&release).await;
        play.pass(Duration::from_mins(2)).await;
        // The tasks that the promotion has ended are still listed.
        guard.push(("DescribeTasks", 1));
        assert_eq!(asked(&play).await, stated(guard), "within the guard");
        play.pass(Duration::from_hours(1)).await;
        let idle = stated(vec![("GetItem", 1)]);
        assert_eq!(asked(&play).await, idle, "the guard is over");
    }
}

/// Every call takes the same time. Reads of a look go out at once, and what they lead to after them.
#[tokio::test(start_paused = true)]
async fn a_look_makes_no_more_round_trips_than_one_at_two_services() {
    const CALL: Duration = Duration::from_millis(20);
    for stage in task_sets() {
        let play = Play::begin(&stage, v2(Behaviour::Works)).await;
        play.slow_down();
        play.account.set_latency(CALL);
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
        let journal = play.account.with(|world| world.journal.clone());
        for function in [
            stage::DEPLOY_CANARY,
            stage::SHIFT_WEIGHT,
            stage::PROMOTE_PRIMARY,
        ] {
            let mut began = None;
            for entry in &journal {
                match &entry.what {
                    What::Invoked { function: it, .. } if it == function => began = Some(entry.at),
                    What::Called(call)
                        if call.principal.0 == function && call.operation.starts_with("PutJob") =>
                    {
                        let took = began.take().map(|began| entry.at.since(began));
                        let trips = took.unwrap_or_default().as_millis() / CALL.as_millis();
                        assert!(
                            trips <= 6,
                            "{function}: {trips} round trips at {}",
                            play.transcript()
                        );
                    }
                    _ => {}
                }
            }
        }
    }
}
