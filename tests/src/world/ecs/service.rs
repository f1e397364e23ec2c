//! Services and their deployments: what is kept, and how the API shows it.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    super::{
        World, events,
        journal::{Set, What},
    },
    launches::Launches,
    names::{ServiceKey, count, text},
    tags::{self, Tags},
    targets::Untold,
    task::Task,
    task_sets::{self, TaskSet},
};
use crate::clock::Moment;

/// AWS: the latest 100 events (API reference, `Service`).
const EVENTS: usize = 100;

/// `status` of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Active,
    Draining,
    Inactive,
}

/// `rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// A deployment of a service.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    /// `ecs-svc/` and a number.
    pub(super) id: String,
    /// ARN.
    pub(super) task_definition: String,
    pub(super) created: Moment,
    pub(super) updated: Moment,
    pub(super) rollout: Rollout,
    /// `rolloutStateReason`.
    pub(super) reason: String,
    /// Failed launches in a row.
    pub(super) failed_tasks: u32,
    /// Whether one of its tasks became healthy.
    pub(super) proven: bool,
    pub(super) launches: Launches,
    /// Members of the service that a deployment shows as they were when it started.
    pub(super) settings: Map<String, Value>,
    /// `loadBalancers` of the service as they were when it started: what its tasks are registered with.
    pub(super) load_balancers: Value,
}

/// A service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) cluster_arn: String,
    pub(super) status: Status,
    pub(super) desired: u32,
    /// All other members, as `DescribeServices` answers them.
    pub(super) settings: Map<String, Value>,
    /// The PRIMARY one first.
    pub(super) deployments: Vec<Deployment>,
    /// What the circuit breaker goes back to.
    pub(super) completed: Option<Deployment>,
    /// Of a service with an external deployment controller, the oldest first.
    pub(super) task_sets: Vec<TaskSet>,
    pub(super) tags: Tags,
    pub(super) created: Moment,
    /// Whether the current steady state was already announced.
    pub(super) steady: bool,
    /// The task that is to be replaced by one in another zone.
    pub(super) leaving: Option<String>,
    /// Whether it was announced that the zones have uneven numbers of tasks.
    pub(super) unbalanced: bool,
    pub(super) untold: Untold,
    /// Newest first.
    events: VecDeque<Value>,
    /// Counts as last noted in the journal.
    noted: Option<(u32, Vec<(String, u32)>)>,
    /// Task sets as last noted.
    pub(super) noted_sets: Vec<Set>,
    /// What reads showed, oldest first; kept while reads lag.
    shown: VecDeque<(Moment, Value)>,
}

impl Service {
    pub(super) fn new(key: &ServiceKey, world: &World, settings: Map<String, Value>) -> Self {
        Self {
            arn: key.arn(world),
            name: key.service.clone(),
            cluster_arn: world.arn("ecs", &format!("cluster/{}", key.cluster)),
            status: Status::Active,
            desired: 0,
            settings,
            deployments: Vec::new(),
            completed: None,
            task_sets: Vec::new(),
            tags: Tags::new(),
            created: world.now,
            steady: false,
            leaving: None,
            unbalanced: false,
            untold: Untold::default(),
            events: VecDeque::new(),
            noted: None,
            noted_sets: Vec::new(),
            shown: VecDeque::new(),
        }
    }

    /// A percentage or another number of `deploymentConfiguration`.
    pub(super) fn configured(&self, member: &str, default: u32) -> usize {
        let configuration = self.settings.get("deploymentConfiguration");
        let given = count(configuration.and_then(|c| c.get(member)));
        usize::try_from(given.unwrap_or(default)).unwrap_or(usize::MAX)
    }

    /// `healthCheckGracePeriodSeconds`.
    pub(super) fn grace(&self) -> Duration {
        let seconds = count(self.settings.get("healthCheckGracePeriodSeconds"));
        Duration::from_secs(seconds.unwrap_or(0).into())
    }

    /// `loadBalancers`.
    pub(super) fn load_balancers(&self) -> &Value {
        self.settings.get("loadBalancers").unwrap_or(&Value::Null)
    }

