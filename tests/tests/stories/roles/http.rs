//! What `http.yaml` makes: names, weights at rest, what guards a release, what each function may do to the
//! load balancer.

use rehearsal_core::{
    stage::{self, DEPLOY_CANARY, PROMOTE_PRIMARY, ROLLBACK, SHIFT_WEIGHT},
    world::cloudwatch::dashboard,
};
use serde_json::{Value, json};

use super::{Deployed, HTTP_VARIANTS, Made, judged::may, texts};

fn reference<'a>(deployed: &'a Deployed, kind: &str, id: &str) -> &'a str {
    &deployed.one(kind, id).created.reference
}

fn group<'a>(deployed: &'a Deployed, id: &str) -> &'a str {
    reference(deployed, "AWS::ElasticLoadBalancingV2::TargetGroup", id)
}

fn rule(deployed: &Deployed) -> &str {
    reference(
        deployed,
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Rule",
    )
}

#[test]
fn the_http_example_has_the_names_of_the_queue_example() {
    let deployed = Deployed::http(&[]);
    let named = |kind: &str, property: &str| {
        let mut names: Vec<_> = deployed
            .of_kind(kind)
            .map(|made| made.properties[property].as_str().unwrap_or_default())
            .collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(named("AWS::ECS::Cluster", "ClusterName"), "orders");
    assert_eq!(
        named("AWS::ECS::Service", "ServiceName"),
        "orders orders-canary"
    );
    assert_eq!(
        named("AWS::CodePipeline::Pipeline", "Name"),
        stage::PIPELINE
    );
    assert_eq!(
        named("AWS::DynamoDB::Table", "TableName"),
        stage::RELEASES_TABLE
    );
    let mut functions = stage::FUNCTIONS;
    functions.sort_unstable();
    assert_eq!(
        named("AWS::Lambda::Function", "FunctionName"),
        functions.join(" ")
    );
    assert_eq!(deployed.of_kind("AWS::SQS::Queue").count(), 0);
}

#[test]
fn at_rest_the_rule_sends_everything_to_the_primary_and_knows_the_canary() {
    let deployed = Deployed::http(&[]);
    let id = "Rule";
    let rule = deployed.one("AWS::ElasticLoadBalancingV2::ListenerRule", id);
    let (primary, canary) = (
        group(&deployed, "PrimaryTargets"),
        group(&deployed, "CanaryTargets"),
    );
    assert_eq!(
        rule.properties["Actions"],
        json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": primary, "Weight": 100 },
            { "TargetGroupArn": canary, "Weight": 0 },
        ] } }])
    );
    for (service, group) in [("Primary", primary), ("Canary", canary)] {
        let service = &deployed.one("AWS::ECS::Service", service).properties;
        assert_eq!(service["LoadBalancers"][0]["TargetGroupArn"], group);
        let counts = service.get("DesiredCount");
        assert_eq!(counts, None, "an update of the stack would set it back");
    }
}

#[test]
fn the_two_target_groups_differ_in_nothing_but_their_name() {
    let deployed = Deployed::http(&[("DeregistrationDelaySeconds", "45")]);
    let groups = deployed.of_kind("AWS::ElasticLoadBalancingV2::TargetGroup");
    let groups: Vec<_> = groups
        .map(|made| {
            let mut properties = made.properties.clone();
            properties["Name"].take();
            properties
        })
        .collect();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0], groups[1]);
    assert_eq!(groups[0]["TargetGroupAttributes"][0]["Value"], "45");
}

