//! Checks a JSON value against a shape of a service's model.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Number, Value};

use super::model::{Kind, Member, Model, Shape};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Everything that AWS refuses, and members that it does not know.
    Input,
    /// Names and types only: AWS does not hold its own answers to its limits.
    Output,
}

/// Takes the null members out of a value, or says what is wrong with it, one sentence per member.
///
/// An operation without a shape takes an empty structure.
pub(super) fn shape(
    model: &Model,
    name: Option<&str>,
    value: &mut Value,
    strictness: Strictness,
) -> Result<(), Vec<String>> {
    let mut check = Check {
        model,
        strictness,
        problems: Vec::new(),
    };
    match (name, &mut *value) {
        (Some(name), value) => check.shape(name, value, &Path::Whole),
        (None, Value::Object(members)) if members.is_empty() => {}
        (None, Value::Null) => *value = Value::Object(Map::new()),
        (None, _) => check
            .problems
            .push("the model has no members here".to_owned()),
    }
    if check.problems.is_empty() {
        Ok(())
    } else {
        Err(check.problems)
    }
}

/// Where a value is. It becomes a text only if something is wrong there: there is a look at every member of every call.
enum Path<'a> {
    Whole,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
    Key(&'a Path<'a>),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Member(Self::Whole, name) => f.write_str(name),
            Self::Member(path, name) => write!(f, "{path}.{name}"),
            Self::Item(path, index) => write!(f, "{path}[{index}]"),
            Self::Key(path) => write!(f, "{path} (key)"),
        }
    }
}

struct Check<'a> {
    model: &'a Model,
    strictness: Strictness,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    fn shape(&mut self, name: &str, value: &mut Value, path: &Path) {
        let Some(shape) = self.model.shape(name) else {
            self.problems
                .push(format!("the model lacks the shape {name} of '{path}'"));
            return;
        };
        match (shape.kind, value) {
            (Kind::Structure, _) if shape.document => {}
            (Kind::Structure, Value::Object(members)) => self.structure(shape, members, path),
            (Kind::List, Value::Array(items)) => self.list(shape, items, path),
            (Kind::Map, Value::Object(entries)) => self.map(shape, entries, path),
            (kind, value) if is(kind, value) => self.scalar(shape, value, path),
            (kind, value) => {
                let found = found(value);
                self.problems
                    .push(format!("'{path}' must be {}, not {found}", wanted(kind)));
            }
        }
    }

    fn structure(&mut self, shape: &'a Shape, members: &mut Map<String, Value>, path: &Path) {
        members.retain(|_, value| !value.is_null());
        for name in members.keys() {
            if !shape.members.contains_key(name) {
                let path = Path::Member(path, name);
                self.problems.push(format!("unknown member '{path}'"));
            }
        }
        for name in &shape.required {
            if !members.contains_key(name) {
                self.refuse(&Path::Member(path, name), "must not be null");
            }
        }
        if shape.union && members.len() != 1 {
            self.problems
                .push(format!("'{path}' must have exactly one member"));
        }
        for (name, value) in members {
            if let Some(member) = shape.members.get(name) {
                self.shape(&member.shape, value, &Path::Member(path, name));
            }
        }
    }

    fn list(&mut self, shape: &'a Shape, items: &mut [Value], path: &Path) {
        self.length(shape, items.len(), path);
        for (index, item) in items.iter_mut().enumerate() {
            self.part(shape.member.as_ref(), item, &Path::Item(path, index));
        }
    }

    fn map(&mut self, shape: &'a Shape, entries: &mut Map<String, Value>, path: &Path) {
        self.length(shape, entries.len(), path);
        for (key, value) in entries {
            let mut name = Value::String(key.clone());
            self.part(shape.key.as_ref(), &mut name, &Path::Key(path));
            self.part(shape.value.as_ref(), value, &Path::Member(path, key));
        }
    }

    fn part(&mut self, member: Option<&Member>, value: &mut Value, path: &Path) {
        if let Some(member) = member {
            self.shape(&member.shape, value, path);
        } else {
            self.problems
                .push(format!("the model lacks the shape of '{path}'"));
        }
    }

    fn scalar(&mut self, shape: &Shape, value: &Value, path: &Path) {
        if let Some(text) = value.as_str() {
            self.text(shape, text, path);
        } else if let Value::Number(number) = value {
            self.within(shape, number, "value", path);
        }
    }

    fn text(&mut self, shape: &Shape, text: &str, path: &Path) {
        if self.strictness == Strictness::Output || shape.kind == Kind::Blob {
            return;
        }
        self.length(shape, text.chars().count(), path);
        if let Some(values) = shape.values.as_ref()
            && !values.iter().any(|value| value == text)
        {
            let set = values.join(", ");
            self.refuse(path, &format!("must satisfy enum value set: [{set}]"));
        }
        if let Some(pattern) = shape.pattern.as_ref()
            && !pattern.is_match(text)
        {
            let all = pattern.as_str();
            let inner = all
                .strip_prefix("^(?:")
                .and_then(|rest| rest.strip_suffix(")$"));
            let inner = inner.unwrap_or(all);
            self.refuse(
                path,
                &format!("must satisfy regular expression pattern: {inner}"),
            );
        }
    }

    fn length(&mut self, shape: &Shape, length: usize, path: &Path) {
        self.within(shape, &length.into(), "length", path);
    }

    fn within(&mut self, shape: &Shape, number: &Number, what: &str, path: &Path) {
        if self.strictness == Strictness::Output {
            return;
        }
        let is_below = |min: &&Number| number.as_f64() < min.as_f64();
        if let Some(min) = shape.min.as_ref().filter(is_below) {
            self.refuse(
                path,
                &format!("must have {what} greater than or equal to {min}"),
            );
        }
        let is_above = |max: &&Number| number.as_f64() > max.as_f64();
        if let Some(max) = shape.max.as_ref().filter(is_above) {
            self.refuse(
                path,
                &format!("must have {what} less than or equal to {max}"),
            );
        }
    }

    /// AWS's own sentence, without the value: it may be a secret.
    fn refuse(&mut self, path: &Path, constraint: &str) {
        self.problems.push(format!(
            "value at '{path}' failed to satisfy constraint: Member {constraint}"
        ));
    }
}

