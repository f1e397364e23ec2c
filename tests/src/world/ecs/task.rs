//! Tasks: from PROVISIONING to STOPPED.

use std::time::Duration;

use super::{
    super::{Effect, Principal, World, iam, journal::What},
    Health, HealthCheck, Signal, TaskLaunch, breaker,
    image::{digest_of, label_of},
    names::ServiceKey,
    scheduler::Liveness,
    tags::Tags,
};
use crate::clock::Moment;

/// AWS: a task without a health check counts towards the minimum healthy percent 40 s after it
/// reached RUNNING (API reference, `DeploymentConfiguration`).
const WARM_UP: Duration = Duration::from_secs(40);

/// AWS: stopped tasks stay describable for at least an hour (API reference, `DescribeTasks`).
const KEPT: Duration = Duration::from_hours(1);

/// DEACTIVATING is when a load balancer lets go of the task. Without one it is short.
const DEACTIVATION: Duration = Duration::from_secs(1);

/// `lastStatus`. AWS: developer guide, task lifecycle. There is no ACTIVATING: that is where AWS
/// registers a task with load balancers and service discovery, which services here do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Provisioning,
    Pending,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Why a task was told to stop, or ended.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// `stopCode`.
    pub(super) code: &'static str,
    /// `stoppedReason`.
    pub(super) reason: String,
    pub(super) at: Moment,
}

/// One task with its container.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) arn: String,
    pub(super) id: String,
    pub(super) service: ServiceKey,
    /// `startedBy`.
    pub(super) deployment: String,
    /// ARN of its task definition.
    pub(super) definition: String,
    pub(super) container: String,
    pub(super) container_arn: String,
    pub(super) image: String,
    pub(super) image_digest: String,
    /// Its image's version label.
    pub(super) version: String,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) stop_timeout: Duration,
    pub(super) tags: Tags,
    pub(super) status: Status,
    /// `version` of the API: counts changes.
    pub(super) changes: u64,
    pub(super) created: Moment,
    /// When the container was handed over to be started.
    pub(super) launched: Option<Moment>,
    pub(super) started: Option<Moment>,
    pub(super) health: Option<Health>,
    /// Whether it ever counted as healthy: from then on its end is no failed launch.
    pub(super) proven: bool,
    pub(super) stop: Option<Stop>,
    /// When SIGTERM was sent.
    terminated: Option<Moment>,
    killed: bool,
    pub(super) exit_code: Option<i32>,
    pub(super) exit_reason: Option<String>,
    /// When the container ended, or was never going to start.
    pub(super) ended: Option<Moment>,
    pub(super) stopped: Option<Moment>,
}

impl Task {
    /// Desired status RUNNING.
    pub(super) fn is_wanted(&self) -> bool {
        self.stop.is_none()
    }

    pub(super) fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self.status, Status::Provisioning | Status::Pending)
    }

    /// How the scheduler sees it; `None` when it is being stopped.
    pub(super) fn liveness(&self, world: &World) -> Option<Liveness> {
        if !self.is_wanted() {
            return None;
        }
        let Some(started) = self.started else {
            return Some(Liveness::Pending);
        };
        let counts = match &self.health_check {
            None => world.now.since(started) >= world.paced(WARM_UP),
            Some(_) => self.health == Some(Health::Healthy),
        };
        Some(if counts {
            Liveness::Healthy
        } else {
            Liveness::Warming
        })
    }

    /// Whether the scheduler has to replace it. AWS ignores a failing health check for the
    /// service's grace period (API reference, `healthCheckGracePeriodSeconds`).
    pub(super) fn is_unhealthy(&self, world: &World, grace: Duration) -> bool {
        let out_of_grace = self
            .started
            .is_some_and(|started| world.now.since(started) >= world.paced(grace));
        self.is_wanted() && self.health == Some(Health::Unhealthy) && out_of_grace
    }
}

/// Creates a task of a service's deployment in PROVISIONING; answers its id.
pub(super) fn create(
    world: &mut World,
    service: &ServiceKey,
    deployment: &str,
    definition_arn: &str,
    tags: Tags,
) -> Option<String> {
    let definition = world.ecs.definitions.find(world, definition_arn)?.clone();
    let id = world.uuid().replace('-', "");
    let container_id = world.uuid();
    let place = format!("{}/{id}", service.cluster);
    let image = definition.image().to_owned();
    let task = Task {
        arn: world.arn("ecs", &format!("task/{place}")),
        container_arn: world.arn("ecs", &format!("container/{place}/{container_id}")),
        id: id.clone(),
        service: service.clone(),
        deployment: deployment.to_owned(),
        definition: definition.arn.clone(),
        container: definition.container_name().to_owned(),
        image_digest: digest_of(&image),
        version: label_of(&world.ecs.images, &image),
        image,
        health_check: definition.health_check(),
        stop_timeout: definition.stop_timeout(),
        tags,
        status: Status::Provisioning,
        changes: 1,
        created: world.now,
        launched: None,
        started: None,
        health: None,
        proven: false,
        stop: None,
        terminated: None,
        killed: false,
        exit_code: None,
        exit_reason: None,
        ended: None,
        stopped: None,
    };
    world.ecs.tasks.push(task);
    note(world, world.ecs.tasks.len() - 1);
    Some(id)
}

