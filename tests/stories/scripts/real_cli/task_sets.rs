//! The example of task sets, whose sets are in no stack, and whose groups change places with every promotion.

use serde_json::{Value, json};

use super::{Desk, deleting::nothing_is_left};

const OPTIONS: [&str; 3] = ["--task-sets", "--parameter", "WorkFrom=alb"];

#[test]
fn a_service_is_deployed_keeps_its_sets_and_weights_over_an_update_and_is_destroyed() {
    let Some(desk) = Desk::new() else { return };
    let said = desk.run("deploy.sh", &OPTIONS, "").succeeded();
    assert!(
        said.contains("The first release makes the first task set too"),
        "{said}"
    );
    assert_eq!(desk.status("orders").as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(sets(&desk), json!([]));
    released(&desk);
    an_update_leaves_sets_and_weights(&desk);
    an_update_is_refused_beside_a_set_with_tasks(&desk);
    let said = desk.run("destroy.sh", &["--yes"], "").succeeded();
    assert!(
        said.contains("\n  service orders with its task sets\n"),
        "{said}"
    );
    nothing_is_left(&desk);
}

/// What the service has: status and scale of each.
fn sets(desk: &Desk) -> Value {
    let input = json!({ "cluster": "orders", "services": ["orders"] });
    let services = desk.call("ecs", "DescribeServices", &input);
    let sets = services["services"][0]["taskSets"]
        .as_array()
        .expect("sets");
    let told = |set: &Value| json!([set["status"], set["scale"]["value"]]);
    sets.iter().map(told).collect()
}

/// Weights of the rule: blue's and green's.
fn weights(desk: &Desk) -> Value {
    let input = json!({ "RuleArns": [desk.output("ListenerRuleArn")] });
    let rules = desk.call("elasticloadbalancing", "DescribeRules", &input);
    let groups = &rules["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"];
    let groups = groups.as_array().expect("groups").iter();
    groups.map(|group| group["Weight"].clone()).collect()
}

/// What a promotion leaves behind: the first set without a task, the candidate's PRIMARY in the other group, which has all requests.
fn released(desk: &Desk) {
    let [blue, green] = ["BlueTargetGroupArn", "GreenTargetGroupArn"].map(|key| desk.output(key));
    let mut primary = Value::Null;
    for (group, scale) in [(&blue, 0.0), (&green, 100.0)] {
        let input = json!({
            "cluster": "orders", "service": "orders", "taskDefinition": "orders:1", "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"], "securityGroups": ["sg-1"] } },
            "loadBalancers": [{ "targetGroupArn": group, "containerName": "app", "containerPort": 8080 }],
            "scale": { "value": scale, "unit": "PERCENT" },
            "tags": [{ "key": "canary:release", "value": "3f1c2a90" }],
        });
        primary = desk.call("ecs", "CreateTaskSet", &input)["taskSet"]["id"].take();
    }
    let input = json!({ "cluster": "orders", "service": "orders", "primaryTaskSet": primary });
    desk.call("ecs", "UpdateServicePrimaryTaskSet", &input);
    let groups = json!([
        { "TargetGroupArn": blue, "Weight": 0 }, { "TargetGroupArn": green, "Weight": 100 },
    ]);
    let action = json!({ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } });
    let input = json!({ "RuleArn": desk.output("ListenerRuleArn"), "Actions": [action] });
    desk.call("elasticloadbalancing", "ModifyRule", &input);
}

fn an_update_leaves_sets_and_weights(desk: &Desk) {
    assert_eq!(desk.parameter("Stable"), "blue");
    // Of the rule's own stack.
    let options = [
        "--task-sets",
        "--parameter",
        "DeregistrationDelaySeconds=45",
    ];
    desk.run("deploy.sh", &options, "").succeeded();
    assert_eq!(desk.status("orders").as_deref(), Some("UPDATE_COMPLETE"));
    assert_eq!(desk.parameter("Stable"), "green");
    assert_eq!(weights(desk), json!([0, 100]));
    assert_eq!(sets(desk), json!([["ACTIVE", 0.0], ["PRIMARY", 100.0]]));
    assert!(desk.is_open(), "executions may enter the stage again");
}

fn an_update_is_refused_beside_a_set_with_tasks(desk: &Desk) {
    let input = json!({ "cluster": "orders", "services": ["orders"] });
    let services = desk.call("ecs", "DescribeServices", &input);
    let kept = services["services"][0]["taskSets"][0]["id"].as_str();
    let scale = [
        "--task-set",
        kept.expect("a set"),
        "--scale",
        "value=20,unit=PERCENT",
    ];
    let update = [
        "ecs",
        "update-task-set",
        "--cluster",
        "orders",
        "--service",
        "orders",
    ];
    desk.aws(&[&update[..], &scale].concat());
    desk.run("deploy.sh", &["--task-sets"], "").refused(
        1,
        &["has 20.0 % of its tasks, and is not PRIMARY, although no release is in progress"],
    );
    assert_eq!(weights(desk), json!([0, 100]));
    assert!(desk.is_open(), "executions may enter the stage again");
}
