//! Safety questions about a queue's consumers.

use super::{Noted, Queue, Reason, Set, View};
use crate::parts::{
    gate::{Gate, When},
    letters::Letters,
};

/// What of a gate is seen closed.
pub(super) fn ask(queue: &Queue, gate: Gate, when: When, view: View<'_>) -> Result<(), Reason> {
    let pair = queue.pair(view);
    let asked = view.asked;
    match gate {
        Gate::DeadLetters => dead_letters(queue, when, view),
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
    let letters = || {
        let (_, allowed) = allowed(queue, when)?;
        view.set.letters?.beyond?;
        Some(Reason::MoreLetters {
            queue: dead_letter_queue(queue),
            now: (*view.seen.dead_letters.get()?)?,
            allowed,
        })
    };
    let exits = || {
        let pair = queue.pair(view);
        let exits = pair.undecided_exits();
        exits.filter(|_| when != When::Guard).map(Reason::Pair)
    };
    letters().or_else(exits)
}

/// What is set, with what this look has seen that counts only together with other looks.
pub(super) fn noted(queue: &Queue, when: When, view: View<'_>) -> Noted<Set> {
    let before = view.set;
    let mut set = view.set.with(queue.pair(view).noted(when));
    let count = view.seen.dead_letters.get().copied().flatten();
    if let (Some(count), Some((_, allowed)), Some(letters)) =
        (count, allowed(queue, when), letters(view))
    {
        let found = view.found.dead_letters.map(Letters::found);
        set.letters = Some(letters.seeing(count, allowed, view.now))
            .filter(|it| it.begun.is_none() && Some(*it) != found);
    }
    let of_letters = (set.letters != before.letters).then(|| set.pair.said());
    Noted {
        news: set.pair.news(&before.pair).or(of_letters),
        set,
    }
}

/// What is known of the dead-letter queue, if the release had one to ask.
fn letters(view: View<'_>) -> Option<Letters> {
    let begun = || Some(Letters::begun(view.found.dead_letters?, view.began));
    view.set.letters.or_else(begun)
}

/// The field that bounds dead letters, and the bound. Within the guard only where one is set for it.
fn allowed(queue: &Queue, when: When) -> Option<(&'static str, u64)> {
    let traffic = &queue.traffic.queue;
    match when {
        When::Guard => Some(("guardMaxDeadLetters", traffic.guard_max_dead_letters?)),
        When::Action | When::Approval => Some(("maxDeadLetters", traffic.max_dead_letters)),
    }
}

/// The dead-letter queue has not grown by more than the target allows.
fn dead_letters(queue: &Queue, when: When, view: View<'_>) -> Result<(), Reason> {
    let count = view.seen.dead_letters.get().copied().flatten();
    let (Some(count), Some(letters), Some((field, allowed))) =
        (count, letters(view), allowed(queue, when))
    else {
        return Ok(());
    };
    if !letters.are_too_many(view.now) {
        return Ok(());
    }
    Err(Reason::DeadLetters {
        queue: dead_letter_queue(queue),
        grown: count.saturating_sub(letters.mark),
        allowed,
        field,
        now: count,
    })
}

fn dead_letter_queue(queue: &Queue) -> String {
    let url = queue.traffic.queue.dead_letter_url.as_ref();
    url.map_or_else(String::new, |url| url.queue().to_owned())
}
