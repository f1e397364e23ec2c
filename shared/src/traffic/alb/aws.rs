//! What is read of two services behind a load balancer beside what every look reads.

use super::{Alb, Before, Groups, Seen};
use crate::{
    aws::{Account, AwsError, Trouble},
    parts::{pair, task_definition::Source},
};

impl Alb {
    /// What a release begins with.
    pub(super) async fn before(
        &self,
        account: &Account,
        seen: &Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> Result<Option<Before>, Trouble> {
        let pair = pair::Before::observe(account, &self.pair, &seen.pair, source);
        let groups = async { Ok(self.groups(account).await?) };
        let (pair, groups) = tokio::try_join!(pair, groups)?;
        Ok(pair.map(|pair| Before { pair, groups }))
    }

    async fn groups(&self, account: &Account) -> Result<Groups, AwsError> {
        let (primary, canary) = self.traffic.place.groups();
        let (primary, canary, drain_seconds) = tokio::try_join!(
            account.load_balancers_of(primary, "primaryTargetGroup"),
            account.load_balancers_of(canary, "canaryTargetGroup"),
            account.deregistration_delay(canary, "canaryTargetGroup"),
        )?;
        Ok(Groups {
            primary,
            canary,
            drain_seconds,
        })
    }
}
