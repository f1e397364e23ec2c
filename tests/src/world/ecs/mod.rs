//! Amazon ECS: task definitions, services with rolling deployments and circuit breaker or with task sets, tasks.
//!
//! Documents (task definitions, settings of services) are kept as JSON as they came in; the modules
//! read from them what they drive. `tick` lets tasks move on (`task`) and then gives every
//! service one pass of the scheduler (`rollout`, which asks `scheduler` what to do and
//! `breaker` what to give up).

mod api;
mod breaker;
mod check;
mod consistency;
mod definition;
mod deletion;
mod health;
mod image;
mod launch;
mod launches;
mod limits;
mod metadata;
mod metrics;
mod names;
mod needs;
mod network;
mod protection;
mod provision;
mod rollout;
mod scheduler;
mod service;
mod settings;
mod size;
mod spot;
mod start;
mod tags;
mod targets;
mod task;
mod task_sets;
#[cfg(test)]
mod tests;
mod zones;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use super::{
    Fault, Principal, World,
    service::{Endpoint, Service as AwsService},
    unknown_operation,
};
use crate::clock::Moment;
use definition::Definitions;
pub use launch::{HealthCheck, TaskLaunch};
use names::ServiceKey;
pub(super) use needs::running;
use service::{Service, Status};
pub use spot::interrupt;
use task::Task;

/// What the account has to know of it.
pub const SERVICE: AwsService = AwsService {
    endpoint: Endpoint::Model(include_str!("../../../models/ecs.json")),
    call: |world, it| call(world, it.operation, it.input, it.principal),
    tick,
    limits: limits::GROUPS,
    needs: needs::needs,
    condition_keys: &[
        "ecs:CreateAction",
        "ecs:auto-assign-public-ip",
        "ecs:cluster",
        "ecs:enable-execute-command",
        "ecs:privileged",
        "ecs:service",
        "ecs:subnet",
        "ecs:task-definition",
    ],
    several_values: &["ecs:subnet"],
    linked_role: Some(("ecs.amazonaws.com", "AWSServiceRoleForECS")),
    resources: provision::RESOURCES,
    ..AwsService::new("ecs")
};

/// Clusters, services, task definitions and tasks.
#[derive(Debug)]
pub struct Ecs {
    /// Version labels of images, by the image as task definitions name it or by its digest (`app@sha256:…`), which counts
    /// more; for the journal.
    pub images: BTreeMap<String, String>,
    /// Images, named in the same ways, whose tasks protect themselves from scale-in as soon as they run, as AWS recommends it for queue workers:
    /// for how many minutes. The task role is not asked whether they may.
    pub protecting_images: BTreeMap<String, u16>,
    /// AWS time from the creation of a task to the start of its container.
    pub provisioning: Duration,
    /// AWS time from the end of a container to STOPPED.
    pub deprovisioning: Duration,
    /// For how long a deregistered task definition may still be deployed: AWS says up to ten minutes (API reference,
    /// `DeregisterTaskDefinition`), so nothing may lean on it.
    pub inactive_grace: Duration,
    /// How much older than now `DescribeServices` and `DescribeTaskSets` may answer, in account time.
    pub read_lag: Duration,
    /// AWS time from a change of a task set's scale, or of its service's desired count, to its `computedDesiredCount`. Published
    /// outputs show two to six seconds.
    pub computing: Duration,
    /// AWS time for which a deleted task set is listed, and counts, after its last task is gone. Not documented.
    pub drained_sets_stay: Duration,
    /// AWS time for which a client token of `CreateTaskSet` is known. Documented for `RunTask` only.
    pub token_lifetime: Duration,
    /// How many decimals of a scale AWS keeps, if not all. Not documented.
    pub scale_decimals: Option<u8>,
    /// Whether `DeleteTaskSet` deletes the PRIMARY task set with `force`. Not documented.
    pub force_deletes_primary: bool,
    /// Whether `DeleteTaskSet` refuses a set that is scaled above 0 without `force`, as the API reference may be read.
    pub scaled_sets_need_force: bool,
    /// How many Availability Zones tasks can be placed in. One more than before leaves services unevenly spread, as after
    /// a zone was lost and has come back: ECS rebalances those that have it on.
    pub zones: u8,
    /// Services whose tasks find no capacity, and until when.
    unavailable: BTreeMap<ServiceKey, Moment>,
    clusters: BTreeSet<String>,
    definitions: Definitions,
    services: BTreeMap<ServiceKey, Service>,
    /// In the order of their creation.
    tasks: Vec<Task>,
    /// How many private addresses were given to tasks.
    addresses: u32,
    /// The minute of metric time that was running when metrics were published last.
    published_minute: Option<u64>,
}

