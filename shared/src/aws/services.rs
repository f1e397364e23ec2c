//! Amazon ECS: services and their tasks.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentControllerType, DeploymentRolloutState, DesiredStatus,
    HealthStatus, ServiceRevisionCleanup,
};

use super::{
    Account, AwsError, LookError, moment,
    service::{Deployment, Named, Rollout, Service, Settings, Task},
};
use crate::{
    clock::Timestamp,
    input::{BadInput, TARGET},
    names::{ClusterName, ContainerName, ServiceName, TargetGroupArn, TaskDefinitionArn},
};

/// As many as one `DescribeTasks` call takes, and one `ListTasks` page holds.
const TASKS_PER_CALL: usize = 100;

impl Account {
    /// Both services of the pair, primary first; without their scaling.
    pub async fn services(&self, pair: Named<'_>) -> Result<(Service, Service), LookError> {
        let (primary, canary) = self.each_service(pair).await?;
        Ok((primary?, canary?))
    }

    /// The same, each by itself: what is wrong with one says nothing about the other.
    pub async fn each_service(
        &self,
        pair: Named<'_>,
    ) -> Result<(Result<Service, LookError>, Result<Service, LookError>), AwsError> {
        const ACTION: &str = "ecs:DescribeServices";
        let cluster = pair.cluster;
        let answer = self
            .ecs
            .describe_services()
            .cluster(cluster.as_str())
            .services(pair.primary.as_str())
            .services(pair.canary.as_str())
            .send()
            .await
            .map_err(
                |error| match AwsError::of(ACTION, format!("cluster {cluster}"), &error) {
                    error if error.is("ClusterNotFoundException") => AwsError::missing(
                        ACTION,
                        format!("cluster {cluster} ({TARGET}: field cluster)"),
                    ),
                    error => error,
                },
            )?;
        let find = |field, name: &ServiceName| {
            answer
                .services()
                .iter()
                .find(|service| service.service_name() == Some(name.as_str()))
                .filter(|service| service.status() == Some("ACTIVE"))
                .map_or_else(
                    || {
                        let what = format!(
                            "service {name} in cluster {cluster} ({TARGET}: field {field})"
                        );
                        Err(AwsError::missing(ACTION, what).into())
                    },
                    |service| read(field, name, service),
                )
        };
        Ok((find("primary", pair.primary), find("canary", pair.canary)))
    }

    /// Ids of the tasks of a service that are meant to run.
    pub async fn task_arns(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<String>, AwsError> {
        self.tasks_listed(cluster, service, DesiredStatus::Running)
            .await
    }

    /// Ids of the tasks of a service that are meant to be so.
    pub(super) async fn tasks_listed(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        desired: DesiredStatus,
    ) -> Result<Vec<String>, AwsError> {
        let mut arns = Vec::new();
        let mut pages = self
            .ecs
            .list_tasks()
            .cluster(cluster.as_str())
            .service_name(service.as_str())
            .desired_status(desired)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                AwsError::of("ecs:ListTasks", format!("service {service}"), &error)
            })?;
            arns.extend(page.task_arns.unwrap_or_default());
        }
        Ok(arns)
    }

    /// The tasks behind ARNs; those that are gone by now are left out.
    pub async fn tasks(
        &self,
        cluster: &ClusterName,
        arns: &[String],
    ) -> Result<Vec<Task>, AwsError> {
        let described = self.described_tasks(cluster, arns).await?;
        described.iter().map(task).collect()
    }

    /// What the containers of running tasks run, by digest; a container whose digest ECS does not say is left out.
    pub async fn digests(
        &self,
        cluster: &ClusterName,
        arns: &[String],
    ) -> Result<Vec<BTreeMap<ContainerName, String>>, AwsError> {
        let described = self.described_tasks(cluster, arns).await?;
        let running = described
            .iter()
            .filter(|task| task.last_status() == Some("RUNNING"));
        let digests = running.map(|task| {
            let containers = task.containers().iter().filter_map(|container| {
                let name = ContainerName::try_from(container.name()?).ok()?;
                Some((name, container.image_digest()?.to_owned()))
            });
            containers.collect()
        });
        Ok(digests.collect())
    }

    /// The same, as ECS tells it.
    pub(super) async fn described_tasks(
        &self,
        cluster: &ClusterName,
        arns: &[String],
    ) -> Result<Vec<aws_sdk_ecs::types::Task>, AwsError> {
        let calls = arns.chunks(TASKS_PER_CALL).map(|arns| async move {
            let answer = self
                .ecs
                .describe_tasks()
                .cluster(cluster.as_str())
                .set_tasks(Some(arns.to_vec()))
                .send()
                .await
                .map_err(|error| {
                    AwsError::of("ecs:DescribeTasks", format!("cluster {cluster}"), &error)
                })?;
            Ok::<_, AwsError>(answer.tasks.unwrap_or_default())
        });
        let answers = futures_util::future::try_join_all(calls).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    pub(crate) async fn update_service(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        task_definition: Option<&TaskDefinitionArn>,
        desired: Option<u32>,
        force: bool,
    ) -> Result<(), AwsError> {
        self.ecs
            .update_service()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .set_task_definition(task_definition.map(|arn| arn.as_str().to_owned()))
            .set_desired_count(desired.and_then(|desired| i32::try_from(desired).ok()))
            .set_force_new_deployment(force.then_some(true))
            .send()
            .await
            .map_err(|error| {
                AwsError::of(
                    "ecs:UpdateService",
                    format!("service {service} in cluster {cluster}"),
                    &error,
                )
            })?;
        Ok(())
    }
}

