//! Fargate Spot: tasks that are interrupted, and no capacity for new ones.

use std::time::Duration;

use super::{names::ServiceKey, rollout, task};
use crate::world::World;

/// What the service says meanwhile. AWS: developer guide, "Amazon ECS service event messages".
const UNAVAILABLE: &str = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a \
                           different availability zone.";

/// Interrupts so many tasks of a service, and lets none start for so long. AWS: developer guide, "Amazon ECS clusters for Fargate", Fargate
/// Spot termination notices: two minutes' notice is the task's `stopTimeout` at most, with SIGTERM first.
pub fn interrupt(
    world: &mut World,
    cluster: &str,
    service: &str,
    many: usize,
    unavailable: Duration,
) {
    let key = ServiceKey::new(cluster, service);
    let until = world.now + unavailable;
    world.ecs.unavailable.insert(key.clone(), until);
    let tasks = world.ecs.tasks.iter().enumerate();
    let tasks: Vec<usize> = tasks
        .filter(|(_, it)| it.service == key && it.is_wanted())
        .map(|(index, _)| index)
        .take(many)
        .collect();
    for index in tasks {
        task::stop(
            world,
            index,
            "SpotInterruption",
            "Your Spot Task was interrupted.",
        );
    }
}

/// Whether no task of a service can start now; then it says so.
pub(super) fn is_unavailable(world: &mut World, key: &ServiceKey) -> bool {
    let until = world.ecs.unavailable.get(key);
    let is_unavailable = until.is_some_and(|until| world.now < *until);
    if is_unavailable {
        rollout::say_once(world, key, UNAVAILABLE);
    }
    is_unavailable
}
