//! Application Auto Scaling: the scalable targets of the pair.

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget as SdkTarget, ScheduledAction as SdkAction, ServiceNamespace,
    SuspendedState,
};

use super::{
    Account, AwsError, moment,
    scalable_target::{ScalableTarget, Suspended},
    service::Named,
};
use crate::{
    names::{ClusterName, ServiceName},
    schedule::ScheduledAction,
};

impl Account {
    /// The scalable targets of primary and canary, where they have one.
    pub async fn scaling_of(
        &self,
        pair: Named<'_>,
    ) -> Result<(Option<ScalableTarget>, Option<ScalableTarget>), AwsError> {
        let (primary, canary) = (
            id(pair.cluster, pair.primary),
            id(pair.cluster, pair.canary),
        );
        let answer = self
            .scaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_ids(&primary)
            .resource_ids(&canary)
            .send()
            .await
            .map_err(|error| {
                AwsError::of(
                    "application-autoscaling:DescribeScalableTargets",
                    format!("{primary} and {canary}"),
                    &error,
                )
            })?;
        let find = |id: &str| {
            answer
                .scalable_targets()
                .iter()
                .find(|found| found.resource_id() == id)
                .map(read)
        };
        Ok((find(&primary), find(&canary)))
    }

    /// The scheduled actions of a service. AWS answers 50 at a time, and a service has 200 at most (API reference,
    /// `DescribeScheduledActions`; user guide, "Quotas for Application Auto Scaling").
    pub async fn scheduled_actions(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Vec<ScheduledAction>, AwsError> {
        let id = id(cluster, service);
        let pages = self
            .scaling
            .describe_scheduled_actions()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(&id);
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = pages.clone().set_next_token(next).send().await;
            let page = page.map_err(|error| {
                AwsError::of(
                    "application-autoscaling:DescribeScheduledActions",
                    &id,
                    &error,
                )
            })?;
            found.extend(page.scheduled_actions().iter().map(read_action));
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn set_scaling(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        to: ScalableTarget,
    ) -> Result<(), AwsError> {
        let id = id(cluster, service);
        let suspended = SuspendedState::builder()
            .dynamic_scaling_in_suspended(to.suspended.scale_in)
            .dynamic_scaling_out_suspended(to.suspended.scale_out)
            .scheduled_scaling_suspended(to.suspended.scheduled)
            .build();
        self.scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(&id)
            .set_min_capacity(i32::try_from(to.min).ok())
            .set_max_capacity(i32::try_from(to.max).ok())
            .suspended_state(suspended)
            .send()
            .await
            .map_err(|error| {
                AwsError::of("application-autoscaling:RegisterScalableTarget", id, &error)
            })?;
        Ok(())
    }
}

fn id(cluster: &ClusterName, service: &ServiceName) -> String {
    format!("service/{cluster}/{service}")
}

fn read(found: &SdkTarget) -> ScalableTarget {
    let suspended = |get: fn(&SuspendedState) -> Option<bool>| {
        found.suspended_state().and_then(get).unwrap_or(false)
    };
    ScalableTarget {
        min: u32::try_from(found.min_capacity()).unwrap_or(0),
        max: u32::try_from(found.max_capacity()).unwrap_or(0),
        suspended: Suspended {
            scale_in: suspended(SuspendedState::dynamic_scaling_in_suspended),
            scale_out: suspended(SuspendedState::dynamic_scaling_out_suspended),
            scheduled: suspended(SuspendedState::scheduled_scaling_suspended),
        },
    }
}

fn read_action(found: &SdkAction) -> ScheduledAction {
    ScheduledAction {
        name: found.scheduled_action_name().to_owned(),
        schedule: found.schedule().to_owned(),
        zone: found.timezone().map(ToOwned::to_owned),
        start: moment(found.start_time()),
        end: moment(found.end_time()),
    }
}
