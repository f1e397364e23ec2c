//! What a release of a service of task sets does, waits for and refuses, in words.

use std::fmt;

use crate::{
    aws::task_set::{Scale, TaskSet},
    input::TARGET,
    job::FailureType,
    names::{ServiceName, TargetGroupArn, TaskDefinitionArn, TaskSetId},
    parts::{
        counts::Counts,
        exits, letters,
        plan::Unreachable,
        rules::{self, TargetHealth},
        task_definition,
    },
    weight::{Attained, Share, Weight},
    words::{Code, Shared, Words, plural},
};

/// A task set in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSaid(String);

impl From<&TaskSet> for SetSaid {
    fn from(set: &TaskSet) -> Self {
        Self(set.to_string())
    }
}

impl fmt::Display for SetSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn or_none(set: Option<&SetSaid>) -> &str {
    set.map_or("no task set", |set| &set.0)
}

/// What is done about task sets, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The candidate is registered.
    #[error("registering the candidate's task definition")]
    Register,
    /// The candidate's registration.
    #[error("waiting for the candidate's task definition to be registered")]
    Registration,
    /// A set is made.
    #[error("creating a task set of {service} on {}", task_definition.short())]
    Create {
        /// The service.
        service: ServiceName,
        /// What it runs.
        task_definition: TaskDefinitionArn,
    },
    /// The first set of a service gets its tasks.
    #[error("starting all tasks of the service's first task set: {0}")]
    First(SetSaid),
    /// The candidate's set gets its first task.
    #[error("starting the candidate's first task: {0}")]
    Start(SetSaid),
    /// Sets that earlier releases have left go.
    #[error("deleting the task sets that earlier releases have left at {service}")]
    Clear {
        /// The service.
        service: ServiceName,
    },
    /// What was kept for a rollback goes.
    #[error("the guard is over: deleting the task set that was kept for a rollback: {0}")]
    LetGo(SetSaid),
    /// It has gone.
    #[error("no task set of {service} is kept for a rollback any more")]
    NothingKept {
        /// The service.
        service: ServiceName,
    },
    /// A set that goes.
    #[error(
        "waiting for a task set that is being deleted, since AWS counts it until its last task has ended: {0}"
    )]
    Draining(SetSaid),
    /// Scales move towards a share.
    #[error(
        "{asked} asked, {} attainable: {} of {} tasks; setting {} stable and {} canary tasks",
        goal.share(), goal.canary, goal.total(), next.primary, next.canary
    )]
    Shift {
        /// The share asked for.
        asked: Weight,
        /// Where this leads.
        goal: Counts,
        /// What is set now.
        next: Counts,
    },
    /// What was set is there.
    #[error("{asked} asked, {attained}, all run")]
    Live {
        /// The share.
        asked: Weight,
        /// What the counts give.
        attained: Attained,
    },
    /// Tasks of both sets.
    #[error("{asked} asked, {now} attained: waiting for tasks ({stable}; {candidate})")]
    Tasks {
        /// The share asked for.
        asked: Weight,
        /// The share of the running tasks.
        now: Share,
        /// The stable set.
        stable: SetSaid,
        /// The candidate's.
        candidate: SetSaid,
    },
    /// Tasks before a weight rises.
    #[error("{asked} asked; setting task set {set} to {tasks} task{}, its weight follows", plural(*tasks))]
    Capacity {
        /// The share asked for.
        asked: Weight,
        /// The candidate's set.
        set: TaskSetId,
        /// Its tasks.
        tasks: u32,
    },
    /// Tasks after a weight has fallen.
    #[error("{asked} asked and drained; setting task set {set} to {tasks} task{}", plural(*tasks))]
    ScaleIn {
        /// The share asked for.
        asked: Weight,
        /// The candidate's set.
        set: TaskSetId,
        /// Its tasks.
        tasks: u32,
    },
    /// Healthy targets, before they get requests.
    #[error("waiting for the task set to settle with {needed} healthy target{}: {health} ({set})", plural(*needed))]
    Targets {
        /// The set.
        set: SetSaid,
        /// How many have to be healthy.
        needed: u32,
        /// How many are.
        health: TargetHealth,
    },
    /// A rule or a target group, of which a rollback could not see what it does.
    #[error("rolling back, but the canary keeps its tasks: {0}")]
    Unseen(String),
    /// One set.
    #[error("waiting for the task set to be steady: {0}")]
    Steady(SetSaid),
    /// There is nothing to have a share of.
    #[error(
        "waiting for a task: the desired count of {service} is 0, and without a task nothing can be compared or proven"
    )]
    NoTasks {
        /// The service.
        service: ServiceName,
    },
    /// Tasks before the release begins.
    #[error("waiting for the task set to be steady before the release begins: {0}")]
    Settling(SetSaid),
    /// The promotion begins.
    #[error("giving the candidate's task set all tasks: {0}")]
    Whole(SetSaid),
    /// Another set is what the service shows as its own.
    #[error("making the task set the PRIMARY of its service: {0}")]
    MakePrimary(SetSaid),
    /// The stable set is not needed any more.
    #[error("the candidate's task set is PRIMARY; keeping the stable one without tasks: {0}")]
    Keep(SetSaid),
    /// Tasks that end.
    #[error("waiting for the tasks of a task set to end: {0}")]
    Ending(SetSaid),
    /// The stable set on its way back.
    #[error("rolling back: waiting for the tasks of the stable task set: {0}")]
    Restoring(SetSaid),
    /// Before the promotion.
    #[error("the candidate's task set does not run the candidate {} that was approved: {found}. Nothing was changed", candidate.short())]
    NotTheCandidate {
        /// What was approved.
        candidate: TaskDefinitionArn,
        /// Its set.
        found: SetSaid,
    },
    /// A service that ECS has deployed itself.
    #[error(
        "service {service} still has deployments of the time when ECS deployed it itself{}. Delete it and create it anew with the deployment \
         controller EXTERNAL, then retry", if *connects { ", with Service Connect, which task sets do not have" } else { "" }
    )]
    Deployed {
        /// The service.
        service: ServiceName,
        /// Whether one of them uses Service Connect.
        connects: bool,
    },
    /// A service without a set.
    #[error(
        "service {service} has no PRIMARY task set. Create one, or say in {TARGET} what its first one is made of (field bootstrap: \
         taskDefinition, launchType or capacityProviders, network), then retry"
    )]
    NoPrimary {
        /// The service.
        service: ServiceName,
    },
    /// A service whose own set is not clear.
    #[error(
        "service {service} shows two PRIMARY task sets: {one}; {other}. Make one of them the only one, then retry"
    )]
    SeveralPrimary {
        /// The service.
        service: ServiceName,
        /// One of them.
        one: SetSaid,
        /// Another.
        other: SetSaid,
    },
    /// Somebody else has made a set.
    #[error(
        "service {service} has a task set that no release has made: {set}. Delete it, or let whoever made it, then retry"
    )]
    ForeignSet {
        /// The service.
        service: ServiceName,
        /// The set.
        set: SetSaid,
    },
    /// A set of an earlier release that has tasks.
    #[error(
        "service {service} has a task set of an earlier release that has tasks: {set}. If nobody needs it, scale it to 0 %: \
         the next release then deletes it. Or delete it, then retry"
    )]
    InUse {
        /// The service.
        service: ServiceName,
        /// The set.
        set: SetSaid,
    },
    /// AWS would refuse another set.
    #[error(
        "service {service} has {found} task sets, also counting those that are being deleted; a release begins with {most} at most, since \
         AWS takes no more than 5. Wait until some are gone, then retry"
    )]
    TooManySets {
        /// The service.
        service: ServiceName,
        /// How many it has.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// A stable set that does not have all tasks.
    #[error(
        "the PRIMARY task set {set} of {service} has the scale {scale}; a release begins with 100 %. Scale it to that, then retry"
    )]
    NotWhole {
        /// The service.
        service: ServiceName,
        /// Its PRIMARY.
        set: TaskSetId,
        /// What it has.
        scale: Scale,
    },
    /// Before the release: a set registers its tasks elsewhere.
    #[error(
        "the PRIMARY task set {set} of {service} registers its tasks in {}, and {TARGET} has the target groups {} and {} (field \
         traffic.taskSets.alb.targetGroups). Name the groups that the rules forward to, then retry",
        if found.is_empty() { "no target group" } else { found }, groups[0], groups[1]
    )]
    WrongGroup {
        /// The service.
        service: ServiceName,
        /// Its PRIMARY.
        set: TaskSetId,
        /// The set's group.
        found: String,
        /// The groups of the target.
        groups: Box<[TargetGroupArn; 2]>,
    },
    /// Messages of a group wait for each other, whoever has the first.
    #[error(
        "queue {queue} ({TARGET}: field traffic.taskSets.queue.url) is a FIFO queue: SQS gives the messages of a group in their order, so \
         what one version holds up the other never gets. A release needs a standard queue"
    )]
    Fifo {
        /// Its name.
        queue: String,
    },
    /// `maxTasks` leaves no room.
    #[error(
        "{taken} tasks run, and maxTasks is {most} ({TARGET}: field traffic.taskSets.queue.maxTasks): there is no room for the canary's \
         first. Raise it to {needed} or more, then retry"
    )]
    NoRoom {
        /// Tasks that are not the canary's to take.
        taken: u32,
        /// `maxTasks`.
        most: u32,
        /// What it would take.
        needed: u32,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "task set {set} has the scale {found}, not {expected} as this release last set it. The task set was changed outside this release"
    )]
    ForeignScale {
        /// The set.
        set: TaskSetId,
        /// What it has.
        found: Scale,
        /// What it should have.
        expected: Scale,
    },
    /// A gate closed: somebody else wrote.
    #[error("the PRIMARY of service {service} is not what this release last made it: {}. The service was changed outside this release", or_none(found.as_ref()))]
    ForeignPrimary {
        /// The service.
        service: ServiceName,
        /// What is PRIMARY.
        found: Option<SetSaid>,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "the candidate's task set {set} on {} is not there any more: {}. It was deleted or replaced outside this release",
        candidate.short(), or_none(found.as_ref())
    )]
    NoCandidate {
        /// The set.
        set: TaskSetId,
        /// What it should run.
        candidate: TaskDefinitionArn,
        /// What there is.
        found: Option<SetSaid>,
    },
    /// About dead letters.
    #[error(transparent)]
    Letters(#[from] letters::Reason),
    /// About tasks that end by themselves.
    #[error(transparent)]
    Exits(#[from] exits::Reason),
    /// About the rules.
    #[error(transparent)]
    Rules(#[from] rules::Reason),
    /// No counts give the share.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// What is to be released.
    #[error(transparent)]
    Definition(#[from] task_definition::Reason),
    /// What others say, too.
    #[error(transparent)]
    Shared(#[from] Shared),
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::Deployed { .. }
            | Self::NoPrimary { .. }
            | Self::SeveralPrimary { .. }
            | Self::NotWhole { .. }
            | Self::WrongGroup { .. }
            | Self::Fifo { .. }
            | Self::NoRoom { .. }
            | Self::Unreachable(_) => FailureType::ConfigurationError,
            Self::Definition(definition) => definition.failure(),
            Self::Rules(rules) => rules.failure(),
            Self::Shared(shared) => shared.failure(),
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Shared(shared) => shared.code(),
            _ => None,
        }
    }
}
