//! Scheduled actions that fell into a release.

use std::time::Duration;

use super::{FoundService, View};
use crate::{
    aws::Account,
    names::ServiceName,
    schedule::{self, Window},
};

/// For how long the last look of a release asks for what it only tells.
const LONGEST_ASIDE: Duration = Duration::from_secs(5);

impl View<'_> {
    /// What people are to hear of scheduled actions that fell into the suspension of their scaling, as the release ends. That nobody can
    /// tell is no reason for it not to end.
    pub async fn missed(self, account: &Account, suspended: Window) -> Vec<String> {
        let held = self.held_schedules();
        let services = held.iter();
        let reads = services.map(|service| async move {
            let read = account.scheduled_actions(&self.pair.cluster, service);
            // On the heap, as above.
            let read = tokio::time::timeout(LONGEST_ASIDE, Box::pin(read)).await;
            let why = match read {
                Ok(Ok(actions)) => return Ok(actions.into_iter().map(|it| (service.clone(), it))),
                Ok(Err(error)) => error.to_string(),
                Err(_late) => format!("AWS does not answer within {} s", LONGEST_ASIDE.as_secs()),
            };
            Err(format!(
                "whether scheduled actions of {service} were due while its scaling was suspended could not be seen: {why}"
            ))
        });
        let (mut actions, mut unseen) = (Vec::new(), Vec::new());
        for read in futures_util::future::join_all(reads).await {
            match read {
                Ok(of_service) => actions.extend(of_service),
                Err(why) => unseen.push(why),
            }
        }
        let missed = schedule::missed(&actions, suspended);
        missed.into_iter().chain(unseen).collect()
    }

    /// The services whose scheduled actions the release has suspended.
    fn held_schedules(self) -> Vec<ServiceName> {
        let (pair, found, holds) = (self.pair, self.found, self.holds);
        let services = [
            (holds.primary, &found.primary, &pair.primary),
            (holds.canary, &found.canary, &pair.canary),
        ];
        let is_scheduled = |found: &FoundService| {
            let scaling = found.scaling;
            scaling.is_some_and(|scaling| !scaling.suspended.scheduled)
        };
        let held = services
            .into_iter()
            .filter(|(hold, found, _)| hold.suspends() && is_scheduled(found));
        held.map(|(.., service)| service.clone()).collect()
    }
}
