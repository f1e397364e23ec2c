//! A task set of Amazon ECS, as a look sees it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::names::{ReleaseId, ServiceName, TargetGroupArn, TaskDefinitionArn, TaskSetId};

/// A service whose tasks belong to task sets.
#[derive(Debug, Clone, PartialEq)]
pub struct External {
    /// Its name.
    pub name: ServiceName,
    /// How many tasks a set has whose scale is 100 %.
    pub desired: u32,
    /// Its sets, also those that are on their way out.
    pub sets: Vec<TaskSet>,
    /// What is left of the time when ECS deployed it itself, if anything is.
    pub deployed: Option<Deployed>,
}

/// Deployments of a service that ECS has made itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployed {
    /// Whether one of them uses Service Connect, which task sets do not have.
    pub connects: bool,
}

/// A task set.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSet {
    /// Its id.
    pub id: TaskSetId,
    /// What whoever made it calls it.
    pub external_id: Option<String>,
    /// What it is to its service.
    pub status: Status,
    /// What it runs: a set never runs anything else.
    pub task_definition: TaskDefinitionArn,
    /// Its part of the service's tasks.
    pub scale: Scale,
    /// How many tasks that makes: `computedDesiredCount`.
    pub computed: u32,
    /// How many are running.
    pub running: u32,
    /// How many are on their way.
    pub pending: u32,
    /// Whether AWS calls it steady: all of them run and are healthy, and no others.
    pub is_steady: bool,
    /// How its tasks are launched.
    pub launch: Launch,
}

/// What a task set is to its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The one that the service shows as its own.
    Primary,
    /// Any other.
    Active,
    /// Deleted; its tasks are ending.
    Draining,
}

/// The part of its service's tasks that a set has, in percent. AWS rounds up to whole tasks (API reference, `TaskSet`,
/// `computedDesiredCount`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scale(pub f64);

/// Members of `CreateTaskSet` that say how tasks are launched, as they go over the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Launch(pub Map<String, Value>);

/// A set that is to be made. It gets no task yet, so that it is the same request however many tasks its service has by then.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSet {
    /// The release that makes it, and by which it is found again.
    pub release: ReleaseId,
    /// The set that it is to take the place of; `None` for the first one that a service has.
    pub replaces: Option<TaskSetId>,
    /// What it is to run.
    pub task_definition: TaskDefinitionArn,
    /// How its tasks are launched.
    pub launch: Launch,
    /// The same for the same attempt, so that AWS makes it once.
    pub token: String,
}

impl NewSet {
    /// What it is found again by.
    #[must_use]
    pub fn external_id(&self) -> String {
        match self.replaces {
            Some(_) => self.release.to_string(),
            None => first_of(&self.release),
        }
    }
}

fn first_of(release: &ReleaseId) -> String {
    format!("{release}-first")
}

impl Launch {
    /// What `CreateTaskSet` takes of what `DescribeServices` shows. A strategy of capacity providers comes with no launch type.
    const MEMBERS: [&str; 6] = [
        "launchType",
        "capacityProviderStrategy",
        "platformVersion",
        "networkConfiguration",
        "loadBalancers",
        "serviceRegistries",
    ];

    /// Of a set that is shown.
    #[must_use]
    pub fn of(shown: &Map<String, Value>) -> Self {
        let is_said =
            |value: &Value| !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty());
        let said = shown.iter();
        let said =
            said.filter(|(name, value)| Self::MEMBERS.contains(&name.as_str()) && is_said(value));
        let mut launch: Map<_, _> = said
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if launch.contains_key("capacityProviderStrategy") {
            launch.remove("launchType");
        }
        Self(launch)
    }

    /// The target groups that its tasks are registered in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let balancers = self.0.get("loadBalancers").and_then(Value::as_array);
        let balancers = balancers.into_iter().flatten();
        balancers.filter_map(|it| it["targetGroupArn"].as_str())
    }

    /// The same with its tasks in another group.
    #[must_use]
    pub fn in_group(&self, group: &TargetGroupArn) -> Self {
        let mut other = self.clone();
        let balancers = other
            .0
            .get_mut("loadBalancers")
            .and_then(Value::as_array_mut);
        for balancer in balancers.into_iter().flatten() {
            balancer["targetGroupArn"] = Value::from(group.as_str());
        }
        other
    }
}

