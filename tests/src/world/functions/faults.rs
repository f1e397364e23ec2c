//! AWS's words for what it refuses.

use serde_json::Value;

use super::names::Named;
use crate::world::{Fault, World};

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

pub(super) fn not_found(message: impl Into<String>) -> Fault {
    Fault::with_status("ResourceNotFoundException", message, 404)
}

pub(super) fn conflict(message: impl Into<String>) -> Fault {
    Fault::with_status("ResourceConflictException", message, 409)
}

pub(super) fn no_function(world: &World, named: &Named) -> Fault {
    not_found(format!("Function not found: {}", named.arn(world)))
}

pub(super) fn no_alias(world: &World, named: &Named) -> Fault {
    not_found(format!("Cannot find alias arn: {}", named.arn(world)))
}

/// Refuses a change of what has changed since the caller has read it.
pub(super) fn check_revision(input: &Value, current: &str) -> Result<(), Fault> {
    match input["RevisionId"].as_str() {
        Some(revision) if revision != current => Err(Fault::with_status(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the \
             GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )),
        _ => Ok(()),
    }
}

/// Refuses members of the model that do nothing here.
pub(super) fn refuse_others(input: &Value, known: &[&str]) -> Result<(), Fault> {
    let mut members = input.as_object().into_iter().flatten();
    let other = members.find(|(member, _)| !known.contains(&member.as_str()));
    other.map_or(Ok(()), |(member, _)| {
        Err(invalid(format!(
            "The local account does not have {member}."
        )))
    })
}
