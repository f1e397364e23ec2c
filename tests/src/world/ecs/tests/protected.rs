//! Stories about tasks that are protected from scale-in.

use serde_json::{Value, json};

use super::stage::{Behaviour, Stage};

/// ARNs of the tasks with that desired status, oldest first.
fn arns(stage: &mut Stage, desired_status: &str) -> Vec<Value> {
    let tasks = stage.tasks(desired_status);
    tasks.iter().map(|task| task["taskArn"].clone()).collect()
}

fn ask(stage: &mut Stage, tasks: &[Value], change: &Value) -> Value {
    let mut input = json!({"cluster": "orders", "tasks": tasks, "protectionEnabled": true});
    for (member, value) in change.as_object().unwrap() {
        input[member] = value.clone();
    }
    stage.call("UpdateTaskProtection", &input).unwrap()
}

fn protect(stage: &mut Stage, tasks: &[Value], minutes: u32) {
    let answer = ask(stage, tasks, &json!({"expiresInMinutes": minutes}));
    assert_eq!(answer["failures"], json!([]));
}

fn clear(stage: &mut Stage, tasks: &[Value]) {
    let answer = ask(stage, tasks, &json!({"protectionEnabled": false}));
    assert_eq!(answer["failures"], json!([]));
}

fn protections(stage: &mut Stage, tasks: &[Value]) -> Value {
    let input = json!({"cluster": "orders", "tasks": tasks});
    stage.call("GetTaskProtection", &input).unwrap()
}

fn refusal(stage: &mut Stage, operation: &str, input: &Value) -> String {
    let fault = stage.call(operation, input).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
    fault.message
}

/// What the service said of its protected tasks, newest first.
fn complaints(stage: &mut Stage) -> Vec<String> {
    let mut events = stage.events();
    events.retain(|event| event.contains("under protection"));
    events
}

/// A steady service of so many tasks of v1.
fn steady(desired: u32) -> Stage {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, desired, &json!({}));
    stage
}

#[test]
fn a_task_is_protected_for_two_hours_unless_it_says_otherwise() {
    let mut stage = steady(1);
    let tasks = arns(&mut stage, "RUNNING");
    assert_eq!(
        protections(&mut stage, &tasks)["protectedTasks"],
        json!([{"taskArn": tasks[0], "protectionEnabled": false}])
    );
    let now = stage.world.now.epoch_seconds();
    let answer = ask(&mut stage, &tasks, &json!({}));
    let expected = json!({
        "protectedTasks": [{
            "taskArn": tasks[0],
            "protectionEnabled": true,
            "expirationDate": now + 7200.0,
        }],
        "failures": [],
    });
    assert_eq!(answer, expected);
    let id = tasks[0].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(protections(&mut stage, &[json!(id)]), expected);
    protect(&mut stage, &tasks, 1);
    stage.seconds(60);
    assert_eq!(
        protections(&mut stage, &tasks)["protectedTasks"][0]["protectionEnabled"],
        false
    );
}

#[test]
fn a_scale_in_to_nothing_leaves_a_protected_task_running_until_its_protection_ends() {
    for cleared in [false, true] {
        let mut stage = steady(2);
        let tasks = arns(&mut stage, "RUNNING");
        protect(&mut stage, &tasks[..1], 10);
        stage.update(&json!({"desiredCount": 0}));
        stage.seconds(90);
        let service = stage.described();
        assert_eq!(service["desiredCount"], 0);
        assert_eq!(service["runningCount"], 1);
        assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
        let of_service = json!({"cluster": "orders", "serviceName": "app"});
        let listed = stage.call("ListTasks", &of_service).unwrap();
        assert_eq!(listed["taskArns"], json!([tasks[0]]));
        assert_eq!(stage.tasks("RUNNING")[0]["desiredStatus"], "RUNNING");
        let deployment = service["deployments"][0]["id"].as_str().unwrap();
        let complaint = format!(
            "(service app) was unable to reach steady state because (taskSet {deployment}) was unable to scale in due to (reason 1 tasks under protection)"
        );
        assert_eq!(complaints(&mut stage), [complaint]);
        if cleared {
            clear(&mut stage, &tasks[..1]);
        } else {
            stage.seconds(600);
        }
        stage.seconds(20);
        assert_eq!(stage.described()["runningCount"], 0);
        let stopped = stage.tasks("STOPPED");
        let of_scheduler = |task: &Value| task["stopCode"] == "ServiceSchedulerInitiated";
        assert!(stopped.iter().all(of_scheduler));
        let events = stage.events();
        assert_eq!(events[0], "(service app) has reached a steady state.");
    }
}

#[test]
fn a_deployment_is_not_completed_while_an_old_task_is_protected() {
    let mut stage = steady(2);
    let old = arns(&mut stage, "RUNNING");
    protect(&mut stage, &old[..1], 10);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(300);
    let service = stage.described();
    assert_eq!(service["runningCount"], 3);
    let [new, old_one] = service["deployments"].as_array().unwrap().as_slice() else {
        panic!("{service}");
    };
    assert_eq!(new["rolloutState"], "IN_PROGRESS");
    assert_eq!(new["runningCount"], 2);
    assert_eq!(old_one["runningCount"], 1);
    let complaint = format!("because (taskSet {}) was", old_one["id"].as_str().unwrap());
    let [said] = complaints(&mut stage).try_into().unwrap();
    assert!(said.contains(&complaint), "{said}");
    stage.seconds(400);
    let service = stage.described();
    assert_eq!(service["runningCount"], 2);
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn without_room_for_new_tasks_protected_ones_hold_a_deployment_up() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let full = json!({"minimumHealthyPercent": 0, "maximumPercent": 100});
    stage.service(&v1, 2, &full);
    let old = arns(&mut stage, "RUNNING");
    protect(&mut stage, &old, 10);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(120);
    assert_eq!(arns(&mut stage, "RUNNING"), old);
    assert_eq!(complaints(&mut stage).len(), 1);
    clear(&mut stage, &old);
    stage.seconds(120);
    assert_eq!(
        stage.described()["deployments"][0]["rolloutState"],
        "COMPLETED"
    );
}

