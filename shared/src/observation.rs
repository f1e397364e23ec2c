//! What one look saw, in our own words.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    exits::Exit,
    names::{AlarmName, ForwardArn, ServiceName, TargetGroupArn, TaskDefinitionArn},
    record::Record,
    target::AlbTraffic,
    traffic::alb::{Actions, BadActions, Rest, Weights},
};

/// What a look knows of something that it asked AWS for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// It was seen.
    Known(T),
    /// It does not exist.
    Gone,
    /// It could not be seen: neither zero, nor empty, nor healthy.
    Unknown(Unseen),
}

/// Why something could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// A sentence that names what.
    pub why: String,
    /// Whether that may pass without anybody doing anything.
    pub is_passing: bool,
}

impl<T> Known<T> {
    /// What was seen, if it was.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(seen) => Some(seen),
            Self::Gone | Self::Unknown(_) => None,
        }
    }

    /// Why it could not be seen, if it could not.
    pub fn unseen(&self) -> Option<&Unseen> {
        match self {
            Self::Unknown(unseen) => Some(unseen),
            Self::Known(_) | Self::Gone => None,
        }
    }

    /// Whether it does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }

    /// The same of a part of it.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Known(seen) => Known::Known(of(seen)),
            Self::Gone => Known::Gone,
            Self::Unknown(unseen) => Known::Unknown(unseen),
        }
    }
}

/// The pair, its guards and its release record at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When.
    pub now: Timestamp,
    /// The pair's release record, if there ever was a release.
    pub record: Option<Record>,
    /// The primary service.
    pub primary: Service,
    /// The canary service.
    pub canary: Service,
    /// The alarms of the target, in its order.
    pub alarms: Vec<Alarm>,
    /// Messages in the dead-letter queue; `None` if the target has none.
    pub dead_letters: Option<u64>,
    /// What the load balancer does; `None` if the target has none.
    pub alb: Option<Alb>,
    /// Tasks of both services that have ended within about the last hour, but for those whose end is plainly somebody else's doing.
    pub exits: Vec<Exit>,
}

/// The rules of the target and the health of its target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alb {
    /// The target's rules, in its order.
    pub forwards: Vec<Forward>,
    /// The primary's target group.
    pub primary: TargetHealth,
    /// The canary's target group.
    pub canary: TargetHealth,
}

/// A rule, or a listener's default action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Which.
    pub arn: ForwardArn,
    /// Everything that it does.
    pub actions: Actions,
    /// The weights of the pair's groups.
    pub weights: Weights,
    /// Further groups and stickiness.
    pub rest: Rest,
}

/// How many targets of a group are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHealth {
    /// `healthy`.
    pub healthy: u32,
    /// `initial`: registered, not yet checked to the end.
    pub initial: u32,
    /// `unhealthy`.
    pub unhealthy: u32,
    /// Every other state: `draining`, `unused`, `unavailable`.
    pub other: u32,
    /// The reason code of a target that is neither healthy nor on its way out, for example
    /// `Target.ResponseCodeMismatch`.
    pub reason: Option<String>,
}

/// A service of the pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// How many tasks it should have.
    pub desired: u32,
    /// How many are running.
    pub running: u32,
    /// How many are on their way.
    pub pending: u32,
    /// Its deployments, newest (`PRIMARY`) first.
    pub deployments: Vec<Deployment>,
    /// Its scalable target; `None` if it is not scaled automatically.
    pub scaling: Option<ScalableTarget>,
    /// The target groups that it registers its tasks in.
    pub target_groups: Vec<TargetGroupArn>,
    /// What keeps tasks running that it does not want any more, where that was asked and found.
    pub protection: Option<Protection>,
    /// How ECS runs and exchanges its tasks.
    pub settings: Settings,
}

