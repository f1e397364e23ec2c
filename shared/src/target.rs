//! Which pair a deployment of the suite may touch, and how work is split between its two services.

mod alb;
mod input;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    input::BadInput,
    names::{AlarmName, ClusterName, PairId, PipelineName, QueueUrl, ServiceName},
    parts::pair::Pair,
};

pub use alb::AlbTraffic;
pub use input::Input;

/// The function environment's variable that holds the target.
pub const TARGET: &str = "TARGET";

/// The pair, its pipeline, what guards it and how its work is split.
///
/// It is read from records, which a later version of the suite may have stored: fields that are not known are passed over. What
/// people write is an [`Input`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The cluster of both services.
    pub cluster: ClusterName,
    /// The service with the high capacity.
    pub primary: ServiceName,
    /// The service with the low capacity.
    pub canary: ServiceName,
    /// The pipeline that releases to the pair.
    pub pipeline: PipelineName,
    /// Alarms that stop a release and roll it back; at most 100, as many as one `DescribeAlarms`
    /// call answers.
    pub alarms: Vec<AlarmName>,
    /// Tasks of the canary service between releases.
    pub resting_tasks: u32,
    /// For how long after a promotion an alarm still rolls it back, in minutes; 0 for never.
    pub guard_minutes: u32,
    /// What a rollback does with tasks of the candidate that are protected from scale-in.
    #[serde(default, skip_serializing_if = "ProtectedTasks::are_stopped")]
    pub protected_tasks: ProtectedTasks,
    /// How many tasks of the candidate may end by themselves, however the stable version does.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub max_task_exits: u32,
    /// How work is split.
    pub traffic: Traffic,
}

fn two() -> u32 {
    2
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_two(many: &u32) -> bool {
    *many == two()
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_yes(it: &bool) -> bool {
    *it
}

/// What a rollback does with tasks of the candidate that neither a count of 0 nor a deployment ends, because they are protected from
/// scale-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProtectedTasks {
    /// They are stopped: `StopTask` is not kept back by protection. What they were working on comes back to its queue after the
    /// visibility timeout.
    #[default]
    Stop,
    /// Their protection's end is waited for, and so is the end of the rollback.
    Wait,
}

impl ProtectedTasks {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn are_stopped(&self) -> bool {
        *self == Self::Stop
    }
}

/// How work is split between the two services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Traffic {
    /// Both services consume one queue; the share is the share of running tasks.
    Queue(QueueTraffic),
    /// Both services are behind one application load balancer; the share is the share of the weight.
    Alb(AlbTraffic),
}

/// Two consumers of one SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueTraffic {
    /// The queue that both services consume.
    pub url: QueueUrl,
    /// Its dead-letter queue; without one, dead letters do not gate the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_url: Option<QueueUrl>,
    /// By how many messages the dead-letter queue may grow during a release.
    pub max_dead_letters: u64,
    /// By how many it may have grown since the release began as long as the promotion is guarded; without it, dead letters do not
    /// roll a promoted release back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_max_dead_letters: Option<u64>,
    /// Where the canary's tasks come from.
    pub mode: Mode,
    /// The most tasks that both services may have together at any moment; without it, no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
    /// Whether a primary that scales to zero keeps a task until the promotion, in `additive`; without one the canary has all the work.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub floor_primary: bool,
}

impl QueueTraffic {
    /// Whether the primary keeps a task until the promotion.
    #[must_use]
    pub fn floors_primary(&self) -> bool {
        self.mode == Mode::Additive && self.floor_primary
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem| {
            Err(BadInput::field(
                source,
                format!("traffic.queue.{field}"),
                problem,
            ))
        };
        if self.guard_max_dead_letters.is_some() && self.dead_letter_url.is_none() {
            return bad(
                "guardMaxDeadLetters",
                "there is no dead-letter queue to ask; name it in deadLetterUrl or leave the field out",
            );
        }
        if self.max_tasks == Some(0) {
            return bad("maxTasks", "0 tasks; at least 1 is needed");
        }
        if self.dead_letter_url.as_ref() == Some(&self.url) {
            return bad(
                "deadLetterUrl",
                "this is the queue itself; name its dead-letter queue or leave the field out",
            );
        }
        Ok(())
    }
}

/// Where the canary's tasks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The primary keeps its tasks, the canary's come on top.
    #[default]
    Additive,
    /// Both together keep the number that the release found.
    ConstantTotal,
}

