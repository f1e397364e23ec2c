//! The candidate on the canary service behind a load balancer: its targets answer, and get no requests yet.

use super::{Alb, View, share::targets};
use crate::{
    parts::pair::Both,
    traffic::model::{Short, Toward},
    words::Shared,
};

/// How far the candidate is.
pub(super) fn toward(alb: &Alb, view: View<'_>) -> Toward<Alb> {
    let pair = alb.pair(view);
    let both = pair.both()?;
    let placing = pair
        .registered(both, alb.first_tasks(both.primary))
        .map_err(|gap| Short::of(gap, |pair| view.set.with(pair)))?;
    pair.held(both)?;
    pair.on_canary(both, placing)?;
    healthy(view, both)?;
    Ok(pair.steady(both, placing)?)
}

/// Every task of a canary that is steady otherwise is a healthy target.
fn healthy(view: View<'_>, both: Both<'_>) -> Result<(), Short<Alb>> {
    let Some(seen) = view.seen.rules.whole() else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let canary = both.canary;
    if canary.is_steady() && seen.canary.healthy < canary.desired {
        return Err(targets(canary, &seen.canary, canary.desired));
    }
    Ok(())
}