/// Position of a task by ARN.
pub(super) fn position(world: &World, arn: &str) -> Option<usize> {
    world.ecs.tasks.iter().position(|task| task.arn == arn)
}

/// The container started.
pub(super) fn running(world: &mut World, index: usize) {
    let now = world.now;
    let task = &mut world.ecs.tasks[index];
    if task.is_wanted() && task.status == Status::Pending {
        task.started = Some(now);
        move_to(world, index, Status::Running);
        breaker::task_started(world, index);
    }
}

/// Remembers that a task became healthy.
pub(super) fn prove(world: &mut World, index: usize) {
    if world.ecs.tasks[index].liveness(world) == Some(Liveness::Healthy) {
        world.ecs.tasks[index].proven = true;
    }
}

/// The container ended or never started.
pub(super) fn exited(world: &mut World, index: usize, code: Option<i32>, reason: Option<&str>) {
    let now = world.now;
    prove(world, index);
    let task = &mut world.ecs.tasks[index];
    if task.ended.is_some() {
        return;
    }
    task.exit_code = code;
    task.exit_reason = reason.map(ToOwned::to_owned);
    task.ended = Some(now);
    if task.is_wanted() {
        let never_ran = task.started.is_none() && code.is_none();
        let (code, reason) = if never_ran {
            (
                "TaskFailedToStart",
                reason.unwrap_or("Task failed to start"),
            )
        } else {
            (
                "EssentialContainerExited",
                "Essential container in task exited",
            )
        };
        task.stop = Some(Stop {
            code,
            reason: reason.to_owned(),
            at: now,
        });
        breaker::task_ended(world, index);
    }
    move_to(world, index, Status::Deprovisioning);
}

/// Tells a task to stop: SIGTERM, and SIGKILL after its stop timeout.
pub(super) fn stop(world: &mut World, index: usize, code: &'static str, reason: &str) {
    let at = world.now;
    let task = &mut world.ecs.tasks[index];
    if !task.is_wanted() {
        return;
    }
    task.stop = Some(Stop {
        code,
        reason: reason.to_owned(),
        at,
    });
    if task.launched.is_some() {
        move_to(world, index, Status::Deactivating);
    } else {
        task.ended = Some(at);
        move_to(world, index, Status::Deprovisioning);
    }
}

/// Moves every task on whose time has come, and forgets those that stopped long ago.
pub(super) fn tick(world: &mut World) {
    for index in 0..world.ecs.tasks.len() {
        advance(world, index);
    }
    let now = world.now;
    let kept = world.paced(KEPT);
    world
        .ecs
        .tasks
        .retain(|task| task.stopped.is_none_or(|stopped| now.since(stopped) < kept));
}

fn advance(world: &mut World, index: usize) {
    let now = world.now;
    let task = &world.ecs.tasks[index];
    let past = |since: Option<Moment>, duration| {
        since.is_some_and(|since| now.since(since) >= world.paced(duration))
    };
    match task.status {
        Status::Provisioning if past(Some(task.created), world.ecs.provisioning / 2) => {
            move_to(world, index, Status::Pending);
            advance(world, index);
        }
        Status::Pending
            if task.launched.is_none() && past(Some(task.created), world.ecs.provisioning) =>
        {
            launch(world, index);
        }
        Status::Deactivating if past(task.stop.as_ref().map(|stop| stop.at), DEACTIVATION) => {
            world.ecs.tasks[index].terminated = Some(now);
            move_to(world, index, Status::Stopping);
            signal(world, index, Signal::Term);
        }
        Status::Stopping if !task.killed && past(task.terminated, task.stop_timeout) => {
            world.ecs.tasks[index].killed = true;
            signal(world, index, Signal::Kill);
        }
        Status::Deprovisioning if past(task.ended, world.ecs.deprovisioning) => {
            world.ecs.tasks[index].stopped = Some(now);
            move_to(world, index, Status::Stopped);
        }
        _ => {}
    }
}

fn launch(world: &mut World, index: usize) {
    let now = world.now;
    world.ecs.tasks[index].launched = Some(now);
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
        environment: definition.environment(),
        command: definition.command(),
        health_check: task.health_check.clone(),
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

fn signal(world: &mut World, index: usize, signal: Signal) {
    let task_arn = world.ecs.tasks[index].arn.clone();
    world.outbox.push(Effect::SignalTask { task_arn, signal });
}

fn move_to(world: &mut World, index: usize, status: Status) {
    let task = &mut world.ecs.tasks[index];
    task.status = status;
    task.changes += 1;
    note(world, index);
}

/// Notes the states that a reader of the journal cares about, each once.
fn note(world: &mut World, index: usize) {
    let task = &world.ecs.tasks[index];
    let state = match task.status {
        Status::Provisioning => "PENDING",
        Status::Running => "RUNNING",
        Status::Deactivating => "STOPPING",
        Status::Stopped => "STOPPED",
        Status::Pending | Status::Stopping | Status::Deprovisioning => return,
    };
    let what = What::Task {
        service: task.service.service.clone(),
        task: task.id.clone(),
        version: task.version.clone(),
        state: state.to_owned(),
        reason: task.stop.as_ref().map(|stop| stop.reason.clone()),
    };
    world.note(what);
}
