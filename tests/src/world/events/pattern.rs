//! Event patterns: nested objects of fields, and lists of values and matchers at their leaves.
//!
//! AWS: `EventBridge` user guide, "Creating Amazon `EventBridge` event patterns". Refusals are worded as in AWS's own matcher
//! (aws/event-ruler, `JsonRuleCompiler`), but for the place in the text, which AWS adds.

use serde_json::{Map, Value};

use super::matcher::Matcher;
use crate::world::Fault;

/// A pattern, ready to be asked.
#[derive(Debug)]
pub(super) struct Pattern(Vec<(String, Node)>);

#[derive(Debug)]
enum Node {
    Fields(Pattern),
    AnyOf(Vec<Matcher>),
}

impl Pattern {
    /// Compiles a rule's pattern, given as JSON text or as an object.
    pub(super) fn parse(pattern: &Value) -> Result<Self, Fault> {
        let parsed = match pattern {
            Value::String(text) => {
                serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?
            }
            other => other.clone(),
        };
        match parsed {
            Value::Object(fields) => fields_of(&fields),
            _ => Err(invalid("Filter is not an object")),
        }
    }

    /// Whether an event matches: every field of the pattern must.
    pub(super) fn matches(&self, event: &Value) -> bool {
        self.0.iter().all(|(name, node)| {
            let values = event.get(name).map(flattened).unwrap_or_default();
            match node {
                // Only `exists: false` further down can match what is not there.
                Node::Fields(fields) if values.is_empty() => {
                    fields.matches(&Value::Object(Map::new()))
                }
                Node::Fields(fields) => values.iter().any(|value| fields.matches(value)),
                Node::AnyOf(matchers) => {
                    let leaves: Vec<&Value> =
                        values.into_iter().filter(|it| !it.is_object()).collect();
                    matchers.iter().any(|matcher| matcher.matches(&leaves))
                }
            }
        })
    }
}

/// A value, or those of a list and of the lists in it.
fn flattened(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(flattened).collect(),
        value => vec![value],
    }
}

fn fields_of(fields: &Map<String, Value>) -> Result<Pattern, Fault> {
    if fields.is_empty() {
        return Err(invalid("Empty objects are not allowed"));
    }
    let nodes = fields
        .iter()
        .map(|(name, value)| Ok((name.clone(), node(name, value)?)));
    nodes.collect::<Result<_, _>>().map(Pattern)
}

fn node(name: &str, value: &Value) -> Result<Node, Fault> {
    match value {
        _ if name.starts_with('$') => Err(not_known(name)),
        Value::Object(fields) => fields_of(fields).map(Node::Fields),
        Value::Array(elements) if elements.is_empty() => {
            Err(invalid("Empty arrays are not allowed"))
        }
        Value::Array(elements) => {
            let matchers = elements.iter().map(Matcher::parse);
            matchers.collect::<Result<_, _>>().map(Node::AnyOf)
        }
        _ => Err(invalid(format!("\"{name}\" must be an object or an array"))),
    }
}

/// A pattern that AWS refuses.
pub(super) fn invalid(reason: impl std::fmt::Display) -> Fault {
    Fault::new(
        "InvalidEventPatternException",
        format!("Event pattern is not valid. Reason: {reason}"),
    )
}

/// What AWS knows in patterns and this account does not.
pub(super) fn not_known(name: &str) -> Fault {
    Fault::new(
        "InvalidEventPatternException",
        format!("The local account does not implement {name} in event patterns"),
    )
}
