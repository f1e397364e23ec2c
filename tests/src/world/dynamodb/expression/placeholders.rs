//! `ExpressionAttributeNames` and `ExpressionAttributeValues`: each that an expression uses is defined, each defined one is used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    super::value::AttributeValue,
    parser::Step,
    path::{Element, Path},
};

const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// What stands for names and values in the expressions of one request.
#[derive(Debug, Default)]
pub(in super::super) struct Placeholders {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, AttributeValue>,
    unused: BTreeSet<String>,
}

impl Placeholders {
    /// Reads those of a request.
    ///
    /// # Errors
    /// What AWS says about it (dynalite, `validations/index.js`).
    pub(in super::super) fn read(
        names: Option<&Value>,
        values: Option<&Value>,
    ) -> Result<Self, String> {
        let mut read = Self::default();
        for (key, name) in entries(NAMES, '#', names)? {
            let name = name.as_str().unwrap_or_default();
            read.names.insert(key.to_owned(), name.to_owned());
        }
        for (key, value) in entries(VALUES, ':', values)? {
            read.values
                .insert(key.to_owned(), AttributeValue::read(value)?);
        }
        read.unused = read
            .names
            .keys()
            .chain(read.values.keys())
            .cloned()
            .collect();
        Ok(read)
    }

    /// The path that is written with these names.
    ///
    /// # Errors
    /// If a name is not defined.
    pub(super) fn path(&mut self, steps: &[Step<'_>]) -> Result<Path, String> {
        let mut elements = Vec::new();
        for step in steps {
            elements.push(match step {
                Step::Name(name) => Element::Name((*name).to_owned()),
                Step::Placeholder(key) => Element::Name(self.name(key)?),
                Step::Index(index) => Element::Index(*index),
            });
        }
        let mut elements = elements.into_iter();
        match elements.next() {
            Some(Element::Name(attribute)) => Ok(Path {
                attribute,
                inside: elements.collect(),
            }),
            // The grammar has no such path.
            _ => Err("The document path is empty".to_owned()),
        }
    }

    fn name(&mut self, key: &str) -> Result<String, String> {
        self.unused.remove(key);
        let undefined = || {
            format!(
                "An expression attribute name used in the document path is not defined; attribute name: {key}"
            )
        };
        self.names.get(key).cloned().ok_or_else(undefined)
    }

    /// The value that a placeholder stands for.
    ///
    /// # Errors
    /// If it is not defined.
    pub(super) fn value(&mut self, key: &str) -> Result<AttributeValue, String> {
        self.unused.remove(key);
        let undefined = || {
            format!(
                "An expression attribute value used in expression is not defined; attribute value: {key}"
            )
        };
        self.values.get(key).cloned().ok_or_else(undefined)
    }

    /// Checks that all have been used.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(in super::super) fn check_used(&self) -> Result<(), String> {
        for (member, mark) in [(NAMES, '#'), (VALUES, ':')] {
            let unused: Vec<_> = self
                .unused
                .iter()
                .filter(|key| key.starts_with(mark))
                .cloned()
                .collect();
            if !unused.is_empty() {
                return Err(format!(
                    "Value provided in {member} unused in expressions: keys: {{{}}}",
                    unused.join(", ")
                ));
            }
        }
        Ok(())
    }
}

fn entries<'a>(
    member: &str,
    mark: char,
    given: Option<&'a Value>,
) -> Result<impl Iterator<Item = (&'a str, &'a Value)>, String> {
    let given = given.and_then(Value::as_object);
    if given.is_some_and(Map::is_empty) {
        return Err(format!("{member} must not be empty"));
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for key in given.into_iter().flat_map(|given| given.keys()) {
        let name = key.strip_prefix(mark).unwrap_or_default();
        if name.is_empty() || !name.chars().all(word) {
            return Err(format!(
                "{member} contains invalid key: Syntax error; key: \"{key}\""
            ));
        }
    }
    Ok(given
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_have_their_mark_and_there_is_one_at_least() {
        let refused = |names: &Value, values: &Value| {
            Placeholders::read(Some(names), Some(values)).unwrap_err()
        };
        assert_eq!(
            refused(&json!({}), &json!({})),
            "ExpressionAttributeNames must not be empty"
        );
        assert_eq!(
            refused(&json!({ "#a": "a" }), &json!({ "b": { "S": "b" } })),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""
        );
    }
}
