//! The candidate on the canary service of a queue's consumers.

use super::{Queue, Set, View};
use crate::traffic::model::Toward;

/// How far the candidate is.
pub(super) fn toward(queue: &Queue, view: View<'_>) -> Toward<Set> {
    let pair = queue.pair(view);
    let both = pair.both()?;
    let placing = pair
        .registered(both, queue.first_tasks(view))
        .map_err(|short| short.of(|pair| view.set.with(pair)))?;
    pair.held(both)?;
    pair.on_canary(both, placing)?;
    pair.steady(both, placing)
}

#[cfg(test)]
mod tests;
