//! Services with an external deployment controller: they have no deployments, and of what they run only the count.

use serde_json::{Value, json};

use super::{
    super::{
        super::{Fault, World},
        names::{self, ServiceKey, invalid, text},
        service::{self, Service},
        settings, tags, zones,
    },
    TaskSet,
};

const CONTROLLER: &str = "EXTERNAL";

/// What a service cannot be created with, because its task sets have it. AWS: ECS developer guide, "Deploy Amazon ECS services
/// using a third-party controller". Known are the words for a task definition only (terraform-aws-modules/terraform-aws-ecs#278).
const OF_TASK_SETS: [(&str, &str); 7] = [
    ("taskDefinition", "TaskDefinition"),
    ("launchType", "LaunchType"),
    ("loadBalancers", "LoadBalancers"),
    ("networkConfiguration", "NetworkConfiguration"),
    ("platformVersion", "PlatformVersion"),
    ("enableExecuteCommand", "EnableExecuteCommand"),
    (zones::REBALANCING, "AvailabilityZoneRebalancing"),
];

/// What it cannot be changed to have. AWS: API reference, `UpdateService`. The words are those for the controller `CODE_DEPLOY`,
/// less what to use instead.
const FIXED: [(&str, &str); 6] = [
    ("taskDefinition", "task definition"),
    ("loadBalancers", "load balancers"),
    ("networkConfiguration", "network parameters"),
    ("platformVersion", "platform version"),
    ("enableExecuteCommand", "execute command"),
    (zones::REBALANCING, "Availability Zone rebalancing"),
];

/// Whether a request asks for such a service.
pub(in super::super) fn is_asked_for(input: &Value) -> bool {
    input.pointer("/deploymentController/type") == Some(&json!(CONTROLLER))
}

/// Creates one. It runs nothing until it has a task set.
pub(in super::super) fn create(
    world: &mut World,
    key: &ServiceKey,
    input: &Value,
    by: &str,
) -> Result<Value, Fault> {
    let given = |member: &str| input.get(member).is_some_and(|value| !value.is_null());
    if let Some((_, name)) = OF_TASK_SETS.iter().find(|(member, _)| given(member)) {
        return Err(invalid(format!("{name} must be blank")));
    }
    check_circuit_breaker(input)?;
    let mut defaults = settings::defaults(input, by);
    defaults.insert(
        "deploymentController".to_owned(),
        json!({"type": CONTROLLER}),
    );
    let mut service = Service::new(key, world, defaults);
    settings::apply(&mut service, input)?;
    service.tags = tags::parse(input);
    world.ecs.services.insert(key.clone(), service);
    service::changed(world, key);
    settings::shown(world, key)
}

/// Refuses what only the controller ECS does. AWS does not document how it is worded.
fn check_circuit_breaker(input: &Value) -> Result<(), Fault> {
    let breaker = &input["deploymentConfiguration"]["deploymentCircuitBreaker"];
    if breaker["enable"] == true {
        return Err(invalid(
            "The deployment circuit breaker is only supported with the ECS deployment controller.",
        ));
    }
    Ok(())
}

/// Refuses a change of what does not change. A deployment configuration that stays as it is may be given.
pub(in super::super) fn check_update(before: &Service, input: &Value) -> Result<(), Fault> {
    let fixed = |what: &str| {
        invalid(format!(
            "Unable to update {what} on services with a {CONTROLLER} deployment controller."
        ))
    };
    let given = |member: &str| input.get(member).is_some_and(|value| !value.is_null());
    if let Some((_, what)) = FIXED.iter().find(|(member, _)| given(member)) {
        return Err(fixed(what));
    }
    if input["forceNewDeployment"] == true {
        return Err(invalid(format!(
            "Cannot force a new deployment on services with a {CONTROLLER} deployment controller."
        )));
    }
    let configuration = before.settings.get("deploymentConfiguration");
    let asked = input["deploymentConfiguration"].as_object();
    let mut asked = asked.into_iter().flatten();
    let differs = asked.any(|(member, value)| configuration.is_none_or(|it| it[member] != *value));
    if differs {
        return Err(fixed("deployment configuration"));
    }
    Ok(())
}

/// The ACTIVE service with an external deployment controller that a request means.
pub(super) fn service(world: &World, input: &Value) -> Result<ServiceKey, Fault> {
    let cluster = names::cluster(world, input)?;
    let name = text(input, "service").unwrap_or_default();
    let key = settings::active(world, &cluster, name)?;
    let service = world.ecs.services.get(&key);
    if !service.is_some_and(Service::is_external) {
        return Err(invalid(
            "Amazon ECS only supports task set management on services configured to use external deployment controllers.",
        ));
    }
    Ok(key)
}

/// The task sets of a service.
pub(super) fn sets<'a>(world: &'a World, key: &ServiceKey) -> &'a [TaskSet] {
    let service = world.ecs.services.get(key);
    service.map_or(&[], |service| &service.task_sets)
}

/// What a call answers that has written a set, whatever reads still show.
pub(super) fn shown(world: &World, key: &ServiceKey, id: &str) -> Result<Value, Fault> {
    let service = world.ecs.services.get(key);
    let set = service.and_then(|service| {
        let set = service.task_set(id)?;
        Some(set.render(service, &world.ecs.tasks))
    });
    let set = set.ok_or_else(|| Fault::new("TaskSetNotFoundException", "TaskSet not found."))?;
    Ok(json!({"taskSet": set}))
}

impl Service {
    /// Whether something outside of ECS decides what it runs.
    pub(in super::super) fn is_external(&self) -> bool {
        let controller = self.settings.get("deploymentController");
        controller.is_some_and(|controller| controller["type"] == CONTROLLER)
    }
}
