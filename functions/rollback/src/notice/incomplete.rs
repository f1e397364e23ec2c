//! What people are told of a rollback that is not complete.

use canary::{
    clock::{Spoken, Timestamp},
    decision::Notice,
    job::cut,
    record::{FoundInFull, Missing, Record},
};
use serde_json::Value;

use super::{LONGEST_CAUSE, about, cause};

/// Characters of a task definition in a notice; SNS takes 256 KiB in all (API reference, `Publish`).
const LONGEST_DEFINITION: usize = 60_000;

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