fn is(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::Blob => value
            .as_str()
            .is_some_and(|text| BASE64_STANDARD.decode(text).is_ok()),
        Kind::Integer => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        Kind::Long => value.as_i64().is_some(),
        Kind::Double | Kind::Timestamp => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Structure | Kind::List | Kind::Map => false,
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure => "a structure",
        Kind::List => "a list",
        Kind::Map => "a map",
        Kind::String => "a string",
        Kind::Integer => "an integer of 32 bits",
        Kind::Long => "an integer of 64 bits",
        Kind::Double => "a number",
        Kind::Boolean => "true or false",
        Kind::Timestamp => "a number of epoch seconds",
        Kind::Blob => "a base64 string",
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(service: &str, operation: &str, value: &Value) -> Result<Value, Vec<String>> {
        let model = Model::of(service).unwrap();
        let operation = model.operation(operation).unwrap();
        let mut value = value.clone();
        shape(
            model,
            operation.input.as_deref(),
            &mut value,
            Strictness::Input,
        )?;
        Ok(value)
    }

    #[test]
    fn null_members_are_as_if_not_given() {
        let value = json!({ "cluster": null, "services": ["orders"], "include": null });
        let cleaned = input("ecs", "DescribeServices", &value).unwrap();
        assert_eq!(cleaned, json!({ "services": ["orders"] }));
    }

    #[test]
    fn a_null_in_a_list_is_an_error() {
        let value = json!({ "services": ["orders", null] });
        let problems = input("ecs", "DescribeServices", &value).unwrap_err();
        assert_eq!(problems, ["'services[1]' must be a string, not null"]);
    }

    #[test]
    fn a_required_member_that_is_null_is_missing() {
        let value = json!({ "service": null });
        let problems = input("ecs", "UpdateService", &value).unwrap_err();
        assert_eq!(
            problems,
            ["value at 'service' failed to satisfy constraint: Member must not be null"]
        );
    }

    #[test]
    fn a_wrong_type_is_named_deep_inside() {
        let value = json!({
            "family": "orders",
            "containerDefinitions": [{ "name": "app", "cpu": "256" }],
        });
        let problems = input("ecs", "RegisterTaskDefinition", &value).unwrap_err();
        assert_eq!(
            problems,
            ["'containerDefinitions[0].cpu' must be an integer of 32 bits, not a string"]
        );
    }

    #[test]
    fn a_number_with_a_fraction_is_no_integer() {
        let value = json!({ "service": "orders", "desiredCount": 1.5 });
        assert!(input("ecs", "UpdateService", &value).is_err());
        let value = json!({ "service": "orders", "desiredCount": 3_000_000_000_u32 });
        assert!(input("ecs", "UpdateService", &value).is_err());
    }

    #[test]
    fn an_enum_is_enforced_in_inputs_only() {
        let value = json!({ "AlarmName": "a", "StateValue": "FINE", "StateReason": "r" });
        let problems = input("monitoring", "SetAlarmState", &value).unwrap_err();
        assert!(
            problems[0].contains("[OK, ALARM, INSUFFICIENT_DATA]"),
            "{problems:?}"
        );

        let model = Model::of("monitoring").unwrap();
        let mut output = json!({ "MetricAlarms": [{ "StateValue": "FINE" }] });
        let output = shape(
            model,
            Some("DescribeAlarmsOutput"),
            &mut output,
            Strictness::Output,
        );
        assert!(output.is_ok());
    }

    #[test]
    fn lengths_of_lists_and_strings_are_enforced() {
        let names: Vec<_> = (0..101).map(|n| format!("alarm-{n}")).collect();
        let problems = input(
            "monitoring",
            "DescribeAlarms",
            &json!({ "AlarmNames": names }),
        );
        assert_eq!(
            problems.unwrap_err(),
            [
                "value at 'AlarmNames' failed to satisfy constraint: Member must have length less \
              than or equal to 100"
            ]
        );
    }

    #[test]
    fn map_keys_are_checked_like_values() {
        let value = json!({
            "jobId": "00000000-0000-4000-8000-000000000001",
            "outputVariables": { "not allowed": "x" },
        });
        let problems = input("codepipeline", "PutJobSuccessResult", &value).unwrap_err();
        assert!(
            problems[0].starts_with("value at 'outputVariables (key)'"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_union_has_exactly_one_member() {
        let value = json!({ "AlarmName": "a", "EvaluationWindow": {} });
        let problems = input("monitoring", "PutMetricAlarm", &value).unwrap_err();
        assert!(
            problems.contains(&"'EvaluationWindow' must have exactly one member".to_owned()),
            "{problems:?}"
        );
    }

    #[test]
    fn an_operation_without_output_answers_nothing() {
        let model = Model::of("sqs").unwrap();
        assert!(shape(model, None, &mut json!({}), Strictness::Output).is_ok());
        assert!(shape(model, None, &mut json!({ "a": 1 }), Strictness::Output).is_err());
    }
}
