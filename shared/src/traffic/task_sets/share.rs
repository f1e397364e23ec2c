//! The share of a queue's consumers: the scales of both sets, so that they are whole numbers of tasks.

use super::{QueueSets, Reason, TaskSets, View, sets::Both};
use crate::{
    parts::{
        counts::Counts,
        plan::{self, Unreachable},
    },
    traffic::model::{Attained, Short, Toward},
    weight::Weight,
};

/// How far the share of the running tasks may be from the planned one where the action names no tolerance, in percentage points.
const NEAR: f64 = 5.0;

/// How far the scales are.
pub(super) fn toward(
    queue: &QueueSets,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
) -> Toward<TaskSets> {
    let both = Both::of(view)?;
    if both.service.desired == 0 {
        return Err(Short::Wait(Reason::NoTasks {
            service: both.service.name.clone(),
        }));
    }
    let is_new = view.asked != Some(asked);
    // Once it is there, a service that scales in is no failure: the nearest share is held, and said.
    let goal = goal(queue, asked, tolerance.filter(|_| is_new), both).map_err(Short::refuse)?;
    let now = both.counts();
    let next = plan::toward(now, goal, queue.max_tasks);
    let shift = || Reason::Shift { asked, goal, next };
    // What takes tasks away waits until those that were added run.
    if both.are_settled() || only_up(now, goal) {
        both.scaled(
            both.counting(next),
            shift(),
            Some(asked).filter(|_| is_new),
            view,
        )?;
    }
    if is_new {
        return Err(Short::Change {
            doing: shift(),
            set: Some(view.set.clone()),
            changes: Vec::new(),
        });
    }
    if !both.are_settled() || now != goal {
        return Err(Short::Wait(Reason::Tasks {
            asked,
            now: both.running().share(),
            stable: both.stable.into(),
            candidate: both.candidate.into(),
        }));
    }
    let attained = goal.attained();
    if view.set.scales.as_ref().is_some_and(|it| !it.seen) {
        return Err(both.noted(Reason::Live { asked, attained }, view.set));
    }
    Ok(Attained::share(attained))
}

/// The tasks that a share takes.
fn goal(
    queue: &QueueSets,
    asked: Weight,
    tolerance: Option<f64>,
    both: Both<'_>,
) -> Result<Counts, Unreachable> {
    let desired = both.service.desired;
    let bounds = queue.bounds(desired);
    let goal = plan::plan(bounds, asked, desired, desired)?;
    plan::within(bounds, asked, goal, tolerance)?;
    Ok(goal)
}

/// Whether the tasks that run hold the share.
pub(super) fn is_held(
    queue: &QueueSets,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
) -> bool {
    let Some(both) = Both::seen(view) else {
        return false;
    };
    let Ok(goal) = goal(queue, asked, None, both) else {
        return false;
    };
    let running = both.running();
    let distance = (running.share().percent() - goal.share().percent()).abs();
    view.asked == Some(asked)
        && (running.canary > 0 || asked == Weight::ZERO)
        && distance <= tolerance.unwrap_or(NEAR)
}

/// Adding tasks needs no settling of what was added before.
fn only_up(now: Counts, goal: Counts) -> bool {
    goal.primary >= now.primary && goal.canary >= now.canary
}
