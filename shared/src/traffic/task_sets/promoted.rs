//! A promoted service: the candidate's set has all its tasks, and is its PRIMARY. The stable set stays without a task, to come back if
//! it has to.

use std::time::Duration;

use super::{
    Change, Reason, Scales, TaskSets, View,
    balancer::{Balancer, targets},
    gates,
    sets::{self, Both},
};
use crate::{
    aws::task_set::{Scale, Status},
    parts::{counts::Counts, plan},
    traffic::model::{Attained, Short, Takes, Toward},
    weight::Drain,
    words::Shared,
};

/// How far the promotion is.
pub(super) fn toward(
    model: &TaskSets,
    pace: Drain,
    over: bool,
    view: View<'_>,
) -> Toward<TaskSets> {
    let both = Both::of(view)?;
    let promoted = Attained {
        said: format!(
            "task set {} is the PRIMARY of {} with all its tasks; {} is kept without one",
            both.candidate.id, model.service, both.stable.id
        ),
        share: None,
        but: Vec::new(),
    };
    // What somebody has done since is theirs.
    if over {
        return Ok(promoted);
    }
    whole(model, both, view)?;
    if let Some(balancer) = model.balancer(view) {
        let health = &balancer.whole()?.canary;
        if health.healthy < both.service.desired {
            return Err(targets(both.candidate, health, both.service.desired));
        }
        balancer.handed_over(pace)?;
    }
    if both.candidate.status != Status::Primary {
        return Err(Short::Change {
            doing: Reason::MakePrimary(both.candidate.into()),
            set: None,
            changes: vec![Change::make_primary(&model.service, both.candidate)],
        });
    }
    let alone = Scales {
        stable: Scale::NONE,
        candidate: Scale::ALL,
    };
    both.scaled(alone, Reason::Keep(both.stable.into()), None, view)?;
    if !both.stable.is_settled() || both.stable.running > 0 {
        return Err(Short::Wait(Reason::Ending(both.stable.into())));
    }
    if view.set.scales.as_ref().is_some_and(|it| !it.seen) {
        return Err(both.noted(Reason::Keep(both.stable.into()), view.set));
    }
    Ok(promoted)
}

/// The candidate's set has all tasks, as far as there is room for them beside the stable set's: step by step where there is not.
fn whole(model: &TaskSets, both: Both<'_>, view: View<'_>) -> Result<(), Short<TaskSets>> {
    let (now, desired) = (both.counts(), both.service.desired);
    let next = if now.canary < desired {
        let all = Counts {
            primary: 0,
            canary: desired,
        };
        let most = model.queue().and_then(|queue| queue.max_tasks);
        plan::toward(now, all, most)
    } else {
        now
    };
    let steady = || Short::Wait(Reason::Steady(both.candidate.into()));
    if next.primary < now.primary && !both.are_settled() {
        return Err(steady());
    }
    let to = Scales {
        stable: if next.primary == now.primary {
            both.stable.scale
        } else {
            Scale::of(next.primary, desired)
        },
        candidate: if next.canary >= desired {
            Scale::ALL
        } else {
            Scale::of(next.canary, desired)
        },
    };
    both.scaled(to, Reason::Whole(both.candidate.into()), None, view)?;
    if both.candidate.is_settled() && now.canary == desired {
        Ok(())
    } else {
        Err(steady())
    }
}

/// Each step that hands requests over takes its interval, and the time of the requests that are being finished.
pub(super) fn takes(balancer: &Balancer<'_>, pace: Drain, view: View<'_>) -> Takes {
    let step = balancer.set().filter(|set| set.since >= view.since);
    step.map_or_else(Takes::default, |step| Takes {
        since: Some(step.since),
        time: pace.interval + Duration::from_secs(balancer.found.drain_seconds),
    })
}

/// What was approved is what the candidate's set runs, beside what the release found.
pub(super) fn approved(model: &TaskSets, view: View<'_>) -> Result<(), Short<TaskSets>> {
    sets::service(view)?;
    gates::unchanged(model, view).map_err(Short::Refuse)?;
    let Both { candidate, .. } = Both::of(view)?;
    let approved = view.set.registered();
    let approved = approved.ok_or_else(|| Short::wait(Shared::OtherInvocation))?;
    if candidate.task_definition != *approved || candidate.computed == 0 {
        return Err(Short::Refuse(Reason::NotTheCandidate {
            candidate: approved.clone(),
            found: candidate.into(),
        }));
    }
    if !candidate.is_settled() {
        return Err(Short::Wait(Reason::Steady(candidate.into())));
    }
    Ok(())
}
