//! Scales, counts and steadiness.

use std::time::Duration;

use serde_json::json;

use super::{super::super::set_desired_count, *};
use crate::world::scaling;

#[test]
fn a_new_task_set_has_no_count_until_ecs_has_computed_it() {
    let mut stage = external(4);
    let v1 = stage.version("v1", Behaviour::Runs);
    let id = stage.create_set(&v1, 90.0);
    let set = stage.set(&id);
    assert_eq!(set["status"], "ACTIVE");
    assert_eq!(set["computedDesiredCount"], 0);
    assert_eq!(set["scale"], json!({"value": 90.0, "unit": "PERCENT"}));
    assert_eq!(set["stabilityStatus"], "STABILIZING");
    stage.seconds(5);
    assert_eq!(stage.set(&id)["computedDesiredCount"], 4);
    assert_eq!(stage.set(&id)["pendingCount"], 4);
    stage.seconds(10);
    let set = stage.set(&id);
    assert_eq!(set["runningCount"], 4);
    assert_eq!(set["stabilityStatus"], "STEADY_STATE");
    let events = stage.events();
    let steady = format!("(service app, taskSet {id}) updated state to STEADY_STATE.");
    assert_eq!(events[0], "(service app) has reached a steady state.");
    assert_eq!(events[1], steady);
    let started = format!("(service app, taskSet {id}) has started 4 tasks: (task ");
    assert!(events[2].starts_with(&started));
    let computed = format!("(service app) updated computedDesiredCount for taskSet {id} to 4.");
    assert_eq!(events[3], computed);
}

#[test]
fn without_a_scale_it_has_no_tasks_and_is_steady() {
    let mut stage = external(4);
    let v1 = stage.version("v1", Behaviour::Runs);
    let answer = stage.of_app("CreateTaskSet", &json!({"taskDefinition": v1}));
    let id = answer.unwrap()["taskSet"]["id"].take();
    stage.seconds(10);
    let set = stage.set(id.as_str().unwrap());
    assert_eq!(set["scale"]["value"], 0.0);
    assert_eq!(set["computedDesiredCount"], 0);
    assert_eq!(set["stabilityStatus"], "STEADY_STATE");
}

#[test]
fn two_counts_that_are_rounded_up_are_more_than_the_desired_count() {
    let (mut stage, stable) = Stage::stable(4);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 10.0);
    stage.scale_set(&stable, 90.0);
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (4, 4));
    assert_eq!(stage.counts_of(&canary), (1, 1));
    assert_eq!(stage.described()["runningCount"], 5);
}

#[test]
fn a_changed_scale_is_stabilizing_at_once_and_counts_later() {
    let (mut stage, stable) = Stage::stable(4);
    let set = stage.scale_set(&stable, 50.0);
    assert_eq!(set["stabilityStatus"], "STABILIZING");
    assert_eq!(set["computedDesiredCount"], 4);
    stage.seconds(2);
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STABILIZING");
    assert_eq!(stage.counts_of(&stable), (4, 4));
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (2, 2));
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STEADY_STATE");
    let stopped = stage.tasks("STOPPED");
    assert_eq!(stopped.len(), 2);
    assert_eq!(stopped[0]["stopCode"], "ServiceSchedulerInitiated");
}

#[test]
fn a_scale_beyond_a_hundred_percent_is_refused() {
    let (mut stage, stable) = Stage::stable(1);
    for value in [-1.0, 100.5] {
        let scale = json!({"taskSet": stable, "scale": {"value": value, "unit": "PERCENT"}});
        let (code, _) = stage.refuses("UpdateTaskSet", &scale);
        assert_eq!(code, "InvalidParameterException");
    }
}

#[test]
fn the_counts_of_all_sets_follow_the_desired_count() {
    let (mut stage, stable) = Stage::stable(4);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 25.0);
    stage.seconds(30);
    stage.update(&json!({"desiredCount": 10}));
    assert_eq!(stage.counts_of(&stable), (4, 4));
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STEADY_STATE");
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (10, 10));
    assert_eq!(stage.counts_of(&canary), (3, 3));
}

#[test]
fn application_auto_scaling_changes_the_counts_of_task_sets() {
    let (mut stage, stable) = Stage::stable(4);
    let resource = "service/orders/app";
    let target = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 8,
    });
    scaling::call(&mut stage.world, "RegisterScalableTarget", &target).unwrap();
    assert_eq!(scaling::scale(&mut stage.world, resource, 6).unwrap(), 6);
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (6, 6));
    stage.scale_set(&stable, 50.0);
    assert_eq!(
        scaling::scale(&mut stage.world, resource, 3).unwrap(),
        3,
        "also while a set is stabilizing"
    );
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (2, 2));
    set_desired_count(&mut stage.world, "orders", "app", 0).unwrap();
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (0, 0));
}

#[test]
fn ecs_may_keep_only_some_decimals_of_a_scale() {
    let mut stage = external(7);
    stage.world.ecs.scale_decimals = Some(2);
    let v1 = stage.version("v1", Behaviour::Runs);
    // Two of seven tasks, with half a task to spare, and without.
    for (percent, kept, tasks) in [(100.0 * 1.5 / 7.0, 21.43, 2), (100.0 * 2.0 / 7.0, 28.57, 2)] {
        let id = stage.create_set(&v1, percent);
        stage.seconds(5);
        assert_eq!(stage.set(&id)["scale"]["value"], kept);
        assert_eq!(stage.counts_of(&id).0, tasks);
    }
}

#[test]
fn a_read_that_lags_shows_the_old_scale_and_not_yet_the_new_set() {
    let (mut stage, stable) = Stage::stable(2);
    stage.world.ecs.read_lag = Duration::from_secs(5);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 100.0);
    stage.scale_set(&stable, 50.0);
    stage.seconds(4);
    assert_eq!(stage.statuses(), ["PRIMARY"]);
    assert_eq!(stage.set(&stable)["scale"]["value"], 100.0);
    let answer = stage.of_app("DescribeTaskSets", &json!({"taskSets": [canary]}));
    assert_eq!(answer.unwrap()["failures"][0]["reason"], "MISSING");
    stage.seconds(1);
    assert_eq!(stage.statuses(), ["PRIMARY", "ACTIVE"]);
    assert_eq!(stage.set(&stable)["scale"]["value"], 50.0);
}