    /// ARN of what it runs: that of its PRIMARY deployment or, once one was PRIMARY, task set.
    pub(super) fn task_definition(&self) -> Option<&str> {
        match self.deployments.first() {
            Some(primary) => Some(&primary.task_definition),
            None => self.settings.get("taskDefinition")?.as_str(),
        }
    }

    /// Its task set that has started a task.
    pub(super) fn set_of(&self, task: &Task) -> Option<String> {
        self.is_external().then(|| task.deployment.clone())
    }

    /// The circuit breaker's configuration, if it is on.
    pub(super) fn breaker(&self) -> Option<&Value> {
        self.settings
            .get("deploymentConfiguration")?
            .get("deploymentCircuitBreaker")
            .filter(|breaker| breaker["enable"] == true)
    }

    /// Whether any deployment is not finished.
    pub(super) fn is_deploying(&self) -> bool {
        self.deployments
            .iter()
            .any(|deployment| deployment.rollout == Rollout::InProgress)
    }

    /// Whether an event of this text was written since the last steady state.
    pub(super) fn says_already(&self, message: &str) -> bool {
        self.events
            .iter()
            .filter_map(|event| text(event, "message"))
            .take_while(|text| !text.ends_with("has reached a steady state."))
            .any(|text| text == message)
    }

    /// As the API shows it, but for `tags`.
    fn render(&self, key: &ServiceKey, tasks: &[Task]) -> Value {
        let mine = |task: &&Task| task.service == *key;
        let all: Vec<&Task> = tasks.iter().filter(mine).collect();
        let deployments: Vec<Value> = self
            .deployments
            .iter()
            .enumerate()
            .map(|(index, deployment)| self.render_deployment(index == 0, deployment, &all))
            .collect();
        let mut service = self.settings.clone();
        let computed = json!({
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "status": match self.status {
                Status::Active => "ACTIVE",
                Status::Draining => "DRAINING",
                Status::Inactive => "INACTIVE",
            },
            "desiredCount": self.desired,
            "runningCount": all.iter().filter(|task| task.is_running()).count(),
            "pendingCount": all.iter().filter(|task| task.is_pending()).count(),
            "deployments": deployments,
            "events": self.events,
            "createdAt": self.created.epoch_seconds(),
        });
        service.extend(computed.as_object().cloned().unwrap_or_default());
        if let Some(definition) = self.task_definition() {
            service.insert("taskDefinition".to_owned(), json!(definition));
        }
        if self.is_external() {
            let sets = self.task_sets.iter().map(|set| set.render(self, tasks));
            service.insert("taskSets".to_owned(), sets.collect());
        }
        Value::Object(service)
    }

    fn render_deployment(&self, primary: bool, deployment: &Deployment, all: &[&Task]) -> Value {
        let mine = || all.iter().filter(|task| task.deployment == deployment.id);
        let desired = if primary {
            usize::try_from(self.desired).unwrap_or(usize::MAX)
        } else {
            mine().filter(|task| task.is_wanted()).count()
        };
        let mut shown = json!({
            "id": deployment.id,
            "status": if primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": deployment.task_definition,
            "desiredCount": desired,
            "pendingCount": mine().filter(|task| task.is_pending()).count(),
            "runningCount": mine().filter(|task| task.is_running()).count(),
            "failedTasks": deployment.failed_tasks,
            "createdAt": deployment.created.epoch_seconds(),
            "updatedAt": deployment.updated.epoch_seconds(),
            "rolloutState": deployment.rollout.name(),
            "rolloutStateReason": deployment.reason,
        });
        if let Some(members) = shown.as_object_mut() {
            members.extend(deployment.settings.clone());
        }
        shown
    }
}

/// A service as the API shows it right after a write.
pub(super) fn describe_now(world: &World, key: &ServiceKey, with_tags: bool) -> Option<Value> {
    let service = world.ecs.services.get(key)?;
    let shown = service.render(key, &world.ecs.tasks);
    Some(with_tags_if(shown, service, with_tags))
}

