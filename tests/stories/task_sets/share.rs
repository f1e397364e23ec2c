//! Shares of whole tasks, and what becomes of them while automatic scaling goes on.

use std::time::Duration;

use rehearsal_core::{
    stage::{Behaviour, CLUSTER, Mode, PRIMARY, Stage, Step},
    world::{World, journal::What, scaling},
};

use super::{consumers, v2};
use crate::play::{Play, sets_of_service};

/// A release of a service of seven tasks through these shares.
async fn of_seven(mode: Mode, shares: &[u8]) -> Play {
    let stage = Stage {
        mode,
        primary_tasks: 7,
        steps: Some(shares.iter().map(|share| Step::new(*share, 0)).collect()),
        further_steps: Some(Vec::new()),
        ..consumers()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play
}

/// How many tasks each set has had, the stable one's first, one share after the other: whenever all of them ran.
fn met(play: &Play) -> Vec<(u32, u32)> {
    let mut met = play.entries(|what| match what {
        What::Sets { sets, .. } => match sets.as_slice() {
            [stable, candidate] if candidate.computed > 0 => {
                let settled = sets.iter().all(|set| set.running == set.computed);
                settled.then_some((stable.computed, candidate.computed))
            }
            _ => None,
        },
        _ => None,
    });
    met.dedup();
    met
}

/// Seven tasks, and as many of the candidate on top as there can be: every whole number.
#[tokio::test(start_paused = true)]
async fn of_seven_tasks_every_whole_number_comes_on_top_exactly() {
    let play = of_seven(Mode::Additive, &[13, 22, 30, 36, 42, 46, 50]).await;
    let every: Vec<_> = (1..=7).map(|candidate| (7, candidate)).collect();
    assert_eq!(met(&play), every);
}

#[tokio::test(start_paused = true)]
async fn of_seven_tasks_every_whole_number_is_the_candidates_exactly() {
    let play = of_seven(Mode::ConstantTotal, &[14, 29, 43, 57, 71, 86]).await;
    let met = met(&play);
    for candidate in 1..=6 {
        let both = (7 - candidate, candidate);
        assert!(met.contains(&both), "{both:?} of {met:?}");
    }
}

/// The service's tasks and those of the candidate.
fn tasks(world: &mut World) -> (u64, u64) {
    let sets = sets_of_service(world);
    let count = |index: usize| {
        sets[index]["computedDesiredCount"]
            .as_u64()
            .unwrap_or_default()
    };
    (count(0), count(1))
}

/// Of so many stable tasks the number on top that is nearest to a quarter of all.
fn quarter(stable: u64) -> u64 {
    let distance = |candidate: &u64| {
        let share = 100 * candidate * 1000 / (stable + candidate);
        share.abs_diff(25_000)
    };
    (1..=stable).min_by_key(distance).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn while_automatic_scaling_moves_the_count_a_share_is_off_by_one_task_until_the_next_look() {
    let stage = Stage {
        primary_tasks: 8,
        steps: Some(vec![Step::new(25, 60 * 60)]),
        ..consumers()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    play.slow_down();
    let release = play.push("v2");
    play.until_bakes().await;
    assert_eq!(play.account.with(tasks), (8, quarter(8)));
    for count in [10, 7, 12, 9, 5, 8] {
        let service = format!("service/{CLUSTER}/{PRIMARY}");
        play.account
            .with(|world| scaling::scale(world, &service, count))
            .expect("it is scaled");
        let count = u64::from(count);
        play.until("both sets have followed", |world| tasks(world).0 == count)
            .await;
        let (_, candidate) = play.account.with(tasks);
        let off = candidate.abs_diff(quarter(count));
        assert!(off <= 1, "{candidate} of {count}");
        play.pass(Duration::from_secs(45)).await;
        assert_eq!(play.account.with(tasks), (count, quarter(count)));
    }
    assert!(!play.has_ended(&release), "{}", play.transcript());
}
