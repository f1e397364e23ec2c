//! The target of a service of task sets.

use serde::{Deserialize, Serialize};

use super::{
    BalancedSets, Bootstrap, QueueSets, TaskSets, balanced::BalancedInput,
    bootstrap::BootstrapInput, consumers::QueueInput,
};
use crate::{
    input::{BadInput, Fields},
    names::{ClusterName, PairId, ServiceName},
    parts::{letters::DeadLetters, plan::Mode, task_definition::Request},
    traffic::{configured::Configured, model::Goal},
};

/// How work is split between both sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Both consume one queue: by their tasks.
    #[serde(rename = "queue")]
    Consumers(QueueSets),
    /// A load balancer sends both requests: by the weights of their target groups.
    #[serde(rename = "alb")]
    Balanced(BalancedSets),
}

/// How work is split, as people write it.
#[derive(Debug, Clone, Deserialize)]
pub enum WayInput {
    /// Between consumers of a queue.
    #[serde(rename = "queue")]
    Consumers(QueueInput),
    /// Between targets of a load balancer.
    #[serde(rename = "alb")]
    Balanced(BalancedInput),
}

impl From<WayInput> for Way {
    fn from(input: WayInput) -> Self {
        match input {
            WayInput::Consumers(queue) => Self::Consumers(queue.into()),
            WayInput::Balanced(balanced) => Self::Balanced(balanced.into()),
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
pub struct Input {
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

impl From<Input> for TaskSets {
    fn from(place: Input) -> Self {
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
    /// The sets as consumers of a queue, if they are.
    pub(super) fn queue(&self) -> Option<&QueueSets> {
        match &self.traffic.task_sets {
            Way::Consumers(queue) => Some(queue),
            Way::Balanced(_) => None,
        }
    }

    /// The sets behind a load balancer, if they are.
    pub(super) fn balanced(&self) -> Option<&BalancedSets> {
        match &self.traffic.task_sets {
            Way::Consumers(_) => None,
            Way::Balanced(balanced) => Some(balanced),
        }
    }

    fn check_bootstrap(&self, bootstrap: &Bootstrap) -> Result<(), &'static str> {
        let launch = &bootstrap.launch.0;
        if !launch.contains_key("launchType") && !launch.contains_key("capacityProviderStrategy") {
            return Err(
                "neither launchType nor capacityProviders; name where the tasks of the first set run",
            );
        }
        match (self.balanced(), &bootstrap.answers) {
            (Some(_), None) => Err(
                "no answers; name the container that answers requests, and its port (container, port)",
            ),
            (None, Some(_)) => Err("answers is for a load balancer; leave it out"),
            _ => Ok(()),
        }
    }
}

impl Configured for TaskSets {
    type Input = Input;
    type Request = Request;

    fn request(source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
        Request::read(source, fields)
    }

    fn is_limit(field: &str) -> bool {
        const OWN: [&str; 7] = [
            "maxTaskExits",
            "bootstrap",
            "maxTasks",
            "metrics",
            "minTasks",
            "maxUnhealthy",
            "allowSticky",
        ];
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
        let bootstrap = self.bootstrap.as_ref();
        let checked = bootstrap.map_or(Ok(()), |it| self.check_bootstrap(it));
        checked.map_err(|problem| BadInput::field(source, "bootstrap", problem))?;
        match &self.traffic.task_sets {
            Way::Consumers(queue) => {
                let queue = queue.check(source);
                queue.map_err(|error| error.within("traffic.taskSets.queue"))
            }
            Way::Balanced(balanced) => {
                let balanced = balanced.check(source);
                balanced.map_err(|error| error.within("traffic.taskSets.alb"))
            }
        }
    }

    fn admits(&self, goal: Goal) -> Result<(), &'static str> {
        let mode = self.queue().map(|queue| queue.mode);
        match (mode, goal) {
            (Some(Mode::Additive), Goal::Share { asked, .. }) if asked.percent() > 50.0 => Err(
                "more than 50 % cannot be reached while the stable set keeps its tasks (mode additive): a set has no more tasks than its \
                 service; allowed is 0 to 50, mode constantTotal for more, and promote-primary for everything",
            ),
            _ => Ok(()),
        }
    }

    fn drains(&self) -> Result<(), &'static str> {
        match &self.traffic.task_sets {
            Way::Consumers(_) => Err(
                "the task sets consume a queue, which has no weight to lower; leave the field out",
            ),
            Way::Balanced(_) => Ok(()),
        }
    }
}
