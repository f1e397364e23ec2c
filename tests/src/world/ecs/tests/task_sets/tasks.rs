//! The tasks of task sets.

use serde_json::json;

use super::{super::super::metadata, *};

fn started_by(stage: &mut Stage, id: &str) -> Vec<Value> {
    let tasks = stage.tasks("RUNNING").into_iter();
    tasks.filter(|task| task["startedBy"] == id).collect()
}

#[test]
fn tasks_are_started_by_their_set_and_belong_to_the_service() {
    let (mut stage, stable) = Stage::stable(2);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 50.0);
    stage.seconds(30);
    let by_set = json!({"cluster": "orders", "startedBy": canary});
    let listed = stage.call("ListTasks", &by_set).unwrap();
    let [arn] = listed["taskArns"].as_array().unwrap().as_slice() else {
        panic!("{listed}");
    };
    let of_service = json!({"cluster": "orders", "serviceName": "app"});
    let listed = stage.call("ListTasks", &of_service).unwrap();
    assert_eq!(listed["taskArns"].as_array().unwrap().len(), 3);
    let [task] = started_by(&mut stage, &canary).try_into().unwrap();
    assert_eq!(task["taskArn"], *arn);
    assert_eq!(task["group"], "service:app");
    assert_eq!(task["launchType"], "FARGATE");
    assert_eq!(task["taskDefinitionArn"], json!(v2));
    let id = arn.as_str().unwrap().rsplit_once('/').unwrap().1;
    let known = metadata(&stage.world, id, "/task").unwrap();
    assert_eq!(known["ServiceName"], "app", "of both sets");
    assert_eq!(
        (&known["Family"], &known["Revision"]),
        (&json!("app"), &json!("2"))
    );
    assert_eq!(known["LaunchType"], "FARGATE");
    assert_eq!(started_by(&mut stage, &stable).len(), 2);
}

#[test]
fn containers_of_each_set_are_started_with_its_own_definition() {
    let (mut stage, _) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.create_set(&v2, 100.0);
    stage.seconds(30);
    let images: Vec<&str> = stage.launches.iter().map(|it| it.image.as_str()).collect();
    assert_eq!(images, ["app:v1", "app:v2"]);
    assert!(stage.launches.iter().all(|it| it.service == "app"));
}

#[test]
fn a_task_that_ends_or_is_stopped_is_replaced_by_one_of_its_set() {
    let (mut stage, stable) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::CrashesAfter(60));
    let canary = stage.create_set(&v2, 100.0);
    stage.seconds(20);
    let [task] = started_by(&mut stage, &stable).try_into().unwrap();
    let stop = json!({"cluster": "orders", "task": task["taskArn"]});
    stage.call("StopTask", &stop).unwrap();
    stage.seconds(1);
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STABILIZING");
    stage.seconds(80);
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STEADY_STATE");
    let stopped = stage.tasks("STOPPED");
    let of_canary = stopped
        .iter()
        .find(|task| task["startedBy"] == json!(canary));
    let crashed = of_canary.expect("it has crashed");
    assert_eq!(crashed["stopCode"], "EssentialContainerExited");
    assert_eq!(started_by(&mut stage, &canary).len(), 1);
}

#[test]
fn an_unhealthy_task_keeps_its_set_from_being_steady_and_is_replaced() {
    let mut stage = external(1);
    let v1 = stage.version("v1", Behaviour::UnhealthyAfter(20));
    let set = stage.create_set(&v1, 100.0);
    stage.seconds(20);
    let before = stage.set(&set);
    assert_eq!(before["runningCount"], 1);
    assert_eq!(before["stabilityStatus"], "STABILIZING", "not healthy yet");
    stage.seconds(300);
    assert!(stage.ever_created() > 2);
    assert_eq!(stage.set(&set)["stabilityStatus"], "STABILIZING");
    let told = format!("(service app, taskSet {set}) (task ");
    assert!(stage.events().iter().any(|event| {
        event.starts_with(&told) && event.ends_with("failed container health checks.")
    }));
}

#[test]
fn a_set_that_cannot_start_tasks_tries_ever_more_rarely_and_is_never_given_up() {
    let (mut stage, stable) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::CannotBePulled);
    let canary = stage.create_set(&v2, 100.0);
    let begun = stage.ever_created();
    stage.seconds(3600);
    let in_the_first_hour = stage.ever_created() - begun;
    stage.seconds(3600);
    let in_the_second_hour = stage.ever_created() - begun - in_the_first_hour;
    assert!((2..in_the_first_hour).contains(&in_the_second_hour));
    let set = stage.set(&canary);
    assert_eq!(set["stabilityStatus"], "STABILIZING");
    assert_eq!(set["status"], "ACTIVE");
    assert_eq!(stage.set(&stable)["stabilityStatus"], "STEADY_STATE");
}

#[test]
fn protected_tasks_outlive_a_scale_in_but_not_their_protection() {
    let (mut stage, stable) = Stage::stable(2);
    let tasks: Vec<Value> = stage
        .tasks("RUNNING")
        .iter()
        .map(|it| it["taskArn"].clone())
        .collect();
    let protect = json!({
        "cluster": "orders", "tasks": tasks, "protectionEnabled": true, "expiresInMinutes": 1,
    });
    stage.call("UpdateTaskProtection", &protect).unwrap();
    stage.scale_set(&stable, 50.0);
    stage.seconds(30);
    assert_eq!(stage.counts_of(&stable), (1, 2));
    stage.seconds(60);
    assert_eq!(stage.counts_of(&stable), (1, 1));
}

#[test]
fn a_task_set_is_tagged_apart_from_its_tasks() {
    let mut input = service(1);
    input["propagateTags"] = json!("SERVICE");
    input["tags"] = json!([{"key": "application", "value": "orders"}]);
    let mut stage = Stage::new();
    create_service(&mut stage.world, &input).unwrap();
    let v1 = stage.version("v1", Behaviour::Runs);
    let set = stage.create_set(&v1, 100.0);
    stage.seconds(30);
    let asked = json!({"taskSets": [set], "include": ["TAGS"]});
    let answer = stage.of_app("DescribeTaskSets", &asked).unwrap();
    assert_eq!(answer["taskSets"][0]["tags"], json!([]));
    let tasks = stage.tasks("RUNNING");
    let asked = json!({"cluster": "orders", "tasks": [tasks[0]["taskArn"]], "include": ["TAGS"]});
    let answer = stage.call("DescribeTasks", &asked).unwrap();
    assert_eq!(answer["tasks"][0]["tags"], input["tags"]);
}
