//! What `CreateService` and `UpdateService` change.

use serde_json::{Map, Value, json};

use super::{
    super::{Fault, World},
    definition::TaskDefinition,
    names::{self, ServiceKey, client, count, invalid, text},
    rollout,
    service::{self, Service, Status},
    tags, targets,
    task_sets::external,
    zones,
};

/// Members that are kept and shown; the scheduler looks at some of them.
const KEPT: [&str; 5] = [
    zones::REBALANCING,
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "propagateTags",
];

/// Members that start a deployment when they change. AWS: API reference, `UpdateService`, per
/// parameter.
const DEPLOYED: [&str; 3] = ["loadBalancers", "networkConfiguration", "platformVersion"];

/// What else `CreateService` takes here.
const CREATED: [&str; 9] = [
    "cluster",
    "deploymentConfiguration",
    "deploymentController",
    "desiredCount",
    "launchType",
    "schedulingStrategy",
    "serviceName",
    "tags",
    "taskDefinition",
];

/// What else `UpdateService` takes here.
const UPDATED: [&str; 6] = [
    "cluster",
    "deploymentConfiguration",
    "desiredCount",
    "forceNewDeployment",
    "service",
    "taskDefinition",
];

/// Members of a deployment configuration that the scheduler drives.
const DRIVEN: [&str; 3] = [
    "deploymentCircuitBreaker",
    "maximumPercent",
    "minimumHealthyPercent",
];

/// Creates a service from input as `CreateService` takes it; `by` is the ARN of its creator.
pub(super) fn create(world: &mut World, input: &Value, by: &str) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let key = ServiceKey::new(&cluster, text(input, "serviceName").unwrap_or_default());
    let exists = world
        .ecs
        .services
        .get(&key)
        .is_some_and(|service| service.status != Status::Inactive);
    if exists {
        return Err(invalid("Creation of service was not idempotent."));
    }
    check_members(input, &CREATED)?;
    if external::is_asked_for(input) {
        return external::create(world, &key, input, by);
    }
    for (member, only) in [
        ("/schedulingStrategy", "REPLICA"),
        ("/deploymentController/type", "ECS"),
    ] {
        if let Some(other) = input.pointer(member).filter(|value| *value != only) {
            return Err(invalid(format!(
                "the local account runs {only} services only, not {other}"
            )));
        }
    }
    let arn = deployable(world, text(input, "taskDefinition").unwrap_or_default())?;
    let mut service = Service::new(&key, world, defaults(input, by));
    apply(&mut service, input)?;
    if input[zones::REBALANCING].is_null() {
        let default = zones::default_for(&service);
        service
            .settings
            .insert(zones::REBALANCING.to_owned(), json!(default));
    }
    check_targets(world, &service, &arn, input)?;
    service.tags = tags::parse(input);
    world.ecs.services.insert(key.clone(), service);
    rollout::start_deployment(world, &key, &arn);
    service::changed(world, &key);
    shown(world, &key)
}

/// What a service has that is told nothing else.
pub(super) fn defaults(input: &Value, by: &str) -> Map<String, Value> {
    let launch_type = text(input, "launchType").unwrap_or("EC2");
    let mut settings = json!({
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "launchType": launch_type,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "propagateTags": "NONE",
        "createdBy": by,
    });
    if launch_type == "FARGATE" {
        settings["platformVersion"] = json!("LATEST");
        settings["platformFamily"] = json!("Linux");
    }
    settings.as_object().cloned().unwrap_or_default()
}

/// `UpdateService`. Nothing changes if any part of the request is refused.
pub(super) fn update(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let key = active(world, &cluster, text(input, "service").unwrap_or_default())?;
    let before = world.ecs.services[&key].clone();
    check_members(input, &UPDATED)?;
    if before.is_external() {
        external::check_update(&before, input)?;
    }
    let current = before.task_definition().unwrap_or_default().to_owned();
    let wanted = match text(input, "taskDefinition") {
        Some(name) => deployable(world, name)?,
        None => current.clone(),
    };
    let mut service = before.clone();
    apply(&mut service, input)?;
    check_targets(world, &service, &wanted, input)?;
    let redeployed = DEPLOYED
        .iter()
        .any(|member| service.settings.get(*member) != before.settings.get(*member));
    let forced = input.get("forceNewDeployment") == Some(&json!(true));

    service::changed(world, &key);
    if let Some(kept) = world.ecs.services.get_mut(&key) {
        kept.settings = service.settings;
        kept.desired = service.desired;
    }
    if forced || redeployed || wanted != current {
        rollout::start_deployment(world, &key, &wanted);
    }
    service::changed(world, &key);
    shown(world, &key)
}