/// A service as reads show it, which may lag behind.
pub(super) fn describe(world: &World, key: &ServiceKey, with_tags: bool) -> Option<Value> {
    let service = world.ecs.services.get(key)?;
    let lagging = service
        .shown
        .iter()
        .rev()
        .find(|(at, _)| world.now.since(*at) >= world.ecs.read_lag)
        .or(service.shown.front());
    match lagging {
        Some((_, shown)) if !world.ecs.read_lag.is_zero() => {
            Some(with_tags_if(shown.clone(), service, with_tags))
        }
        _ => describe_now(world, key, with_tags),
    }
}

fn with_tags_if(mut shown: Value, service: &Service, with_tags: bool) -> Value {
    if with_tags {
        shown["tags"] = tags::render(&service.tags);
        return shown;
    }
    let sets = shown.get_mut("taskSets").and_then(Value::as_array_mut);
    for set in sets.into_iter().flatten() {
        set["tags"] = json!([]);
    }
    shown
}

/// Writes a service event.
pub(super) fn write_event(world: &mut World, key: &ServiceKey, message: &str) {
    write_event_about(world, key, None, message);
}

/// An event about a service or one of its task sets, as the API shows it.
pub(super) fn event_text(key: &ServiceKey, task_set: Option<&str>, message: &str) -> String {
    match task_set {
        None => format!("(service {}) {message}", key.service),
        Some(id) => format!("(service {}, taskSet {id}) {message}", key.service),
    }
}

/// Writes an event about a service or one of its task sets: newest first, the oldest forgotten.
pub(super) fn write_event_about(
    world: &mut World,
    key: &ServiceKey,
    task_set: Option<&str>,
    message: &str,
) {
    let message = event_text(key, task_set, message);
    let id = world.uuid();
    let created = world.now.epoch_seconds();
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    service
        .events
        .push_front(json!({"id": id, "createdAt": created, "message": message}));
    service.events.truncate(EVENTS);
    world.note(What::ServiceEvent {
        service: key.service.clone(),
        message,
    });
}

/// Emits the event of a deployment's new state. AWS: developer guide, service deployment state change events.
pub(super) fn emit(world: &mut World, key: &ServiceKey, id: &str, name: &str) {
    let Some(service) = world.ecs.services.get(key) else {
        return;
    };
    let reason = service
        .deployments
        .iter()
        .find(|deployment| deployment.id == id)
        .map(|deployment| deployment.reason.clone());
    let severity = if name.ends_with("FAILED") {
        "ERROR"
    } else {
        "INFO"
    };
    let detail = json!({
        "eventType": severity,
        "eventName": name,
        "deploymentId": id,
        "updatedAt": world.now.iso_millis(),
        "reason": reason,
    });
    let arn = service.arn.clone();
    events::emit(
        world,
        "aws.ecs",
        "ECS Deployment State Change",
        &[arn],
        &detail,
    );
}

/// Notes changed counts in the journal and, while reads lag, keeps what they will show.
pub(super) fn changed(world: &mut World, key: &ServiceKey) {
    let (now, lag) = (world.now, world.ecs.read_lag);
    let tasks = &world.ecs.tasks;
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    if lag.is_zero() {
        service.shown.clear();
    } else {
        let shown = service.render(key, tasks);
        if service.shown.back().is_none_or(|(_, last)| *last != shown) {
            service.shown.push_back((now, shown));
        }
        while service
            .shown
            .get(1)
            .is_some_and(|(at, _)| now.since(*at) >= lag)
        {
            service.shown.pop_front();
        }
    }
    let mut running: Vec<(String, u32)> = Vec::new();
    for task in tasks {
        if task.service == *key && task.is_running() {
            match running.iter_mut().find(|(label, _)| *label == task.version) {
                Some((_, number)) => *number += 1,
                None => running.push((task.version.clone(), 1)),
            }
        }
    }
    running.sort();
    let counts = (service.desired, running);
    if service.noted.as_ref() != Some(&counts) {
        service.noted = Some(counts.clone());
        world.note(What::Service {
            service: key.service.clone(),
            desired: counts.0,
            running: counts.1,
        });
    }
    task_sets::note(world, key);
}
