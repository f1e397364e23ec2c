//! The target of a service of task sets.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::TaskSets;
use crate::{
    aws::task_set::Launch,
    input::{BadInput, Fields},
    names::{ClusterName, PairId, QueueUrl, ServiceName, TaskDefinitionArn},
    parts::{
        letters::DeadLetters,
        plan::{Bounds, Mode},
        task_definition::Request,
        work::{VersionInput, VersionMetrics},
    },
    traffic::{configured::Configured, model::Goal},
};

/// How work is split between both sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Both consume one queue: by their tasks.
    #[serde(rename = "queue")]
    Consumers(QueueSets),
}

/// Two sets that consume one SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueSets {
    /// The queue that both consume.
    pub url: QueueUrl,
    /// Its dead-letter queue.
    #[serde(flatten)]
    pub letters: DeadLetters,
    /// Where the candidate's tasks come from.
    pub mode: Mode,
    /// The most tasks that both sets may have together at any moment; without it, no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
    /// How both versions are counted; without it, by the metrics of the sample application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<VersionMetrics>,
}

/// What the first set of a service is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// How its tasks are launched.
    pub launch: Launch,
}

impl QueueSets {
    /// How many tasks there may be of a service that has so many: a set has no more than those.
    #[must_use]
    pub fn bounds(&self, desired: u32) -> Bounds {
        let both = desired.saturating_mul(2);
        let most = match self.mode {
            Mode::Additive => Some(self.max_tasks.map_or(both, |most| most.min(both))),
            Mode::ConstantTotal => self.max_tasks,
        };
        Bounds {
            mode: self.mode,
            max_tasks: most,
            needs_primary: true,
        }
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem| Err(BadInput::field(source, field, problem));
        self.letters.check(source)?;
        if self.max_tasks == Some(0) {
            return bad("maxTasks", "0 tasks; at least 1 is needed");
        }
        if self.letters.dead_letter_url.as_ref() == Some(&self.url) {
            return bad(
                "deadLetterUrl",
                "this is the queue itself; name its dead-letter queue or leave the field out",
            );
        }
        let metrics = self.metrics.as_ref();
        let checked = metrics.map_or(Ok(()), |it| it.check(source));
        checked.map_err(|error| error.within("metrics"))
    }
}

/// As people write it; each field is that of the same name of [`QueueSets`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueInput {
    url: QueueUrl,
    #[serde(default)]
    dead_letter_url: Option<QueueUrl>,
    #[serde(default)]
    max_dead_letters: u64,
    #[serde(default)]
    guard_max_dead_letters: Option<u64>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    max_tasks: Option<u32>,
    #[serde(default)]
    metrics: Option<VersionInput>,
}

/// How work is split, as people write it.
#[derive(Debug, Clone, Deserialize)]
pub enum WayInput {
    /// Between consumers of a queue.
    #[serde(rename = "queue")]
    Consumers(QueueInput),
}

impl From<WayInput> for Way {
    fn from(input: WayInput) -> Self {
        match input {
            WayInput::Consumers(input) => Self::Consumers(QueueSets {
                url: input.url,
                letters: DeadLetters {
                    dead_letter_url: input.dead_letter_url,
                    max_dead_letters: input.max_dead_letters,
                    guard_max_dead_letters: input.guard_max_dead_letters,
                },
                mode: input.mode,
                max_tasks: input.max_tasks,
                metrics: input.metrics.map(Into::into),
            }),
        }
    }
}

/// What a first set is made of, as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BootstrapInput {
    task_definition: TaskDefinitionArn,
    #[serde(default)]
    launch_type: Option<LaunchType>,
    #[serde(default)]
    capacity_providers: Vec<Provider>,
    #[serde(default)]
    platform_version: Option<String>,
    #[serde(default)]
    network: Option<Network>,
}

