//! Availability Zones: where tasks are placed, and what is moved when they are unevenly spread.
//!
//! AWS: developer guide, "Balancing an Amazon ECS service across Availability Zones"; the events are worded as "Amazon ECS
//! Availability Zone service rebalancing service event messages" has them.

use super::{
    super::{Fault, World},
    names::{ServiceKey, invalid},
    rollout::{self, say_once},
    service::{Service, write_event},
    spot, start, task,
};

/// The member of a service that switches it.
pub(super) const REBALANCING: &str = "availabilityZoneRebalancing";

/// AWS: a service whose configuration does not allow rebalancing is created without it, unless it asks for it (public
/// reports: "`CreateService` quietly settles on DISABLED").
pub(super) fn default_for(service: &Service) -> &'static str {
    if has_headroom(service) {
        "ENABLED"
    } else {
        "DISABLED"
    }
}

/// Refuses rebalancing where no replacement can start before a task stops. The words are those that AWS answers to
/// `UpdateService` (public reports); how those of `CreateService` begin is not known.
pub(super) fn check(service: &Service) -> Result<(), Fault> {
    if !is_enabled(service) || has_headroom(service) {
        return Ok(());
    }
    Err(invalid(
        "The service couldn't be updated because Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration.",
    ))
}

fn has_headroom(service: &Service) -> bool {
    service.configured("maximumPercent", 200) > 100
}

fn is_enabled(service: &Service) -> bool {
    let setting = service.settings.get(REBALANCING);
    setting.is_some_and(|setting| setting == "ENABLED")
}

/// Whether a task is to be replaced by one in another zone.
pub(super) fn is_leaving(service: &Service, task: &str) -> bool {
    is_enabled(service) && service.leaving.as_deref() == Some(task)
}

/// For example `eu-central-1a`.
pub(super) fn name(world: &World, zone: u8) -> String {
    format!("{}{}", world.identity.region, char::from(b'a' + zone % 26))
}

/// The zone that the next task of a service is placed in: one with the fewest. AWS: developer guide, "How Amazon ECS
/// places tasks on container instances", and the same on Fargate.
pub(super) fn emptiest(world: &World, key: &ServiceKey) -> u8 {
    let spread = (0..).zip(spread(world, key));
    let fewest = spread.min_by_key(|(_, tasks)| *tasks);
    fewest.map_or(0, |(zone, _)| zone)
}

/// How many tasks of a service each zone has, without those that are being stopped.
fn spread(world: &World, key: &ServiceKey) -> Vec<usize> {
    let mut spread = vec![0; usize::from(world.ecs.zones.max(1))];
    for index in rollout::wanted(world, key) {
        if let Some(tasks) = spread.get_mut(usize::from(world.ecs.tasks[index].zone)) {
            *tasks += 1;
        }
    }
    spread
}

/// Begins to move a task of a steady service from the zone with the most to the one with the fewest: its replacement
/// starts first.
pub(super) fn rebalance(world: &mut World, key: &ServiceKey) {
    let Some(service) = world.ecs.services.get(key).filter(|it| is_enabled(it)) else {
        return;
    };
    let announced = service.unbalanced;
    let spread = spread(world, key);
    let fewest = spread.iter().min().copied().unwrap_or_default();
    let most = spread.iter().max().copied().unwrap_or_default();
    if most - fewest < 2 {
        if announced {
            tell_spread(world, key, &spread, false);
        }
    } else if let Some(leaving) = first_of(world, key, spread.iter().position(|it| *it == most))
        && rollout::has_room(world, key)
        && !spot::is_unavailable(world, key)
    {
        if !announced {
            tell_spread(world, key, &spread, true);
        }
        begin(world, key, leaving);
    }
}

/// The task that has been longest in a zone and is not protected from scale-in. AWS does not say which one goes.
fn first_of(world: &World, key: &ServiceKey, zone: Option<usize>) -> Option<usize> {
    let mut tasks = rollout::wanted(world, key).into_iter();
    tasks.find(|&index| {
        let task = &world.ecs.tasks[index];
        Some(usize::from(task.zone)) == zone && task.protection(world.now).is_none()
    })
}

fn begin(world: &mut World, key: &ServiceKey, leaving: usize) {
    let zone = name(world, emptiest(world, key));
    let started = start::create(world, key, 1);
    let leaving = world.ecs.tasks[leaving].id.clone();
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.leaving = Some(leaving);
    }
    rollout::touch(world, key);
    let message = format!(
        "has started {} tasks in {zone} to AZ Rebalance: {}.",
        started.len(),
        started.join(" ")
    );
    write_event(world, key, &message);
}

/// Stops tasks whose replacements are healthy. AWS has no words of its own for why: it is the scheduler that stops them.
pub(super) fn let_go(world: &mut World, key: &ServiceKey, tasks: &[usize]) {
    let reason = rollout::scaling_reason(&rollout::primary_id(world, key));
    for &index in tasks {
        task::stop(world, index, "ServiceSchedulerInitiated", &reason);
        rollout::touch(world, key);
        let task = &world.ecs.tasks[index];
        let message = format!(
            "has stopped 1 running tasks in {} due to AZ rebalancing: (task {}).",
            name(world, task.zone),
            task.id
        );
        write_event(world, key, &message);
    }
}

fn tell_spread(world: &mut World, key: &ServiceKey, spread: &[usize], unbalanced: bool) {
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.unbalanced = unbalanced;
    }
    let zones: Vec<String> = (0..)
        .zip(spread)
        .map(|(zone, tasks)| format!("{tasks} tasks in {}", name(world, zone)))
        .collect();
    let zones = zones.join(", ");
    let message = if unbalanced {
        format!("is not AZ balanced with {zones}. AZ Rebalancing in progress.")
    } else {
        format!("is AZ balanced with {zones}.")
    };
    say_once(world, key, &message);
}