impl Default for Ecs {
    fn default() -> Self {
        Self {
            images: BTreeMap::new(),
            protecting_images: BTreeMap::new(),
            provisioning: Duration::from_secs(8),
            deprovisioning: Duration::from_secs(10),
            inactive_grace: Duration::ZERO,
            read_lag: Duration::ZERO,
            computing: Duration::from_secs(4),
            drained_sets_stay: Duration::from_secs(10),
            token_lifetime: Duration::from_hours(24),
            scale_decimals: None,
            force_deletes_primary: false,
            scaled_sets_need_force: false,
            zones: 1,
            unavailable: BTreeMap::new(),
            clusters: BTreeSet::new(),
            definitions: Definitions::default(),
            services: BTreeMap::new(),
            tasks: Vec::new(),
            addresses: 0,
            published_minute: None,
        }
    }
}

/// The principal that all tasks call as: their task role.
pub const TASK_PRINCIPAL: &str = "task";

/// A signal to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
}

/// What the container's health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It passed.
    Healthy,
    /// It failed `retries` times in a row.
    Unhealthy,
}

/// Creates a cluster.
pub fn create_cluster(world: &mut World, name: &str) {
    world.ecs.clusters.insert(name.to_owned());
}

/// Whether there is a cluster of that name.
#[must_use]
pub fn has_cluster(world: &World, name: &str) -> bool {
    world.ecs.clusters.contains(name)
}

/// Deletes a cluster. One that is not there is passed over.
///
/// # Errors
/// `ClusterContainsServicesException`, as long as it has a service that is not `INACTIVE`.
pub fn delete_cluster(world: &mut World, name: &str) -> Result<(), Fault> {
    let is_used = world
        .ecs
        .services
        .iter()
        .any(|(key, service)| key.cluster == name && service.status != Status::Inactive);
    if is_used {
        let message = "The Cluster cannot be deleted while Services are active.";
        return Err(Fault::new("ClusterContainsServicesException", message));
    }
    world.ecs.clusters.remove(name);
    Ok(())
}

/// Whether a service is deleted, with all its tasks.
#[must_use]
pub fn is_gone(world: &World, cluster: &str, service: &str) -> bool {
    let found = world.ecs.services.get(&ServiceKey::new(cluster, service));
    found.is_none_or(|service| service.status == Status::Inactive)
}

/// Why the newest deployment of a service has failed, if it has.
#[must_use]
pub fn failed_rollout(world: &World, cluster: &str, service: &str) -> bool {
    let found = active(world, cluster, service);
    let newest = found.and_then(|service| service.deployments.first());
    newest.is_some_and(|newest| newest.rollout == service::Rollout::Failed)
}

/// Creates a service from input as `CreateService` takes it; answers its output.
///
/// # Errors
/// As `CreateService`, and for what this account does not implement.
pub fn create_service(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let by = owner_arn(world);
    settings::create(world, input, &by)
}

/// Deletes a service as `DeleteService` with `force`: DRAINING, and INACTIVE with its last task.
pub fn delete_service(world: &mut World, cluster: &str, service: &str) {
    deletion::delete(world, &ServiceKey::new(cluster, service));
}

/// Registers a task definition from input as `RegisterTaskDefinition` takes it; answers its ARN.
/// Reserved tags (`aws:...`) are taken, as AWS's own services may set them.
///
/// # Errors
/// As `RegisterTaskDefinition`.
pub fn register_task_definition(world: &mut World, input: &Value) -> Result<String, Fault> {
    let by = owner_arn(world);
    definition::register(world, input, &by)
}

/// Deregisters a task definition by its ARN. One that is not there, or `INACTIVE` already, is passed over.
///
/// # Errors
/// As `DeregisterTaskDefinition`.
pub fn deregister_task_definition(world: &mut World, arn: &str) -> Result<(), Fault> {
    let active = world
        .ecs
        .definitions
        .find(world, arn)
        .is_some_and(|it| it.active);
    if active {
        definition::deregister(world, &serde_json::json!({ "taskDefinition": arn }))?;
    }
    Ok(())
}

/// The container of a task started.
pub fn task_running(world: &mut World, task_arn: &str) {
    report(world, task_arn, task::running);
}

/// The health check of a task's container came to a result.
pub fn task_health(world: &mut World, task_arn: &str, health: Health) {
    report(world, task_arn, |world, index| {
        let task = &mut world.ecs.tasks[index];
        if task.health_check.is_some() && task.ended.is_none() {
            task.health = Some(health);
        }
    });
}

