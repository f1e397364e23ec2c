use serde_json::json;

use super::*;
use crate::fixtures::{candidate, release, stable};

fn service() -> ServiceName {
    "orders".try_into().expect("a name")
}

fn shown(controller: &str, sets: &Value, deployments: &Value) -> String {
    json!({"services": [{
        "serviceName": "orders", "status": "ACTIVE", "desiredCount": 4, "deploymentController": {"type": controller},
        "taskSets": sets, "deployments": deployments,
    }]})
    .to_string()
}

fn set_shown(id: &str, status: &str) -> Value {
    json!({
        "id": id, "status": status, "taskDefinition": stable(), "computedDesiredCount": 2, "runningCount": 1, "pendingCount": 1,
        "scale": {"value": 50.0, "unit": "PERCENT"}, "stabilityStatus": "STABILIZING", "externalId": "blue",
        "launchType": "FARGATE", "loadBalancers": [],
    })
}

fn told(text: &str) -> String {
    match read(&service(), text).expect("it can be read") {
        Some(Ok(external)) => external.to_string(),
        Some(Err(error)) => error.to_string(),
        None => "not there".to_owned(),
    }
}

#[test]
fn a_service_is_seen_with_all_its_sets() {
    let sets = json!([
        set_shown("ecs-svc/1", "PRIMARY"),
        set_shown("ecs-svc/2", "DRAINING")
    ]);
    assert_eq!(
        told(&shown("EXTERNAL", &sets, &json!([]))),
        "orders, 4 tasks: ecs-svc/1 (PRIMARY) on orders:7, 1 of 2 tasks, STABILIZING; ecs-svc/2 (DRAINING) on orders:7, 1 of 2 tasks, \
         STABILIZING"
    );
    assert_eq!(
        told(&shown("EXTERNAL", &json!([]), &json!([]))),
        "orders, 4 tasks: no task set"
    );
    assert_eq!(told(r#"{"services": [], "failures": []}"#), "not there");
}

#[test]
fn a_service_that_ecs_deploys_itself_is_refused_with_what_to_do() {
    assert_eq!(
        told(&shown("ECS", &json!([]), &json!([]))),
        "TARGET: field service: service orders uses the deployment controller ECS, and task sets need EXTERNAL. Change it \
         (ecs:UpdateService, deploymentController), or use a traffic model of two services"
    );
    let of_ecs = json!([{"serviceConnectConfiguration": {"enabled": true}}]);
    let read = read(&service(), &shown("EXTERNAL", &json!([]), &of_ecs)).unwrap();
    let deployed = read.unwrap().unwrap().deployed;
    assert_eq!(deployed, Some(Deployed { connects: true }));
}

#[test]
fn a_set_is_made_without_a_task_and_launched_as_the_one_beside_it() {
    let cluster = ClusterName::try_from("orders").unwrap();
    let (launch, service) = (json!({"launchType": "FARGATE"}), service());
    let set = NewSet {
        release: release(),
        replaces: Some("ecs-svc/1".try_into().unwrap()),
        task_definition: candidate(),
        launch: Launch(launch.as_object().unwrap().clone()),
        token: token(&["orders/orders", release().as_str(), "candidate"]),
    };
    let input: Value = serde_json::from_str(&creation((&cluster, &service), &set)).unwrap();
    assert_eq!(input["scale"], json!({"value": 0.0, "unit": "PERCENT"}));
    assert_eq!(input["externalId"], json!(release()));
    assert_eq!(input["launchType"], "FARGATE");
    assert_eq!(
        input["tags"][1],
        json!({"key": "canary:replaces", "value": "ecs-svc/1"})
    );
    assert_eq!(input["clientToken"].as_str().map(str::len), Some(32));
}
