//! The example of task sets: its stack has none of them, and lets those of releases be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{super::Account, changes_and_ends, lives_and_ends, with_image};
use crate::world::{Principal, ecs};

impl Account {
    /// Asks something of the example's service of task sets.
    fn asks_of_the_service(&mut self, operation: &str, mut input: Value) -> Value {
        input["cluster"] = json!("orders");
        let service = if operation == "DescribeServices" {
            "services"
        } else {
            "service"
        };
        input[service] = if service == "services" {
            json!(["orders"])
        } else {
            json!("orders")
        };
        let by = Principal("deploy-canary".to_owned());
        ecs::call(&mut self.0, operation, &input, &by).expect("an answer")
    }

    /// What a release has made of the service, less the counts that follow from it.
    fn sets(&mut self) -> Vec<[Value; 4]> {
        let answer = self.asks_of_the_service("DescribeServices", json!({}));
        let sets = answer["services"][0]["taskSets"]
            .as_array()
            .expect("sets")
            .iter();
        let of =
            |set: &Value| ["id", "status", "taskDefinition", "scale"].map(|it| set[it].clone());
        sets.map(of).collect()
    }
}

#[test]
fn an_update_touches_no_task_set_and_the_stack_ends_with_those_of_releases() {
    let (mut account, image) = with_image();
    let mut parameters = BTreeMap::from([("Image", image)]);
    let created = account.deploys("task-sets.yaml", &parameters);
    assert_eq!(created, "CREATE_COMPLETE", "{:#?}", account.failures());
    let network =
        json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"], "securityGroups": ["sg-1"] } });
    for scale in [100.0, 0.0] {
        let input = json!({ "taskDefinition": "orders:1", "launchType": "FARGATE", "networkConfiguration": network,
            "scale": { "value": scale, "unit": "PERCENT" } });
        let made = account.asks_of_the_service("CreateTaskSet", input);
        if scale > 0.0 {
            let id = made["taskSet"]["id"].clone();
            account.asks_of_the_service(
                "UpdateServicePrimaryTaskSet",
                json!({ "primaryTaskSet": id }),
            );
        }
    }
    account.lives(60);
    let before = account.sets();
    assert_eq!(before.len(), 2);
    for (parameter, value) in [
        ("StopTimeoutSeconds", "20"),
        ("ServiceMinTasks", "3"),
        ("ErrorPercent", "8"),
    ] {
        parameters.insert(parameter, value.to_owned());
        let updated = account.deploys("task-sets.yaml", &parameters);
        assert_eq!(
            updated,
            "UPDATE_COMPLETE",
            "{parameter}: {:#?}",
            account.failures()
        );
        assert_eq!(account.sets(), before, "{parameter}");
    }
    account.call("DeleteStack", &json!({ "StackName": "orders" }));
    account.lives(600);
    assert_eq!(account.stack(), None, "{:#?}", account.failures());
}

const TASK_SETS_CHANGES: [(&str, &str); 16] = [
    ("ServiceMinTasks", "3"),
    ("ServiceMaxTasks", "30"),
    ("StopTimeoutSeconds", "20"),
    ("Steps", r#"[{"weight":20,"bakeMinutes":1}]"#),
    ("FurtherSteps", ""),
    ("PromotionBakeSeconds", "60"),
    ("MaxTaskExits", "3"),
    ("Verdict", "tell"),
    ("Evidence", r#"{"alpha":0.05}"#),
    ("GuardMinutes", "30"),
    ("ErrorPercent", "8"),
    ("FewestAttempts", "50"),
    ("SourceObjectKey", "other.zip"),
    ("TaskDefinition", "taskdef.json"),
    ("NotificationEmail", "me@example.com"),
    ("LogRetentionDays", "90"),
];

#[test]
fn every_parameter_of_the_task_sets_example_can_be_changed() {
    let of_the_queue = [
        ("VisibilityTimeoutSeconds", "45"),
        ("MaxReceives", "7"),
        ("Mode", "constantTotal"),
        ("MaxTasks", "30"),
        ("MaxDeadLetters", "3"),
        ("GuardMaxDeadLetters", "3"),
        ("StalledPercent", "5"),
        ("BacklogSeconds", "600"),
    ];
    lives_and_ends(
        "task-sets.yaml",
        &[&TASK_SETS_CHANGES[..], &of_the_queue].concat(),
    );
}

#[test]
fn the_task_sets_example_behind_a_load_balancer_can_be_changed_and_ends() {
    let (mut account, image) = with_image();
    let parameters = BTreeMap::from([("Image", image), ("WorkFrom", "alb".to_owned())]);
    let of_the_balancer = [
        // As deploy.sh gives it after a promotion.
        ("Stable", "green"),
        ("ClientCidr", "192.0.2.0/24"),
        ("DeregistrationDelaySeconds", "60"),
        ("DrainStep", "10"),
        ("DrainIntervalSeconds", "20"),
        ("MinTasks", "2"),
        ("MaxUnhealthyTargets", "1"),
        ("LatencySeconds", "2.5"),
    ];
    let changes = [&TASK_SETS_CHANGES[..], &of_the_balancer].concat();
    changes_and_ends(&mut account, "task-sets.yaml", parameters, &changes);
}
