//! A function that is killed right after a write, whichever it is: what it leaves behind can be rolled back, and what is others' stays.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Stage},
    world::{World, ecs},
};
use serde_json::{Value, json};

use super::{stable, v2};
use crate::play::{Play, is_primary, task_sets};

/// Another service of the cluster, with a task set of its own.
fn add_billing(world: &mut World) {
    let definition = json!({ "family": "billing", "taskRoleArn": "arn:aws:iam::111122223333:role/none",
        "containerDefinitions": [{ "name": "app", "image": "billing:v1" }] });
    ecs::register_task_definition(world, &definition).expect("a definition");
    let service = json!({ "cluster": stage::CLUSTER, "serviceName": "billing", "desiredCount": 0,
        "deploymentController": { "type": "EXTERNAL" } });
    ecs::create_service(world, &service).expect("a service");
}

fn billing(play: &Play) -> Value {
    let described = play.ecs(
        "DescribeServices",
        &json!({ "cluster": stage::CLUSTER, "services": ["billing"] }),
    );
    described["services"][0]["taskSets"].clone()
}

/// Every crash of a function, one after the other; answers how many there were.
async fn crashes_of(stage: &Stage, function: &'static str, alarms: fn(&Play) -> bool) -> usize {
    let mut nth = 1;
    while crash(stage, function, alarms, nth).await {
        nth += 1;
    }
    nth - 1
}

/// A release that no alarm ends.
fn never(_: &Play) -> bool {
    false
}

fn is_promoting(play: &Play) -> bool {
    play.account.with(|world| is_primary(world, "orders:2"))
}

/// Plays a release with a crash in it, which is approved when asked, until its alarm fires; `false` if the crash never came. Writes of the
/// record are the same for every model.
async fn crash(stage: &Stage, of: &'static str, alarms: fn(&Play) -> bool, nth: usize) -> bool {
    let play = Play::begin_with(stage, v2(Behaviour::Works), |world| {
        // Nothing here hangs on it, and the release is over sooner.
        world.codepipeline.reinvoke_after = Duration::from_secs(10);
        add_billing(world);
    })
    .await;
    play.slow_down();
    let set = json!({ "cluster": stage::CLUSTER, "service": "billing", "taskDefinition": "billing:1", "externalId": "theirs" });
    play.ecs("CreateTaskSet", &set);
    let theirs = billing(&play)[0]["id"].clone();
    let mut writes = 0;
    let crashed = play.crash_after(of, move |call| {
        writes += usize::from(call.service != "dynamodb" && !call.operation.starts_with("PutJob"));
        writes == nth
    });
    let release = play.push("v2");
    let mut alarmed = false;
    for _ in 0..60 * 12 {
        play.pass(Duration::from_secs(5)).await;
        if crashed.has_happened() {
            break;
        }
        if !alarmed && alarms(&play) {
            alarmed = true;
            play.alarm("orders fail");
        } else if !alarmed && play.waits_for_approval() {
            play.approve();
        }
        let over =
            play.has_ended(&release) && (of != stage::ROLLBACK || play.phase() == "RolledBack");
        if over {
            break;
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
        if play.pair() == stable(stage) && play.phase() != "RollingBack" {
            break;
        }
    }
    play.pass(Duration::from_mins(3)).await;
    let (phase, transcript) = (play.phase(), play.transcript());
    assert!(
        ["RolledBack", "none"].contains(&phase.as_str()),
        "{phase}\n{transcript}"
    );
    assert_eq!(
        play.pair(),
        stable(stage),
        "{of} crashed after write {nth}\n{transcript}"
    );
    let left = billing(&play);
    assert_eq!(
        (left[0]["id"].clone(), left[1].clone()),
        (theirs, Value::Null)
    );
    play.assert_nothing_lost();
    true
}

/// Consumers that keep their total, which writes to both sets, and targets.
fn kinds() -> [Stage; 2] {
    let [_, constant_total, balanced] = task_sets();
    [constant_total, balanced]
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_deploy_canary_can_be_rolled_back() {
    for stage in kinds() {
        let crashes = crashes_of(&stage, stage::DEPLOY_CANARY, never).await;
        assert!(crashes >= 3, "{crashes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_shift_weight_can_be_rolled_back() {
    for stage in kinds() {
        let crashes = crashes_of(&stage, stage::SHIFT_WEIGHT, never).await;
        assert!(crashes >= 2, "{crashes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_promote_primary_can_be_rolled_back() {
    for stage in kinds() {
        let crashes = crashes_of(&stage, stage::PROMOTE_PRIMARY, never).await;
        assert!(crashes >= 3, "{crashes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_rollback_before_the_promotion_is_repaired_by_the_schedule() {
    for stage in task_sets() {
        let crashes = crashes_of(&stage, stage::ROLLBACK, Play::waits_for_approval).await;
        assert!(crashes >= 2, "{crashes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_rollback_while_promoting_is_repaired_by_the_schedule() {
    for stage in kinds() {
        let crashes = crashes_of(&stage, stage::ROLLBACK, is_promoting).await;
        assert!(crashes >= 3, "{crashes}");
    }
}
