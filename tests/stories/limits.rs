//! What AWS's own SDK makes of too many calls.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::{Client, config::retry::RetryConfig};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rehearsal_core::{
    clock::Moment,
    wire::Account,
    world::{Identity, World, limits},
};
use tokio::sync::mpsc::unbounded_channel;

use crate::connector::{REGION, client, config};

fn account() -> Account {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    };
    let world = World::new(identity, Moment(1_790_960_680_000), 1);
    Account::new(world, unbounded_channel().0)
}

/// How many of so many calls in a row are answered to a client that tries once.
async fn answered(account: &Account, calls: usize) -> usize {
    let once = config!(aws_sdk_elasticloadbalancingv2, account, "shift-weight")
        .retry_config(RetryConfig::disabled());
    let client = Client::from_conf(once.build());
    for answered in 0..calls {
        if let Err(error) = client.describe_load_balancers().send().await {
            assert_eq!(error.code(), Some("Throttling"));
            assert_eq!(error.message(), Some("Rate exceeded"));
            let status = error.raw_response().map(|answer| answer.status().as_u16());
            assert_eq!(status, Some(400));
            return answered;
        }
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_often_is_throttled_and_what_others_ask_counts() {
    let account = account();
    assert_eq!(answered(&account, 60).await, 40);
    account.with(|world| {
        limits::others_call(world, "elasticloadbalancing", "DescribeTargetHealth", 7);
    });
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(answered(&account, 60).await, 6);
}

#[tokio::test(start_paused = true)]
async fn the_sdk_waits_until_there_is_a_token_again() {
    let account = account();
    answered(&account, 60).await;
    let patient = client!(aws_sdk_elasticloadbalancingv2, account, "shift-weight");
    let answer = patient.describe_load_balancers().send().await;
    assert_eq!(answer.expect("after a while").load_balancers(), []);
}
