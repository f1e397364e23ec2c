use super::*;

pub(super) fn code(result: Result<Value, Fault>) -> String {
    result.unwrap_err().code
}

impl Stage {
    pub(super) fn set(&mut self, actions: &Value) -> Result<Value, Fault> {
        let input = json!({ "RuleArn": self.rule, "Actions": actions });
        self.call("ModifyRule", &input)
    }
}

#[test]
fn a_description_may_be_sent_back_as_it_is() {
    let mut stage = Stage::new();
    let alone = json!([{ "Type": "forward", "TargetGroupArn": stage.primary }]);
    for actions in [json!([stage.forward(90, 10)]), alone] {
        stage.set(&actions).unwrap();
        let described = stage.actions();
        stage.set(&described).unwrap();
        assert_eq!(stage.actions(), described);
    }
}

#[test]
fn one_group_is_shown_twice_and_several_only_as_a_list() {
    let mut stage = Stage::new();
    let (primary, canary) = (stage.primary.clone(), stage.canary.clone());
    stage
        .set(&json!([{ "Type": "forward", "TargetGroupArn": primary }]))
        .unwrap();
    let not_sticky = json!({ "Enabled": false });
    assert_eq!(
        stage.actions(),
        json!([{
            "Type": "forward",
            "Order": 1,
            "TargetGroupArn": primary,
            "ForwardConfig": {
                "TargetGroups": [{ "TargetGroupArn": primary, "Weight": 1 }],
                "TargetGroupStickinessConfig": not_sticky,
            },
        }])
    );
    stage.weigh(90, 10);
    assert_eq!(
        stage.actions(),
        json!([{
            "Type": "forward",
            "Order": 1,
            "ForwardConfig": {
                "TargetGroups": [
                    { "TargetGroupArn": primary, "Weight": 90 },
                    { "TargetGroupArn": canary, "Weight": 10 },
                ],
                "TargetGroupStickinessConfig": not_sticky,
            },
        }])
    );
}

#[test]
fn a_list_replaces_the_old_one_and_what_is_left_out_stays() {
    let mut stage = Stage::new();
    let input = json!({
        "RuleArn": stage.rule,
        "Conditions": [{ "Field": "host-header", "Values": ["shop.example.com"] }],
    });
    let output = stage.call("ModifyRule", &input).unwrap();
    let rule = &output["Rules"][0];
    assert_eq!(rule["Conditions"].as_array().unwrap().len(), 1);
    assert_eq!(
        rule["Conditions"][0],
        json!({
            "Field": "host-header",
            "Values": ["shop.example.com"],
            "HostHeaderConfig": { "Values": ["shop.example.com"] },
        })
    );
    assert_eq!(rule["Actions"], stage.actions());
    let groups = &rule["Actions"][0]["ForwardConfig"]["TargetGroups"];
    assert_eq!(groups.as_array().unwrap().len(), 2);
}

#[test]
fn a_default_rule_is_modified_through_its_listener_only() {
    let mut stage = Stage::new();
    let input = json!({ "ListenerArn": stage.listener });
    let rules = stage.call("DescribeRules", &input).unwrap();
    let default = rules["Rules"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&default["IsDefault"], &default["Priority"]),
        (&json!(true), &json!("default"))
    );
    let input = json!({ "RuleArn": default["RuleArn"], "Actions": [stage.forward(1, 0)] });
    let refused = stage.call("ModifyRule", &input);
    assert_eq!(code(refused), "OperationNotPermittedException");

    let input = json!({ "ListenerArn": stage.listener, "DefaultActions": [stage.forward(1, 0)] });
    let output = stage.call("ModifyListener", &input).unwrap();
    let input = json!({ "RuleArns": [default["RuleArn"]] });
    let rules = stage.call("DescribeRules", &input).unwrap();
    assert_eq!(
        output["Listeners"][0]["DefaultActions"],
        rules["Rules"][0]["Actions"]
    );
    assert_eq!(rules["Rules"][0]["Actions"][0]["Type"], "forward");
}

#[test]
fn actions_that_aws_does_not_take_are_refused_and_change_nothing() {
    let mut stage = Stage::new();
    let before = stage.actions();
    let groups: Vec<_> = (0..6)
        .map(|number| target_group(&mut stage.world, &format!("more-{number}"), &json!({})))
        .collect();
    let six: Vec<_> = groups.iter().map(|group| (group.as_str(), 1)).collect();
    let mut both = stage.forward(90, 10);
    both["TargetGroupArn"] = json!(stage.primary);
    let mut sticky = stage.forward(90, 10);
    sticky["ForwardConfig"]["TargetGroupStickinessConfig"] = json!({ "Enabled": true });
    let teapot = json!({
        "Type": "fixed-response",
        "FixedResponseConfig": { "StatusCode": "418" },
    });
    let with = |action: &Value, member: &str, value: Value| {
        let mut action = action.clone();
        action[member] = value;
        action
    };
    let forward_90 = stage.forward(90, 10);
    let sign_in = json!({
        "Type": "authenticate-cognito",
        "Order": 2,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn", "UserPoolClientId": "shop", "UserPoolDomain": "shop",
        },
    });
    let missing = format!("{}0", stage.primary);
    for (actions, expected, named) in [
        (json!([forward(&six)]), "ValidationError", "up to 5"),
        (json!([stage.forward(1000, 0)]), "ValidationError", "1000"),
        (
            json!([forward(&[(&stage.primary, 1), (&stage.primary, 1)])]),
            "ValidationError",
            "twice",
        ),
        (json!([both]), "ValidationError", "TargetGroupArn"),
        (json!([sticky]), "ValidationError", "DurationSeconds"),
        (json!([]), "ValidationError", "at least one"),
        (
            json!([{ "Type": "forward" }]),
            "InvalidLoadBalancerActionException",
            "TargetGroups",
        ),
        (
            json!([with(&teapot, "TargetGroupArn", json!("arn"))]),
            "InvalidLoadBalancerActionException",
            "must not have TargetGroupArn",
        ),
        (
            json!([forward_90, teapot]),
            "InvalidLoadBalancerActionException",
            "order",
        ),
        (
            json!([
                with(&forward_90, "Order", json!(1)),
                with(&teapot, "Order", json!(2))
            ]),
            "InvalidLoadBalancerActionException",
            "last action",
        ),
        (
            json!([with(&forward_90, "Order", json!(1)), sign_in]),
            "InvalidLoadBalancerActionException",
            "last action",
        ),
        (
            json!([with(&forward_90, "Order", json!(3)), sign_in]),
            "InvalidLoadBalancerActionException",
            "HTTPS",
        ),
        (
            json!([forward(&[(&missing, 1)])]),
            "TargetGroupNotFoundException",
            "not found",
        ),
    ] {
        let fault = stage.set(&actions).unwrap_err();
        assert_eq!(fault.code, expected, "{actions}");
        assert!(fault.message.contains(named), "{}", fault.message);
    }
    assert_eq!(stage.actions(), before);
}

