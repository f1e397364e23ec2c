//! The share of a queue consumer: task counts.

use std::time::Duration;

use super::{Queue, Reason, Set, View};
use crate::{
    parts::{
        pair::{Both, Change, Counts, Service},
        plan::{self, Unreachable},
    },
    traffic::model::{Attained, Short, Toward},
    weight::Weight,
    words::Shared,
};

/// How far the share of the running tasks may be from the planned one where the action names no tolerance, in percentage points.
const NEAR: f64 = 5.0;

/// How long tasks have that start because the primary has grown.
const STARTING: Duration = Duration::from_mins(5);

/// How far the counts are.
pub(super) fn toward(
    queue: &Queue,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
) -> Toward<Queue> {
    let both = queue.pair(view).both()?;
    let is_new = view.asked != Some(asked);
    if is_new && queue.pair(view).is_being_counted() {
        return Err(Short::wait(Shared::OtherInvocation));
    }
    // Once it is there, a primary that scales in is no failure: the nearest share is held, and said.
    let goal = goal(
        queue,
        asked,
        tolerance.filter(|_| is_new),
        view,
        both.primary,
    )
    .map_err(Short::refuse)?;
    let now = both.counts();
    let settled = both.primary.is_settled() && both.canary.is_settled();
    let change = changes(queue, asked, goal, view, both);
    if let Some(change) = change.filter(|_| is_new || settled || only_up(now, goal)) {
        return Err(change);
    }
    if is_new {
        let doing = Reason::Shift {
            asked,
            goal,
            next: now,
        };
        return Err(setting(asked, doing, Vec::new(), None, view, both));
    }
    if !settled || now != goal {
        let running = Counts {
            primary: both.primary.running,
            canary: both.canary.running,
        };
        return Err(Short::Wait(Reason::Tasks {
            asked,
            now: running.share(),
            primary: both.primary.into(),
            canary: both.canary.into(),
        }));
    }
    there(queue, asked, goal, view, both)
}

/// The tasks of a share run; what was set last may be seen for the first time.
fn there(
    queue: &Queue,
    asked: Weight,
    goal: Counts,
    view: View<'_>,
    both: Both<'_>,
) -> Toward<Queue> {
    let attained = goal.attained();
    if queue.pair(view).is_counting() {
        let doing = Reason::Live { asked, attained };
        let set = view.set.clone();
        return Err(Short::Change {
            doing,
            set: Some(Set {
                pair: queue.pair(view).counted(both.counts()),
                ..set
            }),
            changes: Vec::new(),
        });
    }
    let nothing = "the primary has no task (floorPrimary is false), so nothing was compared";
    let is_alone = both.primary.desired == 0;
    Ok(Attained {
        but: is_alone.then(|| nothing.to_owned()).into_iter().collect(),
        ..Attained::share(attained)
    })
}

/// The counts that a share takes.
fn goal(
    queue: &Queue,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
    primary: &Service,
) -> Result<Counts, Unreachable> {
    let found = &view.found.pair;
    let total = found.primary.desired + found.canary.desired;
    let tasks = queue.pair(view).primary_tasks(primary);
    let goal = plan::plan(queue.traffic.queue.bounds(), asked, tasks, total)?;
    plan::within(queue.traffic.queue.bounds(), asked, goal, tolerance)?;
    Ok(goal)
}

/// Whether the tasks that run hold the share.
pub(super) fn is_held(
    queue: &Queue,
    asked: Weight,
    tolerance: Option<f64>,
    was: bool,
    view: View<'_>,
) -> bool {
    let Ok(both) = queue.pair(view).both() else {
        return false;
    };
    let Ok(goal) = goal(queue, asked, None, view, both.primary) else {
        return false;
    };
    let running = both.canary.newest().map_or(0, |newest| newest.running);
    let now = Counts {
        primary: both.primary.running,
        canary: running,
    };
    let distance = (now.share().percent() - goal.share().percent()).abs();
    let is_near = distance <= tolerance.unwrap_or(NEAR);
    let grows = was
        && view.set.pair.counts.is_some_and(|set| {
            let is_up = set.to.canary > set.from.canary && running >= set.from.canary;
            is_up && view.now.since(set.since) < STARTING
        });
    view.asked == Some(asked) && (running > 0 || asked == Weight::ZERO) && (is_near || grows)
}

/// Adding tasks needs no settling of what was added before.
fn only_up(now: Counts, goal: Counts) -> bool {
    goal.primary >= now.primary && goal.canary >= now.canary
}

/// The next change towards a share; none where the counts are right already.
///
/// A count is only changed once nothing else is seen to change it.
fn changes(
    queue: &Queue,
    asked: Weight,
    goal: Counts,
    view: View<'_>,
    both: Both<'_>,
) -> Option<Short<Queue>> {
    let pair = queue.pair(view);
    let hold = pair.hold(both);
    if !hold.is_empty() {
        let doing = pair.holding(&hold);
        return Some(setting(asked, doing, hold, None, view, both));
    }
    let next = plan::toward(both.counts(), goal, queue.traffic.queue.max_tasks);
    let services = [(both.canary, next.canary), (both.primary, next.primary)];
    let counts: Vec<Change> = services
        .into_iter()
        .filter(|(service, to)| service.desired != *to)
        .map(|(service, to)| Change::count(&service.name, to))
        .collect();
    let doing = Reason::Shift { asked, goal, next };
    (!counts.is_empty()).then(|| setting(asked, doing, counts, Some(next), view, both))
}

/// Changes for a share, which the record is to hold first.
fn setting(
    asked: Weight,
    doing: impl Into<Reason>,
    changes: Vec<Change>,
    counts: Option<Counts>,
    view: View<'_>,
    both: Both<'_>,
) -> Short<Queue> {
    let is_new = view.asked != Some(asked);
    let set = &view.set.pair;
    let counts = set.counting(both, counts, is_new, view.now);
    let is_set = is_new || counts != set.counts;
    Short::Change {
        doing: doing.into(),
        set: is_set.then(|| Set {
            pair: crate::parts::pair::Set {
                counts,
                ..set.clone()
            },
            letters: view.set.letters,
        }),
        changes,
    }
}
