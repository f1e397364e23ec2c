//! What may happen in a world.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Work},
    wire::Ailment,
};

use super::story::{Kind, Target};

/// What happens. Times are in seconds. What makes no sense when its time comes (an answer that nobody waits for) does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// An alarm of the target goes to `ALARM` when it is evaluated next, and stays there.
    Alarm,
    /// It goes back to `OK` when it is evaluated next.
    Calm,
    /// The approval that waits is answered.
    Approve,
    Reject,
    /// From now on people approve whatever waits.
    ApproveAll,
    /// Another version, v3, is pushed.
    Push,
    /// The newest execution is stopped: what is in progress is waited for, or given up.
    Stop,
    Abandon,
    /// The stage of the newest execution is tried again.
    Retry,
    /// Somebody rolls the newest execution back by hand.
    RollBack,
    /// Events to functions get lost, come twice, or come late, for so long.
    Events(Fate, u32),
    /// Lambda runs every event twice, for so long.
    RunTwice(u32),
    /// A function is killed right after so many more of its writes.
    Kill(Function, u32),
    /// An operation ails a function for so long.
    Ails(Function, Operation, Ailment, u32),
    /// Automatic scaling wants so many tasks of the primary, or of the service of task sets.
    Scale(u32),
    /// A person sets a count.
    Count(Service, u32),
    /// A person puts a version of their own on a service.
    Hotfix(Service),
    /// A person gives the canary this weight of a hundred; of an alias, the newest version that it does not stand on; of task sets, the
    /// group that the PRIMARY one is not in.
    Weights(u32),
    /// A person gives a task set this percentage of its service's tasks.
    ScaleSet(Set, u32),
    /// A person makes a task set of their own, with this percentage.
    MakeSet(u32),
    /// A person makes the set beside the PRIMARY one PRIMARY.
    MakePrimary,
    /// A person deletes the set beside the PRIMARY one.
    DeleteSet,
    /// A person publishes a version of their own.
    Publish,
    /// A person publishes one, and sends everything there.
    Redirect,
    /// A person gives the function a timeout of so many seconds.
    Configure(u32),
    /// A person deletes the versions that the alias does not name.
    DeleteVersions,
    /// A person deletes the alias.
    DeleteAlias,
    /// A person keeps so many instances warm for the alias.
    Warm(u32),
    /// The next update of the function fails.
    FailUpdate,
    /// The next version that is published can never be invoked.
    FailVersion,
    /// Updates of the function and new versions take so long.
    Slow(u32),
    /// From now on Lambda does what it does not document the other way.
    Otherwise,
    /// A person stops so many tasks.
    StopTasks(Service, u32),
    /// So many tasks end as they start.
    FailStarts(u32),
    /// Somebody deregisters the task definition that the primary runs.
    Deregister,
    /// Fargate Spot takes so many tasks back, and has no capacity for so long.
    Spot(Service, u32, u32),
    /// From now on counts of queues are off now and then, by the lots of a seed.
    Approximate(u64),
    /// From now on metrics of queues are so late.
    LateMetrics(u32),
    /// From now on a load balancer shares requests, or an alias invocations, by the lots of a seed.
    ByLot(u64),
}

/// What becomes of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    Doubled,
    Late,
}

/// The two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Primary,
    Canary,
}

/// A task set of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// The PRIMARY one, which its service shows as its own.
    Shown,
    /// The newest other one: before a promotion the candidate's, and after it what is kept.
    Beside,
}

/// The four functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    DeployCanary,
    ShiftWeight,
    PromotePrimary,
    Rollback,
}

/// Operations that the functions call, by AWS's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    GetItem,
    TransactWriteItems,
    DescribeServices,
    UpdateService,
    RegisterTaskDefinition,
    DescribeTaskDefinition,
    DescribeTaskSets,
    CreateTaskSet,
    UpdateTaskSet,
    UpdateServicePrimaryTaskSet,
    DeleteTaskSet,
    ListTasks,
    DescribeTasks,
    DescribeAlarms,
    GetQueueAttributes,
    DescribeScalableTargets,
    RegisterScalableTarget,
    DescribeRules,
    ModifyRule,
    DescribeTargetHealth,
    GetAlias,
    UpdateAlias,
    GetProvisionedConcurrencyConfig,
    GetFunction,
    UpdateFunctionCode,
    PublishVersion,
    ListVersionsByFunction,
    ListEventSourceMappings,
    GetObject,
    GetPipelineExecution,
    GetPipelineState,
    StopPipelineExecution,
    PutApprovalResult,
    PutJobSuccessResult,
    PutJobFailureResult,
    Publish,
}

/// How late events come that are late.
pub(super) const LATE: Duration = Duration::from_secs(90);

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Primary => stage::PRIMARY,
            Self::Canary => stage::CANARY,
        }
    }
}

impl Function {
    pub(super) const ALL: [Self; 4] = [
        Self::DeployCanary,
        Self::ShiftWeight,
        Self::PromotePrimary,
        Self::Rollback,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DeployCanary => stage::DEPLOY_CANARY,
            Self::ShiftWeight => stage::SHIFT_WEIGHT,
            Self::PromotePrimary => stage::PROMOTE_PRIMARY,
            Self::Rollback => stage::ROLLBACK,
        }
    }
}

