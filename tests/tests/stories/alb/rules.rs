//! What else the pair's requests may come through: several rules with further target groups, or a listener's default.

use rehearsal_core::{
    stage::{self, Behaviour, Entrance},
    world::journal::What,
};
use serde_json::{Value, json};

use super::{on, stage, v2};
use crate::play::Play;

/// Aims all functions at something else, which their roles may change.
fn aim(play: &Play, arn: &str, action: &str, change: impl Fn(&mut Value)) {
    for function in stage::FUNCTIONS {
        play.aim(function, &change);
        play.grant(function, action, arn);
    }
}

fn groups(play: &Play) -> (String, String, String) {
    let Entrance::LoadBalancer {
        rule,
        primary_group,
        canary_group,
        ..
    } = play.scene.entrance.clone()
    else {
        panic!("the pair is behind a load balancer");
    };
    (rule, primary_group, canary_group)
}

/// The weights that a rule has had, one after the other.
fn weights(play: &Play, wanted: &str) -> Vec<Vec<u32>> {
    play.entries(|what| match what {
        What::Weights { rule, groups } if rule == wanted => {
            Some(groups.iter().map(|(_, weight)| *weight).collect())
        }
        _ => None,
    })
}

async fn release(play: &Play) {
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn several_rules_move_together_and_further_groups_keep_their_weights() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let (rule, primary, canary) = groups(&play);
    let described = play.balancer("DescribeRules", &json!({ "RuleArns": [rule] }));
    let other = json!({ "Name": "beta", "Protocol": "HTTP", "Port": 8080, "TargetType": "ip" });
    let other = play.create("TargetGroup", &other);
    let Entrance::LoadBalancer { listener, .. } = &play.scene.entrance else {
        panic!("the pair is behind a load balancer");
    };
    let second = json!({
        "ListenerArn": listener,
        "Priority": 7,
        "Conditions": [{ "Field": "path-pattern", "Values": ["/beta/*"] }],
        "Actions": [{ "Type": "forward", "ForwardConfig": {
            "TargetGroups": [
                { "TargetGroupArn": other, "Weight": 40 },
                { "TargetGroupArn": primary, "Weight": 60 },
                { "TargetGroupArn": canary, "Weight": 0 },
            ],
        } }],
    });
    let second = play.create("Rule", &second);
    aim(&play, &second, "elasticloadbalancing:ModifyRule", |alb| {
        alb["rules"] = json!([rule, second]);
    });
    release(&play).await;
    assert_eq!(
        weights(&play, &rule),
        [[100, 0], [90, 10], [50, 50], [75, 25], [100, 0]]
    );
    assert_eq!(
        weights(&play, &second),
        [
            [40, 60, 0],
            [40, 54, 6],
            [40, 30, 30],
            [40, 45, 15],
            [40, 60, 0]
        ]
    );
    assert_eq!(
        play.balancer("DescribeRules", &json!({ "RuleArns": [rule] })),
        described
    );
    assert_eq!(play.requests().failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_default_action_of_a_listener() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let (rule, primary, canary) = groups(&play);
    let balancers = play.balancer("DescribeLoadBalancers", &json!({}));
    let listener = json!({
        "LoadBalancerArn": balancers["LoadBalancers"][0]["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": 8080,
        "DefaultActions": [{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": primary, "Weight": 1 },
            { "TargetGroupArn": canary, "Weight": 0 },
        ] } }],
    });
    let listener = play.create("Listener", &listener);
    let described = || play.balancer("DescribeListeners", &json!({ "ListenerArns": [listener] }));
    let before = described();
    aim(
        &play,
        &listener,
        "elasticloadbalancing:ModifyListener",
        |alb| {
            *alb = json!({ "listener": listener, "primaryTargetGroup": primary, "canaryTargetGroup": canary });
        },
    );
    release(&play).await;
    assert_eq!(
        weights(&play, &rule),
        [[100, 0]],
        "the rule is not the release's"
    );
    let defaults = play.entries(|what| match what {
        What::Weights {
            rule: other,
            groups,
        } if *other != rule => Some(groups[1].1),
        _ => None,
    });
    assert_eq!(defaults, [0, 10, 50, 25, 0]);
    assert_eq!(described(), before);
    assert_eq!(play.pair().lines().next(), on(2).lines().next());
    assert_eq!(play.requests().failed(), [""; 0]);
}
