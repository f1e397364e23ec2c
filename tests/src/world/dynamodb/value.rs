//! The value of an attribute: exactly one type.
//!
//! Refusals as recorded from AWS in `paritysuite/dynamodb-conformance`, `valueLayers.test.ts` and `putItem.test.ts` (October
//! 2026).

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::number::Number;

/// A scalar attribute is on level 1 (`nestingDepth.test.ts`).
const MOST_LEVELS: usize = 32;
/// AWS: developer guide, "`DynamoDB` item sizes and formats".
const DOCUMENT_OVERHEAD: usize = 3;

const INVALID: &str = "One or more parameter values were invalid:";

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AttributeValue {
    S(String),
    N(Number),
    B(Vec<u8>),
    Ss(BTreeSet<String>),
    Ns(BTreeSet<Number>),
    Bs(BTreeSet<Vec<u8>>),
    M(BTreeMap<String, AttributeValue>),
    L(Vec<AttributeValue>),
    Null,
    Bool(bool),
}

impl AttributeValue {
    /// Reads a value of an item, a key or an expression.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        Self::at_level(value, 1)
    }

    fn at_level(value: &Value, level: usize) -> Result<Self, String> {
        let mut types = value.as_object().into_iter().flatten();
        let only = match (types.next(), types.next()) {
            (Some(only), None) => only,
            (None, _) => {
                return Err("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned());
            }
            (Some(_), Some(_)) => {
                return Err(
                    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
                        .to_owned(),
                );
            }
        };
        check_level(level)?;
        match only {
            (kind, Value::String(text)) => scalar(kind, text),
            (kind, Value::Array(members)) if kind == "L" => members
                .iter()
                .map(|member| Self::at_level(member, level + 1))
                .collect::<Result<_, _>>()
                .map(Self::L),
            (kind, Value::Array(members)) => set(kind, members),
            (kind, Value::Object(members)) if kind == "M" => members
                .iter()
                .map(|(name, member)| {
                    Ok((attribute_name(name)?, Self::at_level(member, level + 1)?))
                })
                .collect::<Result<_, _>>()
                .map(Self::M),
            (kind, Value::Bool(value)) if kind == "BOOL" => Ok(Self::Bool(*value)),
            (kind, Value::Bool(true)) if kind == "NULL" => Ok(Self::Null),
            (kind, Value::Bool(false)) if kind == "NULL" => Err(format!(
                "{INVALID} Null attribute value types must have the value of true"
            )),
            (kind, _) => Err(unreadable(kind)),
        }
    }

    /// The value as an answer has it.
    pub(super) fn to_json(&self) -> Value {
        let texts =
            |set: &mut dyn Iterator<Item = String>| set.map(Value::from).collect::<Vec<_>>();
        match self {
            Self::S(text) => json!({ "S": text }),
            Self::N(number) => json!({ "N": number.to_string() }),
            Self::B(bytes) => json!({ "B": BASE64_STANDARD.encode(bytes) }),
            Self::Ss(set) => json!({ "SS": set }),
            Self::Ns(set) => json!({ "NS": texts(&mut set.iter().map(Number::to_string)) }),
            Self::Bs(set) => {
                json!({ "BS": texts(&mut set.iter().map(|it| BASE64_STANDARD.encode(it))) })
            }
            Self::M(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| (name.clone(), member.to_json()));
                json!({ "M": members.collect::<Map<_, _>>() })
            }
            Self::L(members) => {
                json!({ "L": members.iter().map(Self::to_json).collect::<Vec<_>>() })
            }
            Self::Null => json!({ "NULL": true }),
            Self::Bool(value) => json!({ "BOOL": value }),
        }
    }

    /// Its type, as a request writes it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Ss(_) => "SS",
            Self::Ns(_) => "NS",
            Self::Bs(_) => "BS",
            Self::M(_) => "M",
            Self::L(_) => "L",
            Self::Null => "NULL",
            Self::Bool(_) => "BOOL",
        }
    }

    /// How many bytes of an item it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(number) => number.size(),
            Self::B(bytes) => bytes.len(),
            Self::Ss(set) => set.iter().map(String::len).sum(),
            Self::Ns(set) => set.iter().map(|number| number.size()).sum(),
            Self::Bs(set) => set.iter().map(Vec::len).sum(),
            Self::M(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| 1 + name.len() + member.size());
                DOCUMENT_OVERHEAD + members.sum::<usize>()
            }
            Self::L(members) => {
                DOCUMENT_OVERHEAD
                    + members
                        .iter()
                        .map(|member| 1 + member.size())
                        .sum::<usize>()
            }
            Self::Null | Self::Bool(_) => 1,
        }
    }

    /// Checks how deep lists and maps are nested, for a value that an update has put together.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn check_levels(&self) -> Result<(), String> {
        self.check_levels_from(1)
    }

    fn check_levels_from(&self, level: usize) -> Result<(), String> {
        check_level(level)?;
        match self {
            Self::M(members) => members
                .values()
                .try_for_each(|it| it.check_levels_from(level + 1)),
            Self::L(members) => members
                .iter()
                .try_for_each(|it| it.check_levels_from(level + 1)),
            _ => Ok(()),
        }
    }
}

