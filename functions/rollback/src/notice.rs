//! What people are told of a rollback: that it begins, what AWS refuses, and that everything is as the release found it. Pure.

mod incomplete;

use crate::{Seen, words::Reason};
use canary::{
    clock::Timestamp,
    job::cut,
    notice::Notice,
    reconcile::trigger::Trigger,
    record::{Phase, Record},
    traffic::Seen as Pair,
};

pub use incomplete::{Incomplete, incomplete};

/// Characters of a cause in a notice; alarms' reasons are at most as long.
const LONGEST_CAUSE: usize = 1024;

/// A rollback begins: the record before it, and the one that is its fence.
#[must_use]
pub fn begun(before: &Record, after: &Record, why: &Trigger) -> Notice {
    let mut lines = about(after);
    lines.push(format!("Previous phase: {}", before.phase));
    lines.push(format!("Triggered by: {}", asker(why)));
    lines.push("What happens now:".to_owned());
    lines.extend(restored(after, &after.model().nothing(), after.phase_since));
    let rolling_back = after.rollback();
    if rolling_back.is_some_and(|it| it.ends_execution) {
        lines.push("- the pipeline execution is ended".to_owned());
    }
    lines.push("Another message follows when that is done.".to_owned());
    notice(after, "rolling back", "is being rolled back", &lines)
}

/// A rollback is over: the record of it, the one that says so, and what the last look saw.
#[must_use]
pub fn finished(rolling_back: &Record, rolled_back: &Record, seen: &Seen) -> Notice {
    let mut lines = about(rolling_back);
    lines.push("What was restored:".to_owned());
    lines.extend(restored(rolling_back, &seen.pair, seen.now));
    if let Phase::RolledBack { left, missed, .. } = &rolled_back.phase {
        lines.extend(listed(
            "What was left as it is, because somebody has put it there since:",
            left,
        ));
        lines.extend(listed("What did not happen meanwhile:", missed));
    }
    notice(rolling_back, "rolled back", "is rolled back", &lines)
}

/// Something about a release that goes on, or is promoted, has changed: its share cannot be held, its guard is over, or nobody
/// watches it as they should.
#[must_use]
pub fn kept(record: &Record, why: &Reason) -> Notice {
    let (what, is, why, next) = match why {
        Reason::EndGuard { cause, .. } => (
            "alarms do not roll back any more",
            "is promoted, and alarms do not roll it back any more",
            cause.to_string(),
            "What somebody has changed stays. To roll the release back all the same, invoke rollback by hand.",
        ),
        Reason::Failing { since, why, .. } => (
            "watch fails",
            "is not watched as it should be",
            format!("since {since}, {why}"),
            "Alarms whose events arrive, the end of its execution, and people roll it back all the same; what is lost is not made good. \
             This is told again every hour, after a day every day.",
        ),
        Reason::GoesOn { told, .. } => (
            "worse canary goes on",
            "goes on although its canary is seen to be worse",
            told.to_string(),
            "Nothing was rolled back. Reject its approval, or invoke rollback by hand, if it is not to be promoted.",
        ),
        Reason::Stays { told, .. } => (
            "worse release stays",
            "stays promoted although it is seen to be worse",
            told.to_string(),
            "Nothing was rolled back. To roll it back, invoke rollback by hand.",
        ),
        _ => (
            "share not held",
            "waits, and its share is not what was asked for",
            why.to_string(),
            "Nothing was rolled back. Whoever approves should know that the canary has had less to do than the share says.",
        ),
    };
    let (pair, release) = (record.target.name(), &record.release);
    let about = about(record).join("\n");
    let message = format!("Release {release} of {pair} {is}: {why}.\n\n{about}\n{next}\n");
    let what = format!("{what}, release {release}");
    Notice::new(&pair, &what, message)
}

fn notice(record: &Record, doing: &str, is: &str, lines: &[String]) -> Notice {
    let (pair, release) = (record.target.name(), &record.release);
    let cause = cause(record);
    let message = format!(
        "Release {release} of {pair} {is}: {cause}.\n\n{}\n",
        lines.join("\n")
    );
    Notice::new(&pair, &format!("{doing} release {release}"), message)
}

/// Why, cut to what people read, without its full stop.
fn cause(record: &Record) -> String {
    let what = record.rollback().map_or("", |it| it.cause.what.as_str());
    let cause = cut(what, LONGEST_CAUSE);
    cause.trim_end_matches('.').to_owned()
}

fn about(record: &Record) -> Vec<String> {
    vec![
        format!("Pair: {}", record.pair),
        format!("Release: {}", record.release),
        format!("Pipeline: {}", record.target.pipeline),
    ]
}

/// A list under its heading; nothing if it is empty.
fn listed(heading: &str, list: &[String]) -> Vec<String> {
    let heading = (!list.is_empty()).then(|| heading.to_owned());
    let items = list.iter().map(|it| format!("- {it}"));
    heading.into_iter().chain(items).collect()
}

fn asker(why: &Trigger) -> String {
    match why {
        Trigger::Action(_) => "an action of its pipeline".to_owned(),
        Trigger::Hand(_) => "a person".to_owned(),
        Trigger::Alarm(firing) => format!("alarm {}", firing.alarm),
        Trigger::Ended(_) => "the end of its pipeline execution, or of its approval".to_owned(),
        Trigger::Schedule => "the schedule, which found this".to_owned(),
    }
}

/// What goes back to what it was, one line each. The record is that of a release being rolled back.
fn restored(record: &Record, seen: &Pair, now: Timestamp) -> Vec<String> {
    record.open(now, seen).restores()
}

#[cfg(test)]
mod tests;
