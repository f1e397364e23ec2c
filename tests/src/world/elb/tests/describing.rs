use super::*;

#[test]
fn arns_are_formed_as_aws_forms_them() {
    let stage = Stage::new();
    let region = &stage.world.identity.region;
    let account = &stage.world.identity.account;
    let begin = format!("arn:aws:elasticloadbalancing:{region}:{account}:");
    let is_id = |id: &str| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (arn, kind, ids) in [
        (&stage.load_balancer, "loadbalancer/app/orders/", 1),
        (&stage.listener, "listener/app/orders/", 2),
        (&stage.rule, "listener-rule/app/orders/", 3),
        (&stage.canary, "targetgroup/orders-canary/", 1),
    ] {
        let rest = arn
            .strip_prefix(&begin)
            .and_then(|rest| rest.strip_prefix(kind));
        let found: Vec<_> = rest.unwrap_or_else(|| panic!("{arn}")).split('/').collect();
        assert!(found.len() == ids && found.into_iter().all(is_id), "{arn}");
    }
    assert_eq!(
        full_name(&stage.load_balancer),
        stage.load_balancer.split_once(":loadbalancer/").unwrap().1
    );
    assert!(full_name(&stage.canary).starts_with("targetgroup/orders-canary/"));
}

#[test]
fn rules_are_in_the_order_in_which_they_are_asked_and_come_in_pages() {
    let mut stage = Stage::new();
    let action = stage.forward(1, 0);
    for priority in [100, 9] {
        stage.rule(priority, "/x", &action);
    }
    let mut pages = Vec::new();
    let mut marker = Value::Null;
    loop {
        let mut input = json!({ "ListenerArn": stage.listener, "PageSize": 3 });
        if marker.is_string() {
            input["Marker"] = marker;
        }
        let output = stage.call("DescribeRules", &input).unwrap();
        let rules = output["Rules"].as_array().unwrap().iter();
        pages.push(
            rules
                .map(|rule| text(&rule["Priority"]))
                .collect::<Vec<_>>(),
        );
        marker = output["NextMarker"].clone();
        if marker.is_null() {
            break;
        }
    }
    assert_eq!(pages, [vec!["9", "10", "100"], vec!["default"]]);
}

#[test]
fn at_most_twenty_rules_are_asked_for_by_name() {
    let mut stage = Stage::new();
    let mut ask = |rules: usize| {
        let rules = vec![stage.rule.clone(); rules];
        stage.call("DescribeRules", &json!({ "RuleArns": rules }))
    };
    ask(20).expect("as many as AWS takes");
    let fault = ask(21).unwrap_err();
    assert_eq!(fault.code, "ValidationError");
    assert!(fault.message.contains("'ruleArns'"), "{}", fault.message);
}

#[test]
fn a_group_shows_its_load_balancer_only_while_a_rule_forwards_to_it() {
    let mut stage = Stage::new();
    let spare = target_group(&mut stage.world, "spare", &json!({}));
    let mut load_balancers = |name: &str| {
        let input = json!({ "Names": [name] });
        let output = stage.call("DescribeTargetGroups", &input).unwrap();
        output["TargetGroups"][0]["LoadBalancerArns"].clone()
    };
    assert_eq!(load_balancers("spare"), json!([]));
    let of_canary = load_balancers("orders-canary");
    assert_eq!(of_canary, json!([stage.load_balancer]));
    let input = json!({ "LoadBalancerArn": stage.load_balancer });
    let output = stage.call("DescribeTargetGroups", &input).unwrap();
    let groups = output["TargetGroups"].as_array().unwrap();
    assert!(
        groups.len() == 2
            && groups
                .iter()
                .all(|it| it["TargetGroupArn"] != spare.as_str())
    );
}

#[test]
fn what_a_template_left_out_has_awss_defaults() {
    let mut world = World::new(identity(), BEGIN, 1);
    let input = json!({
        "Name": "plain", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip",
    });
    let output = call(&mut world, "CreateTargetGroup", &input).unwrap();
    let group = &output["TargetGroups"][0];
    assert_eq!(
        json!([
            group["HealthCheckIntervalSeconds"],
            group["HealthCheckTimeoutSeconds"],
            group["HealthyThresholdCount"],
            group["UnhealthyThresholdCount"],
            group["HealthCheckPath"],
            group["Matcher"]["HttpCode"],
        ]),
        json!([30, 5, 5, 2, "/", "200"])
    );
    let input = json!({ "TargetGroupArn": group["TargetGroupArn"] });
    let output = call(&mut world, "DescribeTargetGroupAttributes", &input).unwrap();
    let attributes = output["Attributes"].as_array().unwrap();
    let value = |key: &str| {
        let found = attributes.iter().find(|it| it["Key"] == key);
        text(&found.unwrap()["Value"])
    };
    assert_eq!(value("deregistration_delay.timeout_seconds"), "300");
    assert_eq!(value("stickiness.enabled"), "false");
    assert_eq!(value("slow_start.duration_seconds"), "0");
}

#[test]
fn settings_that_are_not_emulated_or_cannot_be_are_refused() {
    let mut world = World::new(identity(), BEGIN, 1);
    for (settings, named) in [
        (json!({ "TargetType": "instance" }), "TargetType 'instance'"),
        (json!({ "Protocol": "HTTPS" }), "Protocol 'HTTPS'"),
        (
            json!({ "ProtocolVersion": "GRPC" }),
            "ProtocolVersion 'GRPC'",
        ),
        (
            json!({ "HealthCheckPort": "9090" }),
            "HealthCheckPort '9090'",
        ),
        (
            json!({ "HealthCheckEnabled": false }),
            "Health check enabled",
        ),
        (
            json!({ "HealthCheckIntervalSeconds": 5 }),
            "greater than the timeout",
        ),
        (json!({ "HealthCheckPath": "health" }), "begin with a '/'"),
        (json!({ "Matcher": { "HttpCode": "200-199" } }), "'200-199'"),
        (json!({ "Matcher": { "HttpCode": "2xx" } }), "'2xx'"),
        (json!({ "Name": "-orders" }), "'-orders'"),
    ] {
        let mut input = json!({
            "Name": "orders", "Protocol": "HTTP", "Port": 80, "TargetType": "ip",
        });
        for (member, value) in settings.as_object().unwrap() {
            input[member] = value.clone();
        }
        let fault = call(&mut world, "CreateTargetGroup", &input).unwrap_err();
        assert_eq!(fault.code, "ValidationError");
        assert!(fault.message.contains(named), "{}", fault.message);
    }
    let group = target_group(&mut world, "orders", &json!({}));
    for (key, value) in [
        ("deregistration_delay.timeout_seconds", "3601"),
        ("slow_start.duration_seconds", "29"),
        (
            "load_balancing.algorithm.type",
            "least_outstanding_requests",
        ),
        ("preserve_client_ip.enabled", "true"),
    ] {
        let attributes = [json!({ "Key": key, "Value": value })];
        let fault = set(&mut world, &group, &attributes).unwrap_err();
        assert!(fault.message.contains(key), "{}", fault.message);
    }
}