impl Scale {
    /// No task.
    pub const NONE: Self = Self(0.0);
    /// As many as the service is to have.
    pub const ALL: Self = Self(100.0);

    /// The scale that makes exactly so many of a service's tasks, in the middle between its neighbours and with as few decimals as
    /// still do: how many of them AWS keeps is not documented.
    #[must_use]
    pub fn of(tasks: u32, desired: u32) -> Self {
        if tasks == 0 {
            return Self::NONE;
        }
        if tasks >= desired {
            return Self::ALL;
        }
        let middle = 100.0 * (f64::from(tasks) - 0.5) / f64::from(desired);
        let rounded = [1.0, 10.0, 100.0].map(|unit: f64| Self((middle * unit).round() / unit));
        let exact = |scale: &Self| scale.names(tasks, desired);
        rounded.into_iter().find(exact).unwrap_or(Self(middle))
    }

    /// Whether that is so for certain, however numbers are rounded.
    fn names(self, tasks: u32, desired: u32) -> bool {
        const APART: f64 = 1e-6;
        let part = f64::from(desired) * self.0 / 100.0;
        part > f64::from(tasks) - 1.0 + APART && part < f64::from(tasks) - APART
    }

    /// Whether it is another one, but for what is lost on the way.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        (self.0 - other.0).abs() < 0.01
    }

    /// Whether it has no task.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.is(Self::NONE)
    }
}

/// `12.5 %`
impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", (self.0 * 100.0).round() / 100.0)
    }
}

impl TaskSet {
    /// Whether as many tasks run as should, all of them healthy, and no others.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_steady && self.running == self.computed && self.pending == 0
    }

    /// Whether it is there to stay.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.status != Status::Draining
    }
}

impl External {
    /// A set by its id, unless it is on its way out.
    #[must_use]
    pub fn set(&self, id: &TaskSetId) -> Option<&TaskSet> {
        self.sets.iter().find(|set| set.id == *id && set.is_there())
    }

    /// The sets that a release has made, as they are found again.
    pub fn of(&self, release: &ReleaseId) -> impl Iterator<Item = &TaskSet> {
        let sets = self.sets.iter();
        sets.filter(|set| set.external_id.as_deref() == Some(release.as_str()))
    }

    /// The first set of a service, if a release has made it.
    #[must_use]
    pub fn first_of(&self, release: &ReleaseId) -> Option<&TaskSet> {
        let id = first_of(release);
        let mut sets = self.sets.iter().filter(|set| set.is_there());
        sets.find(|set| set.external_id.as_ref() == Some(&id))
    }

    /// The set that the service shows as its own.
    #[must_use]
    pub fn primary(&self) -> Option<&TaskSet> {
        self.sets.iter().find(|set| set.status == Status::Primary)
    }
}

/// `ecs-svc/1 (PRIMARY) on orders:7, 4 of 4 tasks`
impl fmt::Display for TaskSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            status,
            running,
            computed,
            ..
        } = self;
        let version = self.task_definition.short();
        let settling = if self.is_steady { "" } else { ", STABILIZING" };
        write!(
            f,
            "{id} ({status}) on {version}, {running} of {computed} tasks{settling}"
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        })
    }
}

/// `orders, 4 tasks: ecs-svc/1 (PRIMARY) on orders:7, 4 of 4 tasks; ecs-svc/2 (ACTIVE) on orders:8, 1 of 1 tasks`
impl fmt::Display for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} tasks: ", self.name, self.desired)?;
        let sets: Vec<_> = self.sets.iter().map(ToString::to_string).collect();
        f.write_str(if sets.is_empty() { "no task set" } else { "" })?;
        f.write_str(&sets.join("; "))
    }
}

#[cfg(test)]
mod tests;
