//! Safety questions about a function and its alias.

use super::{LambdaAlias, Noted, Reason, Set, View};
use crate::{
    aws::function::{Alias, Routing},
    parts::{
        News,
        gate::{Gate, When},
        letters::Counted,
    },
    traffic::model::Question,
};

/// In the order in which they are asked.
pub(super) const GATES: [(Gate, Question<LambdaAlias>); 2] = [
    (Gate::DeadLetters, |model, when, view| {
        Ok(model.letters().ask(when, counted(view))?)
    }),
    (Gate::ForeignWrite, |model, _, view| unchanged(model, view)),
];

/// The alias sends its invocations where the release has last sent them, or as it did before that.
fn unchanged(model: &LambdaAlias, view: View<'_>) -> Result<(), Reason> {
    match view.seen.alias.get() {
        Some(alias) if !is_ours(alias, view) => Err(Reason::Changed {
            alias: model.qualified(),
            found: alias.routing.clone(),
            set: expected(view),
        }),
        _ => Ok(()),
    }
}

/// Whether the release may have sent its invocations there.
pub(super) fn is_ours(alias: &Alias, view: View<'_>) -> bool {
    match &view.set.routing {
        Some(set) => alias.routing.is(&set.to) || !set.seen && alias.routing.is(&set.from),
        None => alias.routing.is(&view.found.routing()),
    }
}

fn expected(view: View<'_>) -> Routing {
    let set = view.set.routing.as_ref();
    set.map_or_else(|| view.found.routing(), |set| set.to.clone())
}

/// What nobody can tell yet.
pub(super) fn undecided(model: &LambdaAlias, when: When, view: View<'_>) -> Option<Reason> {
    let letters = model.letters().undecided(when, counted(view));
    letters.map(Reason::Letters)
}

/// What is set, with what this look has seen that counts only together with other looks.
pub(super) fn noted(model: &LambdaAlias, when: When, view: View<'_>) -> Noted<Set> {
    let set = Set {
        letters: model.letters().noted(when, counted(view)),
        ..view.set.clone()
    };
    let news = (set.letters != view.set.letters).then(|| News {
        said: String::new(),
        is_setback: false,
    });
    Noted { set, news }
}

fn counted(view: View<'_>) -> Counted {
    let (found, set) = (view.found.dead_letters, view.set.letters);
    view.of_letters(found, set, &view.seen.dead_letters)
}