/// How ECS runs and exchanges a service's tasks, as far as a release depends on it (API reference, `Service` and
/// `DeploymentConfiguration`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `schedulingStrategy`: `REPLICA`, `DAEMON`.
    pub scheduling: String,
    /// `strategy`: `ROLLING`, or one of ECS's own ways to move work.
    pub strategy: String,
    /// The switch by which ECS takes a failed deployment back itself, if one is on.
    pub rolls_back: Option<&'static str>,
    /// Whether a deployment may be `COMPLETED` before all its tasks run and all older ones are gone.
    pub succeeds_early: bool,
    /// `minimumHealthyPercent`.
    pub min_healthy_percent: u32,
    /// `maximumPercent`.
    pub max_percent: u32,
}

/// What a service has that says nothing of it.
impl Default for Settings {
    fn default() -> Self {
        Self {
            scheduling: "REPLICA".to_owned(),
            strategy: "ROLLING".to_owned(),
            rolls_back: None,
            succeeds_early: false,
            min_healthy_percent: 100,
            max_percent: 200,
        }
    }
}

/// Tasks that are protected from scale-in: neither a lower count nor a deployment ends them.
///
/// AWS: ECS developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    /// How many.
    pub tasks: u32,
    /// When the last protection ends, unless it is renewed.
    pub until: Timestamp,
}

/// One deployment of a service (ECS deployment controller).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Whether it is the newest one, `PRIMARY`.
    pub primary: bool,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// How many tasks it should have.
    pub desired: u32,
    /// How many are running.
    pub running: u32,
    /// How many tasks in a row failed to start.
    pub failed_tasks: u32,
    /// How far it is.
    pub rollout: Rollout,
    /// ECS's own words about it.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// `rolloutState` of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETED`.
    Completed,
    /// `FAILED`: the circuit breaker opened.
    Failed,
}

/// A service's scalable target in Application Auto Scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTarget {
    /// `MinCapacity`.
    pub min: u32,
    /// `MaxCapacity`.
    pub max: u32,
    /// `SuspendedState`.
    pub suspended: Suspended,
}

/// Which scaling processes are suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspended {
    /// `DynamicScalingInSuspended`.
    pub scale_in: bool,
    /// `DynamicScalingOutSuspended`.
    pub scale_out: bool,
    /// `ScheduledScalingSuspended`.
    pub scheduled: bool,
}

impl Suspended {
    /// Everything suspended.
    pub const ALL: Self = Self {
        scale_in: true,
        scale_out: true,
        scheduled: true,
    };
}

/// An alarm of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: AlarmName,
    /// Whether it is in `ALARM`. `INSUFFICIENT_DATA` is not: a queue that is idle or a service
    /// without traffic has no data, and what is missing is the alarm's own `TreatMissingData` to judge.
    pub firing: bool,
    /// Since when it is in its state, if that is said.
    pub since: Option<Timestamp>,
    /// Whether its actions are switched on, and neither a suppressor nor a mute rule holds them back.
    pub acts: bool,
    /// Whether `ALARM` is the first state that it has had, and for want of data: it is new, and has not gone anywhere.
    pub first: bool,
    /// CloudWatch's own words about the state.
    pub reason: String,
    /// How long what it watches has to be bad before it goes to `ALARM`, if that is known: a composite alarm does not say.
    pub takes: Option<Duration>,
}

/// A running task of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// Whether its last status is `RUNNING` and its containers are not `UNHEALTHY`.
    pub well: bool,
}

impl Forward {
    /// A rule of a target, from all its actions.
    pub fn read(alb: &AlbTraffic, arn: &ForwardArn, actions: Actions) -> Result<Self, BadActions> {
        let forwarding = actions.forwarding(&alb.primary_target_group, &alb.canary_target_group)?;
        Ok(Self {
            arn: arn.clone(),
            actions,
            weights: forwarding.weights,
            rest: forwarding.rest,
        })
    }
}

impl ScalableTarget {
    /// Whether it is as a release may hold it: nothing takes tasks away, or moves the bounds, and there is room for none.
    #[must_use]
    pub fn is_as_held(&self) -> bool {
        self.suspended == Suspended::ALL
            || self.min == 0 && self.suspended.scale_in && self.suspended.scheduled
    }

