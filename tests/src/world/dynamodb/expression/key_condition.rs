//! Key conditions: which partition is queried, and which of its sort keys.
//!
//! Refusals as in `paritysuite/dynamodb-conformance`, `queryKeyConditionOperands.test.ts` (recorded from AWS in October 2026), moto's
//! `key_condition_expression.py` and dynalite's `validations/index.js`.

use super::{
    super::{
        schema::{BadKey, Schema},
        value::AttributeValue,
    },
    condition::{Comparator, Condition, Operand},
    path::Path,
};

/// What a query looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct KeyCondition {
    pub(in super::super) partition: String,
    sort: Option<Test>,
}

/// A condition on one key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Compare(Comparator, AttributeValue),
    Between(AttributeValue, AttributeValue),
    BeginsWith(AttributeValue),
}

impl Test {
    fn values(&self) -> Vec<&AttributeValue> {
        match self {
            Self::Compare(_, value) | Self::BeginsWith(value) => vec![value],
            Self::Between(low, high) => vec![low, high],
        }
    }
}

/// Conditions on attributes, of which it is not known yet whether they are keys; as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct KeyTests(Vec<(String, Test)>);

impl KeyTests {
    /// The conditions of an expression, one for each attribute.
    ///
    /// # Errors
    /// If it is no key condition on any table.
    pub(in super::super) fn of(condition: Condition) -> Result<Self, String> {
        let mut tests = Vec::new();
        collect(condition, &mut tests)?;
        Ok(Self(tests))
    }
}

fn collect(condition: Condition, tests: &mut Vec<(String, Test)>) -> Result<(), String> {
    if let Condition::And(sides) = condition {
        collect(sides.0, tests)?;
        return collect(sides.1, tests);
    }
    let (path, test) = test(condition)?;
    if !path.inside.is_empty() {
        return Err(
            "KeyConditionExpressions cannot have conditions on nested attributes".to_owned(),
        );
    }
    if tests
        .iter()
        .any(|(attribute, _)| *attribute == path.attribute)
    {
        return Err(
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key".to_owned(),
        );
    }
    tests.push((path.attribute, test));
    Ok(())
}

fn test(condition: Condition) -> Result<(Path, Test), String> {
    match condition {
        Condition::Compare(Comparator::NotEqual, ..) => Err(not_allowed("<>")),
        Condition::Compare(comparator, Operand::Path(path), Operand::Value(value)) => {
            Ok((path, Test::Compare(comparator, value)))
        }
        Condition::Compare(comparator, Operand::Value(value), Operand::Path(path)) => {
            Ok((path, Test::Compare(mirrored(comparator), value)))
        }
        Condition::Between(Operand::Path(path), Operand::Value(low), Operand::Value(high)) => {
            Ok((path, Test::Between(low, high)))
        }
        Condition::BeginsWith(Operand::Path(path), Operand::Value(prefix)) => {
            Ok((path, Test::BeginsWith(prefix)))
        }
        Condition::Compare(_, one, two) => Err(operand_problem(&[&one, &two], None)),
        Condition::Between(one, two, three) => {
            Err(operand_problem(&[&one, &two, &three], Some("BETWEEN")))
        }
        Condition::BeginsWith(one, two) => Err(operand_problem(&[&one, &two], Some("begins_with"))),
        Condition::In(..) => Err(not_allowed("IN")),
        Condition::Exists(_) => Err(not_allowed("attribute_exists")),
        Condition::NotExists(_) => Err(not_allowed("attribute_not_exists")),
        Condition::Type(..) => Err(not_allowed("attribute_type")),
        Condition::Contains(..) => Err(not_allowed("contains")),
        Condition::Not(_) => Err(not_allowed("NOT")),
        Condition::Or(_) => Err(not_allowed("OR")),
        Condition::And(_) => Err(not_allowed("AND")),
    }
}

fn not_allowed(operator: &str) -> String {
    format!("Invalid operator used in KeyConditionExpression: {operator}")
}

