//! Why a function gives up, in the words of the console.

use std::time::Duration;

use super::{ServiceSaid, Unfit, WaitingOn};
use crate::{
    clock::Spoken,
    job::FailureType,
    names::{AlarmName, ForwardArn, PipelineName, ReleaseId, ServiceName, TargetGroupArn},
    parts::rules::{self, Rest, TargetHealth, Weights},
    record::{Cause, Phase, Record, SCHEMA},
    target::{Difference, TARGET, Target},
    words::{because, plural},
};

/// Why a function gives up. Its `Display` is the action's error message in the console: the first
/// sentence says what is wrong and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The pair is another release's.
    #[error(
        "release {owner} has the pair {pair} (phase {phase}). Its pipeline execution is under way; let it finish, reject its approval or stop it, then retry"
    )]
    AnotherRelease {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The pair.
        pair: String,
        /// Its phase.
        phase: String,
    },
    /// The pair is another release's, of which nobody knows whether it goes on.
    #[error(
        "release {owner} has the pair {pair} (phase {phase}), and pipeline {pipeline} knows no execution of that id. If \
         it is over, invoke rollback by hand with {{\"release\": \"{owner}\"}}, then retry"
    )]
    UnknownExecution {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The pair.
        pair: String,
        /// Its phase.
        phase: String,
        /// The pipeline that was asked.
        pipeline: PipelineName,
    },
    /// The pipeline does not know the release.
    #[error(
        "pipeline {pipeline} (TARGET: field pipeline) has no execution {release} (UserParameters: field release). A release's id \
         is \"#{{codepipeline.PipelineExecutionId}}\" of that pipeline"
    )]
    NoExecution {
        /// The pipeline that was asked.
        pipeline: PipelineName,
        /// The release.
        release: ReleaseId,
    },
    /// The release's execution has ended or is being stopped: this is a late or repeated event.
    #[error(
        "pipeline execution {release} is {status}; a release begins only while its execution is InProgress. Nothing was changed"
    )]
    NotInProgress {
        /// The release.
        release: ReleaseId,
        /// How the execution stands, as CodePipeline spells it.
        status: String,
    },
    /// The record is not this release's.
    #[error("this release does not have the pair {pair}: {}. deploy-canary must run first, in the same pipeline execution", owner_said(owner.as_ref()))]
    NotTheOwner {
        /// The pair.
        pair: String,
        /// The release that has it or had it last.
        owner: Option<ReleaseId>,
    },
    /// The release is being rolled back.
    #[error(
        "release {release} is being rolled back: {cause}. This action changed nothing more; once that is done, start a new execution, \
         or retry from deploy-canary"
    )]
    RollingBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The release was rolled back.
    #[error(
        "release {release} was rolled back: {cause}. This action changed nothing more; start a new execution, or retry from \
         deploy-canary"
    )]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// Somebody stops the release's execution.
    #[error(
        "stopped by a person: pipeline execution {0} is Stopping. This action changed nothing more; the release is rolled back"
    )]
    Stopped(ReleaseId),
    /// A later version of the suite has begun the release.
    #[error(
        "release {release} was begun by a later version of the suite: its record has schema {schema}, and this version knows schemas up \
         to {SCHEMA}. Nothing was changed; deploy that version again, or roll the release back by hand, which any version does, and \
         retry"
    )]
    NewerSchema {
        /// The release.
        release: ReleaseId,
        /// The schema of its record.
        schema: u32,
    },
    /// The phase does not fit.
    #[error("{function} does not fit: release {release} is in phase {phase}. {advice}")]
    WrongPhase {
        /// The function.
        function: &'static str,
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: String,
        /// What to do.
        advice: &'static str,
    },
    /// A gate closed.
    #[error("alarm {alarm} is in ALARM. {reason}")]
    AlarmFiring {
        /// The alarm.
        alarm: AlarmName,
        /// CloudWatch's own words.
        reason: String,
    },
    /// A gate closed.
    #[error(
        "{grown} message{} came to the dead-letter queue {queue} since the release began; {allowed} are allowed ({field}). It holds {now} now",
        if *grown == 1 { "" } else { "s" }
    )]
    DeadLetters {
        /// The queue's name.
        queue: String,
        /// How many came.
        grown: u64,
        /// How many may come.
        allowed: u64,
        /// The field that says so.
        field: &'static str,
        /// How many there are.
        now: u64,
    },
    /// A gate closed: somebody else wrote.
    #[error("{service} runs {found}, not {expected} as this release last set it. Somebody or something else has changed the service{}", because(reason.as_ref()))]
    ForeignWrite {
        /// The service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        found: String,
        /// `FAMILY:REVISION`.
        expected: String,
        /// ECS's own words about the newest deployment.
        reason: Option<String>,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "{service} is to have {found} task{}, not {expected} as this release last set it. Somebody or something else has changed the \
         service", plural(*found)
    )]
    ForeignCount {
        /// The service.
        service: ServiceName,
        /// Its desired count.
        found: u32,
        /// What it should be.
        expected: u32,
    },
    /// A gate closed: a part of the pair was removed.
    #[error("{0}. Somebody or something else has removed it since the release began")]
    Gone(String),
    /// ECS gave up on a deployment.
    #[error("ECS gave up the deployment of {task_definition} on {service} (circuit breaker){}", because(reason.as_ref()))]
    CircuitBreaker {
        /// The service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        task_definition: String,
        /// ECS's own words.
        reason: Option<String>,
    },
    /// Before the release.
    #[error("the pair is not steady: {0}. Wait until its deployment is COMPLETED, then retry")]
    NotSteady(ServiceSaid),
    /// Before the release: what it would run into later.
    #[error("{0}")]
    Unfit(#[from] Unfit),
    /// The share cannot be had.
    #[error("{0}")]
    Unreachable(String),
    /// The target is not what the release began with.
    #[error(
        "{TARGET}: field {} is {}, and was {} when release {release} began. Nothing was changed; put it back, or roll the release back \
         by hand and start a new execution", difference.field, difference.here, difference.there
    )]
    TargetChanged {
        /// The release.
        release: ReleaseId,
        /// In what it differs.
        difference: Difference,
    },
    /// The weight cannot be had.
    #[error(transparent)]
    Unweighable(#[from] rules::Unreachable),
    /// A gate closed: somebody else wrote.
    #[error(
        "{} has the weights {found}, not {expected} as this release last set them. Somebody or something else has changed the rule",
        forward.short()
    )]
    ForeignWeight {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        found: Weights,
        /// What it should have.
        expected: Weights,
    },
    /// A gate closed: somebody else wrote.
    #[error(
        "{} {found}; as this release found it, it {expected}. Somebody or something else has changed the rule",
        forward.short()
    )]
    ForeignRule {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        found: Rest,
        /// What it should have.
        expected: Rest,
    },
    /// A gate closed.
    #[error(
        "{} of the canary's targets in {} {} unhealthy; {allowed} are allowed (maxUnhealthy). It has {health}",
        health.unhealthy, group.short(), if health.unhealthy == 1 { "is" } else { "are" }
    )]
    Unhealthy {
        /// The canary's group.
        group: TargetGroupArn,
        /// Its targets.
        health: TargetHealth,
        /// `maxUnhealthy`.
        allowed: u32,
    },
    /// A gate closed: requests that nobody answers.
    #[error("target group {} has a weight and no healthy target: {health}", group.short())]
    NoHealthyTarget {
        /// The group.
        group: TargetGroupArn,
        /// Its targets.
        health: TargetHealth,
    },
    /// A gate closed: the candidate does not stay up.
    #[error(
        "{exits} task{} of {candidate} ended by themselves since the release began, where {tasks} should run; of the stable version {of_stable}, \
         where {stable_tasks} should. {allowed} are allowed (maxTaskExits), or three times the stable version's, task by task",
        plural(*exits)
    )]
    TaskExits {
        /// `FAMILY:REVISION`.
        candidate: String,
        /// How many of its tasks.
        exits: u32,
        /// How many tasks should run it.
        tasks: u32,
        /// How many tasks of the stable version.
        of_stable: u32,
        /// How many tasks should run that.
        stable_tasks: u32,
        /// `maxTaskExits`.
        allowed: u32,
    },
    /// Before the release: the weights are not at rest.
    #[error(
        "{} has the weights {weights}; a release begins with everything on the primary's target group. Set the canary's weight to 0 \
         and the primary's above 0, then retry",
        forward.short()
    )]
    NotAtRest {
        /// The rule.
        forward: ForwardArn,
        /// What it has.
        weights: Weights,
    },
    /// Before the release: cookies bind clients to a group.
    #[error(
        "{} is sticky: clients that were once sent to the canary stay there for as long as their cookie lives, whatever its weight \
         is, also after a rollback. Turn stickiness off in its forward action, or set allowSticky ({TARGET}: field traffic.alb.allowSticky)",
        forward.short()
    )]
    Sticky {
        /// The rule.
        forward: ForwardArn,
    },
    /// Before the release: a service registers its tasks elsewhere.
    #[error(
        "service {service} does not register its tasks in target group {group} ({TARGET}: field traffic.alb.{field}); it registers them in {}",
        groups(found)
    )]
    WrongGroup {
        /// The service.
        service: ServiceName,
        /// The group of the target.
        group: TargetGroupArn,
        /// Its field.
        field: &'static str,
        /// The service's groups.
        found: Vec<TargetGroupArn>,
    },
    /// Before the release: rule and group do not belong together.
    #[error(
        "target group {group} ({TARGET}: field traffic.alb.{field}) belongs to {}, and {} to the load balancer {}",
        if load_balancers.is_empty() { "no load balancer".to_owned() } else { format!("the load balancer {}", load_balancers.join(", ")) },
        forward.short(), forward.load_balancer()
    )]
    OtherLoadBalancer {
        /// The group.
        group: TargetGroupArn,
        /// Its field.
        field: &'static str,
        /// Its load balancers, by ARN.
        load_balancers: Vec<String>,
        /// The rule.
        forward: ForwardArn,
    },
    /// Before the promotion.
    #[error(
        "{service} does not run the candidate {candidate} that was approved: {found}. Nothing was changed"
    )]
    NotTheCandidate {
        /// The canary service.
        service: ServiceName,
        /// `FAMILY:REVISION`.
        candidate: String,
        /// What it runs instead.
        found: String,
    },
    /// The container is not in the task definition.
    #[error(
        "there is no container {container:?} in task definition {task_definition}; it has {}. {source_name} names it",
        list(containers)
    )]
    NoContainer {
        /// The container asked for.
        container: String,
        /// `FAMILY:REVISION`.
        task_definition: String,
        /// The containers there are.
        containers: Vec<String>,
        /// Where the name comes from.
        source_name: &'static str,
    },
    /// The file does not have the container that the action names.
    #[error(
        "imagedefinitions.json has no image for container {container:?}, which UserParameters names; it has {images}"
    )]
    NoImage {
        /// The container asked for.
        container: String,
        /// What the file has.
        images: String,
    },
    /// Which container is meant is not clear.
    #[error(
        "UserParameters: field container is missing, and task definition {task_definition} has more than one container: {}. Name one",
        list(containers)
    )]
    WhichContainer {
        /// `FAMILY:REVISION`.
        task_definition: String,
        /// The containers there are.
        containers: Vec<String>,
    },
    /// It took too long.
    #[error("not finished within {}: {waiting_on}", Spoken(*timeout))]
    TimedOut {
        /// The timeout.
        timeout: Duration,
        /// What it was waiting for.
        waiting_on: Box<WaitingOn>,
    },
}