    /// The same with everything suspended, for as long as the service's count is ours.
    ///
    /// Every `RegisterScalableTarget` pulls the count into the bounds; so these leave room for no tasks, and for
    /// as many as there are.
    #[must_use]
    pub fn held(self, count: u32) -> Self {
        Self {
            min: 0,
            max: self.max.max(count),
            suspended: Suspended::ALL,
        }
    }

    /// The same with everything suspended that takes tasks away, or moves the bounds: for as long as these tasks have to
    /// be able to take all requests back. Adding tasks stays on.
    #[must_use]
    pub fn held_up(self, count: u32) -> Self {
        Self {
            min: self.min.min(count),
            max: self.max.max(count),
            suspended: Suspended {
                scale_in: true,
                scheduled: true,
                scale_out: self.suspended.scale_out,
            },
        }
    }
}

/// Whether an alarm is in its state because there is no data, and not because of what they say; from CloudWatch's own words ("no
/// datapoints were received for 1 period and 1 missing datapoint was treated as breaching").
#[must_use]
pub fn is_without_data(reason: &str) -> bool {
    reason.contains("no datapoints were received")
}

impl Alarm {
    /// Whether it is in `ALARM` and means it: an operator who has switched its actions off, muted it, or put another alarm in front
    /// of it does not want to hear it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.firing && self.acts
    }

    /// The same of one that has gone to `ALARM` since a release began. One that was there before has not to do with the release,
    /// and a new one has not gone anywhere.
    #[must_use]
    pub fn counts_since(&self, began: Timestamp) -> bool {
        self.counts() && !self.first && self.since.is_none_or(|since| since >= began)
    }
}

impl Service {
    /// Whether its own automatic scaling may have added tasks to so many.
    #[must_use]
    pub fn may_be_scaled_out_from(&self, tasks: u32) -> bool {
        self.scaling.is_some_and(|scaling| {
            !scaling.suspended.scale_out && (tasks..=scaling.max).contains(&self.desired)
        })
    }

    /// What its automatic scaling has yet to become before its count is ours; `None` if nothing scales it.
    #[must_use]
    pub fn scaling_to_hold(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let is_held = scaling.min == 0 && scaling.suspended == Suspended::ALL;
        (!is_held).then(|| scaling.held(self.desired))
    }

    /// What its automatic scaling has yet to become before no task is taken away; `None` if nothing scales it.
    #[must_use]
    pub fn scaling_to_hold_up(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let is_held = scaling.suspended.scale_in && scaling.suspended.scheduled;
        (!is_held).then(|| scaling.held_up(self.desired))
    }

    /// What its automatic scaling has yet to become before so many tasks stay; `None` if nothing scales it to fewer.
    #[must_use]
    pub fn scaling_to_floor(&self, floor: u32) -> Option<ScalableTarget> {
        let scaling = self.scaling.filter(|scaling| scaling.min < floor)?;
        Some(ScalableTarget {
            min: floor,
            max: scaling.max.max(self.desired).max(floor),
            ..scaling
        })
    }

    /// What its automatic scaling has yet to become before tasks are added only, and its count may be set to less; `None` if nothing
    /// scales it.
    #[must_use]
    pub fn scaling_to_let_grow(&self) -> Option<ScalableTarget> {
        let scaling = self.scaling?;
        let growing = ScalableTarget {
            min: 0,
            ..scaling.held_up(self.desired)
        };
        let is_held = scaling.min == 0 && scaling.suspended == growing.suspended;
        (!is_held).then_some(growing)
    }

    /// Whether tasks run that the service does not want any more: beyond its count, or of an older version although all tasks of the
    /// newest run.
    #[must_use]
    pub fn keeps_more_than_it_wants(&self) -> bool {
        let older: u32 = self.older().map(|deployment| deployment.running).sum();
        let is_replaced = |newest: &Deployment| newest.running >= newest.desired;
        self.running > self.desired || older > 0 && self.newest().is_some_and(is_replaced)
    }

