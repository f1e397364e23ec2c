//! Safety questions about a queue's consumers.

use super::{Noted, Queue, Reason, Set, View};
use crate::parts::{
    gate::{Gate, When},
    letters::{Bound, Counted},
};

/// What of a gate is seen closed.
pub(super) fn ask(queue: &Queue, gate: Gate, when: When, view: View<'_>) -> Result<(), Reason> {
    let pair = queue.pair(view);
    let asked = view.asked;
    match gate {
        Gate::DeadLetters => Ok(bound(queue).ask(when, counted(view))?),
        Gate::CircuitBreaker => Ok(pair.unbroken()?),
        Gate::ForeignWrite => {
            pair.versions(asked)?;
            Ok(pair.counts(when, asked, |_| queue.first_tasks(view))?)
        }
        Gate::Exits => Ok(pair.exits()?),
        Gate::Ownership | Gate::Alarms | Gate::Targets | Gate::Verdict => Ok(()),
    }
}

/// What nobody can tell yet.
pub(super) fn undecided(queue: &Queue, when: When, view: View<'_>) -> Option<Reason> {
    let letters = bound(queue).undecided(when, counted(view));
    let exits = || {
        let pair = queue.pair(view);
        let exits = pair.undecided_exits();
        exits.filter(|_| when != When::Guard).map(Reason::Pair)
    };
    letters.map(Reason::Letters).or_else(exits)
}

/// What is set, with what this look has seen that counts only together with other looks.
pub(super) fn noted(queue: &Queue, when: When, view: View<'_>) -> Noted<Set> {
    let before = view.set;
    let set = Set {
        letters: bound(queue).noted(when, counted(view)),
        ..view.set.with(queue.pair(view).noted(when))
    };
    let of_letters = (set.letters != before.letters).then(|| set.pair.said());
    Noted {
        news: set.pair.news(&before.pair).or(of_letters),
        set,
    }
}

fn bound(queue: &Queue) -> Bound<'_> {
    let traffic = &queue.traffic.queue;
    Bound::of(
        traffic.dead_letter_url.as_ref(),
        traffic.max_dead_letters,
        traffic.guard_max_dead_letters,
    )
}

fn counted(view: View<'_>) -> Counted {
    let (found, set) = (view.found.dead_letters, view.set.letters);
    view.of_letters(found, set, &view.seen.dead_letters)
}
