//! A promoted service: the candidate's set has all its tasks, and is its PRIMARY. The stable set stays without a task, to come back if
//! it has to.

use super::{
    Change, Reason, Scales, TaskSets, View, gates,
    sets::{self, Both},
};
use crate::{
    aws::task_set::{Scale, Status},
    parts::{counts::Counts, plan},
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// How far the promotion is.
pub(super) fn toward(model: &TaskSets, over: bool, view: View<'_>) -> Toward<TaskSets> {
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
        plan::toward(now, all, model.queue().max_tasks)
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

/// What was approved is what the candidate's set runs, beside what the release found.
pub(super) fn approved(view: View<'_>) -> Result<(), Short<TaskSets>> {
    sets::service(view)?;
    gates::unchanged(view).map_err(Short::Refuse)?;
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
