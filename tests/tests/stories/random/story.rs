//! A story is data: a pair, how people answer in the end, and what happens when. It is written as the Rust that tells it.

use std::{fmt, time::Duration};

use rehearsal_core::{
    stage::{self, Mode, Stage, Step, Traffic},
    wire::Ailment,
};

/// The kinds of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    QueueAdditive,
    QueueConstantTotal,
    Alb,
}

/// How approvals are answered that wait when all faults are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finally {
    Approved,
    Rejected,
}

/// What happens in one world. The first push, of version v2, is at second 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) pair: Pair,
    pub(super) finally: Finally,
    pub(super) events: Vec<At>,
}

/// Something that happens so many seconds after the first push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) second: u32,
    pub(super) event: Event,
}

pub(super) const fn at(second: u32, event: Event) -> At {
    At { second, event }
}

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
    /// Automatic scaling wants so many tasks of the primary.
    Scale(u32),
    /// A person sets a count.
    Count(Service, u32),
    /// A person puts a version of their own on a service.
    Hotfix(Service),
    /// A person gives the canary this weight of a hundred.
    Weights(u32),
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
    /// From now on a load balancer shares requests by the lots of a seed.
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
    DescribeAlarms,
    GetQueueAttributes,
    DescribeScalableTargets,
    RegisterScalableTarget,
    DescribeRules,
    ModifyRule,
    DescribeTargetHealth,
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

impl Pair {
    pub(super) const ALL: [Self; 3] = [Self::QueueAdditive, Self::QueueConstantTotal, Self::Alb];

    pub(super) fn stage(self) -> Stage {
        let (traffic, mode) = match self {
            Self::QueueAdditive => (Traffic::Queue, Mode::Additive),
            Self::QueueConstantTotal => (Traffic::Queue, Mode::ConstantTotal),
            Self::Alb => (Traffic::Alb, Mode::Additive),
        };
        Stage {
            traffic,
            mode,
            steps: Some(vec![Step::new(25, 60), Step::new(50, 0)]),
            promote_bake: Duration::from_mins(1),
            deregistration_delay: Duration::from_secs(10),
            ..Stage::default()
        }
    }
}

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
    /// Whether functions call it for a pair.
    pub(super) fn is_of(self, pair: Pair) -> bool {
        match self {
            Self::DescribeRules | Self::ModifyRule | Self::DescribeTargetHealth => {
                pair == Pair::Alb
            }
            Self::GetQueueAttributes => pair != Pair::Alb,
            _ => true,
        }
    }

    /// What every function calls.
    pub(super) const OF_ALL: [Self; 11] = [
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
    ];

    /// What only some functions call.
    pub(super) fn only_of(function: Function) -> &'static [Self] {
        match function {
            Function::DeployCanary => &[
                Self::RegisterTaskDefinition,
                Self::PutJobSuccessResult,
                Self::PutJobFailureResult,
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

    /// The same for half as long; `None` where that makes no sense.
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
            _ => None,
        }
    }
}

impl Story {
    /// Whether nobody but the suite has changed weights or tasks, and every task starts and lives.
    pub(super) fn is_left_alone(&self) -> bool {
        self.pair == Pair::Alb
            && !self.events.iter().any(|it| {
                matches!(
                    it.event,
                    Event::Count(..)
                        | Event::Hotfix(_)
                        | Event::Weights(_)
                        | Event::StopTasks(..)
                        | Event::Spot(..)
                        | Event::FailStarts(_)
                )
            })
    }

    /// Second after which nothing is wrong any more.
    pub(super) fn over(&self) -> u32 {
        let ends = self.events.iter().map(|it| it.second + it.event.lasts());
        ends.max().unwrap_or_default()
    }
}

/// As it can be pasted into a test.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "tell(Pair::{:?}, Finally::{:?}, &[",
            self.pair, self.finally
        )?;
        for At { second, event } in &self.events {
            writeln!(f, "    at({second}, {event:?}),")?;
        }
        f.write_str("])")
    }
}
