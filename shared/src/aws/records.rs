//! Amazon `DynamoDB`: release records and the ledger of decisions.
//!
//! Table: partition key `pair`, sort key `item`. `current` is the record, `found` is what its release found in full,
//! `ledger#…` are decisions, sorted by time.

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Put, TransactWriteItem},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Account, AwsError, Trouble, in_time};
use crate::{
    clock::Timestamp,
    names::{PairId, ReleaseId},
    observation::Known,
    record::{FoundInFull, Record, Unreadable},
    telemetry,
};

const CURRENT: &str = "current";

/// What the release that has the pair found, in full.
const FOUND: &str = "found";

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
        let stored = self.item(pair, CURRENT).await?;
        let read = stored.map(|stored| Record::read(without_sort_key(stored)));
        Ok(read.transpose()?)
    }

    /// What a release found, in full, as its model has stored it; `None` if that was another release's, or one that an older version
    /// of the suite began.
    pub async fn found_in_full<T: DeserializeOwned>(
        &self,
        pair: &PairId,
        release: &ReleaseId,
    ) -> Result<Option<T>, Trouble> {
        let found: Option<FoundInFull> = self.item(pair, FOUND).await?;
        let found = found.filter(|found| found.release == *release);
        let read = found.map(|found| found.of_model.read()).transpose();
        Ok(read.map_err(|error| {
            let what = format!("the item {FOUND} of {pair}");
            AwsError::unusable("dynamodb:GetItem", what, error.to_string())
        })?)
    }

    /// The same, if it can be read in time.
    pub async fn found_in_time<T: DeserializeOwned>(
        &self,
        pair: &PairId,
        release: &ReleaseId,
    ) -> Option<T> {
        let read = self.found_in_full(pair, release);
        match in_time("what the release found, in full", read).await {
            Known::Known(found) => found,
            Known::Gone => None,
            Known::Unknown(unseen) => {
                tracing::warn!("{unseen}");
                None
            }
        }
    }

    async fn item<T: DeserializeOwned>(
        &self,
        pair: &PairId,
        name: &'static str,
    ) -> Result<Option<T>, Trouble> {
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
        Ok(read.map_err(|error| {
            let what = format!("the item {name} of {pair}");
            AwsError::unusable(ACTION, what, error.to_string())
        })?)
    }

    /// The records of all pairs of the table, for a suite that serves several. One that cannot be read keeps no other from being
    /// read.
    pub async fn records(&self) -> Result<Vec<Result<Record, Unreadable>>, Trouble> {
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
            let stored: Value = serde_dynamo::from_item(item).map_err(|error| {
                AwsError::unusable(ACTION, table_said(table), error.to_string())
            })?;
            records.push(Record::read(without_sort_key(stored)));
        }
        Ok(records)
    }

    /// Writes a record over the revision before it, together with the decision that led to it and, as a release begins, with
    /// everything that it found.
    pub async fn write(
        &self,
        record: &Record,
        found: Option<&FoundInFull>,
        entry: &Entry,
    ) -> Result<Written, Trouble> {
        const ACTION: &str = "dynamodb:PutItem";
        let table = self.releases_table()?;
        let stored = record
            .stored()
            .map_err(|error| AwsError::unusable(ACTION, table_said(table), error.to_string()))?;
        let mut current = item(&stored)?;
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
        let put_whole = |item| Put::builder().table_name(table).set_item(Some(item));
        let mut puts = vec![put, put_whole(ledger_item(entry)?)];
        if let Some(found) = found {
            let mut found = item(found)?;
            found.insert("item".to_owned(), AttributeValue::S(FOUND.to_owned()));
            puts.push(put_whole(found));
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
            Ok(_) => {
                telemetry::wrote(record, entry.at);
                Ok(Written::Yes)
            }
            Err(error) => {
                let failure = AwsError::of(ACTION, table_said(table), &error);
                not_written(&reasons(error.as_service_error()), failure)
            }
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

/// The sort key is the table's, not the record's.
fn without_sort_key(mut stored: Value) -> Value {
    if let Some(fields) = stored.as_object_mut() {
        fields.remove("item");
    }
    stored
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

/// What a transaction comes to that was cancelled for these reasons.
fn not_written(reasons: &[&str], failure: AwsError) -> Result<Written, Trouble> {
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