impl Operation {
    /// Whether functions call it for a target.
    pub(super) fn is_of(self, target: Target) -> bool {
        let (kind, work) = (target.kind(), target.stage().traffic.work());
        match self {
            Self::DescribeServices | Self::RegisterTaskDefinition => kind != Kind::Alias,
            Self::UpdateService | Self::DescribeScalableTargets | Self::RegisterScalableTarget => {
                kind == Kind::Pair
            }
            // Pairs call the first three, too: they ail there in other stories, so that these seeds keep telling the same.
            Self::ListTasks
            | Self::DescribeTasks
            | Self::DescribeTaskDefinition
            | Self::DescribeTaskSets
            | Self::CreateTaskSet
            | Self::UpdateTaskSet
            | Self::UpdateServicePrimaryTaskSet
            | Self::DeleteTaskSet => kind == Kind::Sets,
            Self::DescribeRules | Self::ModifyRule | Self::DescribeTargetHealth => {
                work == Work::Requests
            }
            Self::GetQueueAttributes => work == Work::Messages,
            Self::GetAlias
            | Self::UpdateAlias
            | Self::GetProvisionedConcurrencyConfig
            | Self::GetFunction
            | Self::UpdateFunctionCode
            | Self::PublishVersion
            | Self::ListVersionsByFunction
            | Self::ListEventSourceMappings
            | Self::GetObject => kind == Kind::Alias,
            _ => true,
        }
    }

    /// What every function calls.
    pub(super) const OF_ALL: [Self; 18] = [
        Self::GetItem,
        Self::TransactWriteItems,
        Self::DescribeServices,
        Self::UpdateService,
        Self::DescribeAlarms,
        Self::GetQueueAttributes,
        Self::DescribeScalableTargets,
        Self::RegisterScalableTarget,
        Self::DescribeRules,
        Self::ModifyRule,
        Self::DescribeTargetHealth,
        Self::GetAlias,
        Self::UpdateAlias,
        Self::GetProvisionedConcurrencyConfig,
        Self::UpdateTaskSet,
        Self::UpdateServicePrimaryTaskSet,
        Self::ListTasks,
        Self::DescribeTasks,
    ];

    /// What only some functions call.
    pub(super) fn only_of(function: Function) -> &'static [Self] {
        match function {
            Function::DeployCanary => &[
                Self::RegisterTaskDefinition,
                Self::PutJobSuccessResult,
                Self::PutJobFailureResult,
                Self::GetFunction,
                Self::UpdateFunctionCode,
                Self::PublishVersion,
                Self::ListVersionsByFunction,
                Self::ListEventSourceMappings,
                Self::GetObject,
                Self::DescribeTaskDefinition,
                Self::DescribeTaskSets,
                Self::CreateTaskSet,
                Self::DeleteTaskSet,
            ],
            Function::ShiftWeight | Function::PromotePrimary => {
                &[Self::PutJobSuccessResult, Self::PutJobFailureResult]
            }
            Function::Rollback => &[
                Self::GetPipelineExecution,
                Self::GetPipelineState,
                Self::StopPipelineExecution,
                Self::PutApprovalResult,
                Self::Publish,
                Self::DeleteTaskSet,
            ],
        }
    }
}

impl Event {
    /// For how long something is wrong because of it.
    pub(super) fn lasts(self) -> u32 {
        match self {
            Self::Events(Fate::Late, seconds) => {
                seconds + u32::try_from(LATE.as_secs()).unwrap_or_default()
            }
            Self::Events(_, seconds)
            | Self::RunTwice(seconds)
            | Self::Spot(_, _, seconds)
            | Self::Ails(_, _, _, seconds) => seconds,
            _ => 0,
        }
    }

    /// Whether it ends a release that is not promoted yet.
    pub(super) fn ends_release(self) -> bool {
        matches!(
            self,
            Self::Alarm
                | Self::Reject
                | Self::Stop
                | Self::Abandon
                | Self::RollBack
                | Self::Weights(_)
                | Self::ScaleSet(..)
                | Self::MakeSet(_)
                | Self::MakePrimary
                | Self::DeleteSet
                | Self::FailStarts(_)
        )
    }

    /// What lasts lasts half as long; `None` where that makes no sense.
    pub(super) fn halved(self) -> Option<Self> {
        let half = |seconds: u32| (seconds > 1).then_some(seconds / 2);
        match self {
            Self::Events(fate, seconds) => half(seconds).map(|it| Self::Events(fate, it)),
            Self::RunTwice(seconds) => half(seconds).map(Self::RunTwice),
            Self::Ails(function, operation, how, seconds) => {
                half(seconds).map(|it| Self::Ails(function, operation, how, it))
            }
            Self::Kill(function, writes) => half(writes).map(|it| Self::Kill(function, it)),
            Self::StopTasks(service, tasks) => half(tasks).map(|it| Self::StopTasks(service, it)),
            Self::FailStarts(tasks) => half(tasks).map(Self::FailStarts),
            Self::Slow(seconds) => half(seconds).map(Self::Slow),
            _ => None,
        }
    }
}
