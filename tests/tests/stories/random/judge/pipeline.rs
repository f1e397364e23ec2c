//! Functions, jobs and executions.

use rehearsal_core::world::journal::{Entry, What};

use super::time;
use crate::random::told::{Did, Told};

/// `errorType` of invocations that failed. Documented in `shared/docs/messages.md`, "A failed invocation".
const NAMED: [&str; 8] = [
    "Throttled",
    "NoAnswer",
    "PermissionDenied",
    "NotFound",
    "AwsRefused",
    "ConfigurationError",
    "UnreadableRecord",
    "RecordConflict",
];

/// What Lambda says of an invocation that a story has killed.
const KILLED: &str = "Runtime exited with error: signal: killed";

pub(super) fn functions_fail_by_name(told: &Told) -> Option<String> {
    told.journal
        .iter()
        .find_map(|Entry { at, what }| match what {
            What::Returned {
                function,
                error: Some(error),
                ..
            } if !is_named(error) => Some(format!("{} {function} failed: {error}", time(*at))),
            _ => None,
        })
}

fn is_named(error: &str) -> bool {
    error == KILLED
        || error
            .split_once(':')
            .is_some_and(|(name, _)| NAMED.contains(&name))
}

pub(super) fn comes_to_an_end(told: &Told) -> Option<String> {
    let unreported = told
        .journal
        .iter()
        .find_map(|Entry { at, what }| match what {
            What::Action {
                action,
                summary: Some(summary),
                ..
            } if summary.contains("did not report a result") && !is_hindered(told) => {
                Some(format!("{} {action}: {summary}", time(*at)))
            }
            _ => None,
        });
    unreported.or_else(|| (!told.open.is_empty()).then(|| told.open.join(", ")))
}

/// Whether more was done to functions than three attempts can bear.
fn is_hindered(told: &Told) -> bool {
    let hindered = told.deeds.iter();
    let hindered = hindered.filter(|deed| matches!(deed.what, Did::Hindered(..)));
    hindered.count() > 1
}

pub(super) fn next_gets_through(told: &Told) -> Option<String> {
    let (ended, said) = &told.next;
    (ended != "SUCCEEDED").then(|| format!("it ended as {ended}: {said}"))
}
