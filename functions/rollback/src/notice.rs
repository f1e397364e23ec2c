//! What people are told of a rollback: that it begins, what AWS refuses, and that everything is as the release found it. Pure.

use canary::{
    clock::{Spoken, Timestamp},
    decision::{Doing, Notice},
    job::cut,
    record::{FoundInFull, Missing, Phase, Record},
    traffic::{door::Looked, sight::Sight},
    trigger::Trigger,
};
use serde_json::Value;

use crate::Seen;

/// Characters of a cause in a notice; alarms' reasons are at most as long.
const LONGEST_CAUSE: usize = 1024;

/// Characters of a task definition in a notice; SNS takes 256 KiB in all (API reference, `Publish`).
const LONGEST_DEFINITION: usize = 60_000;

/// A rollback begins: the record before it, and the one that is its fence.
#[must_use]
pub fn begun(before: &Record, after: &Record, why: &Trigger) -> Notice {
    let mut lines = about(after);
    lines.push(format!("Phase: {} until now", before.phase));
    lines.push(format!("Asked for by: {}", asker(why)));
    lines.push("What happens now:".to_owned());
    lines.extend(restored(
        after,
        &Sight::nothing(&after.target),
        after.phase_since,
    ));
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
pub fn kept(record: &Record, doing: &Doing) -> Notice {
    let (what, is, why, next) = match doing {
        Doing::EndGuard { cause, .. } => (
            "alarms do not roll back any more",
            "is promoted, and alarms do not roll it back any more",
            cause.to_string(),
            "What somebody has changed stays. To roll the release back all the same, invoke rollback by hand.",
        ),
        Doing::Failing { since, why, .. } => (
            "watch fails",
            "is not watched as it should be",
            format!("since {since}, {why}"),
            "Alarms whose events arrive, the end of its execution, and people roll it back all the same; what is lost is not made good. \
             This is told again every hour, after a day every day.",
        ),
        _ => (
            "share not held",
            "waits, and its share is not what was asked for",
            doing.to_string(),
            "Nothing was rolled back. Whoever approves should know that the canary has had less to do than the share says.",
        ),
    };
    let (primary, release) = (&record.target.primary, &record.release);
    let about = about(record).join("\n");
    let message = format!("Release {release} of {primary} {is}: {why}.\n\n{about}\n{next}\n");
    let what = format!("{what}, release {release}");
    Notice::new(primary.as_str(), &what, message)
}

/// What keeps a rollback from being complete.
#[derive(Debug)]
pub struct Incomplete<'a> {
    /// What AWS refuses.
    pub missing: &'a [Missing],
    /// What is waited for, in words, where that takes long.
    pub waits_for: Vec<String>,
    /// When it is.
    pub now: Timestamp,
    /// What the release found, if it could be read.
    pub found: Option<&'a FoundInFull>,
    /// The table of the release records.
    pub table: &'a str,
}

/// A rollback is not complete: AWS refuses a part of it, or it takes long. What, and what a person can do about it.
#[must_use]
pub fn incomplete(record: &Record, incomplete: &Incomplete<'_>) -> Notice {
    let mut lines = about(record);
    let Incomplete {
        missing, waits_for, ..
    } = incomplete;
    if !missing.is_empty() {
        lines.push("What should be so and AWS refuses; it is tried again every minute:".to_owned());
        lines.extend(missing.iter().map(|it| {
            let why = cut(&it.why, LONGEST_CAUSE);
            format!("- {}, since {}: {why}", it.what, it.since)
        }));
    }
    if !waits_for.is_empty() {
        lines.push("What it waits for:".to_owned());
        let waits_for = waits_for.iter();
        lines.extend(waits_for.map(|it| format!("- {}", cut(it, LONGEST_CAUSE))));
    }
    lines.push("Everything else is restored or being restored, and goes on without it.".to_owned());
    lines.push(AGAIN.to_owned());
    lines.extend(registering(record, incomplete));
    let (primary, release) = (&record.target.primary, &record.release);
    let lasts = Spoken(incomplete.now.since(record.phase_since));
    let (what, is) = if missing.is_empty() {
        let is =
            format!("The rollback of release {release} of {primary} is not complete after {lasts}");
        (format!("rollback of release {release} is not complete"), is)
    } else {
        let is = format!("AWS refuses a part of the rollback of release {release} of {primary}");
        (
            format!("cannot roll back everything of release {release}"),
            is,
        )
    };
    let message = format!(
        "{is}. It was begun because: {}.\n\n{}\n",
        cause(record),
        lines.join("\n")
    );
    Notice::new(primary.as_str(), &what, message)
}

/// When people hear of it again.
const AGAIN: &str =
    "This is told again every hour, after a day every day, and when it is complete.";

/// How a version that is gone is put in the place of itself: what the release found, for whoever registers it once more.
fn registering(record: &Record, incomplete: &Incomplete<'_>) -> Vec<String> {
    let Incomplete {
        missing,
        found,
        table,
        ..
    } = incomplete;
    let is_about = |version: &str| {
        missing
            .iter()
            .any(|it| it.what.ends_with(version) || it.what.contains(&format!("{version} ")))
    };
    let definitions = found.iter().flat_map(|found| &found.definitions);
    let definitions = definitions.filter(|it| is_about(it.task_definition.short()));
    let lines = definitions.flat_map(|definition| {
        let version = definition.task_definition.short();
        [
            String::new(),
            format!(
                "If {version} is INACTIVE, it never comes back by itself: register it once more and update the service to the new \
                 revision. The rollback leaves that in place, and ends. The whole input of RegisterTaskDefinition, as the release \
                 found it, is in table {table}:"
            ),
            format!(
                "  aws dynamodb get-item --table-name {table} --key '{{\"pair\": {{\"S\": \"{}\"}}, \"item\": {{\"S\": \"found\"}}}}' \
                 --query \"Item.definitions.L[?M.taskDefinition.S=='{}'].M.input.S | [0]\" --output text",
                record.pair, definition.task_definition
            ),
            format!("{version} without the values of its environment:"),
            cut(&without_values(&definition.input), LONGEST_DEFINITION),
        ]
    });
    lines.collect()
}

/// A task definition that may leave the account: environment variables keep their names.
fn without_values(definition: &str) -> String {
    let Ok(mut definition) = serde_json::from_str::<Value>(definition) else {
        return String::new();
    };
    let containers = definition["containerDefinitions"].as_array_mut();
    for container in containers.into_iter().flatten() {
        let variables = container["environment"].as_array_mut();
        for variable in variables.into_iter().flatten() {
            variable["value"] = "...".into();
        }
    }
    serde_json::to_string_pretty(&definition).unwrap_or_default()
}

fn notice(record: &Record, doing: &str, is: &str, lines: &[String]) -> Notice {
    let (primary, release) = (&record.target.primary, &record.release);
    let cause = cause(record);
    let message = format!(
        "Release {release} of {primary} {is}: {cause}.\n\n{}\n",
        lines.join("\n")
    );
    Notice::new(
        primary.as_str(),
        &format!("{doing} release {release}"),
        message,
    )
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
fn restored(record: &Record, seen: &Sight, now: Timestamp) -> Vec<String> {
    Looked { record, now, seen }.open().restores()
}

#[cfg(test)]
mod tests;
