//! Stories about scalable targets.

mod scheduled;

use super::*;
use crate::world::{Identity, Principal};

const ORDERS: &str = "service/orders/app";

fn account(desired: u32) -> World {
    let identity = Identity {
        account: "123456789012".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(1_800_000_000_000), 1);
    ecs::create_cluster(&mut world, "orders");
    let definition = json!({
        "family": "app",
        "containerDefinitions": [{"name": "app", "image": "app:v1"}],
    });
    ecs::register_task_definition(&mut world, &definition).unwrap();
    let service = json!({
        "cluster": "orders",
        "serviceName": "app",
        "taskDefinition": "app",
        "desiredCount": desired,
    });
    ecs::create_service(&mut world, &service).unwrap();
    world
}

fn ask(world: &mut World, operation: &str, change: &Value) -> Result<Value, Fault> {
    let mut input = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": ORDERS,
        "ScalableDimension": DIMENSION,
    });
    for (member, value) in change.as_object().unwrap() {
        input[member] = value.clone();
    }
    let principal = Principal("shift-weight".to_owned());
    world.call("application-autoscaling", operation, &input, &principal)
}

fn register(world: &mut World, change: &Value) {
    ask(world, "RegisterScalableTarget", change).unwrap();
}

fn described(world: &World) -> Value {
    let input = json!({
        "ServiceNamespace": "ecs",
        "ResourceIds": [ORDERS],
        "ScalableDimension": DIMENSION,
    });
    describe(world, &input).unwrap()["ScalableTargets"].clone()
}

fn desired(world: &World) -> u32 {
    ecs::desired_count(world, "orders", "app").unwrap()
}

#[test]
fn registering_a_scalable_target_pulls_a_service_at_zero_up_to_its_minimum() {
    let mut world = account(0);
    register(&mut world, &json!({"MinCapacity": 2, "MaxCapacity": 4}));
    assert_eq!(desired(&world), 2);
    ecs::set_desired_count(&mut world, "orders", "app", 0).unwrap();
    let suspension = json!({"SuspendedState": {"DynamicScalingInSuspended": true}});
    register(&mut world, &suspension);
    assert_eq!(desired(&world), 2, "even when only suspended");
    ecs::set_desired_count(&mut world, "orders", "app", 9).unwrap();
    register(&mut world, &json!({}));
    assert_eq!(desired(&world), 4);
}

#[test]
fn a_registration_changes_only_what_it_names_but_a_suspended_state_as_a_whole() {
    let mut world = account(2);
    register(
        &mut world,
        &json!({
            "MinCapacity": 1,
            "MaxCapacity": 4,
            "SuspendedState": {"DynamicScalingInSuspended": true, "ScheduledScalingSuspended": true},
        }),
    );
    let arn = described(&world)[0]["ScalableTargetARN"].clone();
    register(&mut world, &json!({"MinCapacity": 0}));
    let target = described(&world)[0].clone();
    assert_eq!(target["MinCapacity"], 0);
    assert_eq!(target["MaxCapacity"], 4);
    assert_eq!(target["SuspendedState"]["ScheduledScalingSuspended"], true);
    assert_eq!(target["ScalableTargetARN"], arn);
    register(
        &mut world,
        &json!({"SuspendedState": {"DynamicScalingOutSuspended": true}}),
    );
    assert_eq!(
        described(&world)[0]["SuspendedState"],
        json!({
            "DynamicScalingInSuspended": false,
            "DynamicScalingOutSuspended": true,
            "ScheduledScalingSuspended": false,
        })
    );
}

#[test]
fn what_cannot_be_scaled_is_refused() {
    let mut world = account(1);
    for (change, text) in [
        (json!({"MinCapacity": 1}), "required"),
        (
            json!({"MinCapacity": 3, "MaxCapacity": 2}),
            "cannot be less",
        ),
        (json!({"MinCapacity": -1, "MaxCapacity": 2}), "negative"),
        (
            json!({"ResourceId": "service/orders/nobody"}),
            "ECS service doesn't exist",
        ),
        (
            json!({"ServiceNamespace": "dynamodb"}),
            "only the service namespace ecs",
        ),
    ] {
        let fault = ask(&mut world, "RegisterScalableTarget", &change).unwrap_err();
        assert_eq!(fault.code, "ValidationException");
        assert!(fault.message.contains(text), "{}", fault.message);
    }
    let fault = ask(&mut world, "DeregisterScalableTarget", &json!({})).unwrap_err();
    assert_eq!(fault.code, "ObjectNotFoundException");
}

