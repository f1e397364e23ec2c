//! Amazon ECS: tasks that have ended.

use aws_sdk_ecs::types::{Container, DesiredStatus};

use super::{
    Account, AwsError, moment,
    service::Named,
    services::{arn, id},
};
use crate::{
    exits::{Ended, Exit, exit_code},
    names::{ClusterName, ServiceName},
};

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

    async fn exits_of(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<Exit>, AwsError> {
        let ended = self
            .tasks_listed(cluster, service, DesiredStatus::Stopped)
            .await?;
        let described = self.described_tasks(cluster, &ended).await?;
        let exits = described.iter().map(exit).collect::<Result<Vec<_>, _>>()?;
        Ok(exits.into_iter().flatten().collect())
    }
}

fn exit(task: &aws_sdk_ecs::types::Task) -> Result<Option<Exit>, AwsError> {
    let ended = task.stopped_at().or(task.execution_stopped_at());
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
    // A task that is still stopping has not ended.
    let (Some(at), Some(whose)) = (moment(ended), end.whose()) else {
        return Ok(None);
    };
    Ok(Some(Exit {
        task: id(task),
        task_definition: arn("ecs:DescribeTasks", task.task_definition_arn())?,
        at,
        whose,
    }))
}
