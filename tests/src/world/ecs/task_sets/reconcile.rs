//! One pass of the service scheduler over task sets: each has its own count, and nothing rolls from one to another.
//!
//! There is no circuit breaker: a set whose tasks do not come up tries again, ever more rarely.

use super::{
    super::{
        super::World,
        names::ServiceKey,
        network,
        rollout::{self, stop_tasks, stop_unhealthy, tell_unhealthy},
        scheduler::{Member, Situation},
        service::{self, Service, write_event, write_event_about},
        start::{self, propagated_tags},
        task::{Origin, Task},
    },
    Stability, Status, scale,
};

/// Moves every set of a service towards its count.
pub(in super::super) fn reconcile(world: &mut World, key: &ServiceKey) {
    let service = world.ecs.services.get(key);
    let sets = service.map_or(&[][..], |service| &service.task_sets);
    let ids: Vec<String> = sets.iter().map(|set| set.id.clone()).collect();
    for id in &ids {
        compute(world, key, id);
        let ailing = replace_unhealthy(world, key, id);
        move_towards(world, key, id, ailing);
        settle(world, key, id);
    }
    forget(world, key);
    announce(world, key);
    service::changed(world, key);
}

/// The count follows the scale and the desired count, later. AWS: published outputs show two to six seconds.
fn compute(world: &mut World, key: &ServiceKey, id: &str) {
    let now = world.now;
    let due = now + world.paced(world.ecs.computing);
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let desired = service.desired;
    let Some(set) = service.task_set_mut(id) else {
        return;
    };
    let tasks = scale::tasks(desired, set.scale);
    if set.status == Status::Draining || (set.due.is_none() && tasks == set.computed) {
        return;
    }
    if now < *set.due.get_or_insert(due) {
        return;
    }
    set.due = None;
    if tasks != set.computed {
        set.computed = tasks;
        set.updated = now;
        let message = format!("updated computedDesiredCount for taskSet {id} to {tasks}.");
        write_event(world, key, &message);
    }
}

fn situation(world: &World, key: &ServiceKey, id: &str) -> Option<Situation> {
    let service = world.ecs.services.get(key)?;
    let set = service.task_set(id)?;
    let members = rollout::wanted(world, key)
        .into_iter()
        .filter_map(|index| {
            let task = &world.ecs.tasks[index];
            Some(Member {
                task: index,
                primary: true,
                liveness: task.liveness(world).filter(|_| task.deployment == id)?,
                protected: task.protection(world.now).is_some(),
            })
        })
        .collect();
    Some(Situation {
        desired: usize::try_from(set.computed).ok()?,
        minimum: service.configured("minimumHealthyPercent", 100),
        maximum: service.configured("maximumPercent", 200),
        may_start: set.launches.may_start(world.now),
        members,
    })
}

/// Answers how many tasks are unhealthy. AWS: API reference, `DeploymentConfiguration`: for external deployments both
/// percentages are about the replacement of unhealthy tasks.
fn replace_unhealthy(world: &mut World, key: &ServiceKey, id: &str) -> usize {
    let Some(situation) = situation(world, key, id) else {
        return 0;
    };
    let ailing = situation.ailing();
    tell_unhealthy(world, key, &ailing);
    stop_unhealthy(world, key, &situation.retirement());
    ailing.len()
}

fn move_towards(world: &mut World, key: &ServiceKey, id: &str, ailing: usize) {
    let Some(situation) = situation(world, key, id) else {
        return;
    };
    let plan = situation.plan();
    stop_tasks(world, key, id, &plan.stop);
    if let Some(origin) = origin(world, key, id) {
        start::start(world, origin, plan.start, ailing);
    }
}

fn origin(world: &World, key: &ServiceKey, id: &str) -> Option<Origin> {
    let service = world.ecs.services.get(key)?;
    let set = service.task_set(id)?;
    let definition = world.ecs.definitions.find(world, &set.task_definition);
    let launch_type = match set.settings.get("launchType") {
        Some(given) => given.as_str()?,
        // Its capacity providers are those of Fargate.
        None => "FARGATE",
    };
    Some(Origin {
        service: key.clone(),
        deployment: set.id.clone(),
        launch_type: launch_type.to_owned(),
        subnet: network::subnet(&set.settings),
        definition: set.task_definition.clone(),
        load_balancers: set.settings["loadBalancers"].clone(),
        tags: propagated_tags(service, definition, key),
        zone: 0,
    })
}

/// AWS: API reference, `TaskSet`, `stabilityStatus`: steady by counts and health checks, so that one whose desired count has
/// changed is steady until its own count follows. A scale that was changed is waited for.
fn settle(world: &mut World, key: &ServiceKey, id: &str) {
    let Some(service) = world.ecs.services.get(key) else {
        return;
    };
    let is_steady = is_steady(world, service, id);
    let now = world.now;
    let service = world.ecs.services.get_mut(key);
    let Some(set) = service.and_then(|service| service.task_set_mut(id)) else {
        return;
    };
    match (set.stability, is_steady) {
        (Stability::SteadyState, false) => set.stabilize(now),
        (Stability::Stabilizing, true) if set.due.is_none() => {
            set.stability = Stability::SteadyState;
            set.stability_at = now;
            write_event_about(world, key, Some(id), "updated state to STEADY_STATE.");
        }
        _ => {}
    }
}

fn is_steady(world: &World, service: &Service, id: &str) -> bool {
    let Some(set) = service.task_set(id) else {
        return false;
    };
    let tasks = || set.started(&world.ecs.tasks);
    let running = tasks().filter(|task| task.is_running());
    let healthy = tasks().filter(|task| task.is_running() && task.passes_checks(world));
    set.status != Status::Draining
        && u32::try_from(running.count()) == Ok(set.computed)
        && u32::try_from(healthy.count()) == Ok(set.computed)
        && !tasks().any(Task::is_pending)
}

/// A deleted set leaves the list some time after its last task, and a deleted service becomes INACTIVE after its last set.
/// AWS: pipe-cd/pipecd#4692: sets count "even after deleting"; for how long is not documented.
fn forget(world: &mut World, key: &ServiceKey) {
    let (now, listed) = (world.now, world.paced(world.ecs.drained_sets_stay));
    let tasks = &world.ecs.tasks;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    service.task_sets.retain_mut(|set| {
        let is_over =
            set.status == Status::Draining && set.started(tasks).all(|task| task.stopped.is_some());
        !is_over || now.since(*set.drained.get_or_insert(now)) < listed
    });
    if service.status == service::Status::Draining && service.task_sets.is_empty() {
        service.status = service::Status::Inactive;
    }
}

fn announce(world: &mut World, key: &ServiceKey) {
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let mut sets = service.task_sets.iter();
    let is_steady =
        !service.task_sets.is_empty() && sets.all(|set| set.stability == Stability::SteadyState);
    let announced = std::mem::replace(&mut service.steady, is_steady);
    if is_steady && !announced {
        write_event(world, key, "has reached a steady state.");
    }
}
