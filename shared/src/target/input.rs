//! A target as people write it: strict, and with what may be left out.

use serde::Deserialize;

use super::{AlbTraffic, Mode, ProtectedTasks, QueueTraffic, Target, Traffic};
use crate::names::{
    AlarmName, ClusterName, ForwardArn, PipelineName, QueueUrl, ServiceName, TargetGroupArn,
};

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
    #[serde(default = "super::two")]
    max_task_exits: u32,
    traffic: TrafficInput,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TrafficInput {
    Queue(QueueInput),
    Alb(AlbInput),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QueueInput {
    url: QueueUrl,
    #[serde(default)]
    dead_letter_url: Option<QueueUrl>,
    #[serde(default)]
    max_dead_letters: u64,
    #[serde(default)]
    guard_max_dead_letters: Option<u64>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    max_tasks: Option<u32>,
    #[serde(default = "super::yes")]
    floor_primary: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AlbInput {
    #[serde(default)]
    rule: Option<ForwardArn>,
    #[serde(default)]
    rules: Vec<ForwardArn>,
    #[serde(default)]
    listener: Option<ForwardArn>,
    primary_target_group: TargetGroupArn,
    canary_target_group: TargetGroupArn,
    #[serde(default = "one")]
    min_tasks: u32,
    #[serde(default)]
    max_unhealthy: u32,
    #[serde(default)]
    allow_sticky: bool,
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
            traffic: input.traffic.into(),
        }
    }
}

impl From<TrafficInput> for Traffic {
    fn from(input: TrafficInput) -> Self {
        match input {
            TrafficInput::Queue(queue) => Self::Queue(QueueTraffic {
                url: queue.url,
                dead_letter_url: queue.dead_letter_url,
                max_dead_letters: queue.max_dead_letters,
                guard_max_dead_letters: queue.guard_max_dead_letters,
                mode: queue.mode,
                max_tasks: queue.max_tasks,
                floor_primary: queue.floor_primary,
            }),
            TrafficInput::Alb(alb) => Self::Alb(AlbTraffic {
                rule: alb.rule,
                rules: alb.rules,
                listener: alb.listener,
                primary_target_group: alb.primary_target_group,
                canary_target_group: alb.canary_target_group,
                min_tasks: alb.min_tasks,
                max_unhealthy: alb.max_unhealthy,
                allow_sticky: alb.allow_sticky,
            }),
        }
    }
}

fn one() -> u32 {
    1
}

fn an_hour() -> u32 {
    60
}