#[test]
fn a_group_belongs_to_one_load_balancer() {
    let mut stage = Stage::new();
    let other = load_balancer(&mut stage.world, "other");
    let input = json!({
        "LoadBalancerArn": other,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [stage.forward(1, 0)],
    });
    let refused = call(&mut stage.world, "CreateListener", &input);
    assert_eq!(code(refused), "TargetGroupAssociationLimitException");

    // Once the first one has let go of it, the group is free.
    let spare = target_group(&mut stage.world, "spare", &json!({}));
    stage
        .set(&json!([{ "Type": "forward", "TargetGroupArn": spare }]))
        .unwrap();
    call(&mut stage.world, "CreateListener", &input).unwrap();
    assert_eq!(
        load_balancer_of(&stage.world, &stage.primary),
        Some(other.as_str())
    );
}

#[test]
fn sticky_targets_need_a_sticky_rule_if_there_are_several_groups() {
    let mut stage = Stage::new();
    let canary = stage.canary.clone();
    let attributes = [json!({ "Key": "stickiness.enabled", "Value": "true" })];
    set(&mut stage.world, &canary, &attributes).unwrap();
    let actions = json!([stage.forward(90, 10)]);
    assert_eq!(
        code(stage.set(&actions)),
        "InvalidLoadBalancerActionException"
    );
    let mut action = stage.forward(90, 10);
    action["ForwardConfig"]["TargetGroupStickinessConfig"] =
        json!({ "Enabled": true, "DurationSeconds": 1 });
    stage.set(&json!([action])).unwrap();
    stage
        .set(&json!([{ "Type": "forward", "TargetGroupArn": canary }]))
        .unwrap();
}

#[test]
fn what_does_not_exist_is_refused_by_name() {
    let mut stage = Stage::new();
    for (operation, input, expected) in [
        (
            "ModifyRule",
            json!({ "RuleArn": "arn:x" }),
            "RuleNotFoundException",
        ),
        (
            "ModifyListener",
            json!({ "ListenerArn": "arn:x" }),
            "ListenerNotFoundException",
        ),
        (
            "DescribeRules",
            json!({ "RuleArns": ["arn:x"] }),
            "RuleNotFoundException",
        ),
        (
            "DescribeRules",
            json!({ "ListenerArn": "arn:x" }),
            "ListenerNotFoundException",
        ),
        ("DescribeRules", json!({}), "ValidationError"),
        (
            "DescribeListeners",
            json!({ "ListenerArns": ["arn:x"] }),
            "ListenerNotFoundException",
        ),
        ("DescribeListeners", json!({}), "ValidationError"),
        (
            "DescribeLoadBalancers",
            json!({ "Names": ["x"] }),
            "LoadBalancerNotFoundException",
        ),
        (
            "DescribeTargetGroups",
            json!({ "Names": ["x"] }),
            "TargetGroupNotFoundException",
        ),
        (
            "DescribeTargetGroupAttributes",
            json!({ "TargetGroupArn": "arn:x" }),
            "TargetGroupNotFoundException",
        ),
        (
            "DescribeTargetHealth",
            json!({ "TargetGroupArn": "arn:x" }),
            "TargetGroupNotFoundException",
        ),
    ] {
        assert_eq!(
            code(stage.call(operation, &input)),
            expected,
            "{operation} {input}"
        );
    }
}

#[test]
fn what_is_not_emulated_is_refused_and_not_passed_over() {
    let mut stage = Stage::new();
    for (operation, input) in [
        (
            "ModifyRule",
            json!({ "RuleArn": stage.rule, "ResetTransforms": true }),
        ),
        (
            "ModifyListener",
            json!({ "ListenerArn": stage.listener, "Port": 81 }),
        ),
        (
            "DescribeTargetHealth",
            json!({ "TargetGroupArn": stage.primary, "Include": ["All"] }),
        ),
    ] {
        let fault = stage.call(operation, &input).unwrap_err();
        assert_eq!(fault.code, "ValidationError");
        assert!(fault.message.contains("local account"), "{}", fault.message);
    }
}