/// What is wrong with operands that are not one attribute and values.
fn operand_problem(operands: &[&Operand], key_first: Option<&str>) -> String {
    let paths = operands
        .iter()
        .filter(|operand| matches!(operand, Operand::Path(_)))
        .count();
    let invalid = "Invalid condition in KeyConditionExpression:";
    if operands
        .iter()
        .any(|operand| matches!(operand, Operand::Size(_)))
    {
        return "KeyConditionExpressions cannot contain nested operations".to_owned();
    }
    match (key_first, operands.first()) {
        (Some(operator), Some(Operand::Value(_))) => {
            format!(
                "{invalid} {operator} operator must have the key attribute as its first operand"
            )
        }
        _ if paths > 1 => format!("{invalid} Multiple attribute names used in one condition"),
        _ => format!("{invalid} No key attribute specified"),
    }
}

/// The comparator with its sides exchanged.
fn mirrored(comparator: Comparator) -> Comparator {
    match comparator {
        Comparator::Less => Comparator::Greater,
        Comparator::LessOrEqual => Comparator::GreaterOrEqual,
        Comparator::Greater => Comparator::Less,
        Comparator::GreaterOrEqual => Comparator::LessOrEqual,
        other => other,
    }
}

impl KeyCondition {
    /// The condition for a table.
    ///
    /// # Errors
    /// If it is none on the key of this table.
    pub(in super::super) fn of(
        schema: &Schema,
        KeyTests(mut tests): KeyTests,
    ) -> Result<Self, String> {
        let keys = schema.attributes().count();
        if tests.len() > keys {
            return Err(format!(
                "The number of query conditions ({}) exceeds the number of key attributes defined in the schema ({keys})",
                tests.len()
            ));
        }
        let mut test_of = |attribute: &str| {
            let at = tests.iter().position(|(tested, _)| tested == attribute)?;
            Some(tests.swap_remove(at).1)
        };
        let missed =
            |attribute: &str| format!("Query condition missed key schema element: {attribute}");
        let partition = test_of(&schema.partition).ok_or_else(|| missed(&schema.partition))?;
        let sort = schema.sort.as_deref().and_then(&mut test_of);
        if !tests.is_empty() {
            return Err(missed(schema.sort.as_deref().unwrap_or_default()));
        }
        let values = partition
            .values()
            .into_iter()
            .map(|value| (schema.partition.as_str(), value));
        let sort_name = schema.sort.as_deref().unwrap_or_default();
        let sort_values = sort
            .iter()
            .flat_map(Test::values)
            .map(|value| (sort_name, value));
        for (attribute, value) in values.chain(sort_values) {
            check_value(attribute, value)?;
        }
        match partition {
            Test::Compare(Comparator::Equal, AttributeValue::S(partition)) => {
                Ok(Self { partition, sort })
            }
            _ => Err("Query key condition not supported".to_owned()),
        }
    }

    /// Whether a sort key is among those that are looked for.
    pub(in super::super) fn holds(&self, sort: &str) -> bool {
        let Some(test) = &self.sort else {
            return true;
        };
        let sort = AttributeValue::S(sort.to_owned());
        let holds = |comparator: Comparator, value| comparator.holds(Some(&sort), Some(value));
        match test {
            Test::Compare(comparator, value) => holds(*comparator, value),
            Test::Between(low, high) => {
                holds(Comparator::GreaterOrEqual, low) && holds(Comparator::LessOrEqual, high)
            }
            Test::BeginsWith(prefix) => sort.begins_with(prefix),
        }
    }
}

fn check_value(attribute: &str, value: &AttributeValue) -> Result<(), String> {
    match value {
        AttributeValue::S(text) if text.is_empty() => Err(BadKey::Empty(attribute.to_owned()).message()),
        AttributeValue::S(_) => Ok(()),
        _ => Err("One or more parameter values were invalid: Condition parameter type does not match schema type".to_owned()),
    }
}
