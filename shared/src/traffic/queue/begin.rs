//! How a release of a queue's consumers begins. Pure.

use super::{Found, Queue, QueueTraffic, Reason, Set};
use crate::{
    known::Known,
    parts::{
        NotBegun,
        pair::{self, Both, Planned},
        plan::{Unreachable, plan},
    },
    traffic::begin::{Begin, Beginning},
    weight::Weight,
    words::Shared,
};

/// Begins a release, if everything is in order.
pub(super) fn begin(queue: &Queue, of: Beginning<'_, Queue>) -> Begin<Queue> {
    let dead_letters = match &of.seen.dead_letters {
        Known::Known(seen) => *seen,
        Known::Gone => None,
        Known::Unknown(unseen) => return Err(NotBegun::wait(Shared::Aws(unseen.to_string()))),
    };
    let found = |pair| Found { pair, dead_letters };
    let planned = pair::Beginning {
        now: of.now,
        release: of.release,
        pair: &queue.pair,
        holds: queue.holds(),
        keeps_primary: queue.traffic.queue.floors_primary(),
        seen: &of.seen.pair,
        before: of.before,
    };
    let set = |pair| Set {
        pair,
        ..Set::default()
    };
    let planned = planned.planned().map_err(|why| why.of(found, set))?;
    planned.is_in_order().map_err(NotBegun::refuse)?;
    is_standard(&queue.traffic.queue).map_err(NotBegun::Refuse)?;
    has_room(&queue.traffic.queue, &planned).map_err(NotBegun::Refuse)?;
    planned.has_room_for_tags().map_err(NotBegun::refuse)?;
    planned.is_settled().map_err(NotBegun::wait)?;
    let mut begun = planned.begun();
    let letters = &queue.traffic.queue.letters;
    begun.but.extend(letters.one_more_ends_it(dead_letters));
    Ok(begun.of(found, set))
}

fn is_standard(queue: &QueueTraffic) -> Result<(), Reason> {
    if !queue.url.is_fifo() {
        return Ok(());
    }
    Err(Reason::Fifo {
        queue: queue.url.queue().to_owned(),
    })
}

/// Any share at all has room for it.
fn has_room(queue: &QueueTraffic, planned: &Planned<'_>) -> Result<(), Reason> {
    let Both { primary, .. } = planned.both;
    let total = planned.both.counts().total();
    let least = u32::from(queue.floors_primary());
    match plan(
        queue.bounds(),
        Weight::LEAST,
        primary.desired.max(least),
        total,
    ) {
        Err(Unreachable::NoRoom {
            cap, taken, needed, ..
        }) => Err(Reason::NoRoom {
            taken,
            most: cap,
            needed,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
