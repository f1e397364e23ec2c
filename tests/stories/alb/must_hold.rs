//! What must hold whatever happens to the calls. That no weight is on a group without healthy targets, and no task goes that
//! its share needs or that still finishes requests, is watched in every story.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour},
    wire::{Account, Interference},
    world::{Fault, Principal, elb, journal::Call},
};
use serde_json::{Value, json};

use super::{STABLE, on, stage, v2};
use crate::play::Play;

async fn promoted(play: &Play) {
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), on(2));
    assert_eq!(play.requests().failed(), [""; 0]);
}

async fn rolled_back(play: &Play) {
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
}

/// The load balancer follows a change after 20 seconds, and shows it after 45.
async fn slow_balancer() -> Play {
    Play::begin_with(&stage(), v2(Behaviour::Works), |world| {
        world.elb.propagation = Duration::from_secs(20);
        world.elb.read_lag = Duration::from_secs(45);
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn weights_that_show_late_are_waited_for() {
    promoted(&slow_balancer().await).await;
}

#[tokio::test(start_paused = true)]
async fn weights_that_show_late_are_waited_for_by_a_rollback() {
    rolled_back(&slow_balancer().await).await;
}

/// Lets the first changes of weights after each success come to nothing, although they are answered.
fn swallow(play: &Play, each: u32) {
    let account = play.account.clone();
    let (mut swallowed, mut undo) = (0, None);
    play.interfere(move |call| {
        if let Some(before) = undo.take() {
            ask(&account, "ModifyRule", &before);
        }
        if call.operation == "ModifyRule" {
            swallowed += 1;
            if swallowed % (each + 1) != 0 {
                undo = Some(as_it_is(&account, call));
            }
        }
        Interference::None
    });
}

/// A change of a rule into what it is.
fn as_it_is(account: &Account, call: &Call) -> Value {
    let rule = &call.input["RuleArn"];
    let described = ask(account, "DescribeRules", &json!({ "RuleArns": [rule] }));
    json!({ "RuleArn": rule, "Actions": described["Rules"][0]["Actions"] })
}

fn ask(account: &Account, operation: &str, input: &Value) -> Value {
    account
        .with(|world| elb::call(world, operation, input))
        .expect("the rule is there")
}

#[tokio::test(start_paused = true)]
async fn weights_that_were_dropped_are_set_again() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    swallow(&play, 2);
    promoted(&play).await;
    let weighed = play.writes();
    let weighed = weighed.iter().filter(|call| call.operation == "ModifyRule");
    assert_eq!(weighed.count(), 3 * 4, "10, 50, 25 and 0");
}

#[tokio::test(start_paused = true)]
async fn weights_that_were_dropped_are_set_again_by_a_rollback() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    swallow(&play, 1);
    rolled_back(&play).await;
}

/// Refuses changes of weights for three minutes after the first.
fn refuse(play: &Play, fault: Fault) {
    let account = play.account.clone();
    let mut first = None;
    play.interfere(move |call| {
        if call.operation != "ModifyRule" {
            return Interference::None;
        }
        let now = account.now();
        if now.since(*first.get_or_insert(now)) < Duration::from_mins(3) {
            Interference::Refuse(fault.clone())
        } else {
            Interference::None
        }
    });
}

#[tokio::test(start_paused = true)]
async fn weights_that_are_throttled_are_set_when_they_can_be() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    refuse(&play, Fault::new("Throttling", "Rate exceeded"));
    promoted(&play).await;
}

#[tokio::test(start_paused = true)]
async fn weights_that_a_rollback_may_not_set_for_a_while_keep_the_canary_where_it_is() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    let fault = Fault::with_status("ServiceUnavailable", "The request has failed", 503);
    refuse(&play, fault);
    play.alarm("orders fail");
    play.pass(Duration::from_mins(2)).await;
    let pair = play.pair();
    assert!(pair.contains("orders-canary: orders:2 2/2"), "{pair}");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn targets_that_are_healthy_late_are_waited_for() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    // Two checks have failed by then; with the third they would be unhealthy.
    play.requests().warm_up(Duration::from_secs(18));
    promoted(&play).await;
}

#[tokio::test(start_paused = true)]
async fn targets_that_are_healthy_late_are_waited_for_by_a_rollback() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    play.requests().warm_up(Duration::from_secs(18));
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    play.until("the primary runs v2 too", |world| {
        crate::play::runs(world, stage::PRIMARY, "v2")
    })
    .await;
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_good_version_that_starts_slower_than_its_health_check_allows_is_promoted() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let person = Principal("person".to_owned());
    for service in [stage::PRIMARY, stage::CANARY] {
        let input = json!({ "cluster": stage::CLUSTER, "service": service, "healthCheckGracePeriodSeconds": 300 });
        let done = play
            .account
            .with(|world| world.call("ecs", "UpdateService", &input, &person));
        done.unwrap();
    }
    play.requests().warm_up(Duration::from_mins(1));
    promoted(&play).await;
    let transcript = play.transcript();
    assert!(
        transcript.contains("1 healthy, 1 unhealthy"),
        "{transcript}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_after_the_promotion_restores_the_stable_version_without_a_failed_request() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    promoted(&play).await;
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
}
