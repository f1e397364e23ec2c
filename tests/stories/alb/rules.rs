//! What else the pair's requests may come through: several rules with further target groups, or a listener's default.

use std::{collections::BTreeSet, time::Duration};

use rehearsal_core::{
    stage::{self, Behaviour, Entrance},
    world::{journal::What, limits},
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
        groups: [primary_group, canary_group],
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

/// So many rules of the listener that split the pair's requests.
fn more_rules(play: &Play, many: usize) -> Vec<String> {
    let (rule, primary, canary) = groups(play);
    let Entrance::LoadBalancer { listener, .. } = &play.scene.entrance else {
        panic!("the pair is behind a load balancer");
    };
    let others = (1..many).map(|n| {
        let rule = json!({
            "ListenerArn": listener,
            "Priority": 1000 + n,
            "Conditions": [{ "Field": "path-pattern", "Values": [format!("/shop-{n}/*")] }],
            "Actions": [{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
                { "TargetGroupArn": primary, "Weight": 100 },
                { "TargetGroupArn": canary, "Weight": 0 },
            ] } }],
        });
        play.create("Rule", &rule)
    });
    std::iter::once(rule.clone()).chain(others).collect()
}

/// A pair with so many rules, which all functions may change.
async fn with_rules(many: usize) -> (Play, Vec<String>) {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let rules = more_rules(&play, many);
    let named = json!(rules);
    aim(&play, "*", "elasticloadbalancing:ModifyRule", |alb| {
        alb.as_object_mut().expect("a target").remove("rule");
        alb["rules"] = named.clone();
    });
    (play, rules)
}

#[tokio::test(start_paused = true)]
async fn thirty_and_a_hundred_rules_are_released() {
    for many in [30, 100] {
        let (play, rules) = with_rules(many).await;
        release(&play).await;
        for rule in &rules {
            let last = weights(&play, rule).pop();
            assert_eq!(last, Some(vec![100, 0]), "{many} rules: {rule}");
        }
        let calls = play.calls(stage::SHIFT_WEIGHT);
        let of = |operation: &str| calls.iter().filter(|it| it.operation == operation).count();
        let looks = of("PutJobSuccessResult");
        assert_eq!(
            of("DescribeRules"),
            looks * many.div_ceil(20),
            "{many} rules"
        );
        assert_eq!(play.requests().failed(), [""; 0]);
    }
}

/// Also while somebody else takes half of what AWS allows the account. AWS takes 20 changes at once and 3 a second after that: what of a
/// hundred a look has no time for is the next one's.
#[tokio::test(start_paused = true)]
async fn thirty_rules_go_back_in_the_first_look_of_a_rollback_and_a_hundred_in_two() {
    for (many, within) in [(30, 15), (100, 60)] {
        let (play, rules) = with_rules(many).await;
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.account.with(|world| {
            limits::others_call(world, "elasticloadbalancing", "DescribeTargetHealth", 5);
        });
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        let moved = play.account.with(|world| {
            let moved = world.journal.iter().filter_map(|entry| match &entry.what {
                What::Weights { rule, groups } if entry.at >= alarm => {
                    let weights: Vec<u32> = groups.iter().map(|(_, weight)| *weight).collect();
                    Some((entry.at.since(alarm), rule.clone(), weights))
                }
                _ => None,
            });
            moved.collect::<Vec<_>>()
        });
        let back = moved.iter().filter(|(_, _, weights)| *weights == [100, 0]);
        let back: BTreeSet<_> = back.map(|(_, rule, _)| rule.clone()).collect();
        assert_eq!(back, rules.iter().cloned().collect(), "{many} rules");
        let last = moved.iter().map(|(after, ..)| *after).max();
        assert!(
            last.is_some_and(|last| last < Duration::from_secs(within)),
            "{many} rules: {last:?}"
        );
        assert_eq!(moved.len(), many, "each once");
    }
}
