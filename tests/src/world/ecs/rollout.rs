//! Moves a service towards its PRIMARY deployment: rolling update, steady state.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    super::World,
    breaker,
    launches::Launches,
    names::ServiceKey,
    scheduler::{Liveness, Member, Plan, Situation},
    service::{
        Deployment, Rollout, Status, changed, emit, event_text, write_event, write_event_about,
    },
    start::start_tasks,
    targets, task, task_sets, zones,
};

/// Starts a deployment: it becomes PRIMARY, what was PRIMARY becomes ACTIVE.
pub(super) fn start_deployment(world: &mut World, key: &ServiceKey, task_definition: &str) {
    let id = deployment_id(world);
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let mut settings = Map::new();
    for member in ["launchType", "networkConfiguration", "platformFamily"] {
        if let Some(value) = service.settings.get(member) {
            settings.insert(member.to_owned(), value.clone());
        }
    }
    if let Some(version) = service.settings.get("platformVersion") {
        let version = resolved_platform(version);
        settings.insert("platformVersion".to_owned(), version);
    }
    let reason = format!("ECS deployment {id} in progress.");
    let load_balancers = service.load_balancers().clone();
    let deployment = Deployment {
        id: id.clone(),
        task_definition: task_definition.to_owned(),
        created: now,
        updated: now,
        rollout: Rollout::InProgress,
        reason,
        failed_tasks: 0,
        proven: false,
        launches: Launches::begin(service.desired),
        settings,
        load_balancers,
    };
    service.deployments.insert(0, deployment);
    service.steady = false;
    service.leaving = None;
    emit(world, key, &id, "SERVICE_DEPLOYMENT_IN_PROGRESS");
}

/// The platform version that a deployment shows: none of them is LATEST, which is also what is not given.
pub(super) fn resolved_platform(version: &Value) -> Value {
    if version.is_null() || version == "LATEST" {
        json!("1.4.0")
    } else {
        version.clone()
    }
}

/// A number of 19 digits, as AWS's deployments and task sets have.
pub(super) fn deployment_id(world: &mut World) -> String {
    let digits: String = world
        .uuid()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    let number = u64::from_str_radix(&digits[..16], 16).unwrap_or_default();
    format!(
        "ecs-svc/{}",
        1_000_000_000_000_000_000 + number % 8_000_000_000_000_000_000
    )
}

/// AWS leaves out messages that repeat themselves (developer guide, service event messages).
pub(super) fn say_once(world: &mut World, key: &ServiceKey, message: &str) {
    say_once_about(world, key, None, message);
}

/// The same about one of its task sets.
pub(super) fn say_once_about(
    world: &mut World,
    key: &ServiceKey,
    task_set: Option<&str>,
    message: &str,
) {
    let whole = event_text(key, task_set, message);
    let known = world
        .ecs
        .services
        .get(key)
        .is_some_and(|service| service.says_already(&whole));
    if !known {
        write_event_about(world, key, task_set, message);
    }
}

/// A deployment of a service by id.
pub(super) fn deployment_mut<'a>(
    world: &'a mut World,
    key: &ServiceKey,
    id: &str,
) -> Option<&'a mut Deployment> {
    let service = world.ecs.services.get_mut(key)?;
    service
        .deployments
        .iter_mut()
        .find(|deployment| deployment.id == id)
}

/// One pass of the service scheduler.
pub(super) fn reconcile(world: &mut World, key: &ServiceKey) {
    let status = world.ecs.services.get(key).map(|service| service.status);
    if matches!(status, None | Some(Status::Inactive)) {
        return;
    }
    targets::tell(world, key);
    if world.ecs.services[key].is_external() {
        return task_sets::reconcile(world, key);
    }
    prove(world, key);
    let ailing = retire_unhealthy(world, key);
    breaker::trip(world, key);
    if let Some(situation) = situation(world, key) {
        let plan = situation.plan();
        say_if_blocked(world, key, &situation, &plan);
        let primary = primary_id(world, key);
        stop_tasks(world, key, &primary, &plan.stop);
        start_tasks(world, key, plan.start, ailing);
    }
    forget_deployments(world, key);
    if settle(world, key) {
        zones::rebalance(world, key);
    }
    changed(world, key);
}

