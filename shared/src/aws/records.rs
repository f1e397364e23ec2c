//! Amazon `DynamoDB`: release records and the ledger of decisions.
//!
//! Table: partition key `pair`, sort key `item`. `current` is the record, `ledger#…` are decisions,
//! sorted by time.

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    types::{AttributeValue, Put, TransactWriteItem},
};
use serde::Serialize;

use super::{Account, AwsError, Trouble};
use crate::{
    clock::Timestamp,
    names::{PairId, ReleaseId},
    record::Record,
};

const CURRENT: &str = "current";

/// One decision, as the ledger keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The pair.
    pub pair: PairId,
    /// When.
    pub at: Timestamp,
    /// Which function.
    pub function: &'static str,
    /// What called it: a job's id, an alarm, an event.
    pub caller: String,
    /// The release that is spoken of, if there is one.
    pub release: Option<ReleaseId>,
    /// What was seen.
    pub seen: String,
    /// What was decided.
    pub decided: String,
}

/// Whether a conditional write was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It was.
    Yes,
    /// Somebody else had written since the record was read.
    Overtaken,
}

impl Account {
    /// The record of a pair, read consistently.
    pub async fn record(&self, pair: &PairId) -> Result<Option<Record>, Trouble> {
        const ACTION: &str = "dynamodb:GetItem";
        let table = self.releases_table()?;
        let answer = self
            .dynamodb
            .get_item()
            .table_name(table)
            .key("pair", AttributeValue::S(pair.to_string()))
            .key("item", AttributeValue::S(CURRENT.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, table_said(table), &error))?;
        let read = answer.item.map(serde_dynamo::from_item).transpose();
        Ok(read.map_err(|error| {
            AwsError::unusable(ACTION, format!("the record of {pair}"), error.to_string())
        })?)
    }

    /// The records of all pairs of the table, for a suite that serves several.
    pub async fn records(&self) -> Result<Vec<Record>, Trouble> {
        const ACTION: &str = "dynamodb:Scan";
        let table = self.releases_table()?;
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(table)
            .consistent_read(true)
            .filter_expression("#item = :current")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":current", AttributeValue::S(CURRENT.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut records = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::of(ACTION, table_said(table), &error))?;
            let record = serde_dynamo::from_item(item);
            records.push(record.map_err(|error| {
                AwsError::unusable(ACTION, table_said(table), error.to_string())
            })?);
        }
        Ok(records)
    }

    /// Writes a record over the revision before it, together with the decision that led to it.
    pub async fn write(&self, record: &Record, entry: &Entry) -> Result<Written, Trouble> {
        const ACTION: &str = "dynamodb:PutItem";
        let table = self.releases_table()?;
        let mut current = item(record)?;
        current.insert("item".to_owned(), AttributeValue::S(CURRENT.to_owned()));
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(current))
            .condition_expression("attribute_not_exists(#revision) OR #revision = :read")
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_values(
                ":read",
                AttributeValue::N((record.revision - 1).to_string()),
            );
        let ledger = Put::builder()
            .table_name(table)
            .set_item(Some(ledger_item(entry)?));
        let put_item = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            put.build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|error| AwsError::unusable(ACTION, table_said(table), error.to_string()))
        };
        // The SDK gives the call an idempotency token, so that a repeated attempt does not overtake itself.
        let answer = self
            .dynamodb
            .transact_write_items()
            .transact_items(put_item(put)?)
            .transact_items(put_item(ledger)?)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Written::Yes),
            Err(error) if overtaken(error.as_service_error()) => Ok(Written::Overtaken),
            Err(error) => Err(AwsError::of(ACTION, table_said(table), &error).into()),
        }
    }

    /// Adds a decision that changes no record.
    pub async fn note(&self, entry: &Entry) -> Result<(), Trouble> {
        let table = self.releases_table()?;
        self.dynamodb
            .put_item()
            .table_name(table)
            .set_item(Some(ledger_item(entry)?))
            .send()
            .await
            .map_err(|error| AwsError::of("dynamodb:PutItem", table_said(table), &error))?;
        Ok(())
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn item(value: &impl Serialize) -> Result<Item, AwsError> {
    serde_dynamo::to_item(value)
        .map_err(|error| AwsError::unusable("dynamodb:PutItem", "an item", error.to_string()))
}

fn ledger_item(entry: &Entry) -> Result<Item, AwsError> {
    let mut ledger = item(entry)?;
    let key = format!("ledger#{}#{}#{}", entry.at, entry.function, entry.caller);
    // A sort key is at most 1024 bytes.
    let key = crate::job::cut(&key, 255);
    ledger.insert("item".to_owned(), AttributeValue::S(key));
    Ok(ledger)
}

/// Whether the condition failed, or another transaction holds the item at this moment.
fn overtaken(
    error: Option<&aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError>,
) -> bool {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException;
    let Some(TransactionCanceledException(cancelled)) = error else {
        return error.is_some_and(|error| error.code() == Some("TransactionConflictException"));
    };
    cancelled.cancellation_reasons().iter().any(|reason| {
        matches!(
            reason.code(),
            Some("ConditionalCheckFailed" | "TransactionConflict")
        )
    })
}

fn table_said(table: &str) -> String {
    format!("table {table} (RELEASES_TABLE)")
}
