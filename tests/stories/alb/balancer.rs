//! The load balancer as it is on AWS: it draws lots, and says how a target fails its checks.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour},
    world::elb::{self, Lots},
};
use serde_json::json;

use super::{STABLE, on, stage, v2};
use crate::play::Play;

#[tokio::test(start_paused = true)]
async fn a_release_whose_requests_are_shared_by_lot_goes_through() {
    let play = Play::begin_with(&stage(), v2(Behaviour::Works), |world| {
        world.elb.lots = Some(Lots::seeded(1));
    })
    .await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    let share = play.requests().share("v2", stage::CANARY_GROUP, 10);
    assert!((7.0..13.0).contains(&share), "{share} %");
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.pair(), on(2));
    assert_eq!(play.requests().failed(), [""; 0]);
}

/// Reason and description of a target of the canary that is not healthy.
fn reason(play: &Play) -> [String; 2] {
    play.account.with(|world| {
        let input = json!({ "Names": [stage::CANARY_GROUP] });
        let groups = elb::call(world, "DescribeTargetGroups", &input).expect("the groups");
        let input = json!({ "TargetGroupArn": groups["TargetGroups"][0]["TargetGroupArn"] });
        let health = elb::call(world, "DescribeTargetHealth", &input).expect("its targets");
        let targets = health["TargetHealthDescriptions"].as_array();
        let mut unhealthy = targets.into_iter().flatten().map(|it| &it["TargetHealth"]);
        let found = unhealthy
            .find(|it| it["State"] == "unhealthy")
            .expect("one is unhealthy");
        ["Reason", "Description"]
            .map(|member| found[member].as_str().unwrap_or_default().to_owned())
    })
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_does_not_answer_in_time_is_rolled_back_for_that() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    play.forgive();
    let release = play.push("v2");
    play.until_bakes().await;
    play.requests().hang_checks_of("v2");
    play.until("a target is unhealthy", |world| {
        world
            .journal
            .iter()
            .any(|it| format!("{:?}", it.what).contains("Request timed out"))
    })
    .await;
    assert_eq!(reason(&play), ["Target.Timeout", "Request timed out"]);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let message = play.said(&release, "shift-weight");
    assert!(message.contains("Target.Timeout"), "{message}");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
}
