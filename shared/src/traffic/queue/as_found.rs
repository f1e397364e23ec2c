//! A queue's consumers as the release found them. Bad consumers stop at once, and the stable version takes their place.

use super::{Queue, Set, View};
use crate::{
    parts::pair::{self, Back, Change},
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

impl Queue {
    pub(in crate::traffic) fn back<'a>(&'a self, fenced: bool, view: View<'a>) -> Back<'a> {
        self.pair(view).back(fenced)
    }
}

impl Set {
    /// With what else is set of the services.
    pub(super) fn with(&self, pair: pair::Set) -> Self {
        Self {
            pair,
            ..self.clone()
        }
    }
}

/// The stopping call: as long as the stable version still runs somewhere the canary gets no tasks.
pub(super) fn stop(back: &Back<'_>) -> Vec<Change> {
    let changes = back.empties().into_iter();
    changes.chain(back.restores_primary()).collect()
}

/// What is between what is seen and what the release found.
pub(super) fn toward(queue: &Queue, fenced: bool, view: View<'_>) -> Toward<Queue> {
    let before = queue.back(fenced, view);
    let noted = before.noted();
    let back = before.with(&noted);
    let mut changes = if back.view.candidate().is_none() {
        back.scaling_changes()
    } else {
        let canary = back.canary();
        let canary = canary.map(|it| back.canary_changes(it, true, Back::stopped));
        let primary = back.primary().map(|it| back.primary_changes(it, false));
        let seen = [canary, primary].into_iter().flatten().flatten();
        back.blind(stop(&back)).into_iter().chain(seen).collect()
    };
    changes.extend(before.anew().changes.into_iter().map(|(_, change)| change));
    changes.extend(back.left_over_changes());
    let is_changed = noted != view.set.pair;
    if is_changed || !changes.is_empty() {
        return Err(Short::Change {
            doing: Shared::GoOnRollingBack(view.release.clone()).into(),
            set: is_changed.then(|| view.set.with(noted)),
            changes,
        });
    }
    back.left_over_ended().map_err(Short::wait)?;
    back.is_restored().map_err(Short::wait)?;
    if let Some(unseen) = &view.seen.pair.scaling {
        return Err(Short::wait(Shared::NotSeen(unseen.to_string())));
    }
    Ok(Attained {
        said: "as found".to_owned(),
        share: None,
        but: back.left(),
    })
}
