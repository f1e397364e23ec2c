//! Task sets: what runs in a service with an external deployment controller.
//!
//! AWS: ECS developer guide, "Deploy Amazon ECS services using a third-party controller"; API reference, `TaskSet`. What these
//! leave open was learnt from outputs of the API that people have published.

mod calls;
mod create;
pub(super) mod external;
mod note;
mod primary;
mod provision;
mod reconcile;
mod scale;

use serde_json::{Map, Value, json};

use super::{
    super::{Fault, World},
    launches::Launches,
    names::{ServiceKey, invalid},
    service::Service,
    tags::{self, Tags},
    task::Task,
};
use crate::clock::Moment;
pub(super) use calls::{delete, describe, update};
pub(super) use create::create;
pub(super) use note::note;
pub(super) use primary::make_primary;
pub(super) use provision::{PRIMARY_TASK_SET, TASK_SET};
pub(super) use reconcile::reconcile;

/// `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Primary,
    Active,
    /// Deleted, until its last task is gone.
    Draining,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

/// `stabilityStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stability {
    SteadyState,
    Stabilizing,
}

/// A task set.
#[derive(Debug, Clone)]
pub(super) struct TaskSet {
    /// `ecs-svc/` and a number. Its tasks are `startedBy` it.
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) status: Status,
    /// ARN.
    task_definition: String,
    external_id: Option<String>,
    /// Percent of the service's desired count.
    scale: f64,
    /// `computedDesiredCount`.
    computed: u32,
    /// When `computed` follows the scale and the desired count, if it does not yet.
    due: Option<Moment>,
    stability: Stability,
    stability_at: Moment,
    created: Moment,
    updated: Moment,
    /// All other members, as the API shows them.
    settings: Map<String, Value>,
    pub(super) tags: Tags,
    pub(super) launches: Launches,
    /// `clientToken` with the request that it came with.
    request: Option<Value>,
    /// When its last task was gone, of one that drains.
    drained: Option<Moment>,
}

impl TaskSet {
    fn started<'a>(&self, tasks: &'a [Task]) -> impl Iterator<Item = &'a Task> {
        let id = self.id.clone();
        tasks.iter().filter(move |task| task.deployment == id)
    }

    /// As the API shows it, with tags.
    pub(super) fn render(&self, service: &Service, tasks: &[Task]) -> Value {
        let mut shown = self.settings.clone();
        let computed = json!({
            "id": self.id,
            "taskSetArn": self.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "status": self.status.name(),
            "taskDefinition": self.task_definition,
            "computedDesiredCount": self.computed,
            "pendingCount": self.started(tasks).filter(|task| task.is_pending()).count(),
            "runningCount": self.started(tasks).filter(|task| task.is_running()).count(),
            "createdAt": self.created.epoch_seconds(),
            "updatedAt": self.updated.epoch_seconds(),
            "scale": {"value": self.scale, "unit": "PERCENT"},
            "stabilityStatus": match self.stability {
                Stability::SteadyState => "STEADY_STATE",
                Stability::Stabilizing => "STABILIZING",
            },
            "stabilityStatusAt": self.stability_at.epoch_seconds(),
            "tags": tags::render(&self.tags),
        });
        shown.extend(computed.as_object().cloned().unwrap_or_default());
        if let Some(id) = &self.external_id {
            shown.insert("externalId".to_owned(), json!(id));
        }
        Value::Object(shown)
    }

    /// Deletes it: its tasks stop, and it stays in the list until they are gone.
    pub(super) fn drain(&mut self, now: Moment) {
        self.status = Status::Draining;
        self.computed = 0;
        self.due = None;
        self.updated = now;
        self.stabilize(now);
    }

    fn stabilize(&mut self, now: Moment) {
        if self.stability != Stability::Stabilizing {
            self.stability = Stability::Stabilizing;
            self.stability_at = now;
        }
    }
}

impl Service {
    fn task_set(&self, id: &str) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.id == id)
    }

    fn task_set_mut(&mut self, id: &str) -> Option<&mut TaskSet> {
        self.task_sets.iter_mut().find(|set| set.id == id)
    }
}

/// The id of the task set that a request means by id or ARN. AWS: the words are those of boto/boto3#3895.
fn identifier(world: &World, key: &ServiceKey, given: &str) -> Result<String, Fault> {
    let id = given.strip_prefix(&arn(world, key, "")).unwrap_or(given);
    let number = id.strip_prefix("ecs-svc/").unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid("Task Set Identifier is invalid"));
    }
    Ok(id.to_owned())
}

fn arn(world: &World, key: &ServiceKey, id: &str) -> String {
    let ServiceKey { cluster, service } = key;
    world.arn("ecs", &format!("task-set/{cluster}/{service}/{id}"))
}

/// The tags of a task set by the part of its ARN after `task-set/`.
pub(super) fn tags_mut<'a>(world: &'a mut World, path: &str) -> Option<&'a mut Tags> {
    let mut parts = path.splitn(3, '/');
    let key = ServiceKey::new(parts.next()?, parts.next()?);
    let service = world.ecs.services.get_mut(&key)?;
    Some(&mut service.task_set_mut(parts.next()?)?.tags)
}
