//! What ECS tells `CloudWatch` about services.
//!
//! AWS: ECS developer guide, "Amazon ECS `CloudWatch` metrics": `CPUUtilization` has one sample a minute for each task, so
//! its sample count is the number of running tasks ("Service RUNNING task count"). What the tasks use of their CPU is not
//! measured here: the value is always the same.

use std::collections::BTreeMap;

use super::names::ServiceKey;
use crate::world::{World, cloudwatch};

/// Percent, of every task.
const UTILIZATION: f64 = 5.0;

/// Publishes the samples of the minute that has just ended, once.
pub(super) fn publish(world: &mut World) {
    let minute = cloudwatch::minute(world, world.now);
    let published = world.ecs.published_minute.replace(minute);
    if published.is_none_or(|published| published == minute) {
        return;
    }
    let mut running: BTreeMap<ServiceKey, u32> = BTreeMap::new();
    for task in world.ecs.tasks.iter().filter(|task| task.is_running()) {
        *running.entry(task.service.clone()).or_default() += 1;
    }
    let at = cloudwatch::minute_start(world, minute - 1);
    for (key, tasks) in running {
        let dimensions = [
            ("ClusterName", key.cluster.as_str()),
            ("ServiceName", key.service.as_str()),
        ];
        for _ in 0..tasks {
            cloudwatch::publish(
                world,
                "AWS/ECS",
                "CPUUtilization",
                &dimensions,
                UTILIZATION,
                at,
            );
        }
    }
}
