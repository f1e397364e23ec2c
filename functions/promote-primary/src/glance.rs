//! What a glance at a promotion that is complete and watched calls for. Pure.

use canary::{
    clock::Timestamp,
    decision::{Decision, WaitingOn},
    gates,
    glance::Glance,
    job::Bookmark,
    reconcile::Look,
    record::{Phase, Record},
};

use crate::PromotePrimary;

/// Whether the promotion is complete and has yet to be watched, as the last look at everything left it.
#[must_use]
pub fn is_enough(look: &Look<PromotePrimary>) -> bool {
    watching(look).is_some()
}

/// What goes on being waited for, if nothing is amiss.
#[must_use]
pub fn undisturbed(look: &Look<PromotePrimary>, glance: &Glance) -> Option<WaitingOn> {
    let since = watching(look)?;
    let record = glance.record.as_ref();
    let record = gates::own(record, &look.target, &look.parameters.release).ok()?;
    let is_quiet = watched_since(record) == Some(since) && glance.is_quiet(record);
    is_quiet.then(|| WaitingOn::Watch {
        held: look.now.since(since),
        bake: look.parameters.bake,
    })
}

/// The bookmark after a look at everything.
#[must_use]
pub fn bookmark(
    look: &Look<PromotePrimary>,
    record: Option<&Record>,
    decision: &Decision,
) -> Bookmark {
    let bookmark = look.bookmark.clone();
    let is_watching = matches!(decision, Decision::Wait(WaitingOn::Watch { .. }));
    match record.and_then(watched_since).filter(|_| is_watching) {
        Some(since) => bookmark.holding(since),
        None => bookmark.not_held(),
    }
}

fn watching(look: &Look<PromotePrimary>) -> Option<Timestamp> {
    look.bookmark.is_held(look.now, look.parameters.bake)
}

fn watched_since(record: &Record) -> Option<Timestamp> {
    match record.phase {
        Phase::Promoting { baking_since, .. } => baking_since,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
