//! The candidate on the canary service behind a load balancer: its targets answer, and get no requests yet.

use super::{Alb, Set, View, share::targets};
use crate::{
    decision::WaitingOn,
    parts::pair::{self, Both},
    traffic::model::{Short, Toward},
};

/// How far the candidate is.
pub(super) fn toward(alb: &Alb, view: View<'_>) -> Toward<Set> {
    let pair = alb.pair(view);
    let both = pair.both()?;
    // The fewest that a candidate can be seen with.
    let tasks = alb.first_tasks(both.primary);
    let placing = pair
        .registered(both, tasks)
        .map_err(|short| of_pair(short, view))?;
    pair.held(both)?;
    pair.on_canary(both, placing)?;
    healthy(view, both)?;
    pair.steady(both, placing)
}

/// Every task of a canary that is steady otherwise is a healthy target.
fn healthy(view: View<'_>, both: Both<'_>) -> Result<(), Short<Set>> {
    let Some(seen) = view.seen.rules.whole() else {
        return Err(Short::Wait(WaitingOn::OtherInvocation));
    };
    let canary = both.canary;
    if canary.is_steady() && seen.canary.healthy < canary.desired {
        return Err(targets(canary, &seen.canary, canary.desired));
    }
    Ok(())
}

fn of_pair(short: Short<pair::Set>, view: View<'_>) -> Short<Set> {
    short.of(|pair| Set {
        pair,
        ..view.set.clone()
    })
}
