//! Two HTTP services in the record, in what is seen, and in what is read.

use super::{
    Alb, Seen, View,
    target::{AlbTraffic, Input},
};
use crate::{
    aws::{Account, AwsError, Trouble},
    input::BadInput,
    names::TargetGroupArn,
    parts::{rules, task_definition::Source},
    target::Target,
    traffic::{
        Before,
        joined::{Besides, Joined},
        model::Goal,
        sight::Sight,
    },
};

impl Joined for Alb {
    type Traffic = AlbTraffic;

    fn of(target: &Target, traffic: &AlbTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Sight) -> Option<Seen> {
        Some(Seen {
            pair: seen.pair.clone(),
            rules: seen.rules.clone()?,
        })
    }

    #[allow(
        unreachable_patterns,
        clippy::match_wildcard_for_single_variants,
        reason = "there may be more models, or no other"
    )]
    fn before(before: &Before) -> Option<&Self::Before> {
        match before {
            Before::Alb(before) => Some(before),
            _ => None,
        }
    }

    fn begins(before: Self::Before) -> Before {
        Before::Alb(before)
    }

    type Input = Input;
    const LIMITS: &'static [&'static str] = &["minTasks", "maxUnhealthy", "allowSticky"];

    fn check(traffic: &AlbTraffic, source: &'static str) -> Result<(), BadInput> {
        traffic.check(source)
    }

    fn admits(_traffic: &AlbTraffic, _goal: Goal) -> Result<(), &'static str> {
        Ok(())
    }

    fn drains() -> Result<(), &'static str> {
        Ok(())
    }

    fn has_left_over(&self, view: View<'_>) -> bool {
        let back = self.back(false, view);
        back.canary()
            .is_some_and(|canary| back.has_left_over(canary))
    }

    async fn exists(&self, _account: &Account) -> Result<(), AwsError> {
        Ok(())
    }

    async fn begin_with(
        &self,
        account: &Account,
        seen: &Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> Result<Option<Self::Before>, Trouble> {
        self.before(account, seen, source).await
    }

    async fn besides(traffic: &AlbTraffic, account: &Account) -> Besides {
        Besides {
            dead_letters: Ok(None),
            rules: account.rules(&traffic.place).await.map(Some),
        }
    }

    async fn rules(traffic: &AlbTraffic, account: &Account) -> Option<rules::Seen> {
        Some(Box::pin(rules::each(account, &traffic.place)).await)
    }

    fn nothing(traffic: &AlbTraffic) -> Option<rules::Seen> {
        Some(rules::Seen::nothing(traffic.place.forwards()))
    }

    fn groups(traffic: &AlbTraffic) -> Option<(&TargetGroupArn, &TargetGroupArn)> {
        Some(traffic.place.groups())
    }
}
