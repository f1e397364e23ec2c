//! Task definitions: whole documents, with a small view of what the engine drives.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    super::{Fault, Principal, World},
    HealthCheck, check,
    names::{client, count, invalid, page, text, wants_tags},
    size,
    tags::{self, Tags},
};
use crate::clock::Moment;

/// AWS: 30 s unless given (API reference, `ContainerDefinition`).
const DEFAULT_STOP_TIMEOUT: u32 = 30;

/// Members of a container definition that change what runs and that a [`TaskLaunch`](super::TaskLaunch) cannot
/// express.
const NOT_RUN_HERE: [&str; 4] = ["entryPoint", "environmentFiles", "restartPolicy", "secrets"];

/// All revisions by family.
#[derive(Debug, Default)]
pub(super) struct Definitions(BTreeMap<String, Vec<TaskDefinition>>);

/// One revision.
#[derive(Debug, Clone)]
pub(super) struct TaskDefinition {
    pub(super) arn: String,
    pub(super) family: String,
    pub(super) revision: usize,
    pub(super) active: bool,
    /// When it was deregistered.
    pub(super) deregistered: Option<Moment>,
    pub(super) tags: Tags,
    /// As `DescribeTaskDefinition` answers it.
    document: Map<String, Value>,
}

impl Definitions {
    /// `family:revision`.
    pub(super) fn revision(&self, name: &str) -> Option<&TaskDefinition> {
        let (family, revision) = name.rsplit_once(':')?;
        let index = revision.parse::<usize>().ok()?.checked_sub(1)?;
        self.0.get(family)?.get(index)
    }

    pub(super) fn revision_mut(&mut self, name: &str) -> Option<&mut TaskDefinition> {
        let (family, revision) = name.rsplit_once(':')?;
        let index = revision.parse::<usize>().ok()?.checked_sub(1)?;
        self.0.get_mut(family)?.get_mut(index)
    }

    /// An ARN, `family:revision`, or a family for its latest ACTIVE revision.
    pub(super) fn find(&self, world: &World, name: &str) -> Option<&TaskDefinition> {
        let name = short(world, name);
        match self.revision(name) {
            Some(definition) => Some(definition),
            None => self
                .0
                .get(name)?
                .iter()
                .rev()
                .find(|definition| definition.active),
        }
    }
}

fn short<'a>(world: &World, name: &'a str) -> &'a str {
    name.strip_prefix(&world.arn("ecs", "task-definition/"))
        .unwrap_or(name)
}

impl TaskDefinition {
    /// The container that tasks run: the first essential one.
    pub(super) fn container(&self) -> Option<&Value> {
        containers(&self.document).find(|container| is_essential(container))
    }

    pub(super) fn container_named(&self, name: &str) -> Option<&Value> {
        containers(&self.document).find(|container| text(container, "name") == Some(name))
    }

    /// Whether every task has a network interface of its own.
    pub(super) fn is_awsvpc(&self) -> bool {
        is_awsvpc(&self.document)
    }

    pub(super) fn container_name(&self) -> &str {
        self.container()
            .and_then(|container| text(container, "name"))
            .unwrap_or_default()
    }

    pub(super) fn image(&self) -> &str {
        self.container()
            .and_then(|container| text(container, "image"))
            .unwrap_or_default()
    }

