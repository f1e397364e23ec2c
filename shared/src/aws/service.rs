//! A service of Amazon ECS, as a look sees it.

use std::fmt;

use super::scalable_target::ScalableTarget;
use crate::{
    clock::Timestamp,
    names::{ClusterName, ServiceName, TargetGroupArn, TaskDefinitionArn},
};

/// Two services by their names.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The cluster of both.
    pub cluster: &'a ClusterName,
    /// The primary.
    pub primary: &'a ServiceName,
    /// The canary.
    pub canary: &'a ServiceName,
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
    /// The target groups that it registers its tasks in.
    pub target_groups: Vec<TargetGroupArn>,
    /// What keeps tasks running that it does not want any more, where that was asked and found.
    pub protection: Option<Protection>,
    /// How ECS runs and exchanges its tasks.
    pub settings: Settings,
}

/// How ECS runs and exchanges a service's tasks, as far as a release depends on it (API reference, `Service` and
/// `DeploymentConfiguration`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `schedulingStrategy`: `REPLICA`, `DAEMON`.
    pub scheduling: String,
    /// `strategy`: `ROLLING`, or one of ECS's own ways to move work.
    pub strategy: String,
    /// The switch by which ECS takes a failed deployment back itself, if one is on.
    pub rolls_back: Option<&'static str>,
    /// Whether a deployment may be `COMPLETED` before all its tasks run and all older ones are gone.
    pub succeeds_early: bool,
    /// `minimumHealthyPercent`.
    pub min_healthy_percent: u32,
    /// `maximumPercent`.
    pub max_percent: u32,
}

/// What a service has that says nothing of it.
impl Default for Settings {
    fn default() -> Self {
        Self {
            scheduling: "REPLICA".to_owned(),
            strategy: "ROLLING".to_owned(),
            rolls_back: None,
            succeeds_early: false,
            min_healthy_percent: 100,
            max_percent: 200,
        }
    }
}

/// Tasks that are protected from scale-in: neither a lower count nor a deployment ends them.
///
/// AWS: ECS developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    /// How many.
    pub tasks: u32,
    /// When the last protection ends, unless it is renewed.
    pub until: Timestamp,
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

impl Service {
    /// Whether tasks run that the service does not want any more: beyond its count, or of an older version although all tasks of the
    /// newest run.
    #[must_use]
    pub fn keeps_more_than_it_wants(&self) -> bool {
        let older: u32 = self.older().map(|deployment| deployment.running).sum();
        let is_replaced = |newest: &Deployment| newest.running >= newest.desired;
        self.running > self.desired || older > 0 && self.newest().is_some_and(is_replaced)
    }

    /// Whether it runs nothing but a version, in the number it should have, and all that keeps it from being steady is that older
    /// tasks of that version are protected from scale-in.
    #[must_use]
    pub fn is_steady_but_for_protected(&self, version: &TaskDefinitionArn) -> bool {
        let mut deployments = self.deployments.iter();
        self.protection.is_some()
            && self.keeps_more_than_it_wants()
            && self.pending == 0
            && self
                .newest()
                .is_some_and(|it| it.rollout != Rollout::Failed)
            && deployments.all(|it| it.task_definition == *version)
    }

    fn older(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(|it| !it.primary)
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
            0 | 1 => {}
            others => write!(f, " (and {} older deployments)", others - 1)?,
        }
        match &self.protection {
            None => Ok(()),
            Some(protection) => write!(f, ", {protection}"),
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tasks, is) = match self.tasks {
            1 => ("task", "is"),
            _ => ("tasks", "are"),
        };
        let Self { tasks: many, until } = self;
        write!(
            f,
            "{many} {tasks} {is} protected from scale-in until {until}"
        )
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
