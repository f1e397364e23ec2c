//! What ECS does about tasks that do not come up: counting, throttling, circuit breaker, rollback.

use std::time::Duration;

use serde_json::Value;

use super::{
    super::World,
    launches::Launches,
    names::{ServiceKey, count, text},
    rollout::{deployment_mut, say_once_about, set_of},
    service::{Deployment, Rollout, Service, emit, write_event},
};

/// AWS: throttled launches wait up to 27 minutes (developer guide, service throttle logic).
const LONGEST_HOLD: Duration = Duration::from_mins(27);

/// First wait of throttled launches, doubled with every further failure. AWS says only that waits
/// grow.
const FIRST_HOLD: Duration = Duration::from_secs(15);

/// What a rollback restores besides the task definition.
const NETWORK: &str = "networkConfiguration";
const LOAD_BALANCERS: &str = "loadBalancers";

/// Failures to reach RUNNING from which on AWS says that it is unable to start tasks.
const IMPAIRED: u32 = 3;

/// A task's container started: launches are no longer throttled.
pub(super) fn task_started(world: &mut World, index: usize) {
    let task = &world.ecs.tasks[index];
    let (key, id) = (task.service.clone(), task.deployment.clone());
    if let Some(service) = world.ecs.services.get_mut(&key) {
        service.launches_mut(&id).for_each(Launches::free);
    }
}

/// A task ended that nobody had told to stop.
pub(super) fn task_ended(world: &mut World, index: usize) {
    let task = &world.ecs.tasks[index];
    let key = task.service.clone();
    let reason = task.exit_reason.clone().unwrap_or_default();
    if task.started.is_some() || task.exit_code.is_some() {
        count_failure(world, index);
        return;
    }
    let id = task.deployment.clone();
    let set = set_of(world, &key, index);
    let set = set.as_deref();
    let message = format!("was unable to place a task. Reason: {reason}");
    say_once_about(world, &key, set, &message);
    count_failure(world, index);
    let known = world.ecs.services.get(&key).and_then(|it| it.launches(&id));
    let Some(failures) = known.map(|launches| launches.unstartable + 1) else {
        return;
    };
    let until = world.now + world.paced(hold(failures));
    if let Some(service) = world.ecs.services.get_mut(&key) {
        for launches in service.launches_mut(&id) {
            launches.unstartable = failures;
            launches.held_until = Some(until);
        }
    }
    if failures >= IMPAIRED {
        let message = "is unable to consistently start tasks successfully.";
        say_once_about(world, &key, set, message);
    }
}

/// How long launches wait after so many failures in a row.
fn hold(failures: u32) -> Duration {
    match failures.checked_sub(2) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_HOLD
            .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
            .min(LONGEST_HOLD),
    }
}

/// Counts a task that ended before it ever was healthy. AWS: failures are counted in a row, and no
/// longer once a task of the deployment runs (API reference, `Deployment`), unless
/// `resetOnHealthyTask` is false.
pub(super) fn count_failure(world: &mut World, index: usize) {
    let task = &world.ecs.tasks[index];
    if task.proven {
        return;
    }
    let (key, id) = (task.service.clone(), task.deployment.clone());
    let now = world.now;
    let resets = resets_on_healthy_task(world, &key);
    if let Some(deployment) = deployment_mut(world, &key, &id)
        && deployment.rollout == Rollout::InProgress
        && !(deployment.proven && resets)
    {
        deployment.failed_tasks += 1;
        deployment.updated = now;
    }
}

/// Whether a healthy task ends the counting of failures: AWS's default.
pub(super) fn resets_on_healthy_task(world: &World, key: &ServiceKey) -> bool {
    world
        .ecs
        .services
        .get(key)
        .and_then(Service::breaker)
        .is_none_or(|breaker| breaker["resetOnHealthyTask"] != false)
}

/// Fails a deployment that reached the circuit breaker's threshold, and rolls back if it may.
pub(super) fn trip(world: &mut World, key: &ServiceKey) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let Some(breaker) = service.breaker().cloned() else {
        return;
    };
    let most = threshold(&breaker, service.desired);
    let Some(primary) = service.deployments.first_mut() else {
        return;
    };
    if primary.rollout != Rollout::InProgress || primary.failed_tasks < most {
        return;
    }
    primary.rollout = Rollout::Failed;
    "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
    primary.updated = now;
    let failed = primary.id.clone();
    let target = if breaker["rollback"] == true {
        service.completed.take()
    } else {
        None
    };
    write_event(
        world,
        key,
        &format!("(deployment {failed}) deployment failed: tasks failed to start."),
    );
    emit(world, key, &failed, "SERVICE_DEPLOYMENT_FAILED");
    if let Some(target) = target {
        roll_back(world, key, target);
    }
}

/// AWS: half of the desired count, between 3 and 200, unless `thresholdConfiguration` says otherwise
/// (developer guide, deployment circuit breaker; API reference, `ThresholdConfiguration`).
fn threshold(breaker: &Value, desired: u32) -> u32 {
    let configured = &breaker["thresholdConfiguration"];
    let value = count(configured.get("value")).unwrap_or(50);
    let percentage = || {
        let tasks = (u64::from(desired) * u64::from(value)).div_ceil(100);
        u32::try_from(tasks).unwrap_or(u32::MAX)
    };
    match text(configured, "type") {
        Some("COUNT") => value.max(1),
        Some("UNBOUNDED_PERCENT") => percentage().max(1),
        _ => percentage().clamp(3, 200),
    }
}

/// The last COMPLETED deployment becomes PRIMARY and `IN_PROGRESS` again, under its own id and with its
/// own network configuration and load balancers. AWS: developer guide, deployment circuit breaker.
fn roll_back(world: &mut World, key: &ServiceKey, target: Deployment) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let id = target.id.clone();
    match target.settings.get(NETWORK) {
        Some(network) => service.settings.insert(NETWORK.to_owned(), network.clone()),
        None => service.settings.remove(NETWORK),
    };
    let load_balancers = target.load_balancers.clone();
    service
        .settings
        .insert(LOAD_BALANCERS.to_owned(), load_balancers);
    service.deployments.retain(|deployment| deployment.id != id);
    let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {id}.");
    let mut again = Deployment {
        rollout: Rollout::InProgress,
        reason,
        failed_tasks: 0,
        proven: false,
        updated: now,
        ..target
    };
    again.launches.free();
    service.deployments.insert(0, again);
    service.steady = false;
    write_event(world, key, &format!("rolling back to deployment {id}."));
    emit(world, key, &id, "SERVICE_DEPLOYMENT_IN_PROGRESS");
}
