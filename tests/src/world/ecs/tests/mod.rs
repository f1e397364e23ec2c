//! Stories about services, told with scripted containers.

mod balanced;
mod documents;
mod images;
mod property;
mod protected;
mod sizes;
mod stage;
mod task_sets;
mod zones;

use std::time::Duration;

use serde_json::{Value, json};

use super::{super::World, Signal, metadata};
use stage::{Behaviour, Stage};

fn breaker(rollback: bool) -> Value {
    json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}})
}

/// Tasks of `app` that run and that count as healthy, and all that are not being stopped.
fn counts(world: &World) -> (usize, usize) {
    let wanted = world.ecs.tasks.iter().filter(|task| task.is_wanted());
    let healthy = world
        .ecs
        .tasks
        .iter()
        .filter(|task| task.liveness(world) == Some(super::scheduler::Liveness::Healthy));
    (healthy.count(), wanted.count())
}

#[test]
fn a_rolling_update_never_falls_below_the_minimum_healthy_percent_nor_above_the_maximum() {
    for (minimum, maximum, watch) in [
        (100, 200, (|world| bounds(world, 4, 8)) as fn(&World)),
        (50, 100, |world| bounds(world, 2, 4)),
        (75, 150, |world| bounds(world, 3, 6)),
        (0, 100, |world| bounds(world, 0, 4)),
    ] {
        let mut stage = Stage::new();
        let v1 = stage.version("v1", Behaviour::Runs);
        let v2 = stage.version("v2", Behaviour::HealthyAfter(25));
        let configuration = json!({"minimumHealthyPercent": minimum, "maximumPercent": maximum});
        stage.service(&v1, 4, &configuration);
        stage.watch = watch;
        stage.update(&json!({"taskDefinition": v2}));
        stage.seconds(300);
        let service = stage.described();
        assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        assert_eq!(service["deployments"][0]["taskDefinition"], json!(v2));
        assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
        assert_eq!(service["runningCount"], 4);
    }
}

fn bounds(world: &World, fewest: usize, most: usize) {
    let (healthy, live) = counts(world);
    assert!(healthy >= fewest, "{healthy} healthy tasks");
    assert!(live <= most, "{live} pending and running tasks");
}

#[test]
fn an_update_shows_two_deployments_until_the_last_old_task_is_gone() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.service(&v1, 2, &json!({}));
    let answer = stage.update(&json!({"taskDefinition": v2}));
    let [new, old] = answer["deployments"].as_array().unwrap().as_slice() else {
        panic!("{answer}");
    };
    assert_eq!(new["status"], "PRIMARY");
    assert_eq!(new["rolloutState"], "IN_PROGRESS");
    assert_eq!(old["status"], "ACTIVE");
    assert_eq!(old["rolloutState"], "COMPLETED");
    stage.seconds(55);
    let between = stage.described();
    assert_eq!(between["runningCount"], 2, "the old ones stopped running");
    assert_eq!(between["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(between["deployments"].as_array().unwrap().len(), 2);
    stage.seconds(20);
    let after = stage.described();
    assert_eq!(after["deployments"].as_array().unwrap().len(), 1);
    let id = new["id"].as_str().unwrap();
    assert_eq!(
        after["deployments"][0]["rolloutStateReason"],
        format!("ECS deployment {id} completed.")
    );
    let events = stage.events();
    assert_eq!(events[0], "(service app) has reached a steady state.");
    assert_eq!(
        events[1],
        format!("(service app) (deployment {id}) deployment completed.")
    );
    assert!(events[2].starts_with("(service app) has stopped 2 running tasks: (task "));
}

#[test]
fn a_failing_image_trips_the_circuit_breaker_after_three_tasks_and_the_service_goes_back() {
    for behaviour in [
        Behaviour::CannotBePulled,
        Behaviour::CrashesAfter(2),
        Behaviour::UnhealthyAfter(20),
    ] {
        let mut stage = Stage::new();
        let v1 = stage.version("v1", Behaviour::Runs);
        let v2 = stage.version("v2", behaviour);
        stage.service(&v1, 1, &breaker(true));
        let first = stage.described()["deployments"][0]["id"].clone();
        let tasks_before = stage.ever_created();
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-2"]}});
        let failing = stage.update(&json!({"taskDefinition": v2, "networkConfiguration": network}));
        assert_eq!(failing["networkConfiguration"], network);
        let failed = failing["deployments"][0]["id"].as_str().unwrap().to_owned();
        stage.seconds(180);
        let service = stage.described();
        assert_eq!(stage.ever_created() - tasks_before, 3, "{behaviour:?}");
        assert_eq!(service["taskDefinition"], json!(v1));
        assert_eq!(service.get("networkConfiguration"), None);
        assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        assert_eq!(service["deployments"][0]["id"], first);
        assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
        let events = stage.events();
        let told = |text: &str| events.iter().any(|event| event == text);
        assert!(told(&format!(
            "(service app) (deployment {failed}) deployment failed: tasks failed to start."
        )));
        assert!(told(&format!(
            "(service app) rolling back to deployment {}.",
            first.as_str().unwrap()
        )));
        assert_eq!(counts(&stage.world), (1, 1));
    }
}

#[test]
fn while_it_rolls_back_the_failed_deployment_is_listed_with_its_reason() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::CrashesAfter(1));
    stage.service(&v1, 4, &breaker(true));
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(12);
    let service = stage.described();
    let [back, failed] = service["deployments"].as_array().unwrap().as_slice() else {
        panic!("{service}");
    };
    assert_eq!(back["status"], "PRIMARY");
    assert_eq!(back["rolloutState"], "IN_PROGRESS");
    assert_eq!(
        back["rolloutStateReason"],
        format!(
            "ECS deployment circuit breaker: rolling back to deploymentId {}.",
            back["id"].as_str().unwrap()
        )
    );
    assert_eq!(failed["status"], "ACTIVE");
    assert_eq!(failed["rolloutState"], "FAILED");
    assert_eq!(failed["failedTasks"], 4);
    assert_eq!(
        failed["rolloutStateReason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
}

#[test]
fn without_rollback_the_deployment_is_failed_and_nothing_more_starts() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::CrashesAfter(1));
    stage.service(&v1, 2, &breaker(false));
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(60);
    let created = stage.ever_created();
    stage.seconds(600);
    assert_eq!(stage.ever_created(), created);
    let service = stage.described();
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(v2));
    assert_eq!(
        service["deployments"][1]["runningCount"], 2,
        "v1 still runs"
    );
}

