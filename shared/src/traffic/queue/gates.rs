//! Safety questions about a queue's consumers.

use super::{Noted, Queue, Reason, Set, View};
use crate::{
    parts::{
        gate::{Gate, When},
        letters::Counted,
    },
    traffic::model::Question,
};

/// In the order in which they are asked. The circuit breaker comes before foreign writes: what ECS takes back is its own doing.
pub(super) const GATES: [(Gate, Question<Queue>); 4] = [
    (Gate::DeadLetters, |queue, when, view| {
        Ok(queue.traffic.queue.letters.ask(when, counted(view))?)
    }),
    (Gate::CircuitBreaker, |queue, _, view| {
        Ok(queue.pair(view).unbroken()?)
    }),
    (Gate::ForeignWrite, |queue, when, view| {
        let (pair, asked) = (queue.pair(view), view.asked);
        pair.versions(asked)?;
        Ok(pair.counts(when, asked, |_| queue.first_tasks(view))?)
    }),
    (Gate::Exits, |queue, _, view| {
        Ok(queue.pair(view).exits()?)
    }),
];

/// What nobody can tell yet.
pub(super) fn undecided(queue: &Queue, when: When, view: View<'_>) -> Option<Reason> {
    let letters = queue.traffic.queue.letters.undecided(when, counted(view));
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
        letters: queue.traffic.queue.letters.noted(when, counted(view)),
        ..view.set.with(queue.pair(view).noted(when))
    };
    let of_letters = (set.letters != before.letters).then(|| set.pair.said());
    Noted {
        news: set.pair.news(&before.pair).or(of_letters),
        set,
    }
}

fn counted(view: View<'_>) -> Counted {
    let (found, set) = (view.found.dead_letters, view.set.letters);
    view.of_letters(found, set, &view.seen.dead_letters)
}