/// Positions of a service's tasks that are not told to stop.
pub(super) fn wanted(world: &World, key: &ServiceKey) -> Vec<usize> {
    (0..world.ecs.tasks.len())
        .filter(|&index| {
            let task = &world.ecs.tasks[index];
            task.is_wanted() && task.service == *key
        })
        .collect()
}

fn prove(world: &mut World, key: &ServiceKey) {
    let resets = breaker::resets_on_healthy_task(world, key);
    for index in wanted(world, key) {
        task::prove(world, index);
        if !world.ecs.tasks[index].proven {
            continue;
        }
        let id = world.ecs.tasks[index].deployment.clone();
        if let Some(deployment) = deployment_mut(world, key, &id) {
            deployment.proven = true;
            if resets {
                deployment.failed_tasks = 0;
            }
        }
    }
}

/// Tells of unhealthy tasks and stops those that are to go; answers how many are unhealthy.
fn retire_unhealthy(world: &mut World, key: &ServiceKey) -> usize {
    let Some(situation) = situation(world, key) else {
        return 0;
    };
    let ailing = situation.ailing();
    tell_unhealthy(world, key, &ailing);
    let (leaving, retired): (Vec<_>, Vec<_>) = situation
        .retirement()
        .into_iter()
        .partition(|index| situation.is_leaving(*index));
    zones::let_go(world, key, &leaving);
    stop_unhealthy(world, key, &retired);
    ailing.len()
}

pub(super) fn tell_unhealthy(world: &mut World, key: &ServiceKey, tasks: &[usize]) {
    for &index in tasks {
        let task = &world.ecs.tasks[index];
        if let Some(ailment) = task.ailment(world) {
            let (id, set) = (task.id.clone(), set_of(world, key, index));
            let message = format!("(task {id}) {}", ailment.event(world));
            say_once_about(world, key, set.as_deref(), &message);
        }
    }
}

pub(super) fn stop_unhealthy(world: &mut World, key: &ServiceKey, tasks: &[usize]) {
    for &index in tasks {
        let Some(ailment) = world.ecs.tasks[index].ailment(world) else {
            continue;
        };
        breaker::count_failure(world, index);
        let reason = ailment.stopped_reason();
        task::stop(world, index, "ServiceSchedulerInitiated", &reason);
    }
    say_stopped(world, key, tasks);
}

/// The task set that has started a task.
pub(super) fn set_of(world: &World, key: &ServiceKey, index: usize) -> Option<String> {
    let service = world.ecs.services.get(key)?;
    service.set_of(&world.ecs.tasks[index])
}

/// Whether a service may have one more task at once.
pub(super) fn has_room(world: &World, key: &ServiceKey) -> bool {
    situation(world, key).is_some_and(|it| it.members.len() < it.upper())
}

fn situation(world: &World, key: &ServiceKey) -> Option<Situation> {
    let service = world.ecs.services.get(key)?;
    let primary = service.deployments.first()?;
    let members = wanted(world, key)
        .into_iter()
        .filter_map(|index| {
            let task = &world.ecs.tasks[index];
            let liveness = match task.liveness(world)? {
                Liveness::Healthy if zones::is_leaving(service, &task.id) => Liveness::Leaving,
                liveness => liveness,
            };
            Some(Member {
                task: index,
                primary: task.deployment == primary.id,
                liveness,
                protected: task.protection(world.now).is_some(),
            })
        })
        .collect();
    Some(Situation {
        desired: usize::try_from(service.desired).ok()?,
        minimum: service.configured("minimumHealthyPercent", 100),
        maximum: service.configured("maximumPercent", 200),
        may_start: primary.rollout != Rollout::Failed && primary.launches.may_start(world.now),
        members,
    })
}

/// Tells why nothing goes on, although the deployment or the count is not reached. AWS: developer guide, service event
/// messages.
fn say_if_blocked(world: &mut World, key: &ServiceKey, situation: &Situation, plan: &Plan) {
    let idle = *plan == Plan::default()
        && situation
            .members
            .iter()
            .all(|member| member.liveness == Liveness::Healthy);
    if !idle {
        return;
    }
    let primary = situation.members.iter().filter(|m| m.primary).count();
    let held = situation.held();
    if !held.is_empty() {
        say_protected(world, key, &held);
    } else if situation.may_start && primary < situation.desired {
        say_once(
            world,
            key,
            "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
        );
    }
}

