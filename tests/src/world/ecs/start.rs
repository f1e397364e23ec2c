//! Starting tasks of a service's PRIMARY deployment.

use serde_json::{Map, Value, json};

use super::{
    super::World,
    definition::TaskDefinition,
    names::ServiceKey,
    network,
    rollout::touch,
    service::{Service, write_event},
    spot,
    tags::Tags,
    task::{self, Origin},
    zones,
};

/// Starts tasks and says so; `replaced` of them are for unhealthy ones.
pub(super) fn start_tasks(world: &mut World, key: &ServiceKey, number: usize, replaced: usize) {
    if number == 0 || spot::is_unavailable(world, key) {
        return;
    }
    let started = create(world, key, number);
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
    write_event(world, key, &message);
}

/// Creates tasks, each in the zone with the fewest; answers them as events name them.
pub(super) fn create(world: &mut World, key: &ServiceKey, number: usize) -> Vec<String> {
    let Some(mut origin) = origin(world, key) else {
        return Vec::new();
    };
    (0..number)
        .filter_map(|_| {
            origin.zone = zones::emptiest(world, key);
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
fn propagated_tags(
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
