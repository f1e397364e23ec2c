//! What such a service is, and what it refuses.

use serde_json::json;

use super::*;

#[test]
fn without_a_task_set_it_runs_nothing_and_says_no_task_definition() {
    let mut stage = external(2);
    stage.seconds(60);
    let service = stage.described();
    assert_eq!(service["deployments"], json!([]));
    assert_eq!(service["taskSets"], json!([]));
    assert_eq!(service["desiredCount"], 2);
    assert_eq!(service["runningCount"], 0);
    assert_eq!(service["events"], json!([]));
    assert_eq!(service.get("taskDefinition"), None);
    assert_eq!(service.get("networkConfiguration"), None);
    // AWS: published outputs of `CreateService` have it.
    assert_eq!(service["launchType"], "EC2");
}

#[test]
fn the_primary_task_set_gives_the_service_what_it_runs() {
    let mut stage = external(1);
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::Runs);
    let [first, second] = [&v1, &v2].map(|version| stage.create_set(version, 100.0));
    assert_eq!(stage.described().get("taskDefinition"), None);
    assert_eq!(stage.make_primary(&first)["status"], "PRIMARY");
    let service = stage.described();
    assert_eq!(service["taskDefinition"], json!(v1));
    assert_eq!(service["launchType"], "FARGATE");
    assert_eq!(service["platformVersion"], "1.4.0");
    stage.make_primary(&second);
    assert_eq!(stage.described()["taskDefinition"], json!(v2));
    assert_eq!(stage.statuses(), ["ACTIVE", "PRIMARY"]);
}

#[test]
fn it_is_created_without_what_its_task_sets_have() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    for (member, value, expected) in [
        ("taskDefinition", json!(v1), "TaskDefinition must be blank"),
        ("launchType", json!("FARGATE"), "LaunchType must be blank"),
    ] {
        let mut input = service(1);
        input[member] = value;
        let fault = create_service(&mut stage.world, &input).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterException");
        assert_eq!(fault.message, expected);
    }
    let mut input = service(1);
    input["deploymentConfiguration"] = super::super::breaker(true);
    create_service(&mut stage.world, &input).expect_err("it has no circuit breaker");
}

#[test]
fn only_its_count_its_grace_period_and_its_tags_can_be_updated() {
    let (mut stage, _) = Stage::stable(1);
    let allowed = json!({
        "desiredCount": 2,
        "healthCheckGracePeriodSeconds": 30,
        "enableECSManagedTags": true,
        "propagateTags": "SERVICE",
        "deploymentConfiguration": {"maximumPercent": 200},
    });
    let service = stage.update(&allowed);
    assert_eq!(service["desiredCount"], 2);
    assert_eq!(service["healthCheckGracePeriodSeconds"], 30);
    let v2 = stage.version("v2", Behaviour::Runs);
    for (refused, expected) in [
        (
            json!({"taskDefinition": v2}),
            "Unable to update task definition on services with a EXTERNAL deployment controller.",
        ),
        (
            json!({"forceNewDeployment": true}),
            "Cannot force a new deployment on services with a EXTERNAL deployment controller.",
        ),
        (
            json!({"deploymentConfiguration": {"maximumPercent": 150}}),
            "Unable to update deployment configuration on services with a EXTERNAL deployment controller.",
        ),
    ] {
        let (code, message) = stage.refuses("UpdateService", &refused);
        assert_eq!(code, "InvalidParameterException");
        assert_eq!(message, expected);
    }
    assert_eq!(stage.described()["deployments"], json!([]));
}

#[test]
fn other_services_have_no_task_sets() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    assert_eq!(stage.described().get("taskSets"), None);
    let expected = "Amazon ECS only supports task set management on services configured to use external deployment controllers.";
    let (id, scale) = (json!("ecs-svc/1"), json!({"value": 1.0}));
    for (operation, input) in [
        ("CreateTaskSet", json!({"taskDefinition": v1})),
        ("DescribeTaskSets", json!({"taskSets": [id]})),
        ("UpdateTaskSet", json!({"taskSet": id, "scale": scale})),
        ("UpdateServicePrimaryTaskSet", json!({"primaryTaskSet": id})),
        ("DeleteTaskSet", json!({"taskSet": id})),
    ] {
        let (code, message) = stage.refuses(operation, &input);
        assert_eq!(code, "InvalidParameterException");
        assert_eq!(message, expected);
    }
}

#[test]
fn it_can_be_deleted_by_force_only_while_it_has_task_sets() {
    let (mut stage, _) = Stage::stable(1);
    let (_, message) = stage.refuses("DeleteService", &json!({}));
    assert_eq!(
        message,
        "The service cannot be stopped while it is scaled above 0."
    );
    stage.update(&json!({"desiredCount": 0}));
    stage.seconds(60);
    let (_, message) = stage.refuses("DeleteService", &json!({}));
    assert_eq!(
        message,
        "The service cannot be stopped while deployments are active."
    );
    let force = json!({"force": true});
    let answer = stage.of_app("DeleteService", &force).unwrap();
    assert_eq!(answer["service"]["status"], "DRAINING");
    assert_eq!(stage.statuses(), ["DRAINING"]);
    stage.seconds(60);
    assert_eq!(stage.described()["status"], "INACTIVE");
    assert!(super::super::super::is_gone(&stage.world, "orders", "app"));
}