#[test]
fn a_deployment_that_fails_during_a_rollback_has_nothing_to_go_back_to() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::CrashesAfter(1));
    let v3 = stage.version("v3", Behaviour::CannotBePulled);
    stage.service(&v1, 4, &breaker(true));
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(12);
    stage.update(&json!({"taskDefinition": v3}));
    stage.seconds(120);
    let service = stage.described();
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(v3));
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["runningCount"], 4, "v1 still runs");
}

#[test]
fn a_deployment_that_is_superseded_while_in_progress_gives_way() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::HealthyAfter(1000));
    let v3 = stage.version("v3", Behaviour::HealthyAfter(5));
    stage.service(&v1, 2, &json!({}));
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(30);
    let answer = stage.update(&json!({"taskDefinition": v3}));
    assert_eq!(answer["deployments"].as_array().unwrap().len(), 3);
    assert_eq!(answer["deployments"][1]["rolloutState"], "IN_PROGRESS");
    stage.seconds(60);
    let service = stage.described();
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(v3));
}

#[test]
fn without_circuit_breaker_a_service_that_cannot_start_tasks_tries_ever_more_rarely() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::CannotBePulled);
    stage.service(&v1, 1, &json!({}));
    stage.seconds(3600 - stage.elapsed());
    let in_the_first_hour = stage.ever_created();
    stage.seconds(3600);
    let in_the_second_hour = stage.ever_created() - in_the_first_hour;
    assert!(in_the_second_hour < in_the_first_hour);
    assert!(in_the_second_hour >= 2, "it never gives up");
    let service = stage.described();
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    let complaint = "(service app) is unable to consistently start tasks successfully.";
    let events = stage.events();
    assert_eq!(events.iter().filter(|event| *event == complaint).count(), 1);
}

#[test]
fn desired_zero_is_steady_at_once() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::CannotBePulled);
    stage.service(&v1, 2, &json!({}));
    stage.update(&json!({"desiredCount": 0}));
    stage.seconds(1);
    let service = stage.described();
    assert_eq!(service["runningCount"], 0);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    stage.seconds(60);
    stage.update(&json!({"taskDefinition": v2}));
    stage.seconds(1);
    let service = stage.described();
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(v2));
}