    /// Whether it runs nothing but a version, in the number it should have, and all that keeps it from being steady is that older
    /// tasks of that version are protected from scale-in.
    #[must_use]
    pub fn is_steady_but_for_protected(&self, version: &TaskDefinitionArn) -> bool {
        let mut deployments = self.deployments.iter();
        self.protection.is_some()
            && self.keeps_more_than_it_wants()
            && self.pending == 0
            && self
                .newest()
                .is_some_and(|it| it.rollout != Rollout::Failed)
            && deployments.all(|it| it.task_definition == *version)
    }

    fn older(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(|it| !it.primary)
    }

    /// The newest deployment.
    #[must_use]
    pub fn newest(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.primary)
    }

    /// Whether the newest deployment runs this task definition.
    #[must_use]
    pub fn is_on(&self, task_definition: &TaskDefinitionArn) -> bool {
        self.newest()
            .is_some_and(|newest| newest.task_definition == *task_definition)
    }

    /// Whether nothing is being rolled out: one deployment, completed.
    #[must_use]
    pub fn is_rolled_out(&self) -> bool {
        matches!(self.deployments.as_slice(), [only] if only.primary && only.rollout == Rollout::Completed)
    }

    /// Whether as many tasks run as should, and no others.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.running == self.desired && self.pending == 0
    }

    /// Rolled out and settled.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.is_rolled_out() && self.is_settled()
    }

    /// The deployment that ECS's circuit breaker has failed, if there is one.
    #[must_use]
    pub fn broken(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.rollout == Rollout::Failed)
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Nothing, `, suspended` or `, suspended in part`.
impl fmt::Display for Suspended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::ALL => ", suspended",
            Self {
                scale_in: false,
                scale_out: false,
                scheduled: false,
            } => "",
            _ => ", suspended in part",
        })
    }
}

/// `2 healthy, 1 initial (Elb.InitialHealthChecking)`
impl fmt::Display for TargetHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} healthy", self.healthy)?;
        for (many, state) in [
            (self.initial, "initial"),
            (self.unhealthy, "unhealthy"),
            (self.other, "draining or unused"),
        ] {
            if many > 0 {
                write!(f, ", {many} {state}")?;
            }
        }
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// `weights 90 primary and 10 canary; targets: primary 3 healthy, canary 1 healthy`
impl fmt::Display for Alb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights: Vec<_> = self
            .forwards
            .iter()
            .map(|forward| forward.weights.to_string())
            .collect();
        write!(
            f,
            "weights {}; targets: primary {}, canary {}",
            weights.join(", "),
            self.primary,
            self.canary
        )
    }
}

/// `orders-canary on orders:8, 1 of 1 tasks, COMPLETED`
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            desired,
            running,
            ..
        } = self;
        match self.newest() {
            Some(newest) => {
                let short = newest.task_definition.short();
                write!(
                    f,
                    "{name} on {short}, {running} of {desired} tasks, {}",
                    newest.rollout
                )?;
            }
            None => write!(
                f,
                "{name} without a deployment, {running} of {desired} tasks"
            )?,
        }
        match self.deployments.len() {
            0 | 1 => {}
            others => write!(f, " (and {} older deployments)", others - 1)?,
        }
        match &self.protection {
            None => Ok(()),
            Some(protection) => write!(f, ", {protection}"),
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tasks, is) = match self.tasks {
            1 => ("task", "is"),
            _ => ("tasks", "are"),
        };
        let Self { tasks: many, until } = self;
        write!(
            f,
            "{many} {tasks} {is} protected from scale-in until {until}"
        )
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        })
    }
}

/// One line for the ledger.
impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.primary, self.canary)?;
        let firing: Vec<_> = self
            .alarms
            .iter()
            .filter(|alarm| alarm.firing)
            .map(|alarm| alarm.name.as_str())
            .collect();
        if firing.is_empty() {
            write!(f, "; {} alarms, none in ALARM", self.alarms.len())?;
        } else {
            write!(f, "; in ALARM: {}", firing.join(", "))?;
        }
        if let Some(letters) = self.dead_letters {
            write!(f, "; {letters} dead letters")?;
        }
        match &self.alb {
            Some(alb) => write!(f, "; {alb}"),
            None => Ok(()),
        }
    }
}
