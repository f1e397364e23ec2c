//! Functions, jobs and executions.

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    world::journal::{Entry, What},
};

use super::time;
use crate::random::{event::Function, told::Told};

/// `errorType` of invocations that failed. Documented in `shared/docs/messages.md`, "A failed invocation".
const NAMED: [&str; 9] = [
    "Throttled",
    "NoAnswer",
    "Outrun",
    "PermissionDenied",
    "NotFound",
    "AwsRefused",
    "ConfigurationError",
    "UnreadableRecord",
    "RecordConflict",
];

/// What Lambda says of an invocation that a story has killed.
const KILLED: &str = "Runtime exited with error: signal: killed";

/// What CodePipeline says of a job without a report, after the function's name, and after how long.
const UNREPORTED: &str = "did not report a result";
const ANSWER_WITHIN: Duration = Duration::from_mins(20);

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
            } if summary.contains(UNREPORTED) && !is_excused(told, summary, *at) => {
                Some(format!("{} {action}: {summary}", time(*at)))
            }
            _ => None,
        });
    unreported.or_else(|| (!told.open.is_empty()).then(|| told.open.join(", ")))
}

/// Whether more was done to the job's function, while the job was open, than three attempts can bear: one fault is never enough.
fn is_excused(told: &Told, summary: &str, at: Moment) -> bool {
    let of_job =
        |function: &Function| summary.contains(&format!(" {} {UNREPORTED}", function.name()));
    let Some(function) = Function::ALL.into_iter().find(of_job) else {
        return false;
    };
    let hindered = told.hindered(function.name());
    let during = hindered
        .iter()
        .filter(|it| it.start < at && it.end + ANSWER_WITHIN > at);
    during.count() > 1
}

pub(super) fn next_gets_through(told: &Told) -> Option<String> {
    let (ended, said) = &told.next;
    (ended != "SUCCEEDED").then(|| format!("it ended as {ended}: {said}"))
}
