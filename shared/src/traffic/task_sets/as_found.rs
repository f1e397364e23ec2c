//! A service's task sets as the release found them: the stable set is PRIMARY with all tasks, and the candidate's is gone. Tasks are
//! taken from the candidate at once, but never the last ones that there are.

use super::{Change, Reason, Set, TaskSets, View, back::Back, requests};
use crate::{
    aws::task_set::Scale,
    parts::{
        release::{Missing, Promotion},
        rules::Weighing,
    },
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// The stopping call, decided on what the record holds alone: the stable set gets back what was taken from it, and the candidate's loses
/// all tasks, unless it may have all that there are. Once no action goes on any more somebody may have put a set of their own in the
/// candidate's place: that has to be seen first.
pub(super) fn stop(model: &TaskSets, view: View<'_>) -> Vec<Change> {
    let Some(set) = &view.set.scales else {
        return Vec::new();
    };
    let scale = |id: &crate::names::TaskSetId, to| Change::Scale {
        service: model.service.clone(),
        set: id.clone(),
        to,
    };
    let is_ours = !view.set.is_theirs && view.promotion != Promotion::Complete;
    let back = is_ours && !set.spare_the_stable();
    let back = back.then(|| scale(&set.stable, Scale::ALL));
    let has_any = set.may(|scales| !scales.candidate.is_none());
    // Behind a load balancer what somebody may have done to the rules has to be seen first.
    let stops = model.queue().is_some() && has_any && !set.leave_it_alone();
    let stops = stops.then(|| scale(&set.candidate, Scale::NONE));
    back.into_iter().chain(stops).collect()
}

/// What is between what is seen and what the release found.
pub(super) fn toward(model: &TaskSets, fenced: bool, view: View<'_>) -> Toward<TaskSets> {
    let going_on = || Reason::Shared(Shared::GoOnRollingBack(view.release.clone()));
    let Weighing {
        weight,
        is_new,
        changes: weights,
    } = requests::weighing(model, fenced, view);
    let set = Set {
        weight,
        ..view.set.clone()
    };
    let back = Back::seen(model, fenced, View { set: &set, ..view });
    let weights = weights.into_iter().map(Change::Rules);
    let changes: Vec<_> = weights.chain(back.iter().flat_map(Back::changes)).collect();
    if is_new || !changes.is_empty() {
        return Err(Short::Change {
            doing: going_on(),
            set: is_new.then_some(set.clone()),
            changes,
        });
    }
    let Some(back) = back else {
        if let Some(unseen) = view.seen.service.unseen() {
            return Err(Short::wait(Shared::NotSeen(unseen.to_string())));
        }
        let gone = format!("service {} does not exist any more", model.service);
        return Ok(over(vec![gone]));
    };
    if let Some(waiting_on) = back.waits_for() {
        return Err(Short::Wait(waiting_on));
    }
    if !fenced {
        return Err(Short::Wait(going_on()));
    }
    Ok(over(back.left()))
}

fn over(but: Vec<String>) -> Attained {
    Attained {
        said: "as found".to_owned(),
        share: None,
        but,
    }
}

/// What a rollback puts back.
pub(super) fn restores(model: &TaskSets, view: View<'_>) -> Vec<String> {
    let Some(set) = &view.set.scales else {
        return Vec::new();
    };
    let version = view.found.task_definition.short();
    let stable = format!(
        "{}: task set {} on {version} is PRIMARY with all tasks",
        model.service, set.stable
    );
    let candidate = format!("{}: task set {} is deleted", model.service, set.candidate);
    vec![stable, candidate]
}

/// The calls that do what AWS refuses to a rollback, for people.
pub(super) fn by_hand(model: &TaskSets, missing: &[Missing]) -> Vec<String> {
    let calls: Vec<_> = missing
        .iter()
        .filter_map(|it| Change::by_hand(&it.what, (&model.cluster, &model.service)))
        .collect();
    if calls.is_empty() {
        return calls;
    }
    let heading = "To do by hand what AWS refuses; the rollback goes on from there:".to_owned();
    [String::new(), heading].into_iter().chain(calls).collect()
}
