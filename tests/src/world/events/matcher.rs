//! What an event pattern has at its leaves. AWS: `EventBridge` user guide, "Comparison operators for use in event patterns".

use serde_json::{Map, Value};

use super::{
    pattern::{invalid, not_known},
    text::Text,
};
use crate::world::Fault;

/// What the leaves of an event are compared with.
#[derive(Debug)]
pub(super) enum Matcher {
    Equals(Value),
    Text(Text),
    /// Both sides of a range, or one.
    Numeric(Vec<(Comparison, f64)>),
    AnythingBut(Vec<Value>),
    AnythingButText(Vec<Text>),
    Exists(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Matcher {
    pub(super) fn parse(element: &Value) -> Result<Self, Fault> {
        match element {
            Value::Object(fields) => expression(fields),
            Value::Array(_) => Err(invalid(
                "Match value must be String, number, true, false, or null",
            )),
            scalar => Ok(Self::Equals(scalar.clone())),
        }
    }

    /// Whether one of the leaves at a place of an event matches. AWS: `exists` "only works on leaf nodes", so an object
    /// is as good as nothing.
    pub(super) fn matches(&self, leaves: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => *wanted != leaves.is_empty(),
            _ => leaves.iter().any(|leaf| self.accepts(leaf)),
        }
    }

    /// Numbers that are given by themselves are compared as they are written: 3 is not 3.0. AWS: user guide, "Event pattern
    /// considerations".
    fn accepts(&self, leaf: &Value) -> bool {
        match self {
            Self::Equals(wanted) => wanted == leaf,
            Self::Text(text) => text.accepts(leaf),
            Self::Numeric(sides) => leaf.as_f64().is_some_and(|number| {
                let mut sides = sides.iter();
                sides.all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|it| is_same(it, leaf)),
            Self::AnythingButText(unwanted) => !unwanted.iter().any(|it| it.accepts(leaf)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

/// Whether two values are the same; numbers by their value.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => Comparison::Equal.holds(one, other),
        _ => one == other,
    }
}

impl Comparison {
    fn parse(operator: &str) -> Option<Self> {
        Some(match operator {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number.total_cmp(&bound).is_eq(),
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Greater => number > bound,
            Self::AtLeast => number >= bound,
        }
    }
}

fn expression(fields: &Map<String, Value>) -> Result<Matcher, Fault> {
    let (name, operand) = only_field(fields)?;
    match (name, operand) {
        ("cidr", _) => Err(not_known(name)),
        ("exists", Value::Bool(wanted)) => Ok(Matcher::Exists(*wanted)),
        ("exists", _) => Err(invalid(
            "exists match pattern must be either true or false.",
        )),
        ("numeric", Value::Array(terms)) => numeric(terms).map(Matcher::Numeric),
        ("numeric", _) => Err(invalid("Value of numeric must be an array.")),
        ("anything-but", Value::Object(fields)) => anything_but_text(fields),
        ("anything-but", operand) => anything_but(operand).map(Matcher::AnythingBut),
        _ => Text::parse(name, operand).map(Matcher::Text),
    }
}

/// The name and the value of an object that must have one field.
pub(super) fn only_field(fields: &Map<String, Value>) -> Result<(&str, &Value), Fault> {
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some((name, operand)), None) => Ok((name, operand)),
        (None, _) => Err(invalid("Match expression name not found")),
        _ => Err(invalid("Only one key allowed in match expression")),
    }
}

fn anything_but(operand: &Value) -> Result<Vec<Value>, Fault> {
    let unwanted = match operand {
        Value::Array(values) => values.clone(),
        Value::String(_) | Value::Number(_) => vec![operand.clone()],
        _ => {
            return Err(invalid(
                "Value of anything-but must be an array or single string/number value.",
            ));
        }
    };
    if !unwanted.iter().all(|it| it.is_string() || it.is_number()) {
        return Err(invalid(
            "Inside anything but list, start|null|boolean is not supported.",
        ));
    }
    let strings = unwanted.iter().filter(|it| it.is_string()).count();
    if unwanted.is_empty() || (strings > 0 && strings < unwanted.len()) {
        return Err(invalid(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ));
    }
    Ok(unwanted)
}

/// `prefix`, `suffix`, `equals-ignore-case` or `wildcard`, of one text or of several.
fn anything_but_text(fields: &Map<String, Value>) -> Result<Matcher, Fault> {
    let (name, operand) = only_field(fields)?;
    if !Text::NAMES.contains(&name) {
        return Err(invalid(format!("Unsupported anything-but pattern: {name}")));
    }
    let operands = operand
        .as_array()
        .map_or(std::slice::from_ref(operand), Vec::as_slice);
    let unwanted = operands.iter().map(|one| Text::parse(name, one));
    unwanted
        .collect::<Result<_, _>>()
        .map(Matcher::AnythingButText)
}

fn numeric(terms: &[Value]) -> Result<Vec<(Comparison, f64)>, Fault> {
    let mut sides = Vec::new();
    for side in terms.chunks(2) {
        let operator = side[0].as_str();
        let operator = operator
            .ok_or_else(|| invalid(format!("Invalid member in numeric match: {}", side[0])))?;
        let comparison = Comparison::parse(operator)
            .ok_or_else(|| invalid(format!("Unrecognized numeric range operator: {operator}")))?;
        let bound = side.get(1).and_then(Value::as_f64);
        let bound = bound.ok_or_else(|| invalid(format!("Value of {operator} must be numeric")))?;
        sides.push((comparison, bound));
    }
    let is_range = |(lower, upper): (Comparison, Comparison)| {
        matches!(lower, Comparison::Greater | Comparison::AtLeast)
            && matches!(upper, Comparison::Less | Comparison::AtMost)
    };
    match sides.as_slice() {
        [_] => Ok(sides),
        [(lower, _), (upper, _)] if is_range((*lower, *upper)) => Ok(sides),
        [] => Err(invalid("Invalid member in numeric match: ]")),
        _ => Err(invalid("Too many elements in numeric expression")),
    }
}