#[test]
fn a_changed_desired_count_starts_no_deployment_and_the_rollout_stays_completed() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    let before = stage.described()["deployments"][0]["id"].clone();
    let answer = stage.update(&json!({"desiredCount": 3, "taskDefinition": v1}));
    assert_eq!(answer["desiredCount"], 3);
    stage.seconds(1);
    let service = stage.described();
    assert_eq!(service["deployments"][0]["id"], before);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["pendingCount"], 2);
    stage.seconds(60);
    assert_eq!(stage.described()["runningCount"], 3);
    let forced = stage.update(&json!({"forceNewDeployment": true}));
    assert_ne!(forced["deployments"][0]["id"], before);
}

#[test]
fn a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::IgnoresSigterm);
    stage.service(&v1, 1, &json!({}));
    stage.update(&json!({"desiredCount": 0}));
    stage.seconds(31);
    assert_eq!(stage.tasks("STOPPED")[0]["lastStatus"], "STOPPING");
    stage.seconds(29);
    let [(term, Signal::Term), (kill, Signal::Kill)] = stage.signals.as_slice() else {
        panic!("{:?}", stage.signals);
    };
    assert_eq!(kill - term, 30);
    let task = &stage.tasks("STOPPED")[0];
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
    assert_eq!(task["containers"][0]["exitCode"], 137);
    stage.seconds(3600);
    assert!(stage.tasks("STOPPED").is_empty(), "forgotten after an hour");
}

#[test]
fn a_task_that_turns_unhealthy_is_replaced() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::HealthyAfter(5));
    stage.service(&v1, 2, &json!({}));
    let sick = stage.tasks("RUNNING")[0]["taskArn"].clone();
    super::task_health(
        &mut stage.world,
        sick.as_str().unwrap(),
        super::Health::Unhealthy,
    );
    stage.seconds(60);
    let gone = &stage.tasks("STOPPED")[0];
    assert_eq!(gone["taskArn"], sick);
    assert_eq!(gone["stoppedReason"], "Task failed container health checks");
    assert_eq!(stage.described()["runningCount"], 2);
    assert!(
        stage
            .events()
            .iter()
            .any(|event| event.ends_with("Amazon ECS replaced 1 tasks due to an unhealthy status."))
    );
}

#[test]
fn a_stopped_task_names_its_user_and_is_replaced() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    let task = stage.tasks("RUNNING")[0]["taskArn"].clone();
    let input = json!({"cluster": "orders", "task": task, "reason": "by hand"});
    let answer = stage.call("StopTask", &input).unwrap();
    assert_eq!(answer["task"]["lastStatus"], "DEACTIVATING");
    stage.seconds(60);
    let gone = &stage.tasks("STOPPED")[0];
    assert_eq!(gone["stopCode"], "UserInitiated");
    assert_eq!(gone["stoppedReason"], "by hand");
    assert_eq!(stage.described()["runningCount"], 1);
}

#[test]
fn a_task_learns_from_the_metadata_endpoint_which_service_and_revision_it_is() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    let arn = stage.tasks("RUNNING")[0]["taskArn"].clone();
    let arn = arn.as_str().unwrap();
    let task = metadata(&stage.world, arn.rsplit_once('/').unwrap().1, "/task").unwrap();
    assert_eq!(task["ServiceName"], "app");
    assert_eq!(task["Family"], "app");
    assert_eq!(task["Revision"], "1");
    assert_eq!(task["KnownStatus"], "RUNNING");
    let container = metadata(&stage.world, arn.rsplit_once('/').unwrap().1, "").unwrap();
    assert_eq!(task["Containers"], json!([container]));
    assert_eq!(container["Image"], "app:v1");
    assert_eq!(
        metadata(&stage.world, arn.rsplit_once('/').unwrap().1, "/stats"),
        None
    );
}

#[test]
fn a_read_that_lags_shows_the_old_deployment_right_after_an_update() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    stage.world.ecs.read_lag = Duration::from_secs(5);
    let answer = stage.update(&json!({"taskDefinition": v2}));
    assert_eq!(
        answer["taskDefinition"],
        json!(v2),
        "writes answer the truth"
    );
    stage.seconds(4);
    assert_eq!(stage.described()["taskDefinition"], json!(v1));
    stage.seconds(1);
    assert_eq!(stage.described()["taskDefinition"], json!(v2));
}

#[test]
fn a_deleted_service_drains_and_cannot_be_updated() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    super::delete_service(&mut stage.world, "orders", "app");
    assert_eq!(stage.described()["status"], "DRAINING");
    let input = json!({"cluster": "orders", "service": "app", "desiredCount": 1});
    let fault = stage.call("UpdateService", &input).unwrap_err();
    assert_eq!(fault.code, "ServiceNotActiveException");
    stage.seconds(60);
    assert_eq!(stage.described()["status"], "INACTIVE");
}