#[test]
fn a_service_that_is_no_target_is_absent_and_so_is_a_deregistered_one() {
    let mut world = account(1);
    assert_eq!(described(&world), json!([]));
    register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 2}));
    assert_eq!(described(&world).as_array().unwrap().len(), 1);
    ask(&mut world, "DeregisterScalableTarget", &json!({})).unwrap();
    assert_eq!(described(&world), json!([]));
}

#[test]
fn targets_are_found_by_their_ids_alone_but_not_by_their_dimension_alone() {
    let mut world = account(0);
    register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 4}));
    let found = |input: &Value| describe(&world, input);
    let by_id = found(&json!({"ServiceNamespace": "ecs", "ResourceIds": [ORDERS]})).unwrap();
    assert_eq!(by_id["ScalableTargets"], described(&world));
    let by_dimension = json!({"ServiceNamespace": "ecs", "ScalableDimension": DIMENSION});
    let fault = found(&by_dimension).unwrap_err();
    assert_eq!(fault.code, "ValidationException");
    assert!(fault.message.contains("must also specify a resource ID"));
}

#[test]
fn a_policy_scales_within_bounds_and_not_in_a_suspended_direction() {
    let mut world = account(0);
    register(&mut world, &json!({"MinCapacity": 0, "MaxCapacity": 4}));
    for _ in 0..3 {
        let now = world.now + std::time::Duration::from_secs(1);
        world.tick(now);
    }
    assert_eq!(scale(&mut world, ORDERS, 9).unwrap(), 4);
    let out = json!({"SuspendedState": {"DynamicScalingInSuspended": true}});
    register(&mut world, &out);
    assert_eq!(scale(&mut world, ORDERS, 1).unwrap(), 4);
    let inwards = json!({"SuspendedState": {"DynamicScalingOutSuspended": true}});
    register(&mut world, &inwards);
    assert_eq!(scale(&mut world, ORDERS, 1).unwrap(), 1);
    assert_eq!(scale(&mut world, ORDERS, 3).unwrap(), 1);
    assert_eq!(desired(&world), 1);
}

#[test]
fn a_scheduled_action_moves_the_bounds_and_the_count_unless_suspended() {
    let mut world = account(2);
    register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 4}));
    assert_eq!(scheduled(&mut world, ORDERS, Some(3), Some(6)).unwrap(), 3);
    assert_eq!(scheduled(&mut world, ORDERS, Some(0), None).unwrap(), 3);
    assert_eq!(described(&world)[0]["MinCapacity"], 0);
    assert_eq!(described(&world)[0]["MaxCapacity"], 6);
    let fault = scheduled(&mut world, ORDERS, Some(7), None).unwrap_err();
    assert_eq!(fault.code, "ValidationException");
    register(
        &mut world,
        &json!({"SuspendedState": {"ScheduledScalingSuspended": true}}),
    );
    assert_eq!(scheduled(&mut world, ORDERS, Some(5), Some(5)).unwrap(), 3);
    assert_eq!(described(&world)[0]["MaxCapacity"], 6);
    let other = "service/orders/nobody";
    let fault = scheduled(&mut world, other, Some(1), None).unwrap_err();
    assert_eq!(fault.code, "ObjectNotFoundException");
}

#[test]
fn nothing_is_scaled_in_while_a_deployment_is_in_progress() {
    let mut world = account(3);
    register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 5}));
    assert_eq!(scale(&mut world, ORDERS, 1).unwrap(), 3);
    assert_eq!(scale(&mut world, ORDERS, 5).unwrap(), 5);
}
