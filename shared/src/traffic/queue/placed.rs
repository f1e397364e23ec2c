//! The candidate on the canary service of a queue's consumers.

use super::{Queue, View};
use crate::traffic::model::{Short, Toward};

/// How far the candidate is.
pub(super) fn toward(queue: &Queue, view: View<'_>) -> Toward<Queue> {
    let pair = queue.pair(view);
    let both = pair.both()?;
    let placing = pair
        .registered(both, queue.first_tasks(view))
        .map_err(|gap| Short::of(gap, |pair| view.set.with(pair)))?;
    pair.held(both)?;
    pair.on_canary(both, placing)?;
    Ok(pair.steady(both, placing)?)
}

#[cfg(test)]
mod tests;