/// The developer guide words it "task set (taskSet-ID) was unable to scale in. Reason: The number of protected tasks are
/// more than the desired count of tasks"; services write it like this, as AWS's own examples of task protection show.
fn say_protected(world: &mut World, key: &ServiceKey, held: &[usize]) {
    let mut by_deployment: BTreeMap<String, usize> = BTreeMap::new();
    for &index in held {
        let deployment = world.ecs.tasks[index].deployment.clone();
        *by_deployment.entry(deployment).or_default() += 1;
    }
    for (id, tasks) in by_deployment {
        let message = format!(
            "was unable to reach steady state because (taskSet {id}) was unable to scale in due to (reason {tasks} tasks under protection)"
        );
        say_once(world, key, &message);
    }
}

pub(super) fn primary_id(world: &World, key: &ServiceKey) -> String {
    let service = world.ecs.services.get(key);
    let primary = service.and_then(|service| service.deployments.first());
    primary.map_or_else(String::new, |primary| primary.id.clone())
}

/// Why the scheduler stops a task that is not ill: `stoppedReason`. How AWS names a task set there is not known.
pub(super) fn scaling_reason(deployment: &str) -> String {
    format!("Scaling activity initiated by (deployment {deployment})")
}

/// Stops tasks that are too many for a deployment or a task set.
pub(super) fn stop_tasks(world: &mut World, key: &ServiceKey, deployment: &str, tasks: &[usize]) {
    let reason = scaling_reason(deployment);
    for &index in tasks {
        task::stop(world, index, "ServiceSchedulerInitiated", &reason);
    }
    say_stopped(world, key, tasks);
}

fn say_stopped(world: &mut World, key: &ServiceKey, tasks: &[usize]) {
    let Some(&first) = tasks.first() else {
        return;
    };
    let set = set_of(world, key, first);
    let ids: Vec<String> = tasks
        .iter()
        .map(|&index| format!("(task {})", world.ecs.tasks[index].id))
        .collect();
    touch(world, key);
    write_event_about(
        world,
        key,
        set.as_deref(),
        &format!(
            "has stopped {} running tasks: {}.",
            ids.len(),
            ids.join(" ")
        ),
    );
}

pub(super) fn touch(world: &mut World, key: &ServiceKey) {
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.steady = false;
        for deployment in &mut service.deployments {
            deployment.updated = now;
        }
    }
}

/// A deployment that is not PRIMARY leaves the list with its last task. A deleted service without
/// tasks becomes INACTIVE.
fn forget_deployments(world: &mut World, key: &ServiceKey) {
    let tasks = &world.ecs.tasks;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    let has_tasks = |id: &str| {
        tasks
            .iter()
            .any(|task| task.deployment == id && task.stopped.is_none())
    };
    let draining = service.status == Status::Draining;
    let mut first = !draining;
    service
        .deployments
        .retain(|deployment| std::mem::take(&mut first) || has_tasks(&deployment.id));
    if draining && service.deployments.is_empty() {
        service.status = Status::Inactive;
    }
}

/// Completes the deployment and announces the steady state; answers whether it has one.
fn settle(world: &mut World, key: &ServiceKey) -> bool {
    let now = world.now;
    let Some(situation) = situation(world, key) else {
        return false;
    };
    let Some(service) = world.ecs.services.get_mut(key) else {
        return false;
    };
    let settled = situation.members.len() == situation.desired
        && situation
            .members
            .iter()
            .all(|member| member.liveness == Liveness::Healthy);
    let [primary] = service.deployments.as_mut_slice() else {
        return false;
    };
    if !settled || primary.rollout == Rollout::Failed {
        return false;
    }
    let announced = std::mem::replace(&mut service.steady, true);
    if primary.rollout == Rollout::InProgress {
        primary.rollout = Rollout::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated = now;
        let id = primary.id.clone();
        service.completed = Some(primary.clone());
        write_event(
            world,
            key,
            &format!("(deployment {id}) deployment completed."),
        );
        emit(world, key, &id, "SERVICE_DEPLOYMENT_COMPLETED");
    }
    if !announced {
        write_event(world, key, "has reached a steady state.");
    }
    true
}
