//! What must hold in every world, each promise by itself. Nothing here knows how a story was played: it reads what happened.

mod alarms;
mod alias;
mod fence;
mod guard;
mod pair;
mod pipeline;
mod sets;
mod theirs;

use std::time::Duration;

use rehearsal_core::clock::Moment;

use super::{story::Kind, told::Told};
use crate::play::clock;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) promise: &'static str,
    /// How, and when.
    pub(super) words: String,
}

type Promise = (&'static str, fn(&Told) -> Option<String>);

/// In words, and whoever sees how it was broken.
const OF_ALL: &[Promise] = &[
    (
        "no function panics, outlives its time, or fails without a name that is documented",
        pipeline::functions_fail_by_name,
    ),
    (
        "what a rollback has fenced is written by nobody but rollback",
        fence::is_kept,
    ),
    (
        "the candidate gets no new work 60 s after a fence and a stopping call that AWS let through",
        fence::work_ends,
    ),
    (
        "no release goes forward while an alarm of its target is in ALARM, and it is rolled back soon",
        alarms::are_heeded,
    ),
    (
        "what somebody else writes within a guard ends the guard, people are told, and nothing is rolled back for it",
        guard::ends,
    ),
    (
        "every rollback is over within an hour of the last fault",
        fence::is_over,
    ),
    (
        "every job has its report, and nothing is in progress for ever",
        pipeline::comes_to_an_end,
    ),
    ("the next release gets through", pipeline::next_gets_through),
];

/// What is promised of two services.
const OF_PAIRS: &[Promise] = &[
    (
        "what somebody else has written is not overwritten",
        theirs::stays,
    ),
    (
        "no request goes where nobody is, and no task before its requests are answered",
        pair::requests_are_answered,
    ),
    (
        "the pair is as the release found it, or as the release or somebody else has left it",
        pair::is_as_it_should_be,
    ),
];

/// What is promised of an alias.
const OF_ALIASES: &[Promise] = &[
    (
        "what somebody else has written to the alias is not overwritten",
        alias::theirs_stays,
    ),
    (
        "the alias is as the release found it, or as the release or somebody else has left it",
        alias::is_as_it_should_be,
    ),
];

/// What is promised of a service of task sets.
const OF_SETS: &[Promise] = &[
    (
        "what somebody else has written is not overwritten",
        theirs::stays,
    ),
    (
        "nobody else's task set is touched, and what somebody else has set stays",
        sets::theirs_stays,
    ),
    (
        "no request goes where nobody is, and no task before its requests are answered",
        pair::requests_are_answered,
    ),
    (
        "the service is never without a task that nobody else has taken",
        sets::somebody_works,
    ),
    (
        "the task sets are as the release found them, or as the release or somebody else has left them",
        sets::are_as_they_should_be,
    ),
];

/// The first promise that was broken.
pub(super) fn broken(told: &Told) -> Option<Broken> {
    let of_kind = match told.target.kind() {
        Kind::Pair => OF_PAIRS,
        Kind::Alias => OF_ALIASES,
        Kind::Sets => OF_SETS,
    };
    OF_ALL
        .iter()
        .chain(of_kind)
        .find_map(|(promise, broken)| broken(told).map(|words| Broken { promise, words }))
}

fn seconds(many: u64) -> Duration {
    Duration::from_secs(many)
}

/// As transcripts have it.
fn time(at: Moment) -> String {
    clock(at)
}