impl Refusal {
    /// A later version of the suite has begun the release: what it means is not known here.
    #[must_use]
    pub fn of_schema(record: &Record) -> Option<Self> {
        record.is_newer().then(|| Self::NewerSchema {
            release: record.release.clone(),
            schema: record.schema,
        })
    }

    /// A rollback has taken the release: it is at work, or done.
    #[must_use]
    pub fn of_rollback(record: &Record) -> Option<Self> {
        let release = record.release.clone();
        match &record.phase {
            Phase::RollingBack(rolling_back) => Some(Self::RollingBack {
                release,
                cause: rolling_back.cause.clone(),
            }),
            Phase::RolledBack { cause, .. } => Some(Self::RolledBack {
                release,
                cause: cause.clone(),
            }),
            _ => None,
        }
    }

    /// The target is another place, or another way to split work, than the one that the release began with.
    #[must_use]
    pub fn of_target(record: &Record, target: &Target) -> Option<Self> {
        let difference = target.differs(&record.target)?;
        let release = record.release.clone();
        Some(Self::TargetChanged {
            release,
            difference,
        })
    }

    /// The service that somebody else has changed.
    #[must_use]
    pub fn changed_service(&self) -> Option<&ServiceName> {
        match self {
            Self::ForeignWrite { service, .. } | Self::ForeignCount { service, .. } => {
                Some(service)
            }
            _ => None,
        }
    }

    /// How CodePipeline files it.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Unfit(unfit) => unfit.failure_type(),
            Self::NoContainer { .. }
            | Self::NoImage { .. }
            | Self::WhichContainer { .. }
            | Self::NoExecution { .. }
            | Self::Unreachable(_)
            | Self::Unweighable(_)
            | Self::TargetChanged { .. }
            | Self::NewerSchema { .. }
            | Self::Sticky { .. }
            | Self::WrongGroup { .. }
            | Self::OtherLoadBalancer { .. } => FailureType::ConfigurationError,
            Self::TimedOut { waiting_on, .. } if matches!(**waiting_on, WaitingOn::Aws(_)) => {
                FailureType::SystemUnavailable
            }
            _ => FailureType::JobFailed,
        }
    }
}

fn owner_said(owner: Option<&ReleaseId>) -> String {
    owner.map_or_else(
        || "no release has".to_owned(),
        |owner| format!("release {owner} has it"),
    )
}

fn groups(groups: &[TargetGroupArn]) -> String {
    match groups {
        [] => "none".to_owned(),
        groups => groups
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}
