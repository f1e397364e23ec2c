//! The stable set after the promotion: it is kept without a task for a rollback, until the guard is over.

use super::{Change, Reason, Set, TaskSets, View, sets};
use crate::{
    aws::task_set::{Status, TaskSet},
    known::Known,
    parts::release::Kept,
    traffic::model::Short,
    words::Shared,
};

/// Whether it is still there for a rollback, as the record says.
pub(super) fn kept(set: &Set) -> Kept {
    if set.let_go { Kept::Gone } else { Kept::There }
}

/// The set is deleted, unless somebody has put it to a use of their own. A later look sees that, and notes it.
pub(super) fn let_go(model: &TaskSets, view: View<'_>) -> Result<(), Short<TaskSets>> {
    if view.set.let_go {
        return Ok(());
    }
    let service = match &view.seen.service {
        Known::Known(service) => Some(service),
        Known::Gone => None,
        Known::Unknown(unseen) => return Err(Short::wait(Shared::Aws(unseen.to_string()))),
    };
    let stable = service.and_then(|service| sets::stable(service, view));
    let Some(stable) = stable.filter(|it| !view.set.is_theirs && is_kept(it)) else {
        return Err(Short::Change {
            doing: Reason::NothingKept {
                service: model.service.clone(),
            },
            set: Some(Set {
                let_go: true,
                ..view.set.clone()
            }),
            changes: Vec::new(),
        });
    };
    if stable.running > 0 || stable.pending > 0 {
        return Err(Short::Wait(Reason::Ending(stable.into())));
    }
    Err(Short::Change {
        doing: Reason::LetGo(stable.into()),
        set: None,
        changes: vec![Change::delete(&model.service, &stable.id)],
    })
}

/// Whether it is as the promotion has left it.
fn is_kept(set: &TaskSet) -> bool {
    set.status == Status::Active && set.scale.is_none()
}
