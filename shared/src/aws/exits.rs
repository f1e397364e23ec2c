//! Amazon ECS: tasks that have ended, and whose doing that was.

use aws_sdk_ecs::types::{Container, DesiredStatus};

use super::{
    Account, AwsError, moment,
    service::Named,
    services::{arn, id},
};
use crate::{
    clock::Timestamp,
    names::{ClusterName, ServiceName, TaskDefinitionArn},
};

/// What a process says that SIGTERM has ended: 128 and the signal's number.
const TERMINATED: i32 = 143;

/// A task that has ended, and whose end is not plainly somebody else's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The task's id.
    pub task: String,
    /// What it ran.
    pub task_definition: TaskDefinitionArn,
    /// When it ended.
    pub at: Timestamp,
    /// Whose doing it was.
    pub whose: Whose,
}

/// Whose doing the end of a task was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Its own: the process ended, or a health check found it ill.
    Own,
    /// Nobody here knows: AWS gives a reason that is newer than this program, or none.
    Unknown,
}

/// What ECS says of the end of a task (API reference, `Task`).
#[derive(Debug, Clone, Copy, Default)]
struct Ended<'a> {
    /// `stopCode`.
    code: Option<&'a str>,
    /// `stoppedReason`.
    reason: &'a str,
    /// The exit code of the task; see [`exit_code`].
    exit_code: Option<i32>,
    /// `stoppingAt`: when it was told to stop, or had ended.
    stopping: Option<Timestamp>,
    /// `executionStoppedAt`: when its containers had ended.
    execution_stopped: Option<Timestamp>,
}

/// The exit code of a task, of those of its containers: one that ended by itself before one that was told to, which ECS does with the
/// others as soon as an essential one has ended.
fn exit_code(of_containers: impl IntoIterator<Item = i32>) -> Option<i32> {
    of_containers
        .into_iter()
        .reduce(|code, other| if code == TERMINATED { other } else { code })
}

impl Ended<'_> {
    /// Whose doing it was; `None` if it says nothing about the version. What does not start is for ECS's circuit breaker.
    fn whose(&self) -> Option<Whose> {
        match self.code {
            Some("EssentialContainerExited") => (!self.was_told()).then_some(Whose::Own),
            // Scale-in, deployments, rebalancing: "Scaling activity initiated by …". Health checks: "Task failed … health checks".
            Some("ServiceSchedulerInitiated") => {
                self.reason.starts_with("Task failed").then_some(Whose::Own)
            }
            Some(
                "TaskFailedToStart" | "UserInitiated" | "SpotInterruption" | "TerminationNotice",
            ) => None,
            _ => Some(Whose::Unknown),
        }
    }

    /// Whether it was told to stop before it ended.
    fn was_told(&self) -> bool {
        let before = |(told, ended)| told < ended;
        self.exit_code == Some(TERMINATED)
            || self
                .stopping
                .zip(self.execution_stopped)
                .is_some_and(before)
    }
}

impl Account {
    /// The tasks of both services that have ended within about the last hour, but for those whose end is plainly somebody else's
    /// doing.
    pub async fn exits(&self, pair: Named<'_>) -> Result<Vec<Exit>, AwsError> {
        let cluster = pair.cluster;
        let (primary, canary) = tokio::try_join!(
            self.exits_of(cluster, pair.primary),
            self.exits_of(cluster, pair.canary)
        )?;
        Ok([primary, canary].concat())
    }

    /// The same of a service that no circuit breaker of ECS watches: tasks that do not start count as well.
    pub async fn exits_and_failed_starts(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Exit>, AwsError> {
        let ended = self.ended(cluster, service).await?;
        let starts = ended.iter().filter(|task| has_not_started(task));
        let starts = starts.map(|task| of(task, Some(Whose::Own)));
        let exits = ended.iter().map(exit).chain(starts);
        let exits = exits.collect::<Result<Vec<_>, _>>()?;
        Ok(exits.into_iter().flatten().collect())
    }

    async fn exits_of(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Exit>, AwsError> {
        let ended = self.ended(cluster, service).await?;
        let exits = ended.iter().map(exit).collect::<Result<Vec<_>, _>>()?;
        Ok(exits.into_iter().flatten().collect())
    }

    async fn ended(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<aws_sdk_ecs::types::Task>, AwsError> {
        let ended = self
            .tasks_listed(cluster, service, DesiredStatus::Stopped)
            .await?;
        self.described_tasks(cluster, &ended).await
    }
}

fn has_not_started(task: &aws_sdk_ecs::types::Task) -> bool {
    let code = task.stop_code();
    code.is_some_and(|code| code.as_str() == "TaskFailedToStart")
}

fn exit(task: &aws_sdk_ecs::types::Task) -> Result<Option<Exit>, AwsError> {
    let exit_codes = task.containers().iter().filter_map(Container::exit_code);
    let end = Ended {
        code: task
            .stop_code()
            .map(aws_sdk_ecs::types::TaskStopCode::as_str),
        reason: task.stopped_reason().unwrap_or_default(),
        exit_code: exit_code(exit_codes),
        stopping: moment(task.stopping_at()),
        execution_stopped: moment(task.execution_stopped_at()),
    };
    of(task, end.whose())
}

/// The end of a task that says something about its version.
fn of(task: &aws_sdk_ecs::types::Task, whose: Option<Whose>) -> Result<Option<Exit>, AwsError> {
    let ended = task.stopped_at().or(task.execution_stopped_at());
    // A task that is still stopping has not ended.
    let (Some(at), Some(whose)) = (moment(ended), whose) else {
        return Ok(None);
    };
    Ok(Some(Exit {
        task: id(task),
        task_definition: arn("ecs:DescribeTasks", task.task_definition_arn())?,
        at,
        whose,
    }))
}

#[cfg(test)]
mod tests;