/// The ACTIVE service that a request means by name or ARN.
pub(super) fn active(world: &World, cluster: &str, name: &str) -> Result<ServiceKey, Fault> {
    let not_found = || Fault::new("ServiceNotFoundException", "Service not found.");
    let key = ServiceKey::parse(world, cluster, name).ok_or_else(not_found)?;
    match world.ecs.services.get(&key) {
        None => Err(not_found()),
        Some(service) if service.status != Status::Active => Err(Fault::new(
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        )),
        Some(_) => Ok(key),
    }
}

/// A write answers what it wrote, whatever reads still show.
pub(super) fn shown(world: &World, key: &ServiceKey) -> Result<Value, Fault> {
    let service = service::describe_now(world, key, true)
        .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
    Ok(json!({"service": service}))
}

/// The ARN of a task definition that a service may use. AWS: an INACTIVE one cannot be deployed, after "up to a 10-minute
/// window" in which it still can (API reference, `DeregisterTaskDefinition`).
pub(super) fn deployable(world: &World, name: &str) -> Result<String, Fault> {
    let definition: &TaskDefinition = world
        .ecs
        .definitions
        .find(world, name)
        .ok_or_else(|| client("TaskDefinition not found."))?;
    let grace = world.paced(world.ecs.inactive_grace);
    let in_grace = |at| world.now.since(at) < grace;
    if !definition.active && !definition.deregistered.is_some_and(in_grace) {
        return Err(client("TaskDefinition is inactive"));
    }
    definition.check_runnable()?;
    Ok(definition.arn.clone())
}

/// Refuses load balancers that do not exist or do not fit the task definition: given ones, and those
/// that a service already has when it is given another definition.
fn check_targets(
    world: &World,
    service: &Service,
    definition: &str,
    input: &Value,
) -> Result<(), Fault> {
    let load_balancers = service.load_balancers();
    if let Some(definition) = world.ecs.definitions.find(world, definition) {
        targets::check(load_balancers, definition, targets::MOST_GROUPS)?;
    }
    if input.get("loadBalancers").is_some() {
        targets::check_groups(world, load_balancers)?;
    }
    Ok(())
}

/// Refuses members that nothing here acts upon.
fn check_members(input: &Value, also: &[&str]) -> Result<(), Fault> {
    let known = |member: &str| {
        also.contains(&member) || KEPT.contains(&member) || DEPLOYED.contains(&member)
    };
    let unknown = input
        .as_object()
        .into_iter()
        .flatten()
        .find(|(member, value)| !known(member) && !is_empty(value));
    match unknown {
        None => check_configuration(&input["deploymentConfiguration"]),
        Some((member, _)) => Err(invalid(format!(
            "the local account does not implement {member} of a service"
        ))),
    }
}

/// Refuses what the scheduler does not drive.
fn check_configuration(configuration: &Value) -> Result<(), Fault> {
    let harmless = |member: &str, value: &Value| match member {
        "strategy" => value == "ROLLING",
        "alarms" => value["enable"] == false,
        _ => DRIVEN.contains(&member) || is_empty(value),
    };
    let refused = configuration
        .as_object()
        .into_iter()
        .flatten()
        .find(|(member, value)| !harmless(member, value));
    match refused {
        None => Ok(()),
        Some((member, value)) => Err(invalid(format!(
            "the local account does not implement deploymentConfiguration.{member} {value}"
        ))),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Takes over what is given and leaves everything else as it is.
pub(super) fn apply(service: &mut Service, input: &Value) -> Result<(), Fault> {
    for member in KEPT.iter().chain(&DEPLOYED) {
        if let Some(value) = input.get(*member).filter(|value| !value.is_null()) {
            service.settings.insert((*member).to_owned(), value.clone());
        }
    }
    if let Some(given) = input.get("desiredCount").filter(|value| !value.is_null()) {
        service.desired = count(Some(given))
            .ok_or_else(|| invalid(format!("desiredCount is {given}; it cannot be negative")))?;
    }
    let given = input
        .get("deploymentConfiguration")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let configuration = service
        .settings
        .entry("deploymentConfiguration")
        .or_insert_with(|| json!({}));
    if let Some(members) = configuration.as_object_mut() {
        members.extend(given);
    }
    let minimum = service.configured("minimumHealthyPercent", 100);
    let maximum = service.configured("maximumPercent", 200);
    if minimum >= 100 && maximum <= 100 {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    if !(minimum..=200).contains(&maximum) || maximum < 100 {
        return Err(invalid(format!(
            "maximumPercent is {maximum}; here it is between 100 and 200 and not below minimumHealthyPercent {minimum}"
        )));
    }
    zones::check(service)
}
