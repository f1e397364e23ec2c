//! Tasks: from PROVISIONING to STOPPED.

use std::time::Duration;

use serde_json::Value;

use super::{
    super::{Effect, World, journal::What},
    Health, HealthCheck, Signal, breaker,
    image::label_of,
    launch::launch,
    names::ServiceKey,
    network, protection,
    scheduler::Liveness,
    tags::Tags,
    targets::{self, Registration},
};
use crate::clock::Moment;

/// AWS: stopped tasks stay describable for at least an hour (API reference, `DescribeTasks`).
const KEPT: Duration = Duration::from_hours(1);

/// ACTIVATING is when a task is registered with its load balancers, DEACTIVATING when they let go of
/// it. AWS states no time for what is around registration and deregistration delay; it is short.
const ACTIVATION: Duration = Duration::from_secs(1);
const DEACTIVATION: Duration = Duration::from_secs(1);

/// `lastStatus`. AWS: developer guide, task lifecycle. Only tasks with load balancers are ACTIVATING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Provisioning,
    Pending,
    Activating,
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
            Self::Activating => "ACTIVATING",
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
    /// `startedBy`: the id of its deployment or task set.
    pub(super) deployment: String,
    /// `launchType`.
    pub(super) launch_type: String,
    /// Where its network interface is.
    pub(super) subnet: Option<String>,
    /// ARN of its task definition.
    pub(super) definition: String,
    pub(super) container: String,
    pub(super) container_arn: String,
    pub(super) image: String,
    /// Known from when its container is started.
    pub(super) image_digest: Option<String>,
    /// Its image's version label.
    pub(super) version: String,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) stop_timeout: Duration,
    pub(super) tags: Tags,
    /// Its Availability Zone; see `zones`.
    pub(super) zone: u8,
    /// Its private address, if its network mode is awsvpc.
    pub(super) address: Option<String>,
    /// What its load balancers know it as.
    pub(super) registrations: Vec<Registration>,
    /// Whether they know it now.
    pub(super) registered: bool,
    pub(super) status: Status,
    /// `version` of the API: counts changes.
    pub(super) changes: u64,
    pub(super) created: Moment,
    /// When the container was handed over to be started.
    pub(super) launched: Option<Moment>,
    pub(super) container_started: Option<Moment>,
    /// When it reached RUNNING.
    pub(super) started: Option<Moment>,
    pub(super) health: Option<Health>,
    /// Whether it ever counted as healthy: from then on its end is no failed launch.
    pub(super) proven: bool,
    pub(super) stop: Option<Stop>,
    /// When its protection ends or has ended.
    pub(super) protected_until: Option<Moment>,
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
        matches!(
            self.status,
            Status::Provisioning | Status::Pending | Status::Activating
        )
    }
}

/// What a task is created from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) service: ServiceKey,
    /// The id of the deployment or task set.
    pub(super) deployment: String,
    pub(super) launch_type: String,
    pub(super) subnet: Option<String>,
    /// ARN of the task definition.
    pub(super) definition: String,
    /// `loadBalancers` of the deployment or task set.
    pub(super) load_balancers: Value,
    /// What the task is tagged with.
    pub(super) tags: Tags,
    /// Where it is placed.
    pub(super) zone: u8,
}

/// Creates a task of a service in PROVISIONING; answers its id.
pub(super) fn create(world: &mut World, origin: &Origin) -> Option<String> {
    let definition = world.ecs.definitions.find(world, &origin.definition)?;
    let definition = definition.clone();
    let id = world.uuid().replace('-', "");
    let container_id = world.uuid();
    let place = format!("{}/{id}", origin.service.cluster);
    let image = definition.image().to_owned();
    let address = definition.is_awsvpc().then(|| network::next_address(world));
    let registrations = address.as_ref().map_or_else(Vec::new, |address| {
        targets::registrations(&origin.load_balancers, address)
    });
    let task = Task {
        arn: world.arn("ecs", &format!("task/{place}")),
        container_arn: world.arn("ecs", &format!("container/{place}/{container_id}")),
        id: id.clone(),
        service: origin.service.clone(),
        deployment: origin.deployment.clone(),
        launch_type: origin.launch_type.clone(),
        subnet: origin.subnet.clone(),
        definition: definition.arn.clone(),
        container: definition.container_name().to_owned(),
        image_digest: None,
        version: label_of(&world.ecs.images, &image, None),
        image,
        health_check: definition.health_check(),
        stop_timeout: definition.stop_timeout(),
        tags: origin.tags.clone(),
        zone: origin.zone,
        address,
        registrations,
        registered: false,
        status: Status::Provisioning,
        changes: 1,
        created: world.now,
        launched: None,
        container_started: None,
        started: None,
        health: None,
        proven: false,
        stop: None,
        protected_until: None,
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

/// The container started. With load balancers the task has to be registered before it is RUNNING.
pub(super) fn running(world: &mut World, index: usize) {
    let task = &mut world.ecs.tasks[index];
    if !task.is_wanted() || task.status != Status::Pending {
        return;
    }
    task.container_started = Some(world.now);
    if task.registrations.is_empty() {
        reach_running(world, index);
    } else {
        move_to(world, index, Status::Activating);
        targets::register(world, index);
    }
}

fn reach_running(world: &mut World, index: usize) {
    world.ecs.tasks[index].started = Some(world.now);
    move_to(world, index, Status::Running);
    breaker::task_started(world, index);
    protection::protect_itself(world, index);
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
    targets::deregister(world, index);
    move_to(world, index, Status::Deprovisioning);
}

/// Tells a task to stop: its load balancers let go of it, then SIGTERM, and SIGKILL after its stop
/// timeout.
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
        targets::deregister(world, index);
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
        Status::Activating if past(task.container_started, ACTIVATION) => {
            reach_running(world, index);
        }
        Status::Deactivating
            if past(
                task.stop.as_ref().map(|stop| stop.at),
                deactivation(world, task),
            ) =>
        {
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

/// How long it takes until nothing sends requests to a task any more.
fn deactivation(world: &World, task: &Task) -> Duration {
    match task.container_started {
        None => DEACTIVATION,
        Some(_) => DEACTIVATION.max(targets::deregistration_delay(world, task)),
    }
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
        Status::Pending | Status::Activating | Status::Stopping | Status::Deprovisioning => return,
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
