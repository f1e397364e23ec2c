//! Conditions of a statement.
//!
//! AWS: IAM user guide, "IAM JSON policy elements: Condition operators" and "Set operators for
//! multi-valued context keys".

use std::collections::BTreeMap;

use serde_json::Value;

use super::{pattern, reference};

/// What a request says about itself: values by condition key, in lower case.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    pub(super) fn put(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        self.0
            .insert(key.to_ascii_lowercase(), values.into_iter().collect());
    }

    fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }
}

/// One condition: it holds if one of the values matches, or none of them for a negated operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    over: Over,
    test: Test,
    negated: bool,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// Which of a request's values must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Single,
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equals,
    Like,
    Arn,
    Bool,
    /// Whether the key is missing.
    Null,
}

/// Reads the conditions of a statement on actions of these names.
pub(super) fn parse(block: &Value, actions: &[&str]) -> Result<Vec<Condition>, String> {
    let operators = block.as_object().ok_or("Condition is not an object")?;
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let keys = keys
            .as_object()
            .ok_or_else(|| format!("condition {operator} is not an object"))?;
        for (key, values) in keys {
            let condition = Condition::parse(operator, key, values)?;
            if let Some(reason) = actions
                .iter()
                .find_map(|action| reference::refuse_key(action, key))
            {
                return Err(format!("condition {operator}: {reason}"));
            }
            conditions.push(condition);
        }
    }
    Ok(conditions)
}

impl Condition {
    fn parse(operator: &str, key: &str, values: &Value) -> Result<Self, String> {
        let (over, rest) = if let Some(rest) = operator.strip_prefix("ForAllValues:") {
            (Over::All, rest)
        } else if let Some(rest) = operator.strip_prefix("ForAnyValue:") {
            (Over::Any, rest)
        } else {
            (Over::Single, operator)
        };
        // Whether a key is there at all is no question about its values.
        let is_about_values = operator != "Null";
        if is_about_values && (over == Over::Single) == reference::has_several_values(key) {
            return Err(format!(
                "condition {operator} on {key}: ForAllValues and ForAnyValue are for keys with several values, and only for these"
            ));
        }
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (test, negated) = match name {
            "StringEquals" => (Test::Equals, false),
            "StringNotEquals" => (Test::Equals, true),
            "StringLike" => (Test::Like, false),
            "StringNotLike" => (Test::Like, true),
            "ArnEquals" | "ArnLike" => (Test::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
            "Bool" => (Test::Bool, false),
            "Null" if !if_exists => (Test::Null, false),
            _ => {
                return Err(format!(
                    "the local account does not know condition operator {operator}"
                ));
            }
        };
        let values = values_of(values)
            .ok_or_else(|| format!("condition {operator} on {key} has no text as value"))?;
        if matches!(test, Test::Bool | Test::Null)
            && !values
                .iter()
                .all(|value| value == "true" || value == "false")
        {
            return Err(format!(
                "condition {operator} on {key} is neither true nor false"
            ));
        }
        Ok(Self {
            over,
            test,
            negated,
            if_exists,
            key: key.to_owned(),
            values,
        })
    }

    /// Whether it holds for a request. A key that the request lacks matches nothing: that suits
    /// negated operators, `IfExists` and `ForAllValues`.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let found = context.get(&self.key);
        if self.test == Test::Null {
            let missing = found.is_none().to_string();
            return self.values.contains(&missing);
        }
        let Some(found) = found else {
            return self.if_exists || self.over == Over::All || self.negated;
        };
        let suits = |value: &String| {
            self.values.iter().any(|wanted| self.matches(wanted, value)) != self.negated
        };
        match self.over {
            Over::Any => found.iter().any(suits),
            Over::All | Over::Single => found.iter().all(suits),
        }
    }

    fn matches(&self, wanted: &str, found: &str) -> bool {
        match self.test {
            Test::Equals => wanted == found,
            Test::Like => pattern::covers_text(wanted, found),
            Test::Arn => pattern::covers_arn(wanted, found),
            Test::Bool | Test::Null => wanted.eq_ignore_ascii_case(found),
        }
    }
}

/// One value or a list of them; policies may write booleans with and without quotes.
fn values_of(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.contains("${") => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => items.iter().map(text).collect(),
        value => Some(vec![text(value)?]),
    }
}
