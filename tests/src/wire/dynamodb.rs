//! Amazon `DynamoDB`: the tables of the account, kept by the `winterbaume-dynamodb` crate.
//!
//! What that crate leaves out is either added here (idempotent transactions, items of failed
//! conditions, checks of expression attributes) or refused, so that no option is silently ignored.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::HeaderMap;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use winterbaume_core::{MockRequest, MockService};
use winterbaume_dynamodb::DynamoDbService;

use super::expressions;
use crate::{
    clock::Moment,
    world::{Fault, Table},
};

/// AWS: `TransactWriteItems` API reference, "a client request token is valid for 10 minutes".
const TOKEN_VALIDITY: Duration = Duration::from_mins(10);

/// Members that would change what an operation does, and that nothing here carries out.
const NOT_IMPLEMENTED: [&str; 15] = [
    "AttributeUpdates",
    "AttributesToGet",
    "ConditionalOperator",
    "Expected",
    "IndexName",
    "KeyConditions",
    "QueryFilter",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ScanFilter",
    "Segment",
    "Select",
    "TotalSegments",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// The tables.
pub(super) struct Tables {
    service: DynamoDbService,
    region: String,
    /// Key attributes by table, the hash key first.
    keys: BTreeMap<String, Vec<String>>,
    /// Transactions that succeeded, by their client request token.
    transactions: HashMap<String, (Moment, Value)>,
}

/// An answer in the protocol of `DynamoDB`.
#[derive(Debug)]
pub(super) struct TableAnswer {
    pub(super) status: u16,
    pub(super) body: Bytes,
    /// The error's name, if it is one.
    pub(super) fault: Option<String>,
}

/// A write, update, delete or check of one item; the whole request or one part of a transaction.
struct Part<'a> {
    kind: &'a str,
    input: &'a Map<String, Value>,
}

impl Tables {
    /// Empty tables.
    pub(super) fn new(region: &str, declared: &[Table]) -> Self {
        let mut tables = Self {
            service: DynamoDbService::new(),
            region: region.to_owned(),
            keys: BTreeMap::new(),
            transactions: HashMap::new(),
        };
        for table in declared {
            tables
                .create(table)
                .expect("`World::declare_table` has checked what a table can be wrong in");
        }
        tables
    }

