//! What one look saw, in our own words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    names::{AlarmName, ServiceName, TaskDefinitionArn},
    record::Record,
};

/// The pair, its guards and its release record at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When.
    pub now: Timestamp,
    /// The pair's release record, if there ever was a release.
    pub record: Option<Record>,
    /// The primary service.
    pub primary: Service,
    /// The canary service.
    pub canary: Service,
    /// The alarms of the target, in its order.
    pub alarms: Vec<Alarm>,
    /// Messages in the dead-letter queue; `None` if the target has none.
    pub dead_letters: Option<u64>,
}

/// A service of the pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// How many tasks it should have.
    pub desired: u32,
    /// How many are running.
    pub running: u32,
    /// How many are on their way.
    pub pending: u32,
    /// Its deployments, newest (`PRIMARY`) first.
    pub deployments: Vec<Deployment>,
    /// Its scalable target; `None` if it is not scaled automatically.
    pub scaling: Option<ScalableTarget>,
}

/// One deployment of a service (ECS deployment controller).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Whether it is the newest one, `PRIMARY`.
    pub primary: bool,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// How many tasks it should have.
    pub desired: u32,
    /// How many are running.
    pub running: u32,
    /// How many tasks in a row failed to start.
    pub failed_tasks: u32,
    /// How far it is.
    pub rollout: Rollout,
    /// ECS's own words about it.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// `rolloutState` of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETED`.
    Completed,
    /// `FAILED`: the circuit breaker opened.
    Failed,
}

/// A service's scalable target in Application Auto Scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTarget {
    /// `MinCapacity`.
    pub min: u32,
    /// `MaxCapacity`.
    pub max: u32,
    /// `SuspendedState`.
    pub suspended: Suspended,
}

/// Which scaling processes are suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspended {
    /// `DynamicScalingInSuspended`.
    pub scale_in: bool,
    /// `DynamicScalingOutSuspended`.
    pub scale_out: bool,
    /// `ScheduledScalingSuspended`.
    pub scheduled: bool,
}

impl Suspended {
    /// Everything suspended.
    pub const ALL: Self = Self {
        scale_in: true,
        scale_out: true,
        scheduled: true,
    };
}

/// An alarm of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: AlarmName,
    /// Whether it is in `ALARM`. `INSUFFICIENT_DATA` is not: a queue that is idle or a service
    /// without traffic has no data, and what is missing is the alarm's own `TreatMissingData` to judge.
    pub firing: bool,
    /// CloudWatch's own words about the state.
    pub reason: String,
}

/// A running task of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// Whether its last status is `RUNNING` and its containers are not `UNHEALTHY`.
    pub well: bool,
}

impl ScalableTarget {
    /// The same with everything suspended, for as long as the service's count is ours.
    ///
    /// Every `RegisterScalableTarget` pulls the count into the bounds; so these leave room for no tasks, and for
    /// as many as there are.
    #[must_use]
    pub fn held(self, count: u32) -> Self {
        Self {
            min: 0,
            max: self.max.max(count),
            suspended: Suspended::ALL,
        }
    }
}

impl Service {
    /// What its automatic scaling has yet to become before its count is ours; `None` if nothing scales it.
    #[must_use]
    pub fn scaling_to_hold(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let is_held = scaling.min == 0 && scaling.suspended == Suspended::ALL;
        (!is_held).then(|| scaling.held(self.desired))
    }

    /// The newest deployment.
    #[must_use]
    pub fn newest(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.primary)
    }

    /// Whether the newest deployment runs this task definition.
    #[must_use]
    pub fn is_on(&self, task_definition: &TaskDefinitionArn) -> bool {
        self.newest()
            .is_some_and(|newest| newest.task_definition == *task_definition)
    }

    /// Whether nothing is being rolled out: one deployment, completed.
    #[must_use]
    pub fn is_rolled_out(&self) -> bool {
        matches!(self.deployments.as_slice(), [only] if only.primary && only.rollout == Rollout::Completed)
    }

    /// Whether as many tasks run as should, and no others.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.running == self.desired && self.pending == 0
    }

    /// Rolled out and settled.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.is_rolled_out() && self.is_settled()
    }

    /// The deployment that ECS's circuit breaker has failed, if there is one.
    #[must_use]
    pub fn broken(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.rollout == Rollout::Failed)
    }
}

/// `orders-canary on orders:8, 1 of 1 tasks, COMPLETED`
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            desired,
            running,
            ..
        } = self;
        match self.newest() {
            Some(newest) => {
                let short = newest.task_definition.short();
                write!(
                    f,
                    "{name} on {short}, {running} of {desired} tasks, {}",
                    newest.rollout
                )?;
            }
            None => write!(
                f,
                "{name} without a deployment, {running} of {desired} tasks"
            )?,
        }
        match self.deployments.len() {
            0 | 1 => Ok(()),
            others => write!(f, " (and {} older deployments)", others - 1),
        }
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        })
    }
}

/// One line for the ledger.
impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.primary, self.canary)?;
        let firing: Vec<_> = self
            .alarms
            .iter()
            .filter(|alarm| alarm.firing)
            .map(|alarm| alarm.name.as_str())
            .collect();
        if firing.is_empty() {
            write!(f, "; {} alarms, none in ALARM", self.alarms.len())?;
        } else {
            write!(f, "; in ALARM: {}", firing.join(", "))?;
        }
        match self.dead_letters {
            Some(letters) => write!(f, "; {letters} dead letters"),
            None => Ok(()),
        }
    }
}
