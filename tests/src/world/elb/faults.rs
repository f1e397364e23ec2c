//! Errors as Elastic Load Balancing answers them, and members as requests have them.

use serde_json::Value;

use crate::world::Fault;

/// An input that breaks a constraint. AWS: API reference, "Common errors": `ValidationError`.
pub(super) fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

/// `InvalidLoadBalancerAction`.
pub(super) fn bad_action(message: impl Into<String>) -> Fault {
    Fault::new("InvalidLoadBalancerActionException", message)
}

/// What AWS has and this account has not.
pub(super) fn unsupported(what: &str, instead: &str) -> Fault {
    validation(format!(
        "The local account does not support {what}. {instead}"
    ))
}

pub(super) fn no_load_balancer(which: &str) -> Fault {
    not_found("LoadBalancer", "Load balancer", which)
}

pub(super) fn no_listener(which: &str) -> Fault {
    not_found("Listener", "Listener", which)
}

pub(super) fn no_rule(which: &str) -> Fault {
    not_found("Rule", "Rule", which)
}

pub(super) fn no_target_group(which: &str) -> Fault {
    not_found("TargetGroup", "Target group", which)
}

fn not_found(kind: &str, words: &str, which: &str) -> Fault {
    Fault::new(
        &format!("{kind}NotFoundException"),
        format!("{words} '{which}' not found"),
    )
}

/// Refuses members that are not among the known ones.
pub(super) fn only(input: &Value, what: &str, known: &[&str]) -> Result<(), Fault> {
    let members = input.as_object().into_iter().flatten();
    let other = members
        .map(|(name, _)| name)
        .find(|name| !known.contains(&name.as_str()));
    match other {
        Some(name) => Err(unsupported(
            &format!("{name} of {what}"),
            &format!("It knows {}.", known.join(", ")),
        )),
        None => Ok(()),
    }
}

/// A string member.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

/// The members of a list; none if it was left out.
pub(super) fn list<'a>(input: &'a Value, member: &str) -> Option<&'a [Value]> {
    input.get(member)?.as_array().map(Vec::as_slice)
}

/// The strings of a list member; none if it was left out.
pub(super) fn texts<'a>(input: &'a Value, member: &str) -> Option<Vec<&'a str>> {
    let items = list(input, member)?.iter();
    Some(items.filter_map(Value::as_str).collect())
}

/// A whole number that cannot be negative.
pub(super) fn count(input: &Value, member: &str) -> Option<u32> {
    input
        .get(member)?
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
}