    /// Whether all tasks of a deployment run the same image. AWS: so unless the container says otherwise (API reference,
    /// `ContainerDefinition`, `versionConsistency`).
    pub(super) fn is_version_consistent(&self) -> bool {
        let said = self
            .container()
            .and_then(|it| text(it, "versionConsistency"));
        said != Some("disabled")
    }

    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        self.container()
            .and_then(|container| container["environment"].as_array())
            .into_iter()
            .flatten()
            .filter_map(|pair| {
                let value = text(pair, "value").unwrap_or_default();
                Some((text(pair, "name")?.to_owned(), value.to_owned()))
            })
            .collect()
    }

    pub(super) fn command(&self) -> Vec<String> {
        strings(
            self.container()
                .and_then(|container| container.get("command")),
        )
    }

    /// Defaults as the API reference of `HealthCheck` states them.
    pub(super) fn health_check(&self) -> Option<HealthCheck> {
        let check = self.container()?.get("healthCheck")?;
        Some(HealthCheck {
            command: strings(check.get("command")),
            interval: count(check.get("interval")).unwrap_or(30),
            timeout: count(check.get("timeout")).unwrap_or(5),
            retries: count(check.get("retries")).unwrap_or(3),
            start_period: count(check.get("startPeriod")).unwrap_or(0),
        })
    }

    /// `taskRoleArn`.
    pub(super) fn task_role(&self) -> Option<&str> {
        self.document.get("taskRoleArn").and_then(Value::as_str)
    }

    /// How long a container has between SIGTERM and SIGKILL.
    pub(super) fn stop_timeout(&self) -> Duration {
        let seconds = count(self.container().and_then(|c| c.get("stopTimeout")))
            .unwrap_or(DEFAULT_STOP_TIMEOUT);
        Duration::from_secs(seconds.into())
    }

    /// Size of the task, as the document has it.
    pub(super) fn size(&self, member: &str) -> Option<&str> {
        self.document.get(member).and_then(Value::as_str)
    }

    /// `X86_64` or `ARM64`.
    pub(super) fn architecture(&self) -> &str {
        self.document
            .get("runtimePlatform")
            .and_then(|platform| text(platform, "cpuArchitecture"))
            .unwrap_or("X86_64")
    }

    /// Why this account cannot run tasks of this definition as AWS would.
    pub(super) fn check_runnable(&self) -> Result<(), Fault> {
        let several = containers(&self.document).count() != 1;
        if several {
            return Err(invalid(format!(
                "{}: the local account runs task definitions with one container",
                self.arn
            )));
        }
        let given = NOT_RUN_HERE.iter().find(|member| {
            self.container()
                .and_then(|container| container.get(**member))
                .is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()))
        });
        match given {
            None => Ok(()),
            Some(member) => Err(invalid(format!(
                "{}: the local account does not implement {member} of a container definition",
                self.arn
            ))),
        }
    }
}

pub(super) fn containers(document: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    document
        .get("containerDefinitions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

pub(super) fn is_awsvpc(document: &Map<String, Value>) -> bool {
    document.get("networkMode") == Some(&json!("awsvpc"))
}

pub(super) fn is_essential(container: &Value) -> bool {
    container
        .get("essential")
        .is_none_or(|essential| essential != false)
}

fn strings(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(ToOwned::to_owned))
        .collect()
}

/// Registers a revision; `by` is the ARN of who registers it.
pub(super) fn register(world: &mut World, input: &Value, by: &str) -> Result<String, Fault> {
    let mut document = input.as_object().cloned().unwrap_or_default();
    size::normalize(&mut document)?;
    check::check(&document)?;
    document.remove("tags");
    fill_defaults(&mut document);
    let family = text(input, "family").unwrap_or_default().to_owned();
    let revision = world.ecs.definitions.0.get(&family).map_or(0, Vec::len) + 1;
    let arn = world.arn("ecs", &format!("task-definition/{family}:{revision}"));
    let awsvpc = is_awsvpc(&document);
    let fargate = awsvpc && document.contains_key("cpu") && document.contains_key("memory");
    let additions = json!({
        "taskDefinitionArn": arn,
        "revision": revision,
        "status": "ACTIVE",
        "requiresAttributes": required_attributes(awsvpc),
        "compatibilities": if fargate { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) },
        "registeredAt": world.now.epoch_seconds(),
        "registeredBy": by,
    });
    document.extend(additions.as_object().cloned().unwrap_or_default());
    let definition = TaskDefinition {
        arn: arn.clone(),
        family: family.clone(),
        revision,
        active: true,
        deregistered: None,
        tags: tags::parse(input),
        document,
    };
    let revisions = world.ecs.definitions.0.entry(family).or_default();
    revisions.push(definition);
    Ok(arn)
}

fn required_attributes(awsvpc: bool) -> Value {
    let docker = json!({"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"});
    let network = json!({"name": "ecs.capability.task-eni"});
    if awsvpc {
        json!([docker, network])
    } else {
        json!([docker])
    }
}

