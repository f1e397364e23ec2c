//! The task metadata endpoint, version 4. AWS: developer guide, task metadata endpoint version 4 for
//! tasks on Fargate.

use serde_json::{Map, Value, json};

use super::{
    super::World,
    api::runtime_id,
    definition::TaskDefinition,
    network,
    task::{Status, Task},
    zones,
};

/// `""` is the container, `"/task"` the task; there are no others, and none once it stopped.
pub(super) fn answer(world: &World, task: &Task, path: &str) -> Option<Value> {
    let definition = world.ecs.definitions.find(world, &task.definition)?;
    match path {
        _ if task.status == Status::Stopped => None,
        "" => Some(container(world, task, definition)),
        "/task" => Some(whole_task(world, task, definition)),
        _ => None,
    }
}

fn cluster_arn(world: &World, task: &Task) -> String {
    world.arn("ecs", &format!("cluster/{}", task.service.cluster))
}

fn desired(task: &Task) -> &'static str {
    if task.is_wanted() {
        "RUNNING"
    } else {
        "STOPPED"
    }
}

fn known(task: &Task) -> &'static str {
    if task.ended.is_some() {
        "STOPPED"
    } else if task.container_started.is_some() {
        "RUNNING"
    } else {
        "PENDING"
    }
}

fn whole_task(world: &World, task: &Task, definition: &TaskDefinition) -> Value {
    let mut shown = json!({
        "Cluster": cluster_arn(world, task),
        "ServiceName": task.service.service,
        "TaskARN": task.arn,
        "Family": definition.family,
        "Revision": definition.revision.to_string(),
        "DesiredStatus": desired(task),
        "KnownStatus": known(task),
        "AvailabilityZone": zones::name(world, task.zone),
        "LaunchType": task.launch_type,
        "Containers": [container(world, task, definition)],
    });
    let limits = limits(definition);
    if !limits.is_empty() {
        shown["Limits"] = Value::Object(limits);
    }
    let times = [
        ("PullStartedAt", task.launched),
        ("PullStoppedAt", task.container_started),
    ];
    for (member, moment) in times {
        if let Some(moment) = moment {
            shown[member] = json!(moment.iso_millis());
        }
    }
    shown
}

/// The task's size: vCPUs and MiB.
fn limits(definition: &TaskDefinition) -> Map<String, Value> {
    let number = |member| {
        definition
            .size(member)
            .and_then(|size| size.parse::<f64>().ok())
    };
    let mut limits = Map::new();
    if let Some(units) = number("cpu") {
        limits.insert("CPU".to_owned(), json!(units / 1024.0));
    }
    if let Some(mebibytes) = definition
        .size("memory")
        .and_then(|size| size.parse::<u64>().ok())
    {
        limits.insert("Memory".to_owned(), json!(mebibytes));
    }
    limits
}

fn container(world: &World, task: &Task, definition: &TaskDefinition) -> Value {
    let mut shown = json!({
        "DockerId": runtime_id(task),
        "Name": task.container,
        "DockerName": task.container,
        "Image": task.image,
        "ImageID": task.image_digest,
        "Labels": {
            "com.amazonaws.ecs.cluster": cluster_arn(world, task),
            "com.amazonaws.ecs.container-name": task.container,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": definition.family,
            "com.amazonaws.ecs.task-definition-version": definition.revision.to_string(),
        },
        "DesiredStatus": desired(task),
        "KnownStatus": known(task),
        "Limits": {"CPU": definition.container().map_or(&Value::Null, |c| &c["cpu"])},
        "CreatedAt": task.created.iso_millis(),
        "Type": "NORMAL",
        "ContainerARN": task.container_arn,
    });
    if let Some(started) = task.container_started {
        shown["StartedAt"] = json!(started.iso_millis());
    }
    if let Some(networks) = network::networks(world, task) {
        shown["Networks"] = networks;
    }
    shown
}
