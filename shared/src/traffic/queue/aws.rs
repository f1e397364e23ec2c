//! What is read of a queue's consumers beside what every look reads.

use super::{Queue, Seen};
use crate::{
    aws::{Account, AwsError, Trouble},
    parts::{pair::Before, task_definition::Source},
};

impl Queue {
    /// That the queue exists is worth a call of its own before anything is changed.
    pub(in crate::traffic) async fn exists(&self, account: &Account) -> Result<(), AwsError> {
        account.messages(&self.traffic.url, "url").await?;
        Ok(())
    }

    /// What a release begins with.
    pub(in crate::traffic) async fn before(
        &self,
        account: &Account,
        seen: &Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> Result<Option<Before>, Trouble> {
        Before::observe(account, &self.pair, &seen.pair, source).await
    }
}
