//! Protection of tasks from scale-in.
//!
//! AWS: ECS developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events": it keeps the
//! service scheduler from stopping a task that is one too many, after a scale-in or a deployment. AWS promises no more,
//! so here it keeps nobody from `StopTask`, no container from ending, and no unhealthy task from being replaced.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    api::task_arn,
    image::told,
    names::{self, invalid, texts},
    service,
    task::{self, Task},
};
use crate::clock::Moment;

/// AWS: at most this many tasks per call (API reference, `UpdateTaskProtection`, `GetTaskProtection`).
const UPDATED: usize = 10;
const READ: usize = 100;

/// AWS: how long a task is protected, in minutes, unless the call says otherwise; and what it may say (API reference,
/// `UpdateTaskProtection`).
const DEFAULT: i64 = 120;
const LONGEST: i64 = 2880;

impl Task {
    /// When its protection ends, if it has one.
    pub(super) fn protection(&self, now: Moment) -> Option<Moment> {
        self.protected_until
            .filter(|until| self.is_wanted() && now < *until)
    }
}

/// Why a task cannot be protected. AWS: API reference, `Failure`; developer guide, "API failure reasons".
enum Refusal {
    /// AWS names it for tasks of no service, which there are none of here. That a task that stops gets it, too, is a
    /// choice.
    NotValid,
    Blocked,
}

impl Refusal {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotValid => "TASK_NOT_VALID",
            Self::Blocked => "DEPLOYMENT_BLOCKED",
        }
    }
}

/// `UpdateTaskProtection`.
pub(super) fn update(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let arns = asked(world, input, UPDATED)?;
    let lasts = if input["protectionEnabled"] == true {
        let minutes = input["expiresInMinutes"].as_i64().unwrap_or(DEFAULT);
        Some(minutes_long(minutes)?)
    } else {
        None
    };
    Ok(answer(world, arns, |world, index| {
        protect(world, index, lasts)
    }))
}

/// `GetTaskProtection`.
pub(super) fn get(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let arns = asked(world, input, READ)?;
    Ok(answer(world, arns, |_, _| Ok(())))
}

/// What the applications of queue workers do as soon as they run. AWS: same page, "Task scale-in protection mechanisms":
/// through the endpoint of the container agent, which calls `UpdateTaskProtection`. Its failure is the application's.
pub(super) fn protect_itself(world: &mut World, index: usize) {
    let task = &world.ecs.tasks[index];
    let minutes = told(
        &world.ecs.protecting_images,
        &task.image,
        task.image_digest.as_deref(),
    );
    if let Some(minutes) = minutes {
        let lasts = Duration::from_mins((*minutes).into());
        let _ = protect(world, index, Some(lasts));
    }
}

/// Protects a task for so long from now on, or no longer.
fn protect(world: &mut World, index: usize, lasts: Option<Duration>) -> Result<(), Refusal> {
    if !world.ecs.tasks[index].is_wanted() {
        return Err(Refusal::NotValid);
    }
    if lasts.is_some() && is_blocked(world, index) {
        return Err(Refusal::Blocked);
    }
    let until = lasts.map(|lasts| world.now + world.paced(lasts));
    world.ecs.tasks[index].protected_until = until;
    let key = world.ecs.tasks[index].service.clone();
    service::changed(world, &key);
    Ok(())
}

/// AWS: same page, "Task scale-in protection considerations": `DEPLOYMENT_BLOCKED` "means the service has more
/// protected tasks than the desired count of tasks for the service". So a task cannot prolong its protection either.
fn is_blocked(world: &World, index: usize) -> bool {
    let key = &world.ecs.tasks[index].service;
    let tasks = world.ecs.tasks.iter();
    let protected = tasks
        .filter(|task| task.service == *key && task.protection(world.now).is_some())
        .count();
    let desired = world
        .ecs
        .services
        .get(key)
        .map_or(0, |service| service.desired);
    u32::try_from(protected).is_ok_and(|protected| protected > desired)
}

fn minutes_long(minutes: i64) -> Result<Duration, Fault> {
    let given = u64::try_from(minutes).ok();
    given
        .filter(|_| (1..=LONGEST).contains(&minutes))
        .map(Duration::from_mins)
        .ok_or_else(|| {
            invalid(format!(
                "expiresInMinutes is {minutes}; it may be between 1 and {LONGEST}."
            ))
        })
}

/// The tasks that a request names, by ARN.
fn asked(world: &World, input: &Value, most: usize) -> Result<Vec<String>, Fault> {
    let cluster = names::cluster(world, input)?;
    let tasks = texts(input, "tasks");
    if tasks.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if tasks.len() > most {
        return Err(invalid(format!(
            "At most {most} tasks can be named at once, not {}.",
            tasks.len()
        )));
    }
    let arn = |name| task_arn(world, &cluster, name);
    Ok(tasks.into_iter().map(arn).collect())
}

/// Does something with each task, and answers how protected it is then.
fn answer(
    world: &mut World,
    arns: Vec<String>,
    what: impl Fn(&mut World, usize) -> Result<(), Refusal>,
) -> Value {
    let (mut protected, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let Some(index) = task::position(world, &arn) else {
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
            continue;
        };
        match what(world, index) {
            Ok(()) => protected.push(render(&world.ecs.tasks[index], world.now)),
            Err(refusal) => failures.push(json!({"arn": arn, "reason": refusal.reason()})),
        }
    }
    json!({"protectedTasks": protected, "failures": failures})
}

fn render(task: &Task, now: Moment) -> Value {
    let until = task.protection(now);
    let mut shown = json!({"taskArn": task.arn, "protectionEnabled": until.is_some()});
    if let Some(until) = until {
        shown["expirationDate"] = json!(until.epoch_seconds());
    }
    shown
}