/// The container of a task ended, or could not be started (`reason`, for example
/// `CannotPullContainerError: ...`).
pub fn task_exited(
    world: &mut World,
    task_arn: &str,
    exit_code: Option<i32>,
    reason: Option<&str>,
) {
    report(world, task_arn, |world, index| {
        task::exited(world, index, exit_code, reason);
    });
}

/// A report about a task; a task that is not known any more is none of the account's business.
fn report(world: &mut World, task_arn: &str, what: impl FnOnce(&mut World, usize)) {
    let Some(index) = task::position(world, task_arn) else {
        return;
    };
    what(world, index);
    let key = world.ecs.tasks[index].service.clone();
    service::changed(world, &key);
}

/// The answer of the task metadata endpoint version 4 to `${ECS_CONTAINER_METADATA_URI_V4}` + `path`
/// (`""` or `"/task"`) of the task with this id.
#[must_use]
pub fn metadata(world: &World, task_id: &str, path: &str) -> Option<Value> {
    let task = world
        .ecs
        .tasks
        .iter()
        .find(|task| task.arn.ends_with(&format!("/{task_id}")))?;
    metadata::answer(world, task, path)
}

/// Desired count of a service; `None` if there is no such ACTIVE service.
#[must_use]
pub fn desired_count(world: &World, cluster: &str, service: &str) -> Option<u32> {
    active(world, cluster, service).map(|service| service.desired)
}

/// Whether a service has a deployment in progress.
#[must_use]
pub fn is_deploying(world: &World, cluster: &str, service: &str) -> bool {
    active(world, cluster, service).is_some_and(Service::is_deploying)
}

fn active<'a>(world: &'a World, cluster: &str, service: &str) -> Option<&'a Service> {
    world
        .ecs
        .services
        .get(&ServiceKey::new(cluster, service))
        .filter(|service| service.status == Status::Active)
}

/// Sets the desired count as Application Auto Scaling does.
///
/// # Errors
/// `ServiceNotFoundException`.
pub fn set_desired_count(
    world: &mut World,
    cluster: &str,
    service: &str,
    count: u32,
) -> Result<(), Fault> {
    let key = ServiceKey::new(cluster, service);
    service::changed(world, &key);
    let found = world
        .ecs
        .services
        .get_mut(&key)
        .filter(|service| service.status == Status::Active)
        .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
    found.desired = count;
    service::changed(world, &key);
    Ok(())
}

/// An API call.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(
    world: &mut World,
    operation: &str,
    input: &Value,
    principal: &Principal,
) -> Result<Value, Fault> {
    match operation {
        "RegisterTaskDefinition" => definition::register_call(world, input, principal),
        "DescribeTaskDefinition" => definition::describe(world, input),
        "DeregisterTaskDefinition" => definition::deregister(world, input),
        "ListTaskDefinitions" => definition::list(world, input),
        "DescribeServices" => api::describe_services(world, input),
        "UpdateService" => settings::update(world, input),
        "DeleteService" => deletion::delete_service(world, input),
        "CreateTaskSet" => task_sets::create(world, input),
        "DescribeTaskSets" => task_sets::describe(world, input),
        "UpdateTaskSet" => task_sets::update(world, input),
        "UpdateServicePrimaryTaskSet" => task_sets::make_primary(world, input),
        "DeleteTaskSet" => task_sets::delete(world, input),
        "ListTasks" => api::list_tasks(world, input),
        "DescribeTasks" => api::describe_tasks(world, input),
        "StopTask" => api::stop_task(world, input),
        "UpdateTaskProtection" => protection::update(world, input),
        "GetTaskProtection" => protection::get(world, input),
        "TagResource" => tags::tag_resource(world, input),
        "UntagResource" => tags::untag_resource(world, input),
        "ListTagsForResource" => tags::list_tags(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// Moves every task on, and every service towards its deployments.
pub fn tick(world: &mut World) {
    task::tick(world);
    let services: Vec<ServiceKey> = world.ecs.services.keys().cloned().collect();
    for key in services {
        rollout::reconcile(world, &key);
    }
    metrics::publish(world);
}

/// Who sets the account up.
fn owner_arn(world: &World) -> String {
    format!("arn:aws:iam::{}:root", world.identity.account)
}

/// Who calls.
fn caller_arn(world: &World, principal: &Principal) -> String {
    let Principal(name) = principal;
    let account = &world.identity.account;
    format!("arn:aws:sts::{account}:assumed-role/{name}/{name}")
}
