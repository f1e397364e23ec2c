//! What a rollback changes of a service's task sets, and what it waits for.

use super::{Change, Reason, SetScales, TaskSets, View, requests, sets};
use crate::aws::task_set::{External, Scale, Status, TaskSet};

/// Task sets on their way back.
#[derive(Clone, Copy)]
pub(super) struct Back<'a> {
    pub(super) model: &'a TaskSets,
    /// Whether everything that began before the rollback is over.
    pub(super) fenced: bool,
    pub(super) service: &'a External,
    /// The set that runs what the release found.
    pub(super) stable: Option<&'a TaskSet>,
    pub(super) view: View<'a>,
}

impl<'a> Back<'a> {
    /// They, if the service is seen.
    pub(super) fn seen(model: &'a TaskSets, fenced: bool, view: View<'a>) -> Option<Self> {
        let service = view.seen.service.get()?;
        Some(Self {
            model,
            fenced,
            service,
            stable: sets::stable(service, view),
            view,
        })
    }

    /// The release's own sets.
    pub(super) fn made(&self) -> impl Iterator<Item = &TaskSet> {
        self.service.of(self.view.release)
    }

    /// Whether somebody else has changed the stable set, or made another PRIMARY.
    fn is_theirs(&self) -> bool {
        self.view.set.is_theirs || self.others().is_some()
    }

    /// The PRIMARY, if somebody else has made it.
    pub(super) fn others(&self) -> Option<&TaskSet> {
        let stable = self.stable.map(|it| &it.id);
        let is_known = |set: &TaskSet| Some(&set.id) == stable || self.is_made(set);
        self.service.primary().filter(|it| !is_known(it))
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        let service = &self.model.service;
        let mut changes = Vec::new();
        let was_reduced = self.view.set.scales.is_some();
        let stable = self.stable.filter(|_| !self.is_theirs() && was_reduced);
        if let Some(stable) = stable.filter(|it| !it.scale.is(Scale::ALL)) {
            changes.push(Change::scale(service, stable, Scale::ALL));
        }
        if !self.is_borne() || requests::may_be_emptied(self.model, self.fenced, self.view) {
            changes.extend(self.raised());
            return changes;
        }
        let is_free = self.is_free();
        for set in self.made().filter(|set| set.is_there()) {
            let primary = self.stable.filter(|_| set.status == Status::Primary);
            let goes = match primary {
                Some(stable) => Some(Change::make_primary(service, stable)),
                None => is_free.then(|| Change::delete(service, &set.id)),
            };
            // What cannot go yet, or at all, loses its tasks.
            let is_refused = goes.as_ref().is_some_and(|it| self.is_refused(it));
            changes.extend(goes);
            if is_free && (primary.is_some() || is_refused) && !set.scale.is_none() {
                changes.push(Change::scale(service, set, Scale::NONE));
            }
        }
        if !is_free {
            changes.extend(self.raised());
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
            self.view.promotion.has_begun() || scales.is_some_and(SetScales::leave_it_alone);
        if was_alone && !self.is_theirs() {
            return self.is_whole(stable) && self.answers(stable);
        }
        stable.running > 0 || self.service.desired == 0
    }

    /// Whether a set has all tasks, and they run.
    pub(super) fn is_whole(&self, set: &TaskSet) -> bool {
        set.scale.is(Scale::ALL) && set.is_settled() && set.computed == self.service.desired
    }

    fn is_made(&self, set: &TaskSet) -> bool {
        self.made().any(|made| made.id == set.id)
    }

    /// What is on its way; nothing where the candidate keeps its tasks for good.
    pub(super) fn waits_for(&self) -> Option<Reason> {
        if self.keeps_the_candidate() {
            return None;
        }
        if let Some(draining) = self.drains() {
            return Some(draining);
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
    pub(super) fn left(&self) -> Vec<String> {
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
