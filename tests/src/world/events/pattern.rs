//! Event patterns.
//!
//! Supported: lists of exact values, nested objects, `prefix`, `anything-but` (one value or a list
//! of values) and `exists`. AWS: `EventBridge` user guide, "Comparison operators for use in event
//! patterns".

use serde_json::{Map, Value};

use crate::world::Fault;

/// A pattern, ready to be asked.
#[derive(Debug)]
pub(super) struct Pattern(Vec<(String, Node)>);

#[derive(Debug)]
enum Node {
    Fields(Pattern),
    AnyOf(Vec<Matcher>),
}

#[derive(Debug)]
enum Matcher {
    Equals(Value),
    Prefix(String),
    AnythingBut(Vec<Value>),
    Exists(bool),
}

impl Pattern {
    /// Compiles a rule's pattern, given as JSON text or as an object.
    pub(super) fn parse(rule: &str, pattern: &Value) -> Result<Self, Fault> {
        let parsed = match pattern {
            Value::String(text) => serde_json::from_str(text).map_err(|error| error.to_string()),
            other => Ok(other.clone()),
        };
        parsed
            .and_then(|pattern| match pattern {
                Value::Object(fields) => fields_of("", &fields),
                _ => Err("it is not an object".to_owned()),
            })
            .map_err(|reason| {
                Fault::new(
                    "InvalidEventPatternException",
                    format!("rule {rule}: event pattern is not supported: {reason}"),
                )
            })
    }

    /// Whether an event matches: every field of the pattern must.
    pub(super) fn matches(&self, event: &Value) -> bool {
        self.0.iter().all(|(name, node)| {
            let value = event.get(name);
            match node {
                Node::Fields(fields) => match value {
                    Some(Value::Array(elements)) => elements.iter().any(|one| fields.matches(one)),
                    Some(value) => fields.matches(value),
                    // Only `exists: false` further down can match what is not there.
                    None => fields.matches(&Value::Object(Map::new())),
                },
                Node::AnyOf(matchers) => matchers.iter().any(|matcher| matcher.matches(value)),
            }
        })
    }
}

impl Matcher {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => *wanted == value.is_some(),
            (_, None) => false,
            (_, Some(Value::Array(elements))) => elements.iter().any(|one| self.accepts(one)),
            (_, Some(value)) => self.accepts(value),
        }
    }

    /// Numbers are compared as they are written: 3 is not 3.0. AWS: same page, "exact matching".
    fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => wanted == value,
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::AnythingBut(unwanted) => !unwanted.contains(value),
            Self::Exists(wanted) => *wanted,
        }
    }
}

fn fields_of(path: &str, fields: &Map<String, Value>) -> Result<Pattern, String> {
    if fields.is_empty() {
        return Err(format!("{} is empty", place(path)));
    }
    let mut nodes = Vec::new();
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        if name.starts_with('$') {
            return Err(format!("{name} at {}", place(&path)));
        }
        nodes.push((name.clone(), node(&path, value)?));
    }
    Ok(Pattern(nodes))
}

fn node(path: &str, value: &Value) -> Result<Node, String> {
    match value {
        Value::Object(fields) => fields_of(path, fields).map(Node::Fields),
        Value::Array(elements) if !elements.is_empty() => elements
            .iter()
            .map(|element| matcher(path, element))
            .collect::<Result<_, _>>()
            .map(Node::AnyOf),
        _ => Err(format!(
            "{} is neither an object nor a list with something in it",
            place(path)
        )),
    }
}

fn matcher(path: &str, element: &Value) -> Result<Matcher, String> {
    let Value::Object(fields) = element else {
        return scalar(path, element).map(Matcher::Equals);
    };
    let mut fields = fields.iter();
    let (Some((name, operand)), None) = (fields.next(), fields.next()) else {
        return Err(format!(
            "a matcher at {} does not have exactly one key",
            place(path)
        ));
    };
    match (name.as_str(), operand) {
        ("prefix", Value::String(prefix)) => Ok(Matcher::Prefix(prefix.clone())),
        ("exists", Value::Bool(wanted)) => Ok(Matcher::Exists(*wanted)),
        ("anything-but", Value::Array(values)) => values
            .iter()
            .map(|value| scalar(path, value))
            .collect::<Result<_, _>>()
            .map(Matcher::AnythingBut),
        ("anything-but", value @ (Value::String(_) | Value::Number(_))) => {
            Ok(Matcher::AnythingBut(vec![value.clone()]))
        }
        _ => Err(format!("matcher {element} at {}", place(path))),
    }
}

fn scalar(path: &str, value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(_) | Value::Object(_) => Err(format!("{value} at {}", place(path))),
        scalar => Ok(scalar.clone()),
    }
}

fn place(path: &str) -> &str {
    match path.strip_prefix('.') {
        Some(path) => path,
        None => "the pattern",
    }
}
