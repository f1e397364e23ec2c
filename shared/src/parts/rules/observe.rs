//! What a rollback reads of rules and groups.

use super::{Actions, At, Forward, InFull, Place, Rule, Seen};
use crate::{
    aws::{Account, LookError},
    known::{Known, Unseen, in_time},
    names::{ForwardArn, PairId, ReleaseId},
};

impl Seen {
    /// What a look needs that goes on with a release, or begins one.
    pub async fn needed(account: &Account, at: At<'_>) -> Self {
        match account.rules(at).await {
            Ok(whole) => (&whole).into(),
            Err(unseen) => Self::unknown(&unseen.into()),
        }
    }

    /// Looks at every rule by itself: what is wrong with one must not keep another, or the services, from being restored.
    pub async fn each(account: &Account, at: At<'_>) -> Self {
        let place = at.place;
        let batches = place.batches().into_iter().map(|arns| async move {
            let read = async { Ok::<_, LookError>(account.actions(at, &arns).await) };
            let read = in_time("the rules of the load balancer", read).await;
            let of = |at: usize| match &read {
                Known::Known(all) => all[at].clone().into(),
                Known::Gone => Known::Gone,
                Known::Unknown(unseen) => Known::Unknown(unseen.clone()),
            };
            let rules = arns.iter().enumerate().map(|(at, arn)| Rule {
                arn: (*arn).clone(),
                seen: forward(place, arn, of(at)),
                recorded: None,
            });
            rules.collect::<Vec<_>>()
        });
        let what = "elasticloadbalancing:DescribeTargetHealth";
        let (rules, primary, canary) = tokio::join!(
            futures_util::future::join_all(batches),
            in_time(what, account.health_of_primary(at)),
            in_time(what, account.health_of_canary(at))
        );
        Self {
            rules: rules.into_iter().flatten().collect(),
            primary,
            canary,
        }
    }

    /// With what rules did when the release began, where they cannot be seen.
    pub async fn recorded(
        mut self,
        account: &Account,
        place: &Place,
        (pair, release): (&PairId, &ReleaseId),
    ) -> Self {
        let mut rules = self.rules.iter().map(|rule| &rule.seen);
        if !rules.any(|it| it.unseen().is_some()) {
            return self;
        }
        let found: Option<InFull> = crate::parts::found::in_full(account, pair, release).await;
        for rule in &mut self.rules {
            let actions = found.as_ref().and_then(|found| found.actions(&rule.arn));
            let read = |it| Forward::read(place.groups(), &rule.arn, it).ok();
            rule.recorded = actions.cloned().and_then(read);
        }
        self
    }
}

fn forward(place: &Place, arn: &ForwardArn, actions: Known<Actions>) -> Known<Forward> {
    match actions.map(|actions| Forward::read(place.groups(), arn, actions)) {
        Known::Known(Ok(forward)) => Known::Known(forward),
        Known::Known(Err(bad)) if bad.spares(&place.canary_target_group) => Known::Gone,
        Known::Known(Err(bad)) => Known::Unknown(Unseen {
            why: format!("{} {bad}", arn.short()),
            is_passing: false,
            error: None,
        }),
        Known::Gone => Known::Gone,
        Known::Unknown(unseen) => Known::Unknown(unseen),
    }
}
