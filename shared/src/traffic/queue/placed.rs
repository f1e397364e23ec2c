//! The candidate on the canary service of a queue's consumers.

use super::{Queue, Set, View};
use crate::{
    parts::pair,
    traffic::model::{Short, Toward},
};

/// How far the candidate is.
pub(super) fn toward(queue: &Queue, view: View<'_>) -> Toward<Set> {
    let pair = queue.pair(view);
    let both = pair.both()?;
    let placing = pair
        .registered(both, queue.first_tasks(view))
        .map_err(|short| of_pair(short, view))?;
    pair.held(both)?;
    pair.on_canary(both, placing)?;
    pair.steady(both, placing)
}

fn of_pair(short: Short<pair::Set>, view: View<'_>) -> Short<Set> {
    short.of(|pair| Set {
        pair,
        ..view.set.clone()
    })
}

#[cfg(test)]
mod tests;
