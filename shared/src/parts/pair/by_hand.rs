//! What people can do where AWS refuses a rollback something.

use serde_json::Value;

use super::InFull;
use crate::{job::cut, names::PairId, parts::release::Missing};

/// Characters of a task definition in a notice; SNS takes 256 KiB in all (API reference, `Publish`).
const LONGEST_DEFINITION: usize = 60_000;

/// How a version that is gone is put in the place of itself: what the release found, for whoever registers it once more.
#[must_use]
pub fn by_hand(pair: &PairId, missing: &[Missing], found: &InFull, table: &str) -> Vec<String> {
    let is_about = |version: &str| {
        missing
            .iter()
            .any(|it| it.what.ends_with(version) || it.what.contains(&format!("{version} ")))
    };
    let definitions = found.definitions.iter();
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
                pair, definition.task_definition
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
