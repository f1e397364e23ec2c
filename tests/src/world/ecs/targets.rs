//! Services behind load balancers: their `loadBalancers`, and tasks as targets of target groups.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    super::{
        Fault, World,
        elb::{self, Target, TargetState},
    },
    definition::TaskDefinition,
    names::{ServiceKey, count, invalid, text},
    rollout,
    service::write_event_about,
    task::Task,
};

/// AWS: target groups per service (developer guide, service quotas).
pub(super) const MOST_GROUPS: usize = 5;

/// Members of a load balancer that this account registers tasks by.
const KNOWN: [&str; 3] = ["targetGroupArn", "containerName", "containerPort"];

/// A task as a target of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registration {
    /// ARN of the target group.
    pub(super) group: String,
    pub(super) target: Target,
}

/// Registrations and deregistrations that a service's events have not told yet: how many targets
/// by the task set, if there is one, and the group.
#[derive(Debug, Clone, Default)]
pub(super) struct Untold {
    registered: BTreeMap<(Option<String>, String), usize>,
    deregistered: BTreeMap<(Option<String>, String), usize>,
}

/// Whether `loadBalancers` can be used with a task definition.
pub(super) fn check(
    load_balancers: &Value,
    definition: &TaskDefinition,
    most: usize,
) -> Result<(), Fault> {
    let entries = entries(load_balancers);
    if entries.len() > most {
        return Err(invalid(format!(
            "load balancers can have at most {most} items, not {}.",
            entries.len()
        )));
    }
    for entry in entries {
        check_entry(entry, definition)?;
    }
    Ok(())
}

fn check_entry(entry: &Value, definition: &TaskDefinition) -> Result<(), Fault> {
    let unknown = entry
        .as_object()
        .into_iter()
        .flatten()
        .find(|(member, value)| !KNOWN.contains(&member.as_str()) && !value.is_null());
    if let Some((member, _)) = unknown {
        return Err(invalid(format!(
            "the local account does not implement {member} of loadBalancers"
        )));
    }
    let Some(name) = text(entry, "containerName") else {
        return Err(invalid("Container Name can not be blank."));
    };
    let Some(port) = count(entry.get("containerPort")) else {
        return Err(invalid("Container Port can not be blank."));
    };
    if text(entry, "targetGroupArn").is_none() {
        return Err(invalid(
            "loadBalancers name no targetGroupArn; it is required for application load balancers",
        ));
    }
    let Some(container) = definition.container_named(name) else {
        return Err(invalid(format!(
            "The container {name} does not exist in the task definition."
        )));
    };
    let maps = |mapping: &Value| count(mapping.get("containerPort")) == Some(port);
    let mappings = container.get("portMappings").and_then(Value::as_array);
    if !mappings.into_iter().flatten().any(maps) {
        return Err(invalid(format!(
            "The container {name} did not have a container port {port} defined."
        )));
    }
    if !definition.is_awsvpc() {
        return Err(invalid(format!(
            "{}: the local account registers tasks by their own addresses, which network mode \
             awsvpc gives them",
            definition.arn
        )));
    }
    Ok(())
}

/// Whether the target groups exist and belong to a load balancer.
pub(super) fn check_groups(world: &World, load_balancers: &Value) -> Result<(), Fault> {
    for entry in entries(load_balancers) {
        let arn = text(entry, "targetGroupArn").unwrap_or_default();
        if elb::deregistration_delay(world, arn).is_none() {
            return Err(invalid(format!(
                "The target group with targetGroupArn {arn} does not exist."
            )));
        }
        if elb::load_balancer_of(world, arn).is_none() {
            return Err(invalid(format!(
                "The target group with targetGroupArn {arn} does not have an associated load \
                 balancer."
            )));
        }
    }
    Ok(())
}

fn entries(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// What a task with this address will be registered as.
pub(super) fn registrations(load_balancers: &Value, address: &str) -> Vec<Registration> {
    entries(load_balancers)
        .iter()
        .filter_map(|entry| {
            let port = count(entry.get("containerPort"))?;
            Some(Registration {
                group: text(entry, "targetGroupArn")?.to_owned(),
                target: Target {
                    ip: address.to_owned(),
                    port: u16::try_from(port).ok()?,
                },
            })
        })
        .collect()
}

/// Registers a task with its groups.
pub(super) fn register(world: &mut World, index: usize) {
    let task = &mut world.ecs.tasks[index];
    task.registered = true;
    let (key, registrations) = (task.service.clone(), task.registrations.clone());
    let set = rollout::set_of(world, &key, index);
    for Registration { group, target } in registrations {
        elb::register(world, &group, target);
        if let Some(service) = world.ecs.services.get_mut(&key) {
            let told = &mut service.untold.registered;
            *told.entry((set.clone(), group)).or_default() += 1;
        }
    }
}

/// Deregisters a task from its groups; one that is not registered (any more) is left alone.
pub(super) fn deregister(world: &mut World, index: usize) {
    let task = &mut world.ecs.tasks[index];
    if !std::mem::take(&mut task.registered) {
        return;
    }
    let (key, registrations) = (task.service.clone(), task.registrations.clone());
    let set = rollout::set_of(world, &key, index);
    for Registration { group, target } in registrations {
        elb::deregister(world, &group, &target);
        if let Some(service) = world.ecs.services.get_mut(&key) {
            let told = &mut service.untold.deregistered;
            *told.entry((set.clone(), group)).or_default() += 1;
        }
    }
}

/// Writes what happened to targets into the service's events.
pub(super) fn tell(world: &mut World, key: &ServiceKey) {
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let Untold {
        registered,
        deregistered,
    } = std::mem::take(&mut service.untold);
    let registered = registered.into_iter().map(|told| ("registered", told));
    let deregistered = deregistered.into_iter().map(|told| ("deregistered", told));
    for (what, ((set, group), targets)) in registered.chain(deregistered) {
        let message = format!("{what} {targets} targets in (target-group {group})");
        write_event_about(world, key, set.as_deref(), &message);
    }
}

/// Whether the task is healthy in every group.
pub(super) fn all_healthy(world: &World, task: &Task) -> bool {
    task.registrations
        .iter()
        .all(|registration| state(world, registration) == Some(TargetState::Healthy))
}

/// Where the task is unhealthy.
pub(super) fn unhealthy<'a>(world: &World, task: &'a Task) -> Option<&'a Registration> {
    task.registrations
        .iter()
        .find(|registration| state(world, registration) == Some(TargetState::Unhealthy))
}

fn state(world: &World, registration: &Registration) -> Option<TargetState> {
    elb::state(world, &registration.group, &registration.target)
}

/// Why the load balancer finds the task unhealthy, in its words.
pub(super) fn reason(world: &mut World, registration: &Registration) -> String {
    let input = json!({
        "TargetGroupArn": registration.group,
        "Targets": [{"Id": registration.target.ip, "Port": registration.target.port}],
    });
    elb::call(world, "DescribeTargetHealth", &input)
        .ok()
        .as_ref()
        .and_then(|answer| {
            let health = answer.pointer("/TargetHealthDescriptions/0/TargetHealth")?;
            text(health, "Description").map(str::to_owned)
        })
        .unwrap_or_else(|| "Health checks failed".to_owned())
}

/// How long load balancers let the task finish what it has: the longest deregistration delay of its
/// groups, as AWS counts it.
pub(super) fn deregistration_delay(world: &World, task: &Task) -> Duration {
    task.registrations
        .iter()
        .filter_map(|registration| elb::deregistration_delay(world, &registration.group))
        .max()
        .unwrap_or_default()
}
