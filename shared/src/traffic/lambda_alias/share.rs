//! The share of a function's version: its weight on the alias.

use super::{LambdaAlias, Reason, Set, SetRouting, View, gates::is_ours};
use crate::{
    aws::function::{Alias, Routing, State, Weighted},
    names::Version,
    traffic::model::{Attained, Short, Toward},
    weight::{self, Weight},
    words::Shared,
};

use super::Change;

/// How far the weight is.
pub(super) fn toward(model: &LambdaAlias, asked: Weight, view: View<'_>) -> Toward<LambdaAlias> {
    let Some(candidate) = view.set.version() else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let to = weighted(&view.found.version, candidate, asked);
    let doing = Reason::Shift {
        asked,
        alias: model.qualified(),
        to: to.clone(),
    };
    let is_new = view.asked != Some(asked);
    routed(model, to, doing, is_new, view)?;
    let attained = weight::Attained::Weight(asked.share());
    if is_new || is_unseen(view) {
        let doing = Reason::Live { asked, attained };
        return Err(seen(doing, alias(view)?, view));
    }
    warm(model, view)?;
    Ok(Attained::share(attained))
}

/// The share that the alias is seen to give.
pub(super) fn attained(view: View<'_>) -> Option<weight::Attained> {
    let alias = view.seen.alias.get()?;
    let asked = view.asked?;
    let is_there = alias.routing.is(&view.set.routing.as_ref()?.to);
    is_there.then(|| weight::Attained::Weight(asked.share()))
}

/// The candidate beside the stable version. At nothing it is not named at all.
fn weighted(stable: &Version, candidate: &Version, asked: Weight) -> Routing {
    let beside = Weighted {
        version: candidate.clone(),
        weight: asked.fraction(),
    };
    Routing {
        version: stable.clone(),
        beside: Some(beside).filter(|_| asked > Weight::ZERO),
    }
}

/// The alias as it was seen.
pub(super) fn alias(view: View<'_>) -> Result<&Alias, Short<LambdaAlias>> {
    let alias = view.seen.alias.get();
    alias.ok_or_else(|| Short::wait(Shared::OtherInvocation))
}

/// The alias sends its invocations there; the record holds that before it is written.
pub(super) fn routed(
    model: &LambdaAlias,
    to: Routing,
    doing: Reason,
    is_new: bool,
    view: View<'_>,
) -> Result<(), Short<LambdaAlias>> {
    let now = alias(view)?;
    let set = view.set.routing.as_ref();
    let is_set = set.is_some_and(|set| set.to.is(&to)) || set.is_none() && now.routing.is(&to);
    if is_set && now.routing.is(&to) {
        return Ok(());
    }
    // A closed gate ends the release before this; what nobody has asked a gate about is not written over either.
    if !is_ours(now, view) {
        return Err(Short::wait(Shared::OtherInvocation));
    }
    let changes = vec![Change::Route {
        alias: model.qualified(),
        to: to.clone(),
        revision: now.revision.clone(),
    }];
    let routing = (!is_set).then(|| SetRouting {
        from: now.routing.clone(),
        to,
        revision: now.revision.clone(),
        seen: false,
    });
    let is_recorded = routing.is_some() || is_new;
    Err(Short::Change {
        doing,
        set: is_recorded.then(|| Set {
            routing: routing.or_else(|| view.set.routing.clone()),
            ..view.set.clone()
        }),
        changes,
    })
}

/// Whether what was written is seen for the first time.
pub(super) fn is_unseen(view: View<'_>) -> bool {
    let set = view.set.routing.as_ref();
    set.is_some_and(|set| !set.seen)
}

/// It is noted, with the revision at which it was seen.
pub(super) fn seen(doing: Reason, now: &Alias, view: View<'_>) -> Short<LambdaAlias> {
    let routing = view.set.routing.clone();
    Short::Change {
        doing,
        set: Some(Set {
            routing: routing.map(|it| SetRouting {
                revision: now.revision.clone(),
                seen: true,
                ..it
            }),
            ..view.set.clone()
        }),
        changes: Vec::new(),
    }
}

/// What is kept warm for the alias is: its versions share it by their weights.
pub(super) fn warm(model: &LambdaAlias, view: View<'_>) -> Result<(), Short<LambdaAlias>> {
    let alias = model.qualified();
    match view.seen.provisioned.get() {
        None => Err(Short::wait(Shared::OtherInvocation)),
        Some(None) => Ok(()),
        Some(Some(warm)) => match &warm.state {
            State::Done => Ok(()),
            State::Pending => Err(Short::Wait(Reason::Warming {
                alias,
                available: warm.available,
                requested: warm.requested,
            })),
            State::Failed(why) => Err(Short::Refuse(Reason::NotWarm {
                alias,
                why: why.clone(),
            })),
        },
    }
}