fn check_level(level: usize) -> Result<(), String> {
    if level <= MOST_LEVELS {
        return Ok(());
    }
    Err("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit".to_owned())
}

/// The name of an attribute, on any level.
///
/// # Errors
/// If it is empty.
pub(super) fn attribute_name(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err("Empty attribute name".to_owned());
    }
    Ok(name.to_owned())
}

fn scalar(kind: &str, text: &str) -> Result<AttributeValue, String> {
    match kind {
        "S" => Ok(AttributeValue::S(text.to_owned())),
        "N" => Number::parse(text).map(AttributeValue::N),
        "B" => bytes(text).map(AttributeValue::B),
        _ => Err(unreadable(kind)),
    }
}

fn set(kind: &str, members: &[Value]) -> Result<AttributeValue, String> {
    let texts: Option<Vec<_>> = members.iter().map(Value::as_str).collect();
    let texts = texts.ok_or_else(|| unreadable(kind))?;
    match kind {
        // The two blanks are AWS's.
        "SS" | "NS" if texts.is_empty() => {
            let what = if kind == "SS" { "string" } else { "number" };
            Err(format!("{INVALID} An {what} set  may not be empty"))
        }
        "BS" if texts.is_empty() => Err(format!("{INVALID} Binary sets should not be empty")),
        "SS" => distinct(texts.into_iter().map(str::to_owned))
            .map(AttributeValue::Ss)
            .map_err(|all| {
                let all: Vec<_> = all.iter().map(|text| format!("\"{text}\"")).collect();
                format!(
                    "{INVALID} Input collection [{}] contains duplicates.",
                    all.join(", ")
                )
            }),
        "NS" => {
            let numbers: Vec<_> = texts
                .into_iter()
                .map(Number::parse)
                .collect::<Result<_, _>>()?;
            distinct(numbers.into_iter())
                .map(AttributeValue::Ns)
                .map_err(|_| format!("{INVALID} Input collection contains duplicates."))
        }
        "BS" => {
            let all: Vec<_> = texts.into_iter().map(bytes).collect::<Result<_, _>>()?;
            distinct(all.into_iter())
                .map(AttributeValue::Bs)
                .map_err(|all| {
                    let all: Vec<_> = all
                        .iter()
                        .map(|it| format!("\"{}\"", BASE64_STANDARD.encode(it)))
                        .collect();
                    format!(
                        "{INVALID} Input collection [{}]of type BS contains duplicates.",
                        all.join(",")
                    )
                })
        }
        _ => Err(unreadable(kind)),
    }
}

/// The members, or all of them in the order in which AWS names them: sorted up to the one that appears twice.
fn distinct<T: Ord>(mut members: impl Iterator<Item = T>) -> Result<BTreeSet<T>, Vec<T>> {
    let mut seen = BTreeSet::new();
    while let Some(member) = members.next() {
        if seen.contains(&member) {
            return Err(seen.into_iter().chain([member]).chain(members).collect());
        }
        seen.insert(member);
    }
    Ok(seen)
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(text).map_err(|_| unreadable("B"))
}

/// The service's model has refused it before, if it came over the wire.
fn unreadable(kind: &str) -> String {
    format!("Supplied AttributeValue is no value of type {kind}")
}

#[cfg(test)]
mod tests;
