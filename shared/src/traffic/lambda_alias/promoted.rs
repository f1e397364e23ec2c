//! A promoted function: its alias sends everything to the candidate.

use super::{
    LambdaAlias, Reason, View,
    share::{alias, is_unseen, routed, seen, warm},
};
use crate::{
    aws::function::Routing,
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// How far the promotion is.
pub(super) fn toward(model: &LambdaAlias, over: bool, view: View<'_>) -> Toward<LambdaAlias> {
    let Some(candidate) = view.set.version() else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let to = Routing::all(candidate.clone());
    let promoted = Attained {
        said: format!("alias {} sends everything to {to}", model.qualified()),
        share: None,
        but: Vec::new(),
    };
    let now = alias(view)?;
    // What somebody has done to it since is theirs.
    if over {
        return Ok(promoted);
    }
    let doing = || Reason::Promote {
        alias: model.qualified(),
        to: to.clone(),
    };
    routed(model, to.clone(), doing(), false, view)?;
    if is_unseen(view) {
        return Err(seen(doing(), now, view));
    }
    warm(model, view)?;
    Ok(promoted)
}

/// The alias still shares its invocations between the stable version and what was approved.
pub(super) fn approved(model: &LambdaAlias, view: View<'_>) -> Result<(), Short<LambdaAlias>> {
    let now = alias(view)?;
    let set = view.set.routing.as_ref().map(|set| &set.to);
    match set {
        Some(set) if now.routing.is(set) => Ok(()),
        None if now.routing.is(&view.found.routing()) => Ok(()),
        set => Err(Short::Refuse(Reason::Changed {
            alias: model.qualified(),
            found: now.routing.clone(),
            set: set.cloned().unwrap_or_else(|| view.found.routing()),
        })),
    }
}
