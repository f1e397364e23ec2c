//! Workers that scale to zero: the stable version is there to be compared with, and gone again afterwards.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Version},
    world::scaling,
};
use serde_json::{Value, json};

use crate::play::Play;

const PRIMARY: &str = "service/orders/orders";

/// A primary that is idle, and may be.
fn idle() -> Stage {
    Stage {
        primary_tasks: 0,
        primary_scaling: (0, 20),
        ..Stage::default()
    }
}

async fn begin(stage: &Stage) -> Play {
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(stage, script).await;
    if stage.primary_tasks == 0 {
        // ECS begins with one task, and scaling takes none away while it deploys.
        play.pass(Duration::from_mins(2)).await;
        scale_in(&play);
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(tasks(&play), 0);
    }
    play
}

fn scaling_of(play: &Play) -> Value {
    let input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceIds": [PRIMARY],
    });
    let answer = play
        .account
        .with(|world| scaling::call(world, "DescribeScalableTargets", &input));
    answer.expect("it is answered")["ScalableTargets"][0].clone()
}

/// Nothing but a person's hand has set the number of the primary's tasks.
fn unscale(play: &Play) {
    let input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": PRIMARY,
    });
    play.account
        .with(|world| scaling::call(world, "DeregisterScalableTarget", &input))
        .expect("it is deregistered");
}

/// What scales the primary has no use for it.
fn scale_in(play: &Play) {
    play.account
        .with(|world| scaling::scale(world, PRIMARY, 0))
        .expect("it is scaled");
}

/// As many tasks as the primary is to have.
fn tasks(play: &Play) -> u64 {
    let input = json!({ "cluster": stage::CLUSTER, "services": [stage::PRIMARY] });
    let shown = play.ecs("DescribeServices", &input);
    shown["services"][0]["desiredCount"]
        .as_u64()
        .expect("a number")
}

/// The share that the approval shows.
fn attained(play: &Play) -> String {
    play.output(stage::SHIFT_WEIGHT, "Attained")
}

fn bounds(play: &Play) -> (u64, u64) {
    let target = scaling_of(play);
    let bound = |name: &str| target[name].as_u64().expect("it is scaled");
    (bound("MinCapacity"), bound("MaxCapacity"))
}

#[tokio::test(start_paused = true)]
async fn an_idle_primary_keeps_one_task_until_the_promotion_and_its_bounds_come_back() {
    let play = begin(&idle()).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert_eq!((bounds(&play), tasks(&play)), ((1, 20), 1));
    assert_eq!(attained(&play), "50 %: 1 of 2 tasks");
    // What scales it would like it to be idle again.
    scale_in(&play);
    assert_eq!(tasks(&play), 1);
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!((bounds(&play), tasks(&play)), ((0, 20), 1));
    scale_in(&play);
    assert_eq!(tasks(&play), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_gives_the_bounds_back() {
    let play = begin(&idle()).await;
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    assert_eq!(bounds(&play), (0, 20));
    scale_in(&play);
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(play.pair(), before);
}

/// The primary falls asleep in the middle of a bake.
#[tokio::test(start_paused = true)]
async fn a_primary_that_would_scale_to_zero_meanwhile_keeps_one_task() {
    let stage = Stage {
        primary_tasks: 3,
        ..idle()
    };
    let play = begin(&stage).await;
    let release = play.push("v2");
    play.until_bakes().await;
    scale_in(&play);
    assert_eq!(tasks(&play), 1);
    play.until_approval(&release).await;
    assert_eq!(attained(&play), "50 %: 1 of 2 tasks");
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn without_scaling_a_count_of_zero_is_given_back() {
    for approved in [true, false] {
        let play = begin(&idle()).await;
        unscale(&play);
        let release = play.push("v2");
        play.until_approval(&release).await;
        assert_eq!(tasks(&play), 1);
        if approved {
            play.approve();
            assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
        } else {
            play.reject("not today");
            play.until_phase("RolledBack").await;
        }
        assert_eq!(tasks(&play), 0, "approved: {approved}");
        assert_eq!(scaling_of(&play), Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_floor_the_canary_has_all_the_work_and_the_approval_says_so() {
    let stage = Stage {
        floor_primary: false,
        ..idle()
    };
    let play = begin(&stage).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert_eq!((bounds(&play), tasks(&play)), ((0, 20), 0));
    let first = "100 %: 1 of 1 tasks; the primary has no task (floorPrimary is false), so nothing was compared";
    assert_eq!(attained(&play), first);
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    assert_eq!(tasks(&play), 0);
}
