//! Amazon ECS: tasks that are protected from scale-in, and stopping them.

use super::{
    Account, AwsError, moment,
    service::{Protection, Service},
};
use crate::names::{ClusterName, ServiceName};

/// As many as one `GetTaskProtection` call takes (API reference).
const TASKS_PER_CALL: usize = 100;

impl Account {
    /// Looks why a service keeps tasks that it does not want any more. It is only for the reason that is given: what cannot be seen
    /// is left out.
    pub async fn explain(&self, cluster: &ClusterName, service: &mut Service) {
        if !service.keeps_more_than_it_wants() {
            return;
        }
        let asked = async {
            let arns = self.task_arns(cluster, &service.name).await?;
            self.protection(cluster, &service.name, &arns).await
        };
        match asked.await {
            Ok(protection) => service.protection = protection,
            Err(unseen) => tracing::warn!("{unseen}"),
        }
    }

    async fn protection(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        arns: &[String],
    ) -> Result<Option<Protection>, AwsError> {
        let mut found: Option<Protection> = None;
        for arns in arns.chunks(TASKS_PER_CALL) {
            let answer = self
                .ecs
                .get_task_protection()
                .cluster(cluster.as_str())
                .set_tasks(Some(arns.to_vec()))
                .send()
                .await
                .map_err(|error| {
                    AwsError::of(
                        "ecs:GetTaskProtection",
                        format!("service {service}"),
                        &error,
                    )
                })?;
            for task in answer.protected_tasks() {
                let until = task.expiration_date().filter(|_| task.protection_enabled());
                let Some(until) = moment(until) else {
                    continue;
                };
                let before = found.map_or((0, until), |it| (it.tasks, it.until));
                found = Some(Protection {
                    tasks: before.0 + 1,
                    until: before.1.max(until),
                });
            }
        }
        Ok(found)
    }

    /// `StopTask`, which protection from scale-in does not keep from anything. A task that is gone by now needs nothing.
    pub(crate) async fn stop_task(
        &self,
        cluster: &ClusterName,
        task: &str,
        reason: &str,
    ) -> Result<(), AwsError> {
        let answer = self
            .ecs
            .stop_task()
            .cluster(cluster.as_str())
            .task(task)
            .reason(reason)
            .send()
            .await;
        let resource = format!("task {task} in cluster {cluster}");
        match answer.map_err(|error| AwsError::of("ecs:StopTask", resource, &error)) {
            Err(error) if error.is("InvalidParameterException") && error.says("not found") => {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }
}
