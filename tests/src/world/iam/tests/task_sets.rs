//! What calls about task sets need.

use super::*;

const SERVICE: &str = "arn:aws:ecs:eu-central-1:111122223333:service/orders/app";
const SETS: &str = "arn:aws:ecs:eu-central-1:111122223333:task-set/orders/app/*";
const ROLE: &str = "arn:aws:iam::111122223333:role/orders-task";

/// An account with a service `app` with an external deployment controller and the definition `orders:1`, in which
/// deploy-canary acts as a role with these statements.
fn with_app(statements: &Value) -> World {
    let mut world = with(statements);
    ecs::create_cluster(&mut world, "orders");
    let container = json!({ "name": "app", "image": "app:v1" });
    let definition =
        json!({ "family": "orders", "taskRoleArn": ROLE, "containerDefinitions": [container] });
    ecs::register_task_definition(&mut world, &definition).expect("it is registered");
    let service = json!({ "cluster": "orders", "serviceName": "app", "desiredCount": 1,
        "deploymentController": { "type": "EXTERNAL" } });
    ecs::create_service(&mut world, &service).expect("it is created");
    world
}

fn conditioned(action: &str, condition: &Value) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": SETS, "Condition": condition })
}

fn of_app(world: &mut World, operation: &str, more: &Value) -> Result<(), Fault> {
    let mut input = json!({ "cluster": "orders", "service": "app" });
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    ask(world, "ecs", operation, &input)
}

#[test]
fn creating_one_needs_the_definition_in_the_service_its_roles_and_its_tags() {
    let orders = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:*";
    let create = conditioned(
        "ecs:CreateTaskSet",
        &json!({ "ArnEquals": { "ecs:service": SERVICE }, "ArnLike": { "ecs:task-definition": orders } }),
    );
    let pass = allow("iam:PassRole", ROLE);
    let tag = conditioned(
        "ecs:TagResource",
        &json!({ "StringEquals": { "ecs:CreateAction": "CreateTaskSet" } }),
    );
    let plain = json!({ "taskDefinition": "orders" });
    let tagged =
        json!({ "taskDefinition": "orders", "tags": [{ "key": "release", "value": "7" }] });
    let mut world = with_app(&json!([create, pass, tag]));
    of_app(&mut world, "CreateTaskSet", &plain).expect("granted");
    of_app(&mut world, "CreateTaskSet", &tagged).expect("granted");
    let other = json!({ "taskDefinition": "billing:1" });
    of_app(&mut world, "CreateTaskSet", &other).expect_err("another definition");
    let elsewhere = json!({ "service": "billing", "taskDefinition": "orders" });
    of_app(&mut world, "CreateTaskSet", &elsewhere).expect_err("another service");

    let mut world = with_app(&json!([create, tag]));
    let message = denial(of_app(&mut world, "CreateTaskSet", &plain));
    assert!(message.contains("iam:PassRole"), "{message}");
    let mut world = with_app(&json!([create, pass]));
    let message = denial(of_app(&mut world, "CreateTaskSet", &tagged));
    assert!(message.contains("ecs:TagResource"), "{message}");
}

#[test]
fn one_may_be_changed_whose_tags_say_whose_it_is() {
    let ours = json!({ "StringEquals": { "aws:ResourceTag/suite": "canary" } });
    let actions = ["UpdateTaskSet", "DeleteTaskSet", "DescribeTaskSets"];
    let statements: Vec<Value> = actions
        .iter()
        .map(|action| conditioned(&format!("ecs:{action}"), &ours))
        .collect();
    let mut world = with_app(&json!(statements));
    let mut create = |tags: Value| {
        let input = json!({ "cluster": "orders", "service": "app", "taskDefinition": "orders", "tags": tags });
        let made = ecs::call(&mut world, "CreateTaskSet", &input, &canary()).expect("made");
        made["taskSet"].clone()
    };
    let ours = create(json!([{ "key": "suite", "value": "canary" }]));
    let theirs = create(json!([]));
    let by = |set: &Value, member: &str| set[member].clone();
    for name in ["id", "taskSetArn"] {
        for action in ["UpdateTaskSet", "DeleteTaskSet"] {
            let input = json!({ "taskSet": by(&ours, name) });
            of_app(&mut world, action, &input).expect("ours");
            let input = json!({ "taskSet": by(&theirs, name) });
            of_app(&mut world, action, &input).expect_err("theirs");
        }
        let both = json!({ "taskSets": [by(&ours, name), by(&theirs, name)] });
        of_app(&mut world, "DescribeTaskSets", &both).expect_err("one is theirs");
    }
}

#[test]
fn making_one_primary_is_a_right_on_the_service() {
    let primary = json!({ "primaryTaskSet": "ecs-svc/1" });
    let mut world = with_app(&json!([allow("ecs:UpdateServicePrimaryTaskSet", SETS)]));
    let message = denial(of_app(&mut world, "UpdateServicePrimaryTaskSet", &primary));
    assert!(message.contains(SERVICE), "{message}");
    let mut world = with_app(&json!([allow("ecs:UpdateServicePrimaryTaskSet", SERVICE)]));
    of_app(&mut world, "UpdateServicePrimaryTaskSet", &primary).expect("granted");
}
