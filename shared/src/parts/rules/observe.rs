//! What a rollback reads of rules and groups.

use super::{Actions, Forward, Place, Rule, Seen};
use crate::{
    aws::{Account, Trouble},
    names::ForwardArn,
    observation::{Known, Unseen},
    observe::in_time,
};

/// Looks at every rule by itself: what is wrong with one must not keep another, or the services, from being restored.
pub async fn each(account: &Account, place: &Place) -> Seen {
    let batches = place.batches().into_iter().map(|arns| async move {
        let read = async { Ok::<_, Trouble>(account.actions(place, &arns).await) };
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
        in_time(what, account.health_of_primary(place)),
        in_time(what, account.health_of_canary(place))
    );
    Seen {
        rules: rules.into_iter().flatten().collect(),
        primary,
        canary,
    }
}

fn forward(place: &Place, arn: &ForwardArn, actions: Known<Actions>) -> Known<Forward> {
    match actions.map(|actions| Forward::read(place.groups(), arn, actions)) {
        Known::Known(Ok(forward)) => Known::Known(forward),
        Known::Known(Err(bad)) if bad.spares(&place.canary_target_group) => Known::Gone,
        Known::Known(Err(bad)) => Known::Unknown(Unseen {
            why: format!("{} {bad}", arn.short()),
            is_passing: false,
        }),
        Known::Gone => Known::Gone,
        Known::Unknown(unseen) => Known::Unknown(unseen),
    }
}
