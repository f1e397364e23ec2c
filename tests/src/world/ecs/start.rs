//! Starting tasks of a service's PRIMARY deployment, or of a task set.

use serde_json::{Map, Value, json};

use super::{
    super::World,
    definition::TaskDefinition,
    names::ServiceKey,
    network,
    rollout::touch,
    service::{Service, write_event_about},
    spot,
    tags::Tags,
    task::{self, Origin},
    zones,
};

/// Starts tasks of the PRIMARY deployment and says so; `replaced` of them are for unhealthy ones.
pub(super) fn start_tasks(world: &mut World, key: &ServiceKey, number: usize, replaced: usize) {
    if number == 0 {
        return;
    }
    if let Some(origin) = origin(world, key) {
        start(world, origin, number, replaced);
    }
}

/// The same with tasks of this origin.
pub(super) fn start(world: &mut World, origin: Origin, number: usize, replaced: usize) {
    let key = &origin.service.clone();
    if number == 0 || spot::is_unavailable(world, key) {
        return;
    }
    let service = world.ecs.services.get(key);
    let is_external = service.is_some_and(Service::is_external);
    let set = is_external.then(|| origin.deployment.clone());
    let started = place(world, origin, number);
    touch(world, key);
    let replacing = match replaced.min(number) {
        0 => String::new(),
        tasks => format!(" Amazon ECS replaced {tasks} tasks due to an unhealthy status."),
    };
    let message = format!(
        "has started {} tasks: {}.{replacing}",
        started.len(),
        started.join(" ")
    );
    write_event_about(world, key, set.as_deref(), &message);
}

/// Creates tasks of the PRIMARY deployment; answers them as events name them.
pub(super) fn create(world: &mut World, key: &ServiceKey, number: usize) -> Vec<String> {
    origin(world, key).map_or_else(Vec::new, |origin| place(world, origin, number))
}

/// Creates tasks, each in the zone with the fewest.
fn place(world: &mut World, mut origin: Origin, number: usize) -> Vec<String> {
    (0..number)
        .filter_map(|_| {
            origin.zone = zones::emptiest(world, &origin.service);
            task::create(world, &origin)
        })
        .map(|task| format!("(task {task})"))
        .collect()
}

fn origin(world: &World, key: &ServiceKey) -> Option<Origin> {
    let service = world.ecs.services.get(key)?;
    let primary = service.deployments.first()?;
    let definition = world.ecs.definitions.find(world, &primary.task_definition);
    Some(Origin {
        service: key.clone(),
        deployment: primary.id.clone(),
        launch_type: launch_type(&primary.settings),
        subnet: network::subnet(&primary.settings),
        definition: primary.task_definition.clone(),
        load_balancers: primary.load_balancers.clone(),
        tags: propagated_tags(service, definition, key),
        zone: 0,
    })
}

/// `launchType` as a deployment has it.
fn launch_type(settings: &Map<String, Value>) -> String {
    let given = settings.get("launchType").and_then(Value::as_str);
    given.unwrap_or("EC2").to_owned()
}

/// AWS: tags reach a task only when it starts (API reference, `propagateTags`).
pub(super) fn propagated_tags(
    service: &Service,
    definition: Option<&TaskDefinition>,
    key: &ServiceKey,
) -> Tags {
    let mut tags = match service
        .settings
        .get("propagateTags")
        .and_then(Value::as_str)
    {
        Some("SERVICE") => service.tags.clone(),
        Some("TASK_DEFINITION") => definition.map(|d| d.tags.clone()).unwrap_or_default(),
        _ => Tags::new(),
    };
    if service.settings.get("enableECSManagedTags") == Some(&json!(true)) {
        tags.insert("aws:ecs:clusterName".to_owned(), key.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), key.service.clone());
    }
    tags
}