/// Members that AWS answers even if they were not given.
fn fill_defaults(document: &mut Map<String, Value>) {
    let awsvpc = is_awsvpc(document);
    for list in ["volumes", "placementConstraints"] {
        document.entry(list).or_insert_with(|| json!([]));
    }
    let containers = document
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let Some(container) = container.as_object_mut() else {
            continue;
        };
        container.entry("cpu").or_insert_with(|| json!(0));
        container.entry("essential").or_insert_with(|| json!(true));
        for list in [
            "portMappings",
            "environment",
            "mountPoints",
            "volumesFrom",
            "systemControls",
        ] {
            container.entry(list).or_insert_with(|| json!([]));
        }
        let mappings = container
            .get_mut("portMappings")
            .and_then(Value::as_array_mut);
        for mapping in mappings
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
        {
            fill_port_mapping(mapping, awsvpc);
        }
    }
}

/// AWS: TCP unless given, and with awsvpc the host's port is the container's (API reference,
/// `PortMapping`).
fn fill_port_mapping(mapping: &mut Map<String, Value>, awsvpc: bool) {
    mapping.entry("protocol").or_insert_with(|| json!("tcp"));
    if let Some(port) = mapping.get("containerPort").cloned() {
        let host = if awsvpc { port } else { json!(0) };
        mapping.entry("hostPort").or_insert(host);
    }
}

/// `RegisterTaskDefinition`.
pub(super) fn register_call(
    world: &mut World,
    input: &Value,
    principal: &Principal,
) -> Result<Value, Fault> {
    tags::check(input, &tags::parse(input))?;
    let by = super::caller_arn(world, principal);
    let arn = register(world, input, &by)?;
    describe_as(world, &arn, true)
}

/// `DescribeTaskDefinition`.
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let name = text(input, "taskDefinition").unwrap_or_default();
    describe_as(world, name, wants_tags(input))
}

fn describe_as(world: &World, name: &str, with_tags: bool) -> Result<Value, Fault> {
    let definition = world
        .ecs
        .definitions
        .find(world, name)
        .ok_or_else(|| client("Unable to describe task definition."))?;
    let mut answer = json!({"taskDefinition": definition.document});
    if with_tags {
        answer["tags"] = tags::render(&definition.tags);
    }
    Ok(answer)
}

/// `DeregisterTaskDefinition`: the revision becomes INACTIVE and stays describable.
pub(super) fn deregister(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let name = text(input, "taskDefinition").unwrap_or_default();
    let name = short(world, name).to_owned();
    if !name.contains(':') {
        return Err(client("Invalid revision number: give family:revision."));
    }
    let (at, now) = (world.now, world.now.epoch_seconds());
    let definition = world
        .ecs
        .definitions
        .revision_mut(&name)
        .ok_or_else(|| client("Unable to describe task definition."))?;
    if definition.active {
        definition.active = false;
        definition.deregistered = Some(at);
        definition
            .document
            .insert("status".to_owned(), json!("INACTIVE"));
        definition
            .document
            .insert("deregisteredAt".to_owned(), json!(now));
    }
    Ok(json!({"taskDefinition": definition.document}))
}

/// `ListTaskDefinitions`: by family name, then by revision number.
pub(super) fn list(world: &World, input: &Value) -> Result<Value, Fault> {
    let status = text(input, "status").unwrap_or("ACTIVE");
    let family = text(input, "familyPrefix");
    let mut arns: Vec<String> = world
        .ecs
        .definitions
        .0
        .iter()
        .filter(|(name, _)| family.is_none_or(|family| family == *name))
        .flat_map(|(_, revisions)| revisions)
        .filter(|definition| definition.document["status"] == status)
        .map(|definition| definition.arn.clone())
        .collect();
    if text(input, "sort") == Some("DESC") {
        arns.reverse();
    }
    let (arns, next) = page(input, arns)?;
    let mut answer = json!({"taskDefinitionArns": arns});
    if let Some(token) = next {
        answer["nextToken"] = json!(token);
    }
    Ok(answer)
}
