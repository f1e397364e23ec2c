//! A bake is the time for which a share was really held.

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Script, Stage, Step, Version},
    world::{
        ecs,
        journal::{Entry, What},
    },
};
use serde_json::json;

use crate::play::{Play, pairs};

const BAKE: Duration = Duration::from_mins(10);

/// A release whose share bakes since a minute.
async fn baking(stage: &Stage, script: Script) -> (Play, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, BAKE.as_secs())]),
        ..stage.clone()
    };
    let play = Play::begin(&stage, script).await;
    play.slow_down();
    play.forgive();
    let release = play.push("v2");
    play.until_bakes().await;
    play.pass(Duration::from_mins(1)).await;
    (play, release)
}

fn good() -> Script {
    Script::new([Version::new("v2", Behaviour::Works)])
}

/// Fargate Spot takes the canary's tasks, and has none for so long.
fn interrupt(play: &Play, unavailable: Duration) {
    play.account
        .with(|world| ecs::interrupt(world, stage::CLUSTER, stage::CANARY, 10, unavailable));
}

/// For how long a task of the candidate ran on the canary since a moment.
fn ran(play: &Play, since: Moment) -> Duration {
    let journal = play.account.with(|world| world.journal.clone());
    let (mut runs, mut from, mut ran) = (false, since, Duration::ZERO);
    for Entry { at, what } in &journal {
        if let What::Service {
            service, running, ..
        } = what
            && service == stage::CANARY
        {
            if runs && *at > from {
                ran += at.since(from);
            }
            runs = running
                .iter()
                .any(|(version, tasks)| version == "v2" && *tasks > 0);
            from = since.max(*at);
        }
    }
    let now = play.account.now();
    ran + if runs {
        now.since(from)
    } else {
        Duration::ZERO
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_on_spot_that_is_away_for_half_of_its_bake_bakes_on_when_it_is_back() {
    let [additive, constant, _] = pairs();
    for stage in [additive, constant] {
        let (play, release) = baking(&stage, good()).await;
        let since = play.account.now();
        interrupt(&play, BAKE / 2);
        play.until_approval(&release).await;
        // It had baked for a minute and two looks.
        let ran = ran(&play, since);
        assert!(
            ran + Duration::from_mins(2) >= BAKE,
            "{ran:?}\n{}",
            play.transcript()
        );
        let took = play.account.now().since(since);
        assert!(
            took <= BAKE + BAKE / 2 + Duration::from_mins(3),
            "it pauses, and does not begin again: {took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_requests_that_nobody_answers_end_the_release() {
    let [.., stage] = pairs();
    let (play, release) = baking(&stage, good()).await;
    interrupt(&play, BAKE / 2);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let said = play.said(&release, "shift-weight");
    assert!(
        said.contains("gets traffic and has no healthy target"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bake_that_does_not_come_to_its_end_fails_with_what_it_waited_for() {
    let [stage, ..] = pairs();
    let (play, release) = baking(&stage, good()).await;
    let since = play.account.now();
    interrupt(&play, Duration::from_hours(3));
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let took = play.account.now().since(since);
    let most = BAKE * 2 + Duration::from_mins(30);
    assert!(
        took <= most && took + Duration::from_mins(3) >= most,
        "{took:?}"
    );
    let said = play.said(&release, "shift-weight");
    assert!(
        said.starts_with("timed out after 50m: 50 % asked"),
        "{said}"
    );
    assert!(said.contains("waiting for tasks"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_ends_every_two_minutes_does_not_get_older() {
    let [stage, ..] = pairs();
    let stage = Stage {
        steps: Some(vec![Step::new(50, BAKE.as_secs())]),
        ..stage
    };
    let script = Script::new([Version::new("v2", Behaviour::EndsAfter(40))]);
    let play = Play::begin(&stage, script).await;
    play.slow_down();
    play.forgive();
    play.retarget(|target| target["maxTaskExits"] = json!(1000));
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let said = play.said(&release, "shift-weight");
    assert!(
        said.starts_with("timed out after 50m"),
        "{said}\n{}",
        play.transcript()
    );
}
