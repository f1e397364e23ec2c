//! Task sets behind a load balancer.

use serde_json::json;

use super::{
    super::balanced::{balanced, load_balancers, state},
    *,
};
use crate::world::elb::TargetState;

/// Service `app` behind a load balancer with two target groups; answers their ARNs.
fn behind_a_load_balancer(desired: u32) -> (Stage, String, String) {
    let (mut stage, first, second) = balanced();
    create_service(&mut stage.world, &service(desired)).unwrap();
    (stage, first, second)
}

fn set_behind(definition: &str, group: &str) -> Value {
    json!({
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": load_balancers(group),
        "scale": {"value": 100.0, "unit": "PERCENT"},
    })
}

fn create_behind(stage: &mut Stage, definition: &str, group: &str) -> String {
    let answer = stage.of_app("CreateTaskSet", &set_behind(definition, group));
    answer.unwrap()["taskSet"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn tasks_of(stage: &mut Stage, id: &str) -> Vec<Value> {
    let tasks = stage.tasks("RUNNING").into_iter();
    tasks.filter(|task| task["startedBy"] == id).collect()
}

#[test]
fn each_set_registers_its_tasks_with_its_own_target_group() {
    let (mut stage, blue, green) = behind_a_load_balancer(2);
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let v2 = stage.web_version("v2", Behaviour::Runs);
    let stable = create_behind(&mut stage, &v1, &blue);
    stage.make_primary(&stable);
    let canary = create_behind(&mut stage, &v2, &green);
    assert_eq!(stage.described()["loadBalancers"], load_balancers(&blue));
    stage.seconds(60);
    for (set, own, other) in [(&stable, &blue, &green), (&canary, &green, &blue)] {
        assert_eq!(stage.set(set)["loadBalancers"], load_balancers(own));
        assert_eq!(stage.set(set)["stabilityStatus"], "STEADY_STATE");
        let tasks = tasks_of(&mut stage, set);
        assert_eq!(tasks.len(), 2);
        for task in &tasks {
            assert_eq!(state(&stage, own, task), Some(TargetState::Healthy));
            assert_eq!(state(&stage, other, task), None);
        }
        let told =
            format!("(service app, taskSet {set}) registered 2 targets in (target-group {own})");
        assert!(stage.events().contains(&told));
    }
    stage.make_primary(&canary);
    assert_eq!(stage.described()["loadBalancers"], load_balancers(&green));
}

#[test]
fn a_set_is_steady_only_when_its_targets_are_healthy() {
    let (mut stage, blue, _) = behind_a_load_balancer(1);
    let v1 = stage.web_version("v1", Behaviour::AnswersAfter(60));
    stage.update(&json!({"healthCheckGracePeriodSeconds": 90}));
    let set = create_behind(&mut stage, &v1, &blue);
    stage.seconds(50);
    assert_eq!(stage.counts_of(&set), (1, 1));
    assert_eq!(stage.set(&set)["stabilityStatus"], "STABILIZING");
    stage.seconds(60);
    assert_eq!(stage.set(&set)["stabilityStatus"], "STEADY_STATE");
    assert_eq!(stage.ever_created(), 1, "the grace period kept it");
}

#[test]
fn a_set_that_is_deleted_lets_its_targets_drain_first() {
    let (mut stage, blue, green) = behind_a_load_balancer(1);
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let stable = create_behind(&mut stage, &v1, &blue);
    stage.make_primary(&stable);
    let canary = create_behind(&mut stage, &v1, &green);
    stage.seconds(60);
    let [task] = tasks_of(&mut stage, &canary).try_into().unwrap();
    stage.delete_set(&canary);
    stage.seconds(2);
    assert_eq!(state(&stage, &green, &task), Some(TargetState::Draining));
    assert!(stage.signals.is_empty(), "it may finish what it has");
    stage.seconds(60);
    assert_eq!(state(&stage, &green, &task), None);
    assert_eq!(stage.statuses(), ["PRIMARY"]);
}

#[test]
fn two_sets_may_share_a_target_group() {
    let (mut stage, blue, _) = behind_a_load_balancer(1);
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let sets = [(); 2].map(|()| create_behind(&mut stage, &v1, &blue));
    stage.seconds(60);
    for set in &sets {
        let [task] = tasks_of(&mut stage, set).try_into().unwrap();
        assert_eq!(state(&stage, &blue, &task), Some(TargetState::Healthy));
    }
    stage.delete_set(&sets[0]);
    stage.seconds(60);
    let [task] = tasks_of(&mut stage, &sets[1]).try_into().unwrap();
    assert_eq!(state(&stage, &blue, &task), Some(TargetState::Healthy));
}

#[test]
fn what_a_set_cannot_be_created_with_is_refused() {
    let (mut stage, blue, green) = behind_a_load_balancer(1);
    let web = stage.web_version("v1", Behaviour::Runs);
    let set = set_behind(&web, &blue);
    let with = |member: &str, value: Value| {
        let mut input = set.clone();
        input[member] = value;
        input
    };
    let [one, other] = [&blue, &green].map(|group| load_balancers(group)[0].clone());
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let tag = json!({"key": "aws:release", "value": "7"});
    for (input, part) in [
        (with("loadBalancers", json!([one, other])), "at most 1"),
        (
            with("loadBalancers", load_balancers("nobody")),
            "does not exist",
        ),
        (with("networkConfiguration", Value::Null), "awsvpc"),
        (with("capacityProviderStrategy", strategy), "launch type"),
        (with("tags", json!([tag])), "reserved"),
    ] {
        let mut input = input;
        input
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let (code, message) = stage.refuses("CreateTaskSet", &input);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains(part), "{message}");
    }
    let (code, message) = stage.refuses("CreateTaskSet", &with("taskDefinition", json!("app:9")));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ClientException", "TaskDefinition not found.")
    );
    assert!(stage.statuses().is_empty());
}

#[test]
fn a_set_may_run_on_fargate_spot() {
    let (mut stage, blue, _) = behind_a_load_balancer(1);
    let web = stage.web_version("v1", Behaviour::Runs);
    let mut set = set_behind(&web, &blue);
    set.as_object_mut().unwrap().remove("launchType");
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    set["capacityProviderStrategy"] = strategy.clone();
    let shown = stage.of_app("CreateTaskSet", &set).unwrap()["taskSet"].take();
    assert_eq!(shown["capacityProviderStrategy"], strategy);
    assert_eq!(shown.get("launchType"), None);
    assert_eq!(shown["platformVersion"], "1.4.0");
    stage.seconds(60);
    assert_eq!(stage.tasks("RUNNING")[0]["launchType"], "FARGATE");
}