/// Fields that do not say where and how work is split: of these a release keeps those that it began with.
const LIMITS: [&str; 10] = [
    "maxTaskExits",
    "protectedTasks",
    "restingTasks",
    "guardMinutes",
    "maxDeadLetters",
    "guardMaxDeadLetters",
    "maxTasks",
    "minTasks",
    "maxUnhealthy",
    "allowSticky",
];

/// A field in which two targets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path.
    pub field: String,
    /// What the one has, as JSON.
    pub here: String,
    /// What the other has, as JSON.
    pub there: String,
}

impl Target {
    /// The first field in which another target is another place, or splits work in another way.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<Difference> {
        let json = |target: &Self| serde_json::to_value(target).unwrap_or_default();
        difference("", &json(self), &json(other))
    }

    /// Key of the pair's release record.
    #[must_use]
    pub fn pair(&self) -> PairId {
        PairId::new(&self.cluster, &self.primary)
    }

    /// Its two services.
    #[must_use]
    pub fn services(&self) -> Pair {
        Pair {
            cluster: self.cluster.clone(),
            primary: self.primary.clone(),
            canary: self.canary.clone(),
            resting_tasks: self.resting_tasks,
            protected_tasks: self.protected_tasks,
            max_task_exits: self.max_task_exits,
        }
    }

    /// What is special about a pair that consumes a queue.
    #[must_use]
    pub fn queue(&self) -> Option<&QueueTraffic> {
        match &self.traffic {
            Traffic::Queue(queue) => Some(queue),
            Traffic::Alb(_) => None,
        }
    }

    /// Whether the primary keeps a task until the promotion.
    #[must_use]
    pub fn floors_primary(&self) -> bool {
        self.queue().is_some_and(QueueTraffic::floors_primary)
    }

    /// What is special about a pair behind a load balancer.
    #[must_use]
    pub fn alb(&self) -> Option<&AlbTraffic> {
        match &self.traffic {
            Traffic::Alb(alb) => Some(alb),
            Traffic::Queue(_) => None,
        }
    }

    fn check(self, source: &'static str) -> Result<Self, BadInput> {
        if self.primary == self.canary {
            let problem = format!(
                "{:?} is the primary service too; the pair is two services of one cluster",
                self.canary.as_str()
            );
            return Err(BadInput::field(source, "canary", problem));
        }
        if self.alarms.len() > 100 {
            let problem = format!("{} alarms; at most 100 are allowed", self.alarms.len());
            return Err(BadInput::field(source, "alarms", problem));
        }
        match &self.traffic {
            Traffic::Queue(queue) => queue.check(source)?,
            Traffic::Alb(alb) => alb.check(source)?,
        }
        Ok(self)
    }
}

/// Brings together the target of the environment and the one that came with the call.
pub fn resolve(
    environment: Option<&str>,
    given: Option<(&'static str, Input)>,
) -> Result<Target, BadInput> {
    let own = environment
        .map(|text| Target::from(crate::input::parse::<Input>(TARGET, text)?).check(TARGET))
        .transpose()?;
    let given = given
        .map(|(source, input)| Target::from(input).check(source).map(|it| (source, it)))
        .transpose()?;
    match (own, given) {
        (Some(own), None) => Ok(own),
        (None, Some((_, given))) => Ok(given),
        (Some(own), Some((_, given))) if own == given => Ok(own),
        (Some(own), Some((source, given))) => {
            let problem = format!(
                "names the pair {}, but TARGET of this function names {} or differs from it in another \
                 field; leave it out, or use a function without TARGET",
                given.pair(),
                own.pair()
            );
            Err(BadInput::field(source, "target", problem))
        }
        (None, None) => Err(BadInput::Missing {
            source_name: TARGET,
            allowed: "set it in the function's environment, or give \"target\" in UserParameters",
        }),
    }
}

/// The first difference of two documents, objects by field.
fn difference(path: &str, here: &Value, there: &Value) -> Option<Difference> {
    let (Some(ours), Some(theirs)) = (here.as_object(), there.as_object()) else {
        return (here != there).then(|| Difference {
            field: path.to_owned(),
            here: here.to_string(),
            there: there.to_string(),
        });
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let names = names
        .into_iter()
        .filter(|name| !LIMITS.contains(&name.as_str()));
    let mut found = names.filter_map(|name| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let of =
            |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
        difference(&path, &of(ours), &of(theirs))
    });
    found.next()
}

#[cfg(test)]
pub(crate) mod tests;