    fn create(&mut self, table: &Table) -> Result<(), Fault> {
        let name = table.name.as_str();
        let keys: Vec<_> = [(table.hash_key.as_str(), "HASH")]
            .into_iter()
            .chain(table.range_key.as_deref().map(|key| (key, "RANGE")))
            .collect();
        let schema = keys
            .iter()
            .map(|(key, role)| json!({ "AttributeName": key, "KeyType": role }));
        let definitions = keys
            .iter()
            .map(|(key, _)| json!({ "AttributeName": key, "AttributeType": "S" }));
        let input = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": schema.collect::<Vec<_>>(),
            "AttributeDefinitions": definitions.collect::<Vec<_>>(),
        });
        let (status, answer) = self.ask("CreateTable", &input)?;
        if status != 200 {
            return Err(Fault::new(
                error_name(&answer),
                answer["message"].to_string(),
            ));
        }
        let keys = keys.into_iter().map(|(key, _)| key.to_owned()).collect();
        self.keys.insert(name.to_owned(), keys);
        Ok(())
    }

    /// Carries out an operation with checked input.
    pub(super) fn call(
        &mut self,
        operation: &str,
        input: &Value,
        now: Moment,
    ) -> Result<TableAnswer, Fault> {
        let parts = parts(operation, input)?;
        for part in &parts {
            self.check(part)?;
        }
        if operation != "TransactWriteItems" {
            return self.single(operation, input, &parts);
        }
        self.refuse_two_on_one_item(&parts)?;
        self.transactions
            .retain(|_, (at, _)| now.since(*at) < TOKEN_VALIDITY);
        let token = input["ClientRequestToken"].as_str();
        match token.and_then(|token| self.transactions.get(token)) {
            Some((_, earlier)) if earlier == input => Ok(answered(200, &json!({}))),
            Some(_) => Err(Fault::new(
                "IdempotentParameterMismatchException",
                "The client request token was used with other parameters before.",
            )),
            None => {
                let answer = self.transaction(input, &parts)?;
                if let (None, Some(token)) = (&answer.fault, token) {
                    self.transactions
                        .insert(token.to_owned(), (now, input.clone()));
                }
                Ok(answer)
            }
        }
    }

    fn single(
        &self,
        operation: &str,
        input: &Value,
        parts: &[Part<'_>],
    ) -> Result<TableAnswer, Fault> {
        let (status, mut answer) = self.ask(operation, input)?;
        if error_name(&answer) == "ConditionalCheckFailedException"
            && let Some(item) = self.item_asked_for(&parts[0])?
        {
            answer["Item"] = item;
        }
        Ok(answered(status, &answer))
    }

    fn transaction(&self, input: &Value, parts: &[Part<'_>]) -> Result<TableAnswer, Fault> {
        let (status, mut answer) = self.ask("TransactWriteItems", input)?;
        if let Some(reasons) = answer["CancellationReasons"].as_array_mut() {
            for (reason, part) in reasons.iter_mut().zip(parts) {
                if reason["Code"] == "ConditionalCheckFailed"
                    && let Some(item) = self.item_asked_for(part)?
                {
                    reason["Item"] = item;
                }
            }
            let codes: Vec<_> = reasons.iter().filter_map(|r| r["Code"].as_str()).collect();
            answer["message"] = json!(format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                codes.join(", ")
            ));
        }
        Ok(answered(status, &answer))
    }

    /// What the crate would not notice.
    fn check(&self, part: &Part<'_>) -> Result<(), Fault> {
        for name in NOT_IMPLEMENTED {
            if let Some(value) = part.input.get(name)
                && !implemented(part.kind, name, value)
            {
                return Err(Fault {
                    code: "UnknownOperationException".to_owned(),
                    message: format!(
                        "the local account has no {name} of {value} in {}",
                        part.kind
                    ),
                    status: 501,
                });
            }
        }
        if self.keys_of(part).is_none() {
            return Err(Fault::new(
                "ResourceNotFoundException",
                "Requested resource not found",
            ));
        }
        expressions::check(part.input)
    }

    fn refuse_two_on_one_item(&self, parts: &[Part<'_>]) -> Result<(), Fault> {
        let mut seen = Vec::new();
        for part in parts {
            let item = (part.input.get("TableName"), self.key(part));
            if seen.contains(&item) {
                return Err(Fault::new(
                    "ValidationException",
                    "Transaction request cannot include multiple operations on one item",
                ));
            }
            seen.push(item);
        }
        Ok(())
    }

    /// The item as it is, if the caller wants to see it when the condition fails.
    fn item_asked_for(&self, part: &Part<'_>) -> Result<Option<Value>, Fault> {
        if part.input.get("ReturnValuesOnConditionCheckFailure") != Some(&json!("ALL_OLD")) {
            return Ok(None);
        }
        let input = json!({ "TableName": part.input["TableName"], "Key": self.key(part) });
        let (_, mut answer) = self.ask("GetItem", &input)?;
        Ok(Some(answer["Item"].take()).filter(|item| !item.is_null()))
    }

    fn keys_of(&self, part: &Part<'_>) -> Option<&Vec<String>> {
        self.keys.get(part.input.get("TableName")?.as_str()?)
    }

    /// The key of the item that a part is about.
    fn key(&self, part: &Part<'_>) -> Value {
        let item = part.input.get("Key").or_else(|| part.input.get("Item"));
        let keys = self.keys_of(part).into_iter().flatten();
        let key = keys.filter_map(|key| Some((key.clone(), item?.get(key)?.clone())));
        Value::Object(key.collect())
    }

    fn ask(&self, operation: &str, input: &Value) -> Result<(u16, Value), Fault> {
        let broken = |message: String| Fault {
            code: "LocalAccountBug".to_owned(),
            message,
            status: 500,
        };
        let mut headers = HeaderMap::new();
        let target = format!("DynamoDB_20120810.{operation}").parse();
        headers.insert(
            "x-amz-target",
            target.map_err(|error| broken(format!("{error}")))?,
        );
        let answer = at_once(self.service.handle(MockRequest {
            method: "POST".to_owned(),
            uri: format!("https://dynamodb.{}.amazonaws.com/", self.region),
            headers,
            body: input.to_string().into(),
        }));
        let answer = answer.ok_or_else(|| broken(format!("dynamodb:{operation} waited")))?;
        let body = serde_json::from_slice(&answer.body)
            .map_err(|_| broken(format!("dynamodb:{operation} answered no JSON")))?;
        Ok((answer.status, body))
    }
}

/// Whether the crate, or this module, carries out an option with this value.
fn implemented(kind: &str, name: &str, value: &Value) -> bool {
    let value = value.as_str().unwrap_or_default();
    match name {
        "ReturnValues" => matches!(
            (kind, value),
            (_, "NONE") | ("PutItem" | "DeleteItem", "ALL_OLD") | ("UpdateItem", "ALL_NEW")
        ),
        "ReturnValuesOnConditionCheckFailure" => matches!(value, "NONE" | "ALL_OLD"),
        "ReturnConsumedCapacity" | "ReturnItemCollectionMetrics" => value == "NONE",
        _ => false,
    }
}

fn parts<'a>(operation: &'a str, input: &'a Value) -> Result<Vec<Part<'a>>, Fault> {
    let empty = || Fault::new("ValidationException", "the input is no structure");
    let whole = Part {
        kind: operation,
        input: input.as_object().ok_or_else(empty)?,
    };
    let Some(items) = input.get("TransactItems").and_then(Value::as_array) else {
        return Ok(vec![whole]);
    };
    items
        .iter()
        .map(|item| {
            let mut actions = item.as_object().into_iter().flatten();
            match (actions.next(), actions.next()) {
                (Some((kind, Value::Object(input))), None) => Ok(Part { kind, input }),
                _ => Err(Fault::new(
                    "ValidationException",
                    "TransactItems can only contain one of Check, Put, Update or Delete",
                )),
            }
        })
        .collect()
}

fn answered(status: u16, body: &Value) -> TableAnswer {
    TableAnswer {
        status,
        body: body.to_string().into(),
        fault: (status != 200).then(|| error_name(body).to_owned()),
    }
}

/// `ConditionalCheckFailedException` of `com.amazonaws.dynamodb.v20120810#ConditionalCheck…`.
fn error_name(body: &Value) -> &str {
    let name = body["__type"].as_str().unwrap_or_default();
    name.rsplit('#').next().unwrap_or(name)
}

/// The result of a future that has nothing to wait for: the crate keeps its items in memory, and
/// the caller holds the only reference to it.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    // Otherwise a busy task's budget could make the crate's locks pretend to be taken.
    let mut future = pin!(tokio::task::unconstrained(future));
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests;
