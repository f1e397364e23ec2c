//! Amazon `DynamoDB`: the table of releases.
//!
//! Partition key `pair`, sort key `item`: [`CURRENT`] is the record, [`FOUND`] is what its release found in full, `ledger#…` are
//! decisions, sorted by time.

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Put, TransactWriteItem},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Account, AwsError, LookError};
use crate::names::{PairId, ReleaseId};

/// The sort key of a pair's record.
pub const CURRENT: &str = "current";

/// The sort key of what the release that has the pair found, in full.
pub const FOUND: &str = "found";

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
    /// An item of a pair, read consistently.
    pub async fn item(&self, pair: &PairId, name: &str) -> Result<Option<Value>, LookError> {
        const ACTION: &str = "dynamodb:GetItem";
        let table = self.releases_table()?;
        let answer = self
            .dynamodb
            .get_item()
            .table_name(table)
            .key("pair", AttributeValue::S(pair.to_string()))
            .key("item", AttributeValue::S(name.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, table_said(table), &error))?;
        let read = answer.item.map(serde_dynamo::from_item).transpose();
        let read = read.map_err(|error| {
            let what = format!("the item {name} of {pair}");
            AwsError::unusable(ACTION, what, error.to_string())
        })?;
        Ok(read.map(without_sort_key))
    }

    /// What a release found, in full, as its model has stored it; `None` if that was another release's, or one that an older version
    /// of the suite began.
    pub async fn found_in_full<T: DeserializeOwned>(
        &self,
        pair: &PairId,
        release: &ReleaseId,
    ) -> Result<Option<T>, LookError> {
        let found = self.item(pair, FOUND).await?;
        let found = found.filter(|found| found["release"].as_str() == Some(release.as_str()));
        let read = found.map(T::deserialize).transpose();
        Ok(read.map_err(|error| {
            let what = format!("the item {FOUND} of {pair}");
            AwsError::unusable("dynamodb:GetItem", what, error.to_string())
        })?)
    }

    /// The items of all pairs that have this sort key.
    pub async fn items(&self, name: &str) -> Result<Vec<Value>, LookError> {
        const ACTION: &str = "dynamodb:Scan";
        let table = self.releases_table()?;
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(table)
            .consistent_read(true)
            .filter_expression("#item = :name")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::of(ACTION, table_said(table), &error))?;
            let stored: Value = serde_dynamo::from_item(item).map_err(|error| {
                AwsError::unusable(ACTION, table_said(table), error.to_string())
            })?;
            items.push(without_sort_key(stored));
        }
        Ok(items)
    }

    /// Writes the current item of a pair over the revision that was read, together with others, each by its sort key.
    pub async fn write_over(
        &self,
        read: u64,
        current: &Value,
        others: &[(String, Value)],
    ) -> Result<Written, LookError> {
        const ACTION: &str = "dynamodb:PutItem";
        let table = self.releases_table()?;
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item(CURRENT, current)?))
            .condition_expression("attribute_not_exists(#revision) OR #revision = :read")
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_values(":read", AttributeValue::N(read.to_string()));
        let put_whole = |item| Put::builder().table_name(table).set_item(Some(item));
        let mut puts = vec![put];
        for (name, other) in others {
            puts.push(put_whole(item(name, other)?));
        }
        let put_item = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            put.build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|error| AwsError::unusable(ACTION, table_said(table), error.to_string()))
        };
        // The SDK gives the call an idempotency token, so that a repeated attempt does not overtake itself.
        let answer = self
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(
                puts.into_iter().map(put_item).collect::<Result<_, _>>()?,
            ))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Written::Yes),
            Err(error) => {
                let failure = AwsError::of(ACTION, table_said(table), &error);
                not_written(&reasons(error.as_service_error()), failure)
            }
        }
    }

    /// Adds an item.
    pub async fn add(&self, name: &str, value: &impl Serialize) -> Result<(), LookError> {
        let table = self.releases_table()?;
        self.dynamodb
            .put_item()
            .table_name(table)
            .set_item(Some(item(name, value)?))
            .send()
            .await
            .map_err(|error| AwsError::of("dynamodb:PutItem", table_said(table), &error))?;
        Ok(())
    }
}

/// The sort key is the table's, not the record's.
fn without_sort_key(mut stored: Value) -> Value {
    if let Some(fields) = stored.as_object_mut() {
        fields.remove("item");
    }
    stored
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn item(name: &str, value: &impl Serialize) -> Result<Item, AwsError> {
    let mut item: Item = serde_dynamo::to_item(value)
        .map_err(|error| AwsError::unusable("dynamodb:PutItem", "an item", error.to_string()))?;
    item.insert("item".to_owned(), AttributeValue::S(name.to_owned()));
    Ok(item)
}

/// What a transaction comes to that was cancelled for these reasons.
fn not_written(reasons: &[&str], failure: AwsError) -> Result<Written, LookError> {
    let because_of = |codes: &[&str]| reasons.iter().any(|it| codes.contains(it));
    if because_of(&["ConditionalCheckFailed", "TransactionConflict"]) {
        Ok(Written::Overtaken)
    } else if because_of(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        // The SDK does not repeat it (botocore `dynamodb.TransactionCanceledException`).
        Err(failure.passing().into())
    } else {
        Err(failure.into())
    }
}

/// Why a transaction was not done, in DynamoDB's words.
fn reasons(error: Option<&TransactWriteItemsError>) -> Vec<&str> {
    match error {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons().iter();
            reasons.filter_map(|reason| reason.code()).collect()
        }
        Some(other) if other.code() == Some("TransactionConflictException") => {
            vec!["TransactionConflict"]
        }
        _ => Vec::new(),
    }
}

fn table_said(table: &str) -> String {
    format!("table {table} (RELEASES_TABLE)")
}