#[test]
fn the_functions_are_told_the_rule_the_groups_and_the_alarms_of_the_canary() {
    let deployed = Deployed::http(&[("MinTasks", "2"), ("MaxUnhealthyTargets", "1")]);
    for function in deployed.of_kind("AWS::Lambda::Function") {
        let (text, target) = texts::target_of(function);
        assert_eq!(target.pair().as_str(), "orders/orders");
        let text: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            text["alarms"],
            json!([
                "orders-canary-failures",
                "orders-canary-5xx",
                "orders-canary-latency"
            ])
        );
        assert_eq!(
            text["traffic"],
            json!({ "alb": {
                "rules": [rule(&deployed)],
                "primaryTargetGroup": group(&deployed, "PrimaryTargets"),
                "canaryTargetGroup": group(&deployed, "CanaryTargets"),
                "minTasks": 2, "maxUnhealthy": 1, "allowSticky": false,
            } })
        );
        assert!(texts::environment_size(function) <= texts::LARGEST_ENVIRONMENT);
    }
}

#[test]
fn promote_primary_is_told_how_to_give_the_requests_back() {
    for (parameters, drain) in [
        (&[][..], (5, 10)),
        (
            &[("DrainStep", "100"), ("DrainIntervalSeconds", "0")],
            (100, 0),
        ),
    ] {
        let deployed = Deployed::http(parameters);
        let text = texts::user_parameters(&deployed, "promote-primary");
        assert!(text.chars().count() <= texts::MOST_CHARACTERS);
        let given: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&given["drainStep"], &given["drainIntervalSeconds"]),
            (&json!(drain.0), &json!(drain.1))
        );
    }
    let queue = texts::user_parameters(&Deployed::example(&[]), "promote-primary");
    assert!(!queue.contains("drain"), "{queue}");
}

/// The metrics of an alarm, and the target group that they are all of.
fn watched(alarm: &Made) -> (Vec<&str>, &Value) {
    let metrics = alarm.properties["Metrics"].as_array().into_iter().flatten();
    let metrics: Vec<_> = metrics
        .map(|query| &query["MetricStat"]["Metric"])
        .filter(|metric| metric.is_object())
        .collect();
    let group = &metrics[0]["Dimensions"][1];
    assert_eq!(group["Name"], "TargetGroup");
    for metric in &metrics {
        assert_eq!(metric["Dimensions"][0]["Name"], "LoadBalancer");
        assert_eq!(metric["Dimensions"][1], *group, "{metric}");
    }
    let names = metrics.iter().map(|it| it["MetricName"].as_str());
    (names.flatten().collect(), &group["Value"])
}

#[test]
fn an_alarm_that_rolls_back_compares_the_canary_with_the_primary() {
    let deployed = Deployed::http(&[]);
    let rollback = deployed.one("AWS::Lambda::Function", "Rollback");
    let alarm = deployed.one("AWS::CloudWatch::Alarm", "CanaryFailuresAlarm");
    assert_eq!(alarm.properties["AlarmName"], stage::FAILURES_ALARM);
    let action = &alarm.properties["AlarmActions"][0];
    assert_eq!(*action, rollback.created.attributes["Arn"]);
    let queries = alarm.properties["Metrics"].as_array().into_iter().flatten();
    let asked: Vec<_> = queries
        .map(|query| &query["MetricStat"]["Metric"])
        .filter(|metric| metric.is_object())
        .map(|metric| (&metric["MetricName"], &metric["Dimensions"][1]["Value"]))
        .collect();
    for id in ["PrimaryTargets", "CanaryTargets"] {
        let group = deployed.one("AWS::ElasticLoadBalancingV2::TargetGroup", id);
        let group = &group.created.attributes["TargetGroupFullName"];
        for name in [
            "RequestCount",
            "HTTPCode_Target_5XX_Count",
            "TargetConnectionErrorCount",
        ] {
            assert!(asked.contains(&(&json!(name), group)), "{name} of {id}");
        }
    }
    assert_eq!(asked.len(), 6);
}

