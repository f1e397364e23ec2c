//! What people are told of a rollback that is not complete.

use canary::{
    clock::{Spoken, Timestamp},
    job::cut,
    notice::Notice,
    parts::{body::Part, release::Missing},
    record::Record,
};

use super::{LONGEST_CAUSE, about, cause};

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
    pub found: Option<&'a Part>,
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
    if let Some(found) = incomplete.found {
        let model = record.target.restoring();
        lines.extend(model.by_hand(missing, found, incomplete.table));
    }
    let (pair, release) = (record.target.name(), &record.release);
    let lasts = Spoken(incomplete.now.since(record.phase_since));
    let (what, is) = if missing.is_empty() {
        let is =
            format!("The rollback of release {release} of {pair} is not complete after {lasts}");
        (format!("rollback of release {release} is not complete"), is)
    } else {
        let is = format!("AWS refuses a part of the rollback of release {release} of {pair}");
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
    Notice::new(&pair, &what, message)
}

/// When people hear of it again.
const AGAIN: &str =
    "This is told again every hour, after a day every day, and when it is complete.";
