//! Application Auto Scaling: scalable targets and their suspended state.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Fault, World, ecs, unknown_operation};
use crate::clock::Moment;

const DIMENSION: &str = "ecs:service:DesiredCount";

/// AWS: `MaxResults` is 50 unless given and at most that (API reference, `DescribeScalableTargets`).
const PAGE: usize = 50;

/// Scalable targets by resource id.
#[derive(Debug, Default)]
pub struct Scaling {
    targets: BTreeMap<String, Target>,
}

#[derive(Debug, Clone)]
struct Target {
    arn: String,
    minimum: u32,
    maximum: u32,
    suspended: Suspended,
    created: Moment,
}

/// `SuspendedState`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Suspended {
    scaling_in: bool,
    scaling_out: bool,
    scheduled: bool,
}

impl Suspended {
    /// Members that are left out of a given state are false. AWS: API reference, `SuspendedState`.
    fn parse(given: &Value) -> Self {
        Self {
            scaling_in: given["DynamicScalingInSuspended"] == true,
            scaling_out: given["DynamicScalingOutSuspended"] == true,
            scheduled: given["ScheduledScalingSuspended"] == true,
        }
    }
}

/// An API call. `RegisterScalableTarget` pulls the service's desired count into its bounds.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    let known = [
        "RegisterScalableTarget",
        "DescribeScalableTargets",
        "DeregisterScalableTarget",
    ];
    if !known.contains(&operation) {
        return Err(unknown_operation("application-autoscaling", operation));
    }
    let namespace = text(input, "ServiceNamespace");
    if namespace != "ecs" {
        return Err(validation(format!(
            "the local account scales only the service namespace ecs, not {namespace}"
        )));
    }
    let dimension = input.get("ScalableDimension");
    if let Some(other) = dimension.filter(|given| **given != DIMENSION) {
        return Err(validation(format!(
            "Unsupported service namespace, resource type or scalable dimension: {other}; the local account only has {DIMENSION}"
        )));
    }
    match operation {
        "RegisterScalableTarget" => register(world, input),
        "DescribeScalableTargets" => describe(world, input),
        _ => deregister(world, input),
    }
}

/// Scales a service as a scaling policy does: within its bounds, not in a suspended direction, and
/// not in while a deployment is in progress. Answers the desired count that results.
///
/// AWS: developer guide of ECS, service auto scaling.
///
/// # Errors
/// `ObjectNotFoundException` if the service is no scalable target or is gone.
pub fn scale(world: &mut World, resource_id: &str, count: u32) -> Result<u32, Fault> {
    let target = world
        .scaling
        .targets
        .get(resource_id)
        .ok_or_else(|| not_registered(resource_id))?
        .clone();
    let (cluster, service) = service_of(resource_id)?;
    let current =
        ecs::desired_count(world, cluster, service).ok_or_else(|| not_registered(resource_id))?;
    let wanted = count.clamp(target.minimum, target.maximum);
    let held = if wanted < current {
        target.suspended.scaling_in || ecs::is_deploying(world, cluster, service)
    } else {
        target.suspended.scaling_out
    };
    if held || wanted == current {
        return Ok(current);
    }
    ecs::set_desired_count(world, cluster, service, wanted)?;
    Ok(wanted)
}

fn register(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let resource_id = text(input, "ResourceId");
    let (cluster, service) = service_of(resource_id)?;
    if input.get("Tags").is_some() {
        return Err(validation(
            "the local account does not implement Tags of a scalable target",
        ));
    }
    let Some(desired) = ecs::desired_count(world, cluster, service) else {
        return Err(validation(format!(
            "ECS service doesn't exist: {resource_id}"
        )));
    };
    let known = world.scaling.targets.get(resource_id).cloned();
    let minimum = capacity(input, "MinCapacity")?.or(known.as_ref().map(|target| target.minimum));
    let maximum = capacity(input, "MaxCapacity")?.or(known.as_ref().map(|target| target.maximum));
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else {
        return Err(validation(
            "MinCapacity and MaxCapacity are required when a new scalable target is registered",
        ));
    };
    if minimum > maximum {
        return Err(validation(format!(
            "Maximum capacity {maximum} cannot be less than minimum capacity {minimum}"
        )));
    }
    let suspended = match input.get("SuspendedState") {
        Some(given) => Suspended::parse(given),
        None => known
            .as_ref()
            .map(|target| target.suspended)
            .unwrap_or_default(),
    };
    let (arn, created) = if let Some(target) = known {
        (target.arn, target.created)
    } else {
        let id = world.uuid().replace('-', "");
        let path = format!("scalable-target/0ec5{}", &id[..28]);
        (world.arn("application-autoscaling", &path), world.now)
    };
    let target = Target {
        arn: arn.clone(),
        minimum,
        maximum,
        suspended,
        created,
    };
    world.scaling.targets.insert(resource_id.to_owned(), target);
    let within = desired.clamp(minimum, maximum);
    if within != desired {
        ecs::set_desired_count(world, cluster, service, within)?;
    }
    Ok(json!({"ScalableTargetARN": arn}))
}

fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let asked = input.get("ResourceIds").and_then(Value::as_array);
    let dimension = input.get("ScalableDimension");
    if asked.is_some() != dimension.is_some() {
        return Err(validation(
            "ResourceIds and ScalableDimension must be given together or not at all",
        ));
    }
    let most = match input.get("MaxResults").and_then(Value::as_u64) {
        None => PAGE,
        Some(most) => usize::try_from(most)
            .ok()
            .filter(|most| (1..=PAGE).contains(most))
            .ok_or_else(|| validation(format!("MaxResults must be between 1 and {PAGE}")))?,
    };
    let after = input.get("NextToken").and_then(Value::as_str);
    let mut listed: Vec<(&String, &Target)> = world
        .scaling
        .targets
        .iter()
        .filter(|(id, _)| asked.is_none_or(|ids| ids.contains(&json!(id))))
        .filter(|(id, _)| after.is_none_or(|after| id.as_str() > after))
        .collect();
    let more = listed.len() > most;
    listed.truncate(most);
    let mut answer = json!({
        "ScalableTargets": listed
            .iter()
            .map(|(id, target)| render(world, id, target))
            .collect::<Vec<Value>>(),
    });
    if let Some((last, _)) = listed.last().filter(|_| more) {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}

fn render(world: &World, resource_id: &str, target: &Target) -> Value {
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
            world.identity.account,
        ),
        "CreationTime": target.created.epoch_seconds(),
        "SuspendedState": {
            "DynamicScalingInSuspended": target.suspended.scaling_in,
            "DynamicScalingOutSuspended": target.suspended.scaling_out,
            "ScheduledScalingSuspended": target.suspended.scheduled,
        },
        "ScalableTargetARN": target.arn,
    })
}

fn deregister(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let resource_id = text(input, "ResourceId");
    match world.scaling.targets.remove(resource_id) {
        Some(_) => Ok(json!({})),
        None => Err(not_registered(resource_id)),
    }
}

/// Cluster and service of `service/CLUSTER/SERVICE`.
fn service_of(resource_id: &str) -> Result<(&str, &str), Fault> {
    resource_id
        .strip_prefix("service/")
        .and_then(|path| path.split_once('/'))
        .filter(|(cluster, service)| {
            !cluster.is_empty() && !service.is_empty() && !service.contains('/')
        })
        .ok_or_else(|| {
            validation(format!(
                "ResourceId {resource_id} is not service/CLUSTER/SERVICE"
            ))
        })
}

fn capacity(input: &Value, member: &str) -> Result<Option<u32>, Fault> {
    match input.get(member).and_then(Value::as_i64) {
        None => Ok(None),
        Some(number) => u32::try_from(number)
            .map(Some)
            .map_err(|_| validation(format!("{member} is {number}; it cannot be negative"))),
    }
}

fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

fn not_registered(resource_id: &str) -> Fault {
    Fault::new(
        "ObjectNotFoundException",
        format!(
            "No scalable target registered for service namespace: ecs, resource ID: {resource_id}, scalable dimension: {DIMENSION}"
        ),
    )
}

#[cfg(test)]
mod tests {
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
        let halfway = json!({"ServiceNamespace": "ecs", "ResourceIds": [ORDERS]});
        let fault = describe(&world, &halfway).unwrap_err();
        assert_eq!(fault.code, "ValidationException");
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
    fn nothing_is_scaled_in_while_a_deployment_is_in_progress() {
        let mut world = account(3);
        register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 5}));
        assert_eq!(scale(&mut world, ORDERS, 1).unwrap(), 3);
        assert_eq!(scale(&mut world, ORDERS, 5).unwrap(), 5);
    }
}
