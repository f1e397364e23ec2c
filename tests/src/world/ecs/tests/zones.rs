//! Tasks in several Availability Zones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::{Behaviour, Stage};
use crate::world::World;

/// A steady service of four tasks in one zone.
fn service(configuration: &Value) -> Stage {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 4, configuration);
    stage
}

/// How many tasks run in each zone.
fn zones(stage: &mut Stage) -> BTreeMap<String, usize> {
    let mut zones = BTreeMap::new();
    for task in stage.tasks("RUNNING") {
        let zone = task["availabilityZone"].as_str().unwrap_or_default();
        *zones.entry(zone.to_owned()).or_default() += 1;
    }
    zones
}

fn spread<const N: usize>(zones: [(&str, usize); N]) -> BTreeMap<String, usize> {
    zones.map(|(zone, tasks)| (zone.to_owned(), tasks)).into()
}

fn healthy(world: &World) -> usize {
    super::counts(world).0
}

#[test]
fn new_tasks_go_where_the_service_has_fewest() {
    let mut stage = Stage::new();
    stage.world.ecs.zones = 3;
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 4, &json!({}));
    let expected = [
        ("eu-central-1a", 2),
        ("eu-central-1b", 1),
        ("eu-central-1c", 1),
    ];
    assert_eq!(zones(&mut stage), spread(expected));
    stage.seconds(120);
    assert_eq!(stage.ever_created(), 4, "that is balanced");
}

#[test]
fn a_service_that_is_unevenly_spread_is_rebalanced_a_replacement_first() {
    let mut stage = service(&json!({}));
    let deployment = stage.described()["deployments"][0]["id"].clone();
    let deployment = deployment.as_str().unwrap_or_default().to_owned();
    stage.watch = |world| assert!(healthy(world) >= 4, "{} healthy tasks", healthy(world));
    stage.world.ecs.zones = 2;
    stage.seconds(300);
    assert_eq!(
        zones(&mut stage),
        spread([("eu-central-1a", 2), ("eu-central-1b", 2)])
    );
    let gone = stage.tasks("STOPPED");
    assert_eq!(gone.len(), 2);
    for task in &gone {
        assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
        let reason = format!("Scaling activity initiated by (deployment {deployment})");
        assert_eq!(task["stoppedReason"], reason);
        assert_eq!(task["availabilityZone"], "eu-central-1a");
    }
    let service = stage.described();
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(
        (&service["runningCount"], &service["desiredCount"]),
        (&json!(4), &json!(4))
    );
}

#[test]
fn its_events_tell_the_rebalancing_from_beginning_to_end() {
    let mut stage = service(&json!({}));
    stage.world.ecs.zones = 2;
    let before = stage.events().len();
    stage.seconds(300);
    let mut told = stage.events();
    told.truncate(told.len() - before);
    told.reverse();
    let ids = regex::Regex::new(r"\(task \w+\)").expect("a pattern");
    let told: Vec<_> = told.iter().map(|it| ids.replace(it, "(task)")).collect();
    let moved = [
        "(service app) has started 1 tasks in eu-central-1b to AZ Rebalance: (task).",
        "(service app) has stopped 1 running tasks in eu-central-1a due to AZ rebalancing: (task).",
        "(service app) has reached a steady state.",
    ];
    let begins = "(service app) is not AZ balanced with 4 tasks in eu-central-1a, 0 tasks in eu-central-1b. AZ \
                  Rebalancing in progress.";
    let ends =
        "(service app) is AZ balanced with 2 tasks in eu-central-1a, 2 tasks in eu-central-1b.";
    let expected = [&[begins][..], &moved, &moved, &[ends]].concat();
    assert_eq!(told, expected);
}

#[test]
fn without_rebalancing_tasks_stay_where_they_are() {
    let mut stage = service(&json!({}));
    let service = stage.update(&json!({"availabilityZoneRebalancing": "DISABLED"}));
    assert_eq!(service["availabilityZoneRebalancing"], "DISABLED");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    stage.world.ecs.zones = 2;
    stage.seconds(300);
    assert_eq!(zones(&mut stage), spread([("eu-central-1a", 4)]));
    assert_eq!(stage.ever_created(), 4);
    stage.update(&json!({"availabilityZoneRebalancing": "ENABLED"}));
    stage.seconds(300);
    assert_eq!(
        zones(&mut stage),
        spread([("eu-central-1a", 2), ("eu-central-1b", 2)])
    );
}

#[test]
fn a_deployment_takes_precedence_over_rebalancing() {
    let mut stage = service(&json!({}));
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.world.ecs.zones = 2;
    stage.seconds(5);
    let service = stage.update(&json!({"taskDefinition": v2}));
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(2));
    stage.seconds(300);
    let service = stage.described();
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(
        zones(&mut stage),
        spread([("eu-central-1a", 2), ("eu-central-1b", 2)])
    );
}

#[test]
fn protected_tasks_are_not_moved() {
    let mut stage = service(&json!({}));
    let tasks = stage
        .tasks("RUNNING")
        .into_iter()
        .map(|task| task["taskArn"].clone());
    let tasks: Vec<Value> = tasks.take(3).collect();
    let protect = json!({"cluster": "orders", "tasks": tasks, "protectionEnabled": true});
    stage.call("UpdateTaskProtection", &protect).unwrap();
    stage.world.ecs.zones = 2;
    stage.seconds(300);
    assert_eq!(
        zones(&mut stage),
        spread([("eu-central-1a", 3), ("eu-central-1b", 1)])
    );
}

#[test]
fn rebalancing_needs_room_for_a_replacement() {
    let tight = json!({"minimumHealthyPercent": 50, "maximumPercent": 100});
    let mut stage = service(&tight);
    assert_eq!(stage.described()["availabilityZoneRebalancing"], "DISABLED");
    let enable = json!({
        "cluster": "orders",
        "service": "app",
        "availabilityZoneRebalancing": "ENABLED",
    });
    let fault = stage.call("UpdateService", &enable).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
    assert_eq!(
        fault.message,
        "The service couldn't be updated because Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration."
    );
    let both = json!({"availabilityZoneRebalancing": "ENABLED", "deploymentConfiguration": {"maximumPercent": 150}});
    assert_eq!(
        stage.update(&both)["availabilityZoneRebalancing"],
        "ENABLED"
    );
    let mut tighten = enable;
    tighten["availabilityZoneRebalancing"] = Value::Null;
    tighten["deploymentConfiguration"] = tight;
    let fault = stage.call("UpdateService", &tighten).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
}
