//! What the services are like, asked of the account.

use serde_json::{Value, json};

use super::Theatre;
use crate::{
    stage::{self, Runs},
    world::{Principal, World, ecs, scaling},
};

/// A service as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: String,
    /// Its task definition's family and revision.
    pub(super) task_definition: String,
    pub(super) version: String,
    pub(super) desired: u64,
    pub(super) running: u64,
    pub(super) deployments: usize,
    pub(super) scaling: String,
}

/// The services that run the versions, the primary first.
pub(super) fn services(theatre: &Theatre<'_>) -> Vec<Service> {
    let names = names(theatre).iter();
    theatre
        .account
        .with(|world| names.map(|name| service(world, theatre, name)).collect())
}

/// Their names.
pub(super) fn names(theatre: &Theatre<'_>) -> &'static [&'static str] {
    match theatre.rehearsal.stage.traffic.runs() {
        Runs::Services => &[stage::PRIMARY, stage::CANARY],
        Runs::TaskSets => &[stage::PRIMARY],
        Runs::Function => &[],
    }
}

/// Whether one task set is PRIMARY with all tasks of its service, and each has its own and passes its checks.
pub(super) fn has_steady_sets(theatre: &Theatre<'_>) -> bool {
    let services = json!({ "cluster": stage::CLUSTER, "services": [stage::PRIMARY] });
    let ask = |world: &mut World| ask_ecs(world, "DescribeServices", &services);
    let service = &theatre.account.with(ask)["services"][0];
    let sets = service["taskSets"].as_array();
    let sets = sets.map_or(&[][..], Vec::as_slice);
    let is_whole = |set: &Value| {
        set["status"] == "PRIMARY" && set["computedDesiredCount"] == service["desiredCount"]
    };
    sets.iter().any(is_whole)
        && sets
            .iter()
            .all(|set| set["stabilityStatus"] == "STEADY_STATE")
}

/// What a service's tasks are defined with: their variables' names, CPU units and MiB.
pub(super) fn defined(theatre: &Theatre<'_>, name: &str) -> String {
    let definition = theatre.account.with(|world| {
        let services = json!({ "cluster": stage::CLUSTER, "services": [name] });
        let service = &ask_ecs(world, "DescribeServices", &services)["services"][0];
        let named = json!({ "taskDefinition": service["taskDefinition"] });
        ask_ecs(world, "DescribeTaskDefinition", &named)["taskDefinition"].clone()
    });
    let variables = definition["containerDefinitions"][0]["environment"].as_array();
    let variables = variables.into_iter().flatten();
    let variables: Vec<_> = variables.filter_map(|it| it["name"].as_str()).collect();
    let text = |field: &str| definition[field].as_str().unwrap_or("none").to_owned();
    let (cpu, memory) = (text("cpu"), text("memory"));
    format!("{}; {cpu} CPU units, {memory} MiB", variables.join(", "))
}

fn service(world: &mut World, theatre: &Theatre<'_>, name: &str) -> Service {
    let described = ask_ecs(
        world,
        "DescribeServices",
        &json!({ "cluster": stage::CLUSTER, "services": [name] }),
    );
    let service = &described["services"][0];
    let arn = service["taskDefinition"].as_str().unwrap_or_default();
    let definition = ask_ecs(
        world,
        "DescribeTaskDefinition",
        &json!({ "taskDefinition": arn }),
    );
    let image = definition["taskDefinition"]["containerDefinitions"][0]["image"].as_str();
    let digest = image.and_then(|image| Some(image.split_once('@')?.1));
    let version = digest.and_then(|digest| theatre.script.version_of(digest));
    let count = |member: &str| service[member].as_u64().unwrap_or_default();
    Service {
        name: name.to_owned(),
        task_definition: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        version: version
            .map_or("another version", |version| &version.label)
            .to_owned(),
        desired: count("desiredCount"),
        running: count("runningCount"),
        deployments: service["deployments"].as_array().map_or(0, Vec::len),
        scaling: scaling_of(world, name),
    }
}

/// Capacity and suspension of a service's scalable target, in words.
fn scaling_of(world: &mut World, service: &str) -> String {
    let input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceIds": [format!("service/{}/{service}", stage::CLUSTER)],
    });
    let targets = scaling::call(world, "DescribeScalableTargets", &input).unwrap_or_default();
    let target = &targets["ScalableTargets"][0];
    if target.is_null() {
        return "none".to_owned();
    }
    let suspended = target["SuspendedState"].as_object();
    let is_suspended = suspended.is_some_and(|state| state.values().any(|flag| flag == true));
    let state = if is_suspended { ", suspended" } else { "" };
    format!(
        "{} to {} tasks{state}",
        target["MinCapacity"], target["MaxCapacity"]
    )
}

/// An answer of ECS; null for a fault, which then fails the check.
fn ask_ecs(world: &mut World, operation: &str, input: &Value) -> Value {
    let person = Principal("person".to_owned());
    ecs::call(world, operation, input, &person).unwrap_or_default()
}
