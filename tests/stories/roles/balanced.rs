//! The suite for a pair behind a load balancer: what the templates refuse, and what they make of the rest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Deployed,
    parameters::{SUITE, refused, suite},
    with,
};

/// The suite beside somebody's pipeline, with a load balancer in place of the queue, and these parameters.
pub(super) fn behind(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = with(SUITE);
    all.extend(with(BALANCED));
    all.extend(with(parameters.iter().copied()));
    all
}

const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const PRIMARY_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/payments/73e2d6bc24d8a067";
const CANARY_GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/payments-canary/0c7f1e2d3b4a5968";

const POOL: &str = "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_a1B2c3D4e";

pub(super) const BALANCED: [(&str, &str); 3] = [
    ("ListenerRuleArns", RULE),
    ("PrimaryTargetGroupArn", PRIMARY_GROUP),
    ("CanaryTargetGroupArn", CANARY_GROUP),
];

#[test]
fn a_pair_either_consumes_a_queue_or_is_behind_a_load_balancer() {
    let told = refused("functions.yaml", &with(SUITE));
    assert!(
        told.contains("None of QueueName, PrimaryTargetGroupArn and Function is given"),
        "{told}"
    );
    let told = refused("functions.yaml", &behind(&[("QueueName", "payments")]));
    assert!(
        told.contains("QueueName and PrimaryTargetGroupArn are both given"),
        "{told}"
    );
    for (name, value) in [
        ("ListenerRuleArns", RULE),
        ("ListenerArns", LISTENER),
        ("CanaryTargetGroupArn", CANARY_GROUP),
        ("MinTasks", "2"),
        ("MaxUnhealthyTargets", "1"),
        ("AllowSticky", "true"),
        ("UserPoolArns", POOL),
    ] {
        let told = refused("functions.yaml", &suite(&[(name, value)]));
        let sentence = "are for services behind a load balancer; leave them out, or give PrimaryTargetGroupArn.";
        assert!(told.contains(sentence), "{name}: {told}");
    }
    for (name, value) in [
        ("Mode", "constantTotal"),
        ("MaxTasks", "30"),
        ("FloorPrimary", "false"),
    ] {
        let told = refused("functions.yaml", &behind(&[(name, value)]));
        let sentence = "are for services that consume a queue; leave them out, or give QueueName.";
        assert!(told.contains(sentence), "{name}: {told}");
    }
}

#[test]
fn parameters_of_a_load_balancer_that_cannot_be_are_refused_with_a_sentence() {
    let network = RULE.replace("/app/", "/net/");
    let blank = format!("{RULE}, {RULE}");
    let cases: [(&[(&str, &str)], &str); 9] = [
        (
            &[("CanaryTargetGroupArn", "")],
            "PrimaryTargetGroupArn is given without CanaryTargetGroupArn; name the target group of each version.",
        ),
        (
            &[("CanaryTargetGroupArn", PRIMARY_GROUP)],
            "CanaryTargetGroupArn is the PrimaryTargetGroupArn too; each version has a target group of its own.",
        ),
        (
            &[("ListenerRuleArns", "")],
            "Target groups are given without ListenerRuleArns and ListenerArns; name the rules, or the listeners, that forward to both groups.",
        ),
        (
            &[("ListenerRuleArns", &network)],
            "ARNs of rules of an application load balancer",
        ),
        (
            &[("ListenerRuleArns", LISTENER)],
            "ARNs of rules of an application load balancer",
        ),
        (&[("ListenerRuleArns", &blank)], "no blanks between"),
        (
            &[("ListenerArns", RULE)],
            "ARNs of listeners of an application load balancer",
        ),
        (
            &[("PrimaryTargetGroupArn", "payments")],
            "ARN of a target group",
        ),
        (&[("UserPoolArns", "shop")], "ARNs of user pools"),
    ];
    for (parameters, sentence) in cases {
        let told = refused("functions.yaml", &behind(parameters));
        assert!(told.contains(sentence), "{told}");
    }
}

#[test]
fn all_rules_and_listeners_that_are_named_move_together() {
    let two = format!("{RULE},{RULE}2");
    for (parameters, moved) in [
        (&[][..], vec![RULE.to_owned()]),
        (
            &[("ListenerRuleArns", ""), ("ListenerArns", LISTENER)],
            vec![LISTENER.to_owned()],
        ),
        (
            &[("ListenerRuleArns", &two), ("ListenerArns", LISTENER)],
            vec![RULE.to_owned(), format!("{RULE}2"), LISTENER.to_owned()],
        ),
    ] {
        let mut deployed = Deployed::nothing();
        let made = deployed.stack("functions.yaml", &behind(parameters));
        made.unwrap_or_else(|error| panic!("{error}"));
        let function = &deployed.one("AWS::Lambda::Function", "ShiftWeight");
        let target = function.properties["Environment"]["Variables"]["TARGET"].as_str();
        let target: Value = serde_json::from_str(target.expect("TARGET")).expect("JSON");
        assert_eq!(
            target["traffic"],
            json!({ "alb": { "rules": moved, "primaryTargetGroup": PRIMARY_GROUP,
                "canaryTargetGroup": CANARY_GROUP, "minTasks": 1, "maxUnhealthy": 0,
                "allowSticky": false } })
        );
        let policy = &deployed.one("AWS::IAM::Policy", "Move").properties;
        let statements = policy["PolicyDocument"]["Statement"].as_array();
        let granted: Vec<_> = statements
            .into_iter()
            .flatten()
            .flat_map(|it| it["Resource"].as_array().cloned().unwrap_or_default())
            .collect();
        assert_eq!(json!(granted), json!(moved), "and no other rule");
    }
}

/// Elastic Load Balancing asks it of whoever writes a rule with such an action.
#[test]
fn who_moves_weights_may_see_the_clients_of_the_user_pools_that_are_named_and_of_no_other() {
    let granted = |parameters: &[(&str, &str)]| {
        let mut deployed = Deployed::nothing();
        let made = deployed.stack("functions.yaml", &behind(parameters));
        made.unwrap_or_else(|error| panic!("{error}"));
        let policy = &deployed.one("AWS::IAM::Policy", "Move").properties;
        let statements = policy["PolicyDocument"]["Statement"].as_array();
        let pools = statements
            .into_iter()
            .flatten()
            .filter(|it| it["Action"] == "cognito-idp:DescribeUserPoolClient");
        pools.map(|it| it["Resource"].clone()).collect::<Vec<_>>()
    };
    assert!(granted(&[]).is_empty());
    let two = format!("{POOL},{POOL}2");
    assert_eq!(
        granted(&[("UserPoolArns", &two)]),
        [json!([POOL, format!("{POOL}2")])]
    );
}
