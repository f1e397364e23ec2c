//! Starting the container of a task.

use std::collections::BTreeMap;

use super::{
    super::{Effect, Principal, World, iam},
    consistency::find_image,
};

/// What it takes to start a task's (single essential) container.
#[derive(Debug, Clone)]
pub struct TaskLaunch {
    /// The task's ARN.
    pub task_arn: String,
    /// The service it belongs to.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// The container's image, as the task definition names it.
    pub image: String,
    /// The digest of that image when the task started.
    pub digest: String,
    /// The container's environment.
    pub environment: BTreeMap<String, String>,
    /// `command` of the container definition, empty for the image's own.
    pub command: Vec<String>,
    /// `healthCheck.command` with its interval, timeout, retries and start period in seconds.
    pub health_check: Option<HealthCheck>,
    /// The task's private IPv4 address, one of 127.0.0.0/8; `None` unless its network mode is awsvpc.
    pub address: Option<String>,
    /// The container's port that a load balancer sends requests to; `None` without a load balancer.
    pub port: Option<u16>,
}

/// A container health check, in seconds as the task definition has them.
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// `["CMD", ...]` or `["CMD-SHELL", "..."]`.
    pub command: Vec<String>,
    /// Seconds between checks.
    pub interval: u32,
    /// Seconds a check may take.
    pub timeout: u32,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Seconds at the start in which failures do not count.
    pub start_period: u32,
}

/// Hands a task's container over to be started, as its task role.
pub(super) fn launch(world: &mut World, index: usize) {
    let now = world.now;
    world.ecs.tasks[index].launched = Some(now);
    if let Err(reason) = find_image(world, index) {
        let arn = world.ecs.tasks[index].arn.clone();
        return super::task_exited(world, &arn, None, Some(&reason));
    }
    let task = &world.ecs.tasks[index];
    let Some(definition) = world.ecs.definitions.find(world, &task.definition) else {
        return;
    };
    let role = definition.task_role().map(str::to_owned);
    let launch = TaskLaunch {
        task_arn: task.arn.clone(),
        service: task.service.service.clone(),
        container: task.container.clone(),
        image: task.image.clone(),
        digest: task.image_digest.clone().unwrap_or_default(),
        environment: definition.environment(),
        command: definition.command(),
        health_check: task.health_check.clone(),
        address: task.address.clone(),
        port: task
            .registrations
            .first()
            .map(|registration| registration.target.port),
    };
    let assumed = match role {
        Some(role) => assume(world, &role),
        // On AWS it would start, without credentials; here it would call as a person with all rights.
        None if world.iam.strict => Err("The task definition has no taskRoleArn.".to_owned()),
        None => Ok(()),
    };
    if let Err(reason) = assumed {
        let arn = launch.task_arn;
        return super::task_exited(world, &arn, None, Some(&reason));
    }
    world.outbox.push(Effect::StartTask(launch));
}

/// All tasks are one principal: they act as the role of the task that started last. AWS: ECS
/// developer guide, "Amazon ECS task IAM role", "Verify task role": the source is any resource of ECS.
fn assume(world: &mut World, role: &str) -> Result<(), String> {
    let tasks = Principal(super::TASK_PRINCIPAL.to_owned());
    let source = world.arn("ecs", "*");
    iam::assume(world, &tasks, role, iam::ECS_TASKS, Some(&source)).map_err(|fault| {
        format!(
            "ECS was unable to assume the role '{role}' that was provided for this task. Please \
             verify that the role being passed has the proper trust relationship and permissions \
             and that your IAM user has permissions to pass this role. {}",
            fault.message
        )
    })
}
