//! Application Auto Scaling: scalable targets with their suspended state, and scheduled actions.

mod actions;
mod cron;
mod needs;
mod provision;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Fault, World, ecs,
    service::{Endpoint, Service},
    unknown_operation,
};
use crate::clock::Moment;
use actions::Action;

pub use actions::{scheduled, tick};

const DIMENSION: &str = "ecs:service:DesiredCount";

/// AWS: `MaxResults` is 50 unless given and at most that (API reference, `DescribeScalableTargets`,
/// `DescribeScheduledActions`).
const PAGE: usize = 50;

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../models/application-autoscaling.json")),
    call: |world, it| call(world, it.operation, it.input),
    tick,
    needs: needs::needs,
    condition_keys: &[
        "application-autoscaling:scalable-dimension",
        "application-autoscaling:service-namespace",
    ],
    linked_role: Some((
        "ecs.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
    )),
    resources: provision::RESOURCES,
    ..Service::new("application-autoscaling")
};

/// Scalable targets by resource id.
#[derive(Debug, Default)]
pub struct Scaling {
    targets: BTreeMap<String, Target>,
    /// By the target's resource id and their own name.
    actions: BTreeMap<(String, String), Action>,
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
        "DeregisterScalableTarget" => deregister(world, input),
        "PutScheduledAction" => actions::put(world, input),
        "DescribeScheduledActions" => actions::describe(world, input),
        "DeleteScheduledAction" => actions::delete(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
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
    let target = target_of(world, resource_id)?;
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

fn target_of(world: &World, resource_id: &str) -> Result<Target, Fault> {
    let target = world.scaling.targets.get(resource_id);
    target.cloned().ok_or_else(|| not_registered(resource_id))
}

/// Keeps a target and pulls the desired count of its service into its bounds.
fn keep(world: &mut World, resource_id: &str, target: Target) -> Result<(), Fault> {
    let (cluster, service) = service_of(resource_id)?;
    let (minimum, maximum) = (target.minimum, target.maximum);
    check_bounds(minimum, maximum)?;
    world.scaling.targets.insert(resource_id.to_owned(), target);
    match ecs::desired_count(world, cluster, service) {
        Some(desired) if !(minimum..=maximum).contains(&desired) => {
            let within = desired.clamp(minimum, maximum);
            ecs::set_desired_count(world, cluster, service, within)
        }
        _ => Ok(()),
    }
}

fn check_bounds(minimum: u32, maximum: u32) -> Result<(), Fault> {
    if minimum > maximum {
        return Err(validation(format!(
            "Maximum capacity {maximum} cannot be less than minimum capacity {minimum}"
        )));
    }
    Ok(())
}

fn register(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let resource_id = text(input, "ResourceId");
    let (cluster, service) = service_of(resource_id)?;
    if input.get("Tags").is_some() {
        return Err(validation(
            "the local account does not implement Tags of a scalable target",
        ));
    }
    if ecs::desired_count(world, cluster, service).is_none() {
        return Err(validation(format!(
            "ECS service doesn't exist: {resource_id}"
        )));
    }
    let known = world.scaling.targets.get(resource_id).cloned();
    let minimum = capacity(input, "MinCapacity")?.or(known.as_ref().map(|target| target.minimum));
    let maximum = capacity(input, "MaxCapacity")?.or(known.as_ref().map(|target| target.maximum));
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else {
        return Err(validation(
            "MinCapacity and MaxCapacity are required when a new scalable target is registered",
        ));
    };
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
    keep(world, resource_id, target)?;
    Ok(json!({"ScalableTargetARN": arn}))
}

fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let asked = input.get("ResourceIds").and_then(Value::as_array);
    // AWS: API reference, `DescribeScalableTargets`. It does not document how the refusal is worded.
    if asked.is_none() && input.get("ScalableDimension").is_some() {
        return Err(validation(
            "If you specify a scalable dimension, you must also specify a resource ID",
        ));
    }
    let most = page(input)?;
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

/// `MaxResults`.
fn page(input: &Value) -> Result<usize, Fault> {
    match input.get("MaxResults").and_then(Value::as_u64) {
        None => Ok(PAGE),
        Some(most) => usize::try_from(most)
            .ok()
            .filter(|most| (1..=PAGE).contains(most))
            .ok_or_else(|| validation(format!("MaxResults must be between 1 and {PAGE}"))),
    }
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
        Some(_) => {
            actions::forget(world, resource_id);
            Ok(json!({}))
        }
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