#[test]
fn every_target_group_has_alarms_of_its_own_that_roll_back() {
    let deployed = Deployed::http(&[]);
    let rollback = deployed.one("AWS::Lambda::Function", "Rollback");
    for (alarm, name, group, metrics) in [
        ("CanaryErrorsAlarm", "orders-canary-5xx", "CanaryTargets", 3),
        (
            "CanaryLatencyAlarm",
            "orders-canary-latency",
            "CanaryTargets",
            2,
        ),
        (
            "PrimaryErrorsAlarm",
            "orders-primary-5xx",
            "PrimaryTargets",
            3,
        ),
        (
            "PrimaryLatencyAlarm",
            "orders-primary-latency",
            "PrimaryTargets",
            2,
        ),
    ] {
        let alarm = deployed.one("AWS::CloudWatch::Alarm", alarm);
        assert_eq!(alarm.properties["AlarmName"], name);
        assert_eq!(alarm.properties["TreatMissingData"], "notBreaching");
        // FILL makes good ones of minutes whose metrics have not come yet, up to three at a time.
        assert_eq!(alarm.properties["DatapointsToAlarm"], 2, "{name}");
        assert_eq!(alarm.properties["EvaluationPeriods"], 5, "{name}");
        let action = &alarm.properties["AlarmActions"][0];
        assert_eq!(*action, rollback.created.attributes["Arn"], "{name}");
        let (watched, of) = watched(alarm);
        assert_eq!(watched.len(), metrics, "{watched:?}");
        let group = deployed.one("AWS::ElasticLoadBalancingV2::TargetGroup", group);
        assert_eq!(*of, group.created.attributes["TargetGroupFullName"]);
    }
}

#[test]
fn the_dashboard_shows_both_target_groups() {
    let deployed = Deployed::http(&[]);
    let shown = dashboard::shown(&deployed.world, "orders-release");
    for id in ["PrimaryTargets", "CanaryTargets"] {
        let group = deployed.one("AWS::ElasticLoadBalancingV2::TargetGroup", id);
        let name = &group.created.attributes["TargetGroupFullName"];
        for metric in [
            "RequestCount",
            "HTTPCode_Target_5XX_Count",
            "TargetResponseTime",
            "HealthyHostCount",
        ] {
            assert!(
                shown
                    .iter()
                    .any(|it| it[1] == metric && it.iter().any(|part| *name == *part)),
                "{metric} of {id}"
            );
        }
    }
}

#[test]
fn only_the_three_that_move_weights_can_and_only_those_of_the_rule() {
    for variant in HTTP_VARIANTS {
        let mut deployed = Deployed::http(variant);
        let own = rule(&deployed).to_owned();
        let foreign = own.replace("/orders/", "/payments/");
        let listener = reference(
            &deployed,
            "AWS::ElasticLoadBalancingV2::Listener",
            "Listener",
        )
        .to_owned();
        let world = &mut deployed.world;
        let service = "elasticloadbalancing";
        for (function, moves) in [
            (DEPLOY_CANARY, false),
            (SHIFT_WEIGHT, true),
            (PROMOTE_PRIMARY, true),
            (ROLLBACK, true),
        ] {
            let mut modifies = |rule: &str| {
                let input = json!({ "RuleArn": rule, "Actions": [] });
                may(world, function, service, "ModifyRule", &input)
            };
            assert_eq!(modifies(&own), moves, "{function}");
            assert!(!modifies(&foreign), "{function}");
            let input = json!({ "ListenerArn": listener, "DefaultActions": [] });
            assert!(
                !may(world, function, service, "ModifyListener", &input),
                "{function}"
            );
        }
    }
}

#[test]
fn nothing_of_a_queue_is_granted_behind_a_load_balancer_nor_the_other_way_round() {
    for (deployed, foreign) in [
        (Deployed::http(&[]), "sqs:"),
        (Deployed::example(&[]), "elasticloadbalancing:"),
    ] {
        let grants = rehearsal_core::world::iam::grants(&deployed.world);
        let functions = ["DeployCanary", "ShiftWeight", "PromotePrimary", "Rollback"];
        let surplus: Vec<_> = grants
            .iter()
            .filter(|grant| functions.iter().any(|it| grant.role.contains(it)))
            .filter(|grant| grant.action.starts_with(foreign))
            .collect();
        assert!(surplus.is_empty(), "{surplus:?}");
    }
}