/// Where its tasks run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LaunchType {
    /// On Fargate.
    Fargate,
    /// On instances of the cluster.
    Ec2,
    /// On machines of one's own.
    External,
}

/// A part of them, by what provides their capacity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    #[serde(rename = "capacityProvider")]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
}

/// Their network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    subnets: Vec<String>,
    #[serde(default)]
    security_groups: Vec<String>,
    #[serde(default)]
    assign_public_ip: bool,
}

impl From<BootstrapInput> for Bootstrap {
    fn from(input: BootstrapInput) -> Self {
        let network = input.network.map(|it| {
            let public = if it.assign_public_ip { "ENABLED" } else { "DISABLED" };
            json!({"awsvpcConfiguration": {
                "subnets": it.subnets, "securityGroups": it.security_groups, "assignPublicIp": public,
            }})
        });
        let launch = json!({
            "launchType": input.launch_type,
            "capacityProviderStrategy": input.capacity_providers,
            "platformVersion": input.platform_version,
            "networkConfiguration": network,
        });
        Self {
            task_definition: input.task_definition,
            launch: Launch::of(launch.as_object().unwrap_or(&serde_json::Map::default())),
        }
    }
}

/// How work is split, by the model's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split<Traffic> {
    /// How.
    pub task_sets: Traffic,
}

/// The target of a service of task sets less what all targets have, as people write it; each field is that of the same name of
/// [`TaskSets`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    cluster: ClusterName,
    service: ServiceName,
    #[serde(default = "two")]
    max_task_exits: u32,
    #[serde(default)]
    bootstrap: Option<BootstrapInput>,
    traffic: Split<WayInput>,
}

fn two() -> u32 {
    2
}

impl From<Place> for TaskSets {
    fn from(place: Place) -> Self {
        Self {
            cluster: place.cluster,
            service: place.service,
            max_task_exits: place.max_task_exits,
            bootstrap: place.bootstrap.map(Into::into),
            traffic: Split {
                task_sets: place.traffic.task_sets.into(),
            },
        }
    }
}

impl TaskSets {
    /// The sets as consumers of a queue.
    pub(super) fn queue(&self) -> &QueueSets {
        let Way::Consumers(queue) = &self.traffic.task_sets;
        queue
    }
}

impl Configured for TaskSets {
    type Input = Place;
    type Request = Request;

    fn request(source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
        Request::read(source, fields)
    }

    fn is_limit(field: &str) -> bool {
        const OWN: [&str; 4] = ["maxTaskExits", "bootstrap", "maxTasks", "metrics"];
        DeadLetters::LIMITS
            .iter()
            .chain(&OWN)
            .any(|it| *it == field)
    }

    fn id(&self) -> PairId {
        PairId::new(self.cluster.as_str(), self.service.as_str())
    }

    fn name(&self) -> String {
        self.service.to_string()
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        if let Some(bootstrap) = &self.bootstrap {
            let said = ["launchType", "capacityProviderStrategy"];
            if !said.iter().any(|it| bootstrap.launch.0.contains_key(*it)) {
                let problem = "neither launchType nor capacityProviders; name where the tasks of the first set run";
                return Err(BadInput::field(source, "bootstrap", problem));
            }
        }
        let queue = self.queue().check(source);
        queue.map_err(|error| error.within("traffic.taskSets.queue"))
    }

    fn admits(&self, goal: Goal) -> Result<(), &'static str> {
        match (self.queue().mode, goal) {
            (Mode::Additive, Goal::Share { asked, .. }) if asked.percent() > 50.0 => Err(
                "more than 50 % cannot be reached while the stable set keeps its tasks (mode additive): a set has no more tasks than its \
                 service; allowed is 0 to 50, mode constantTotal for more, and promote-primary for everything",
            ),
            _ => Ok(()),
        }
    }

    fn drains(&self) -> Result<(), &'static str> {
        Err("there is no weight to lower: the task sets consume a queue; leave the field out")
    }
}