fn read(
    field: &'static str,
    name: &ServiceName,
    service: &aws_sdk_ecs::types::Service,
) -> Result<Service, LookError> {
    let controller = service
        .deployment_controller()
        .map(aws_sdk_ecs::types::DeploymentController::r#type);
    if let Some(other) =
        controller.filter(|controller| **controller != DeploymentControllerType::Ecs)
    {
        let problem = format!(
            "service {name} uses the deployment controller {other}; only ECS (rolling update) is supported"
        );
        return Err(BadInput::field(TARGET, field, problem).into());
    }
    Ok(Service {
        name: name.clone(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        pending: count(service.pending_count()),
        deployments: service
            .deployments()
            .iter()
            .map(deployment)
            .collect::<Result<_, _>>()?,
        scaling: None,
        target_groups: service
            .load_balancers()
            .iter()
            .filter_map(|it| TargetGroupArn::try_from(it.target_group_arn()?).ok())
            .collect(),
        protection: None,
        settings: settings(service),
    })
}

fn settings(service: &aws_sdk_ecs::types::Service) -> Settings {
    let usual = Settings::default();
    let scheduling = service.scheduling_strategy();
    let scheduling = scheduling.map_or(usual.scheduling, |it| it.as_str().to_owned());
    let Some(given) = service.deployment_configuration() else {
        return Settings {
            scheduling,
            ..Settings::default()
        };
    };
    let breaker = given.deployment_circuit_breaker();
    let breaker = breaker.is_some_and(|it| it.enable() && it.rollback());
    let alarms = given
        .alarms()
        .is_some_and(|it| it.enable() && it.rollback());
    let rolls_back = [
        (
            breaker,
            "deploymentConfiguration.deploymentCircuitBreaker.rollback",
        ),
        (alarms, "deploymentConfiguration.alarms.rollback"),
    ];
    let early = given.early_success_criteria().filter(|it| it.enable());
    let succeeds_early = early.is_some_and(|it| {
        let cleanup = it.source_service_revision_cleanup();
        it.healthy_percent() != Some(100) || cleanup != Some(&ServiceRevisionCleanup::Blocking)
    });
    Settings {
        scheduling,
        strategy: given
            .strategy()
            .map_or(usual.strategy, |it| it.as_str().to_owned()),
        rolls_back: rolls_back
            .into_iter()
            .find_map(|(is_on, field)| is_on.then_some(field)),
        succeeds_early,
        min_healthy_percent: given
            .minimum_healthy_percent()
            .map_or(usual.min_healthy_percent, count),
        max_percent: given.maximum_percent().map_or(usual.max_percent, count),
    }
}

fn deployment(deployment: &SdkDeployment) -> Result<Deployment, AwsError> {
    Ok(Deployment {
        primary: deployment.status() == Some("PRIMARY"),
        task_definition: arn("ecs:DescribeServices", deployment.task_definition())?,
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        failed_tasks: count(deployment.failed_tasks()),
        rollout: match deployment.rollout_state() {
            Some(DeploymentRolloutState::Completed) => Rollout::Completed,
            Some(DeploymentRolloutState::Failed) => Rollout::Failed,
            _ => Rollout::InProgress,
        },
        reason: deployment.rollout_state_reason().map(str::to_owned),
        created: moment(deployment.created_at()).unwrap_or(Timestamp::from_epoch_millis(0)),
    })
}

fn task(task: &aws_sdk_ecs::types::Task) -> Result<Task, AwsError> {
    let running = task.last_status() == Some("RUNNING");
    let unhealthy = task.health_status() == Some(&HealthStatus::Unhealthy);
    Ok(Task {
        id: id(task),
        task_definition: arn("ecs:DescribeTasks", task.task_definition_arn())?,
        well: running && !unhealthy,
    })
}

/// A task's id: the end of its ARN.
pub(super) fn id(task: &aws_sdk_ecs::types::Task) -> String {
    let id = task.task_arn().and_then(|arn| arn.rsplit('/').next());
    id.unwrap_or_default().to_owned()
}

pub(super) fn arn(
    action: &'static str,
    found: Option<&str>,
) -> Result<TaskDefinitionArn, AwsError> {
    let found = found.unwrap_or_default();
    TaskDefinitionArn::try_from(found)
        .map_err(|error| AwsError::unusable(action, "a task definition", error.to_string()))
}

fn count(count: i32) -> u32 {
    u32::try_from(count).unwrap_or(0)
}
