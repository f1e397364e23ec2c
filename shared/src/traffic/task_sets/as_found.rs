//! A service's task sets as the release found them: the stable set is PRIMARY with all tasks, and the candidate's is gone. Tasks are
//! taken from the candidate at once, but never the last ones that there are.

use super::{Change, Found, Reason, TaskSets, View, sets};
use crate::{
    aws::task_set::{External, Scale, Status, TaskSet},
    known::Known,
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// The stopping call, decided on what the record holds alone: the stable set gets back what was taken from it, and the candidate's loses
/// all tasks, unless it may have all that there are.
pub(super) fn stop(model: &TaskSets, view: View<'_>) -> Vec<Change> {
    let Some(set) = &view.set.scales else {
        return Vec::new();
    };
    let scale = |id: &crate::names::TaskSetId, to| Change::Scale {
        service: model.service.clone(),
        set: id.clone(),
        to,
    };
    let back = !view.set.is_theirs && !set.spare_the_stable();
    let back = back.then(|| scale(&set.stable, Scale::ALL));
    let has_any = set.may(|scales| !scales.candidate.is_none());
    let stops = has_any && !set.leave_it_alone();
    let stops = stops.then(|| scale(&set.candidate, Scale::NONE));
    back.into_iter().chain(stops).collect()
}

/// What is between what is seen and what the release found.
pub(super) fn toward(model: &TaskSets, fenced: bool, view: View<'_>) -> Toward<TaskSets> {
    let going_on = || Reason::Shared(Shared::GoOnRollingBack(view.release.clone()));
    let service = match &view.seen.service {
        Known::Known(service) => service,
        Known::Unknown(unseen) => {
            return Err(Short::wait(Shared::NotSeen(unseen.to_string())));
        }
        Known::Gone => {
            let gone = format!("service {} does not exist any more", model.service);
            return Ok(over(vec![gone]));
        }
    };
    let back = Back {
        model,
        service,
        stable: sets::stable(service, view),
        view,
    };
    let changes = back.changes();
    if !changes.is_empty() {
        return Err(Short::Change {
            doing: going_on(),
            set: None,
            changes,
        });
    }
    if let Some(waiting_on) = back.waits_for() {
        return Err(Short::Wait(waiting_on));
    }
    if !fenced {
        return Err(Short::Wait(going_on()));
    }
    Ok(over(back.left()))
}

struct Back<'a> {
    model: &'a TaskSets,
    service: &'a External,
    stable: Option<&'a TaskSet>,
    view: View<'a>,
}

impl Back<'_> {
    /// The release's own sets.
    fn made(&self) -> impl Iterator<Item = &TaskSet> {
        self.service.of(self.view.release)
    }

    /// Whether somebody else has changed the stable set, or made another PRIMARY.
    fn is_theirs(&self) -> bool {
        self.view.set.is_theirs || self.others().is_some()
    }

    /// The PRIMARY, if somebody else has made it.
    fn others(&self) -> Option<&TaskSet> {
        let stable = self.stable.map(|it| &it.id);
        let is_known = |set: &TaskSet| Some(&set.id) == stable || self.is_made(set);
        self.service.primary().filter(|it| !is_known(it))
    }

    fn changes(&self) -> Vec<Change> {
        let service = &self.model.service;
        let mut changes = Vec::new();
        let was_reduced = self.view.set.scales.is_some();
        let stable = self.stable.filter(|_| !self.is_theirs() && was_reduced);
        if let Some(stable) = stable.filter(|it| !it.scale.is(Scale::ALL)) {
            changes.push(Change::scale(service, stable, Scale::ALL));
        }
        if !self.is_borne() {
            return changes;
        }
        for set in self.made().filter(|set| set.is_there()) {
            let primary = self.stable.filter(|_| set.status == Status::Primary);
            let goes = match primary {
                Some(stable) => Change::make_primary(service, stable),
                None => Change::delete(service, &set.id),
            };
            // What cannot go yet, or at all, loses its tasks.
            let stays = primary.is_some() || self.is_refused(&goes);
            changes.push(goes);
            if stays && !set.scale.is_none() {
                changes.push(Change::scale(service, set, Scale::NONE));
            }
        }
        changes
    }

    fn is_refused(&self, change: &Change) -> bool {
        let what = change.to_string();
        self.view.refused.iter().any(|refused| refused.what == what)
    }

    /// Whether the candidate's tasks may go: the stable set has some, and all of them if the candidate may have had all that there were.
    fn is_borne(&self) -> bool {
        let Some(stable) = self.others().or(self.stable) else {
            return false;
        };
        let scales = self.view.set.scales.as_ref();
        let was_alone =
            self.view.promotion.has_begun() || scales.is_some_and(super::SetScales::leave_it_alone);
        if was_alone && !self.is_theirs() {
            return stable.scale.is(Scale::ALL)
                && stable.is_settled()
                && stable.computed == self.service.desired;
        }
        stable.running > 0 || self.service.desired == 0
    }

    fn is_made(&self, set: &TaskSet) -> bool {
        self.made().any(|made| made.id == set.id)
    }

    /// What is on its way; nothing where the candidate keeps its tasks for good.
    fn waits_for(&self) -> Option<Reason> {
        if self.keeps_the_candidate() {
            return None;
        }
        let stable = self.stable.filter(|_| !self.is_theirs());
        let was_changed = self.view.set.scales.is_some();
        let unsettled = stable.filter(|it| was_changed && !it.is_settled());
        if let Some(stable) = unsettled {
            return Some(Reason::Restoring(stable.into()));
        }
        let mut made = self.made();
        let ends = made.find(|it| it.is_there() || it.running > 0 || it.pending > 0);
        ends.map(|set| Reason::Ending(set.into()))
    }

    /// Whether nobody else could take its work.
    fn keeps_the_candidate(&self) -> bool {
        let is_unborne = self.stable.is_none() || self.is_theirs();
        is_unborne && !self.is_borne() && self.made().any(TaskSet::is_there)
    }

    /// What stays as it is.
    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        if self.is_theirs() {
            left.push(format!(
                "somebody else has changed the task sets of {}: what they have set stays",
                self.model.service
            ));
        }
        if self.keeps_the_candidate() {
            left.push(format!(
                "no task of the stable version runs that could take its work, so the candidate's task set of {} stays",
                self.model.service
            ));
        }
        left
    }
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

/// The calls that put it back, for people.
pub(super) fn by_hand(model: &TaskSets, found: &Found) -> Vec<String> {
    let Some(stable) = &found.task_set else {
        return Vec::new();
    };
    let at = format!("--cluster {} --service {}", model.cluster, model.service);
    vec![
        String::new(),
        "To give everything back by hand, one after the other, the second once all tasks of the set run:".to_owned(),
        format!("  aws ecs update-task-set {at} --task-set {stable} --scale value=100,unit=PERCENT"),
        format!("  aws ecs update-service-primary-task-set {at} --primary-task-set {stable}"),
    ]
}
