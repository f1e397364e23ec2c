//! Matchers of texts.

use serde_json::Value;

use super::{
    matcher::only_field,
    pattern::{invalid, not_known},
};
use crate::world::Fault;

/// What a text is compared with.
#[derive(Debug)]
pub(super) enum Text {
    Prefix(Cased),
    Suffix(Cased),
    EqualsIgnoreCase(Cased),
    /// What is between the wildcards.
    Wildcard(Vec<String>),
}

/// A text, and whether its case counts.
#[derive(Debug)]
pub(super) struct Cased {
    text: String,
    counts: bool,
}

impl Cased {
    fn new(text: &str, counts: bool) -> Self {
        Self {
            text: if counts {
                text.to_owned()
            } else {
                text.to_lowercase()
            },
            counts,
        }
    }

    /// A text as it is compared.
    fn of(&self, leaf: &str) -> String {
        Self::new(leaf, self.counts).text
    }
}

impl Text {
    pub(super) const NAMES: [&str; 4] = ["prefix", "suffix", "equals-ignore-case", "wildcard"];

    pub(super) fn parse(name: &str, operand: &Value) -> Result<Self, Fault> {
        let text = || {
            let text = operand.as_str();
            text.ok_or_else(|| invalid(format!("{name} match pattern must be a string")))
        };
        match name {
            "prefix" => cased(name, operand).map(Self::Prefix),
            "suffix" => cased(name, operand).map(Self::Suffix),
            "equals-ignore-case" => Ok(Self::EqualsIgnoreCase(Cased::new(text()?, false))),
            "wildcard" => parts(text()?).map(Self::Wildcard),
            _ => Err(invalid(format!("Unrecognized match type {name}"))),
        }
    }

    pub(super) fn accepts(&self, leaf: &Value) -> bool {
        let Some(leaf) = leaf.as_str() else {
            return false;
        };
        match self {
            Self::Prefix(wanted) => wanted.of(leaf).starts_with(&wanted.text),
            Self::Suffix(wanted) => wanted.of(leaf).ends_with(&wanted.text),
            Self::EqualsIgnoreCase(wanted) => wanted.of(leaf) == wanted.text,
            Self::Wildcard(parts) => has_parts(leaf, parts),
        }
    }
}

/// A text, or one in `equals-ignore-case`.
fn cased(name: &str, operand: &Value) -> Result<Cased, Fault> {
    let (text, counts) = match operand {
        Value::Object(fields) => match only_field(fields)? {
            ("equals-ignore-case", text) => (text, false),
            (other, _) => return Err(not_known(&format!("{other} in {name}"))),
        },
        text => (text, true),
    };
    let text = text.as_str();
    let text = text.ok_or_else(|| invalid(format!("{name} match pattern must be a string")))?;
    Ok(Cased::new(text, counts))
}

/// The parts of a text between its wildcards. A backslash takes a wildcard or another backslash as it is.
fn parts(text: &str) -> Result<Vec<String>, Fault> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let literal = match character {
            '*' if characters.peek() == Some(&'*') => {
                return Err(invalid("Consecutive wildcard characters"));
            }
            '*' => {
                parts.push(String::new());
                continue;
            }
            '\\' => characters
                .next()
                .filter(|escaped| matches!(escaped, '*' | '\\'))
                .ok_or_else(|| invalid("Invalid escape character"))?,
            other => other,
        };
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    Ok(parts)
}

/// Whether a text begins with the first part, ends with the last one, and has the others in between in order.
fn has_parts(text: &str, parts: &[String]) -> bool {
    let (Some((first, rest)), Some(mut left)) = (
        parts.split_first(),
        parts
            .first()
            .and_then(|first| text.strip_prefix(first.as_str())),
    ) else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return text == first;
    };
    for part in between {
        let Some(at) = left.find(part.as_str()) else {
            return false;
        };
        left = &left[at + part.len()..];
    }
    left.ends_with(last.as_str())
}
