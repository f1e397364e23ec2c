//! Stories that random ones have found, as they were printed.

use super::{
    Story,
    story::{Event::*, Fate::*, Finally, Function::*, Operation::*, Pair, Service::*, at},
    tell,
};
use rehearsal_core::wire::Ailment::*;

/// Releases without any trouble.
#[test]
fn nothing_happens() {
    for pair in Pair::ALL {
        tell(pair, Finally::Approved, &[]);
        tell(pair, Finally::Rejected, &[]);
    }
}

/// The primary that the release had lowered stays so with somebody's version on it, as the notice says.
#[test]
fn a_version_on_the_primary_while_the_approval_waits_keeps_its_tasks() {
    tell(
        Pair::QueueConstantTotal,
        Finally::Rejected,
        &[at(420, Hotfix(Primary)), at(840, Calm)],
    );
}

/// Two notices: what the canary lacks is seen only once somebody has given the primary its version.
#[test]
fn an_inactive_stable_version_is_put_on_one_service_after_the_other() {
    tell(
        Pair::Alb,
        Finally::Rejected,
        &[at(600, Approve), at(600, Deregister), at(660, Weights(97))],
    );
}

/// What is printed is what is pasted.
#[test]
fn a_story_is_printed_as_it_is_told() {
    let story = Story {
        pair: Pair::Alb,
        finally: Finally::Approved,
        events: vec![
            at(312, Alarm),
            at(340, Events(Lost, 60)),
            at(341, Ails(Rollback, UpdateService, Throttled, 90)),
            at(400, Count(Canary, 3)),
        ],
    };
    let pasted = r"tell(Pair::Alb, Finally::Approved, &[
    at(312, Alarm),
    at(340, Events(Lost, 60)),
    at(341, Ails(Rollback, UpdateService, Throttled, 90)),
    at(400, Count(Canary, 3)),
])";
    assert_eq!(story.to_string(), pasted);
    let source = include_str!("found.rs");
    let body = pasted
        .split_once("&[")
        .map_or("", |(_, events)| events.trim_end_matches("])").trim());
    let lines = body
        .lines()
        .all(|line| source.matches(line.trim()).count() >= 2);
    assert!(lines, "the same lines are Rust above");
}
