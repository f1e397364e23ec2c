//! Where records and decisions are kept: the table of releases.

use serde::Serialize;
use serde_json::Value;

use super::{FoundInFull, Record, Unreadable};
use crate::{
    aws::{
        Account, AwsError, LookError,
        table::{CURRENT, FOUND, Written},
    },
    clock::Timestamp,
    job::cut,
    names::{PairId, ReleaseId},
};

/// A sort key is at most 1024 bytes: as many characters, of four bytes at most.
const LONGEST_KEY: usize = 255;

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

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotRead {
    /// AWS did not give it.
    #[error(transparent)]
    Look(#[from] LookError),
    /// It is not one that this version can read.
    #[error(transparent)]
    Record(#[from] Unreadable),
}

impl Account {
    /// The record of a pair, read consistently.
    pub async fn record(&self, pair: &PairId) -> Result<Option<Record>, NotRead> {
        let stored = self.item(pair, CURRENT).await?;
        Ok(stored.map(Record::read).transpose()?)
    }

    /// The records of all pairs of the table, for a suite that serves several. One that cannot be read keeps no other from being
    /// read.
    pub async fn records(&self) -> Result<Vec<Result<Record, Unreadable>>, LookError> {
        let stored = self.items(CURRENT).await?;
        Ok(stored.into_iter().map(Record::read).collect())
    }

    /// Writes a record over the revision before it, together with the decision that led to it and, as a release begins, with
    /// everything that it found.
    pub async fn write(
        &self,
        record: &Record,
        found: Option<&FoundInFull>,
        entry: &Entry,
    ) -> Result<Written, LookError> {
        let stored = record.stored().map_err(unusable)?;
        let mut others = vec![(entry.key(), as_item(entry)?)];
        if let Some(found) = found {
            others.push((FOUND.to_owned(), as_item(found)?));
        }
        self.write_over(record.revision - 1, &stored, &others).await
    }

    /// Adds a decision that changes no record.
    pub async fn note(&self, entry: &Entry) -> Result<(), LookError> {
        self.add(&entry.key(), entry).await
    }
}

impl Entry {
    fn key(&self) -> String {
        let key = format!("ledger#{}#{}#{}", self.at, self.function, self.caller);
        cut(&key, LONGEST_KEY)
    }
}

fn as_item(value: &impl Serialize) -> Result<Value, AwsError> {
    serde_json::to_value(value).map_err(unusable)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the errors that it maps are values"
)]
fn unusable(error: serde_json::Error) -> AwsError {
    AwsError::unusable("dynamodb:PutItem", "an item", error.to_string())
}
