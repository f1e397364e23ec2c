//! What a request says, as far as it can be judged without any table.
//!
//! `PutItem`, `UpdateItem` and `DeleteItem` put a count before what is wrong with a request, others do not
//! (`paritysuite/dynamodb-conformance`, `valueLayers.test.ts`, recorded from AWS in October 2026).

use serde_json::{Map, Value};

use super::{
    super::Fault,
    expression::{Condition, KeyTests, Placeholders, Projection, Update},
    validation,
};

/// AWS: quotas, "Expression parameters".
const LONGEST_EXPRESSION: usize = 4096;

/// In the order in which AWS names them.
const EXPRESSIONS: [&str; 5] = [
    "ProjectionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "UpdateExpression",
    "ConditionExpression",
];

/// Legacy parameters, which expressions replaced.
const LEGACY: [&str; 7] = [
    "AttributesToGet",
    "ScanFilter",
    "QueryFilter",
    "ConditionalOperator",
    "KeyConditions",
    "AttributeUpdates",
    "Expected",
];

/// The input of an operation, or of one action of a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) operation: &'a str,
    input: &'a Value,
}

/// The expressions of a request.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    pub(super) condition: Option<Condition>,
    pub(super) filter: Option<Condition>,
    pub(super) key: Option<KeyTests>,
    pub(super) projection: Option<Projection>,
    pub(super) update: Option<Update>,
}

impl<'a> Request<'a> {
    pub(super) fn new(operation: &'a str, input: &'a Value) -> Self {
        Self { operation, input }
    }

    /// A member.
    pub(super) fn get(&self, member: &str) -> Option<&'a Value> {
        self.input.get(member)
    }

    /// A member that is a string.
    pub(super) fn text(&self, member: &str) -> Option<&'a str> {
        self.get(member)?.as_str()
    }

    /// A member that is a structure or a map; empty if it is not there.
    pub(super) fn member(&self, member: &str) -> &'a Value {
        static EMPTY: Value = Value::Null;
        self.get(member).unwrap_or(&EMPTY)
    }

    /// What AWS says of a request that is wrong in itself.
    pub(super) fn invalid(&self, message: impl Into<String>) -> Fault {
        let message = message.into();
        match self.operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                validation(format!("1 validation error detected: {message}"))
            }
            _ => validation(message),
        }
    }

    /// Refuses expressions beside what they have replaced, as AWS does, and then what the local account lacks.
    ///
    /// # Errors
    /// With the members that are meant.
    pub(super) fn check_members(&self) -> Result<(), Fault> {
        self.check_mixed()
            .map_err(|message| self.invalid(message))?;
        let members = self.input.as_object().into_iter().flatten();
        for (member, value) in members {
            if !implemented(member, value) {
                return Err(self.not_implemented(member, value));
            }
        }
        Ok(())
    }

    /// What the local account says of what it lacks.
    pub(super) fn not_implemented(&self, member: &str, value: &Value) -> Fault {
        let message = format!(
            "the local account has no {member} of {value} in {}",
            self.operation
        );
        Fault::with_status("UnknownOperationException", message, 501)
    }

    fn check_mixed(&self) -> Result<(), String> {
        let given = |members: &[&'static str]| -> Vec<&str> {
            members
                .iter()
                .copied()
                .filter(|member| self.get(member).is_some())
                .collect()
        };
        let expressions = given(&EXPRESSIONS);
        let mut others = given(&LEGACY);
        if !expressions.contains(&"KeyConditionExpression") {
            others.retain(|member| *member != "KeyConditions");
        }
        if expressions.is_empty() || others.is_empty() {
            return Ok(());
        }
        Err(format!(
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {{{}}} Expression parameters: {{{}}}",
            others.join(", "),
            expressions.join(", ")
        ))
    }

    /// Reads the expressions.
    ///
    /// # Errors
    /// What AWS says about them.
    pub(super) fn expressions(&self) -> Result<Expressions, String> {
        let (names, values) = (
            self.get("ExpressionAttributeNames"),
            self.get("ExpressionAttributeValues"),
        );
        let given = |member: &&&str| self.get(member).is_some();
        let takes_values = EXPRESSIONS
            .iter()
            .filter(|member| **member != "ProjectionExpression");
        for (placeholders, member, expression) in [
            (
                names,
                "ExpressionAttributeNames",
                EXPRESSIONS.iter().find(given),
            ),
            (
                values,
                "ExpressionAttributeValues",
                takes_values.clone().find(given),
            ),
        ] {
            if placeholders.is_some() && expression.is_none() {
                return Err(format!(
                    "{member} can only be specified when using expressions"
                ));
            }
        }
        let mut placeholders = Placeholders::read(names, values)?;
        let condition = Condition::read;
        let read = Expressions {
            update: self.expression("UpdateExpression", &mut placeholders, Update::read)?,
            condition: self.expression("ConditionExpression", &mut placeholders, condition)?,
            key: self
                .expression("KeyConditionExpression", &mut placeholders, condition)?
                .map(KeyTests::of)
                .transpose()?,
            filter: self.expression("FilterExpression", &mut placeholders, condition)?,
            projection: self.expression(
                "ProjectionExpression",
                &mut placeholders,
                Projection::read,
            )?,
        };
        placeholders.check_used()?;
        Ok(read)
    }

    fn expression<T>(
        &self,
        member: &str,
        placeholders: &mut Placeholders,
        read: fn(&str, &mut Placeholders) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let Some(expression) = self.text(member) else {
            return Ok(None);
        };
        check_length(member, expression)
            .and_then(|()| read(expression, placeholders))
            .map(Some)
            .map_err(|problem| format!("Invalid {member}: {problem}"))
    }
}

fn check_length(member: &str, expression: &str) -> Result<(), String> {
    let length = expression.len();
    if length == 0 {
        return Err("The expression can not be empty;".to_owned());
    }
    if length <= LONGEST_EXPRESSION {
        return Ok(());
    }
    let message = "Expression size has exceeded the maximum allowed size;";
    // AWS says how long only of the others (`deepRequests.test.ts`).
    Err(if member == "UpdateExpression" {
        message.to_owned()
    } else {
        format!("{message} expression size: {length}")
    })
}

/// Whether a member is carried out with this value. Others would change what an operation does.
fn implemented(member: &str, value: &Value) -> bool {
    match member {
        "IndexName" | "Segment" | "TotalSegments" => false,
        "ReturnConsumedCapacity" | "ReturnItemCollectionMetrics" => value == "NONE",
        "ReturnValues" => value != "UPDATED_OLD",
        member => !LEGACY.contains(&member),
    }
}

/// The one action of a member of `TransactItems`.
///
/// # Errors
/// If there is none or more than one.
pub(super) fn action(item: &Value) -> Result<Request<'_>, Fault> {
    let mut actions = item.as_object().into_iter().flat_map(Map::iter);
    match (actions.next(), actions.next()) {
        (Some((kind, input)), None) => Ok(Request::new(kind, input)),
        _ => Err(validation(
            "TransactItems can only contain one of Check, Put, Update or Delete",
        )),
    }
}
