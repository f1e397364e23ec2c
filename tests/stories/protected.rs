//! Tasks that protect themselves from scale-in, as AWS recommends it to workers of a queue.

mod going_on;
mod rolled_back;

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Entrance, Script, Stage, Version},
    world::{Principal, ecs},
};
use serde_json::{Value, json};

use crate::play::Play;

fn call(play: &Play, principal: &str, service: &str, operation: &str, input: &Value) -> Value {
    let principal = Principal(principal.to_owned());
    let answer = play.account.call_as(&principal, service, operation, input);
    answer.expect("the account does it")
}

fn ecs(play: &Play, operation: &str, mut input: Value) -> Value {
    input["cluster"] = stage::CLUSTER.into();
    call(play, "somebody", "ecs", operation, &input)
}

/// ARNs of the canary's tasks that are to run.
fn running(play: &Play) -> Value {
    let input = json!({ "serviceName": stage::CANARY, "desiredStatus": "RUNNING" });
    ecs(play, "ListTasks", input)["taskArns"].clone()
}

/// A canary that is to have no tasks, and has those of v2 that protect themselves; answers their ARNs.
async fn left_over() -> (Play, Value) {
    let v2 = Version::new("v2", Behaviour::Works).protected_for(60);
    let play = Play::begin(&Stage::default(), Script::new([v2])).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.suspend_schedule();
    let nothing = json!({ "service": stage::CANARY, "desiredCount": 0 });
    ecs(&play, "UpdateService", nothing);
    play.pass(Duration::from_mins(2)).await;
    let left = running(&play);
    assert_ne!(left, json!([]));
    (play, left)
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_protects_itself_outlives_its_scale_in() {
    let (play, tasks) = left_over().await;
    let first = &tasks[0];
    let protection = ecs(&play, "GetTaskProtection", json!({ "tasks": [first] }));
    assert_eq!(protection["protectedTasks"][0]["protectionEnabled"], true);
    let described = ecs(&play, "DescribeTasks", json!({ "tasks": [first] }));
    assert_eq!(described["tasks"][0]["desiredStatus"], "RUNNING");
    let input = json!({ "tasks": tasks, "protectionEnabled": false });
    ecs(&play, "UpdateTaskProtection", input);
    play.pass(Duration::from_mins(1)).await;
    assert_eq!(running(&play), json!([]));
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_a_protected_candidate_gives_its_message_back() {
    let (play, tasks) = left_over().await;
    let Entrance::Queue { url, .. } = &play.scene.entrance else {
        panic!("the default example has a queue");
    };
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 1 });
    let held = loop {
        let received = call(&play, ecs::TASK_PRINCIPAL, "sqs", "ReceiveMessage", &input);
        match received["Messages"].get(0) {
            Some(message) => break message["MessageId"].clone(),
            None => play.pass(Duration::from_millis(300)).await,
        }
    };
    assert!(!play.is_processed(held.as_str().unwrap()));
    for task in tasks.as_array().unwrap() {
        ecs(
            &play,
            "StopTask",
            json!({ "task": task, "reason": "v2 was rolled back" }),
        );
    }
    play.pass(Duration::from_mins(1)).await;
    assert_eq!(running(&play), json!([]));
    let stopped = ecs(&play, "DescribeTasks", json!({ "tasks": tasks }))["tasks"][0].clone();
    assert_eq!(stopped["stopCode"], "UserInitiated");
    assert_eq!(stopped["stoppedReason"], "v2 was rolled back");
    assert!(play.is_processed(held.as_str().unwrap()));
    assert_eq!(play.lost(), [""; 0]);
}