#[test]
fn protection_keeps_nobody_from_stopping_a_task_and_no_task_from_ending() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::CrashesAfter(200));
    stage.service(&v1, 2, &json!({}));
    let tasks = arns(&mut stage, "RUNNING");
    protect(&mut stage, &tasks, 60);
    stage.update(&json!({"desiredCount": 0}));
    let input = json!({"cluster": "orders", "task": tasks[0], "reason": "rolled back"});
    let answer = stage.call("StopTask", &input).unwrap();
    assert_eq!(answer["task"]["desiredStatus"], "STOPPED");
    assert_eq!(
        protections(&mut stage, &tasks[..1])["protectedTasks"][0]["protectionEnabled"],
        false
    );
    stage.seconds(30);
    assert_eq!(arns(&mut stage, "RUNNING"), [tasks[1].clone()]);
    let stopped = &stage.tasks("STOPPED")[0];
    assert_eq!(stopped["stopCode"], "UserInitiated");
    assert_eq!(stopped["stoppedReason"], "rolled back");
    assert_eq!(stopped["containers"][0]["exitCode"], 0);
    stage.seconds(120);
    assert_eq!(stage.described()["runningCount"], 0);
    let codes: Vec<Value> = stage
        .tasks("STOPPED")
        .iter()
        .map(|task| task["stopCode"].clone())
        .collect();
    assert_eq!(codes, ["UserInitiated", "EssentialContainerExited"]);
}

#[test]
fn an_unhealthy_task_is_replaced_although_it_is_protected() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::HealthyAfter(5));
    stage.service(&v1, 1, &json!({}));
    let sick = arns(&mut stage, "RUNNING");
    protect(&mut stage, &sick, 60);
    let arn = sick[0].as_str().unwrap();
    super::super::task_health(&mut stage.world, arn, super::super::Health::Unhealthy);
    stage.seconds(60);
    assert_eq!(arns(&mut stage, "STOPPED"), sick);
    assert_eq!(stage.described()["runningCount"], 1);
}

#[test]
fn what_cannot_be_protected_is_a_failure_of_that_task_alone() {
    let mut stage = steady(2);
    let tasks = arns(&mut stage, "RUNNING");
    let input = json!({"cluster": "orders", "task": tasks[0]});
    stage.call("StopTask", &input).unwrap();
    let nobody = stage.world.arn("ecs", "task/orders/0123456789abcdef");
    let asked = [
        tasks[0].clone(),
        json!("0123456789abcdef"),
        tasks[1].clone(),
    ];
    let answer = ask(&mut stage, &asked, &json!({}));
    assert_eq!(
        answer["failures"],
        json!([
            {"arn": tasks[0], "reason": "TASK_NOT_VALID"},
            {"arn": nobody, "reason": "MISSING"},
        ])
    );
    assert_eq!(answer["protectedTasks"][0]["taskArn"], tasks[1]);
    assert_eq!(
        protections(&mut stage, &[json!(nobody)])["failures"][0]["reason"],
        "MISSING"
    );
}

#[test]
fn with_more_protected_tasks_than_wanted_none_is_protected_anew_or_for_longer() {
    let mut stage = steady(2);
    let tasks = arns(&mut stage, "RUNNING");
    protect(&mut stage, &tasks, 10);
    protect(&mut stage, &tasks, 20);
    stage.update(&json!({"desiredCount": 1}));
    let answer = ask(&mut stage, &tasks[..1], &json!({}));
    assert_eq!(answer["protectedTasks"], json!([]));
    assert_eq!(answer["failures"][0]["reason"], "DEPLOYMENT_BLOCKED");
    clear(&mut stage, &tasks[..1]);
    protect(&mut stage, &tasks[1..], 30);
}

#[test]
fn a_call_names_few_tasks_and_a_time_that_aws_allows() {
    let mut stage = steady(1);
    let cases = [
        ("UpdateTaskProtection", 11, 120, "At most 10 tasks"),
        ("UpdateTaskProtection", 1, 0, "between 1 and 2880"),
        ("UpdateTaskProtection", 1, 2881, "between 1 and 2880"),
        ("UpdateTaskProtection", 0, 120, "cannot be empty"),
        ("GetTaskProtection", 101, 120, "At most 100 tasks"),
        ("GetTaskProtection", 0, 120, "cannot be empty"),
    ];
    for (operation, many, minutes, said) in cases {
        let mut input = json!({"cluster": "orders", "tasks": vec!["0123"; many]});
        if operation == "UpdateTaskProtection" {
            input["protectionEnabled"] = json!(true);
            input["expiresInMinutes"] = json!(minutes);
        }
        let message = refusal(&mut stage, operation, &input);
        assert!(message.contains(said), "{operation}: {message}");
    }
}

#[test]
fn a_worker_protects_itself_as_soon_as_it_runs() {
    let mut stage = Stage::new();
    stage
        .world
        .ecs
        .protecting_images
        .insert("app:v1".to_owned(), 30);
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    stage.update(&json!({"desiredCount": 0}));
    stage.seconds(30 * 60 - 100);
    assert_eq!(stage.described()["runningCount"], 1);
    stage.seconds(60);
    assert_eq!(stage.described()["runningCount"], 0);
}
