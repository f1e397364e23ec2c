//! Which pair a deployment of the suite may touch, and how work is split between its two services.

mod judged;

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    evidence::Bounds,
    input::{BadInput, TARGET},
    names::{AlarmName, ClusterName, PairId, PipelineName, ServiceName},
    parts::pair::{Pair, ProtectedTasks},
    traffic::{
        self, Traffic,
        door::{Ending, Opened, Restoring, Starting},
    },
};

pub use judged::Consequence;

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
    /// What a canary that is seen to be worse comes to.
    #[serde(default, skip_serializing_if = "Consequence::is_tell")]
    pub verdict: Consequence,
    /// How the counts of both versions are judged.
    #[serde(default, skip_serializing_if = "Bounds::are_usual")]
    pub evidence: Bounds,
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

/// What `TARGET` and the `target` of `UserParameters` hold; each field is that of the same name of [`Target`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    cluster: ClusterName,
    primary: ServiceName,
    canary: ServiceName,
    pipeline: PipelineName,
    #[serde(default)]
    alarms: Vec<AlarmName>,
    #[serde(default = "one")]
    resting_tasks: u32,
    #[serde(default = "an_hour")]
    guard_minutes: u32,
    #[serde(default)]
    protected_tasks: ProtectedTasks,
    #[serde(default = "two")]
    max_task_exits: u32,
    #[serde(default)]
    verdict: Consequence,
    #[serde(default)]
    evidence: judged::Input,
    traffic: traffic::Input,
}

impl From<Input> for Target {
    fn from(input: Input) -> Self {
        Self {
            cluster: input.cluster,
            primary: input.primary,
            canary: input.canary,
            pipeline: input.pipeline,
            alarms: input.alarms,
            resting_tasks: input.resting_tasks,
            guard_minutes: input.guard_minutes,
            protected_tasks: input.protected_tasks,
            max_task_exits: input.max_task_exits,
            verdict: input.verdict,
            evidence: input.evidence.into(),
            traffic: input.traffic.into(),
        }
    }
}

fn one() -> u32 {
    1
}

fn an_hour() -> u32 {
    60
}

/// Fields that do not say where and how work is split, beside those of the models: of these a release keeps those that it began with.
const LIMITS: [&str; 6] = [
    "verdict",
    "evidence",
    "maxTaskExits",
    "protectedTasks",
    "restingTasks",
    "guardMinutes",
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

    /// Its traffic model.
    #[must_use]
    pub fn model(&self) -> Box<dyn Opened> {
        self.traffic.model(self.services())
    }

    /// The same, on which a release is to begin.
    #[must_use]
    pub fn starting(&self) -> Box<dyn Starting> {
        self.traffic.starting(self.services())
    }

    /// The same, of which a release ends.
    #[must_use]
    pub fn ending(&self) -> Box<dyn Ending> {
        self.traffic.ending(self.services())
    }

    /// The same, of which a release is rolled back.
    #[must_use]
    pub fn restoring(&self) -> Box<dyn Restoring> {
        self.traffic.restoring(self.services())
    }

    /// Key of the pair's release record.
    #[must_use]
    pub fn pair(&self) -> PairId {
        PairId::new(&self.cluster, &self.primary)
    }

    /// For how long after a promotion it is guarded.
    #[must_use]
    pub fn guard(&self) -> Duration {
        Duration::from_secs(u64::from(self.guard_minutes) * 60)
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
        judged::check(&self.evidence, source)?;
        self.model().check(source)?;
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
        .filter(|name| !LIMITS.contains(&name.as_str()) && !traffic::is_limit(name));
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
mod tests;
