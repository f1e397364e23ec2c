//! How a release behind a load balancer begins: rules, target groups and services belong together, and everything goes to the
//! primary's healthy targets. Pure.

use super::{Alb, Found, Reason, Set};
use crate::{
    parts::{
        NotBegun,
        pair::{self, Both},
        rules::{Groups, Preflight},
    },
    traffic::begin::{Begin, Beginning},
    words::Shared,
};

/// What is read once, before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Of the services.
    pub pair: pair::Before,
    /// Of the target groups.
    pub groups: Groups,
}

/// Begins a release, if everything is in order.
pub(super) fn begin(alb: &Alb, of: Beginning<'_, Alb>) -> Begin<Alb> {
    let seen = of.seen.rules.whole();
    let seen = seen.ok_or_else(|| NotBegun::wait(Shared::OtherInvocation))?;
    let drain_seconds = of.before.map_or(0, |before| before.groups.drain_seconds);
    let rules = seen.found(drain_seconds);
    let found = |pair| Found { pair, rules };
    let set = |pair| Set {
        pair,
        ..Set::default()
    };
    let planned = pair::Beginning {
        now: of.now,
        release: of.release,
        pair: &alb.pair,
        holds: Alb::HOLDS,
        keeps_primary: false,
        seen: &of.seen.pair,
        before: of.before.map(|before| &before.pair),
    };
    let planned = match planned.planned() {
        Ok(planned) => planned,
        Err(why) => return Err(why.of(found, set)),
    };
    planned.is_in_order().map_err(NotBegun::refuse)?;
    planned.has_room_for_tags().map_err(NotBegun::refuse)?;
    let preflight = Preflight {
        at: alb.at(),
        allow_sticky: alb.traffic.alb.allow_sticky,
        seen: &seen,
    };
    registered(&preflight, planned.both).map_err(NotBegun::Refuse)?;
    if let Some(before) = of.before {
        let one = preflight.one_load_balancer(&before.groups);
        one.map_err(NotBegun::refuse)?;
    }
    preflight.at_rest().map_err(NotBegun::refuse)?;
    preflight.answers().map_err(NotBegun::refuse)?;
    planned.is_settled().map_err(NotBegun::wait)?;
    let mut begun = planned.begun();
    let in_full = seen.in_full();
    begun.in_full = begun.in_full.and(&in_full);
    Ok(begun.of(found, set))
}

/// Each service registers its tasks in its group.
fn registered(preflight: &Preflight<'_>, both: Both<'_>) -> Result<(), Reason> {
    for (service, group, field) in preflight.each(both.primary, both.canary) {
        if !service.target_groups.contains(group) {
            return Err(Reason::WrongGroup {
                service: service.name.clone(),
                group: group.clone(),
                field,
                found: service.target_groups.clone(),
            });
        }
    }
    Ok(())
}
