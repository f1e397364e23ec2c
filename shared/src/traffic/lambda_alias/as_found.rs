//! The alias of a function as the release found it.

use super::{Change, Found, LambdaAlias, Reason, Set, View, gates::is_ours};
use crate::{
    aws::function::Routing,
    known::Known,
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// The stopping call, as far as it needs nothing to be looked at: whoever has written the alias since it was last seen is not written
/// over.
pub(super) fn stop(model: &LambdaAlias, view: View<'_>) -> Option<Change> {
    let set = view.set.routing.as_ref()?;
    let found = view.found.routing();
    (!set.to.is(&found)).then(|| back(model, found, set.revision.clone()))
}

fn back(model: &LambdaAlias, to: Routing, revision: String) -> Change {
    Change::Route {
        alias: model.qualified(),
        to,
        revision,
    }
}

/// What is between what is seen and what the release found.
pub(super) fn toward(model: &LambdaAlias, fenced: bool, view: View<'_>) -> Toward<LambdaAlias> {
    let found = view.found.routing();
    let going_on = || Reason::Shared(Shared::GoOnRollingBack(view.release.clone()));
    let seen = match &view.seen.alias {
        Known::Unknown(unseen) => return Err(Short::wait(Shared::NotSeen(unseen.to_string()))),
        Known::Gone => {
            return Ok(over(Some(format!(
                "alias {} does not exist any more",
                model.qualified()
            ))));
        }
        Known::Known(seen) => seen,
    };
    if view.set.routing.is_none() {
        // No invocation has gone to the candidate.
        return if fenced {
            Ok(over(None))
        } else {
            Err(Short::Wait(going_on()))
        };
    }
    let is_back = seen.routing.is(&found);
    if !is_back && !is_ours(seen, view) {
        let theirs = format!(
            "somebody else has changed alias {}: it sends its invocations to {}, and that is left",
            model.qualified(),
            seen.routing
        );
        return Ok(over(Some(theirs)));
    }
    let since = view.set.back_since.filter(|_| is_back);
    let since_now = is_back.then(|| since.unwrap_or(view.now));
    let set = (since_now != view.set.back_since).then(|| Set {
        back_since: since_now,
        ..view.set.clone()
    });
    let changes: Vec<_> = (!is_back)
        .then(|| back(model, found, seen.revision.clone()))
        .into_iter()
        .collect();
    if set.is_some() || !changes.is_empty() {
        return Err(Short::Change {
            doing: going_on(),
            set,
            changes,
        });
    }
    finished(model, fenced, view)
}

/// Invocations of the candidate have ended.
fn finished(model: &LambdaAlias, fenced: bool, view: View<'_>) -> Toward<LambdaAlias> {
    let timeout = view.set.longest();
    let until = view.set.back_since.map(|since| since + timeout);
    match (until, view.set.version()) {
        (Some(until), Some(version)) if view.now < until => Err(Short::Wait(Reason::Finishing {
            alias: model.qualified(),
            version: version.clone(),
            until,
            timeout,
        })),
        _ if !fenced => Err(Short::wait(Shared::GoOnRollingBack(view.release.clone()))),
        _ => Ok(over(None)),
    }
}

fn over(but: Option<String>) -> Attained {
    Attained {
        said: "as found".to_owned(),
        share: None,
        but: but.into_iter().collect(),
    }
}

/// What a rollback puts back.
pub(super) fn restores(model: &LambdaAlias, view: View<'_>) -> Vec<String> {
    let is_written = view.set.routing.is_some();
    let line = || {
        format!(
            "alias {}: everything to {}",
            model.qualified(),
            view.found.routing()
        )
    };
    is_written.then(line).into_iter().collect()
}

/// The call that puts it back, for people.
pub(super) fn by_hand(model: &LambdaAlias, found: &Found) -> Vec<String> {
    let call = format!(
        "  aws lambda update-alias --function-name {} --name {} --function-version {} --routing-config AdditionalVersionWeights={{}}",
        model.function, model.alias, found.version
    );
    vec![
        String::new(),
        "To send everything back by hand:".to_owned(),
        call,
    ]
}
