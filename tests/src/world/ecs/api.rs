//! Reads of services, and the operations on tasks.

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    Health,
    names::{self, ServiceKey, invalid, page, text, texts, wants_tags},
    network, service, tags,
    task::{self, Task},
    zones,
};

/// AWS: at most this many services and tasks per call (API reference, `DescribeServices`,
/// `DescribeTasks`).
const SERVICES: usize = 10;
const TASKS: usize = 100;

/// `DescribeServices`.
pub(super) fn describe_services(world: &World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let asked = texts(input, "services");
    if asked.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if asked.len() > SERVICES {
        return Err(invalid(format!(
            "At most {SERVICES} services can be described at once, not {}.",
            asked.len()
        )));
    }
    let mut services = Vec::new();
    let mut failures = Vec::new();
    for name in asked {
        let key = ServiceKey::parse(world, &cluster, name);
        let found = key
            .as_ref()
            .and_then(|key| service::describe(world, key, wants_tags(input)));
        match found {
            Some(service) => services.push(service),
            None => failures.push(json!({
                "arn": key.map_or_else(|| name.to_owned(), |key| key.arn(world)),
                "reason": "MISSING",
            })),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

/// `ListTasks`, oldest first.
pub(super) fn list_tasks(world: &World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    for member in ["containerInstance", "daemonName"] {
        if input.get(member).is_some() {
            return Err(invalid(format!(
                "the local account does not implement {member} of ListTasks"
            )));
        }
    }
    let started_by = text(input, "startedBy");
    let family = text(input, "family");
    let service = match text(input, "serviceName") {
        None => None,
        Some(name) => Some(
            ServiceKey::parse(world, &cluster, name)
                .filter(|key| world.ecs.services.contains_key(key))
                .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?,
        ),
    };
    if started_by.is_some() && (family.is_some() || service.is_some()) {
        return Err(invalid(
            "startedBy must be the only filter when it is specified.",
        ));
    }
    let desired = text(input, "desiredStatus").unwrap_or("RUNNING");
    let launch_type = text(input, "launchType");
    let arns = world
        .ecs
        .tasks
        .iter()
        .filter(|task| {
            task.service.cluster == cluster
                && desired_status(task) == desired
                && started_by.is_none_or(|id| id == task.deployment)
                && service.as_ref().is_none_or(|key| *key == task.service)
                && family.is_none_or(|family| is_of_family(world, task, family))
                && launch_type.is_none_or(|kind| task.launch_type == kind)
        })
        .map(|task| task.arn.clone())
        .collect();
    let (arns, next) = page(input, arns)?;
    let mut answer = json!({"taskArns": arns});
    if let Some(token) = next {
        answer["nextToken"] = json!(token);
    }
    Ok(answer)
}

fn is_of_family(world: &World, task: &Task, family: &str) -> bool {
    let definition = world.ecs.definitions.find(world, &task.definition);
    definition.is_some_and(|definition| definition.family == family)
}

fn desired_status(task: &Task) -> &'static str {
    if task.is_wanted() {
        "RUNNING"
    } else {
        "STOPPED"
    }
}

/// `DescribeTasks`.
pub(super) fn describe_tasks(world: &World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let asked = texts(input, "tasks");
    if asked.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if asked.len() > TASKS {
        return Err(invalid(format!(
            "At most {TASKS} tasks can be described at once, not {}.",
            asked.len()
        )));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for name in asked {
        let arn = task_arn(world, &cluster, name);
        match task::position(world, &arn) {
            Some(index) => found.push(render(world, index, wants_tags(input))),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"tasks": found, "failures": failures}))
}

/// A task's ARN, which requests may shorten to its id.
pub(super) fn task_arn(world: &World, cluster: &str, name: &str) -> String {
    if name.starts_with("arn:") {
        name.to_owned()
    } else {
        world.arn("ecs", &format!("task/{cluster}/{name}"))
    }
}

/// `StopTask`.
pub(super) fn stop_task(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let arn = task_arn(world, &cluster, text(input, "task").unwrap_or_default());
    let index =
        task::position(world, &arn).ok_or_else(|| invalid("The referenced task was not found."))?;
    let reason = text(input, "reason").unwrap_or("Task stopped by user");
    task::stop(world, index, "UserInitiated", reason);
    let key = world.ecs.tasks[index].service.clone();
    service::changed(world, &key);
    Ok(json!({"task": render(world, index, false)}))
}

fn render(world: &World, index: usize, with_tags: bool) -> Value {
    let task = &world.ecs.tasks[index];
    let cluster = world.arn("ecs", &format!("cluster/{}", task.service.cluster));
    let mut shown = json!({
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition,
        "clusterArn": cluster,
        "group": format!("service:{}", task.service.service),
        "startedBy": task.deployment,
        "launchType": task.launch_type,
        "lastStatus": task.status.name(),
        "desiredStatus": desired_status(task),
        "healthStatus": health(task),
        "availabilityZone": zones::name(world, task.zone),
        "connectivity": "CONNECTED",
        "createdAt": task.created.epoch_seconds(),
        "version": task.changes,
        "overrides": {"containerOverrides": [{"name": task.container}]},
        "containers": [container(task)],
        "attachments": network::attachments(world, task),
        "tags": if with_tags { tags::render(&task.tags) } else { json!([]) },
    });
    if let Some(definition) = world.ecs.definitions.find(world, &task.definition) {
        let architecture = definition.architecture().to_ascii_lowercase();
        shown["attributes"] = json!([{"name": "ecs.cpu-architecture", "value": architecture}]);
        for size in ["cpu", "memory"] {
            if let Some(value) = definition.size(size) {
                shown[size] = json!(value);
            }
        }
    }
    let stopping = task.stop.as_ref();
    let times = [
        ("pullStartedAt", task.launched),
        ("pullStoppedAt", task.container_started),
        ("startedAt", task.started),
        ("stoppingAt", stopping.map(|stop| stop.at)),
        ("executionStoppedAt", task.ended),
        ("stoppedAt", task.stopped),
    ];
    for (member, moment) in times {
        if let Some(moment) = moment {
            shown[member] = json!(moment.epoch_seconds());
        }
    }
    if let Some(stop) = stopping {
        shown["stopCode"] = json!(stop.code);
        shown["stoppedReason"] = json!(stop.reason);
    }
    shown
}

fn container(task: &Task) -> Value {
    let status = if task.ended.is_some() {
        "STOPPED"
    } else if task.container_started.is_some() {
        "RUNNING"
    } else {
        "PENDING"
    };
    let mut shown = json!({
        "containerArn": task.container_arn,
        "taskArn": task.arn,
        "name": task.container,
        "image": task.image,
        "lastStatus": status,
        "healthStatus": health(task),
        "networkBindings": [],
        "networkInterfaces": network::interfaces(task),
    });
    if task.container_started.is_some() {
        shown["imageDigest"] = json!(task.image_digest);
        shown["runtimeId"] = json!(runtime_id(task));
    }
    if let Some(code) = task.exit_code {
        shown["exitCode"] = json!(code);
    }
    if let Some(reason) = &task.exit_reason {
        shown["reason"] = json!(reason);
    }
    shown
}

/// On Fargate a container's runtime id is the task's id and ten digits.
pub(super) fn runtime_id(task: &Task) -> String {
    let digits: u64 = task
        .id
        .bytes()
        .fold(0, |sum, byte| (sum * 31 + u64::from(byte)) % 10_000_000_000);
    format!("{}-{digits:010}", task.id)
}

fn health(task: &Task) -> &'static str {
    match task.health {
        Some(Health::Healthy) => "HEALTHY",
        Some(Health::Unhealthy) => "UNHEALTHY",
        None => "UNKNOWN",
    }
}
