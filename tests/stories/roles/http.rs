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

/// The metrics that an alarm looks at, with the full name of their target group, or none for those of the load balancer.
fn watched(alarm: &Made) -> Vec<(&str, Option<&str>)> {
    let queries = alarm.properties["Metrics"].as_array().into_iter().flatten();
    let metrics = queries
        .map(|query| &query["MetricStat"]["Metric"])
        .filter(|metric| metric.is_object());
    let named = metrics.map(|metric| {
        assert_eq!(metric["Dimensions"][0]["Name"], "LoadBalancer");
        let group = &metric["Dimensions"][1];
        assert!(group.is_null() || group["Name"] == "TargetGroup", "{group}");
        let name = metric["MetricName"].as_str().expect("a name");
        (name, group["Value"].as_str())
    });
    named.collect()
}

const REQUESTS: &str = "RequestCount";
/// All that targets can answer.
const ANSWERS: [&str; 4] = [
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
];
/// What the load balancer answers for a target that does not.
const GATEWAY: [&str; 2] = ["HTTPCode_ELB_502_Count", "HTTPCode_ELB_504_Count"];

/// What each alarm has to look at: of the canary, of the primary, and of the load balancer.
fn expected(alarm: &str) -> [Vec<&'static str>; 3] {
    let failures = [&[REQUESTS][..], &ANSWERS].concat();
    let latency = vec![REQUESTS, "TargetResponseTime"];
    match alarm {
        "CanaryFailuresAlarm" => [failures, vec![REQUESTS, ANSWERS[3]], GATEWAY.to_vec()],
        "CanaryErrorsAlarm" => [failures, Vec::new(), GATEWAY.to_vec()],
        "PrimaryErrorsAlarm" => [Vec::new(), failures, GATEWAY.to_vec()],
        "CanaryLatencyAlarm" => [latency, Vec::new(), Vec::new()],
        "PrimaryLatencyAlarm" => [Vec::new(), latency, Vec::new()],
        _ => {
            let own = [&[REQUESTS, "HTTPCode_ELB_5XX_Count"][..], &GATEWAY].concat();
            [Vec::new(), Vec::new(), own]
        }
    }
}

#[test]
fn every_alarm_calls_rollback_tells_people_of_both_states_and_looks_at_no_more_than_it_needs() {
    let deployed = Deployed::http(&[]);
    let rollback = deployed.one("AWS::Lambda::Function", "Rollback");
    let rollback = &rollback.created.attributes["Arn"];
    let name_of = |id| {
        let group = deployed.one("AWS::ElasticLoadBalancingV2::TargetGroup", id);
        group.created.attributes["TargetGroupFullName"].as_str()
    };
    let groups = [name_of("CanaryTargets"), name_of("PrimaryTargets"), None];
    let mut all = 0;
    for (id, name) in [
        ("CanaryFailuresAlarm", stage::FAILURES_ALARM),
        ("CanaryErrorsAlarm", stage::ERRORS_ALARM),
        ("CanaryLatencyAlarm", stage::LATENCY_ALARM),
        ("PrimaryErrorsAlarm", stage::PRIMARY_ERRORS_ALARM),
        ("PrimaryLatencyAlarm", "orders-primary-latency"),
        ("UnansweredAlarm", stage::UNANSWERED_ALARM),
    ] {
        let alarm = deployed.one("AWS::CloudWatch::Alarm", id);
        let properties = &alarm.properties;
        assert_eq!(properties["AlarmName"], name);
        assert_eq!(properties["TreatMissingData"], "notBreaching");
        // FILL makes good ones of minutes whose metrics have not come yet, up to three at a time.
        assert_eq!(properties["DatapointsToAlarm"], 2, "{name}");
        assert_eq!(properties["EvaluationPeriods"], 5, "{name}");
        let topic = &properties["AlarmActions"][1];
        assert_eq!(
            properties["AlarmActions"],
            json!([rollback, topic]),
            "{name}"
        );
        assert_eq!(properties["OKActions"], json!([topic]), "{name}");
        let watched = watched(alarm);
        let wanted = expected(id);
        let wanted = groups.iter().zip(&wanted);
        let wanted: Vec<_> = wanted
            .flat_map(|(group, names)| names.iter().map(|name| (*name, *group)))
            .collect();
        assert_eq!(watched, wanted, "{name}");
        all += watched.len();
    }
    // The price of an alarm: infra/docs/costs.md.
    assert_eq!(all, 31);
}

/// The numbers of the alarms are the root stack's parameters.
#[test]
fn what_counts_as_bad_is_said_at_the_root() {
    let deployed = Deployed::http(&[
        ("FailureGap", "12"),
        ("FewestRequests", "77"),
        ("ErrorPercent", "8"),
        ("LatencySeconds", "2.5"),
    ]);
    let expression = |id: &str| {
        let alarm = deployed.one("AWS::CloudWatch::Alarm", id);
        let expression = &alarm.properties["Metrics"][0]["Expression"];
        expression.as_str().expect("an expression").to_owned()
    };
    assert!(expression("CanaryFailuresAlarm").contains("gap > (12 / 100)"));
    for id in ["CanaryErrorsAlarm", "PrimaryErrorsAlarm"] {
        let expression = expression(id);
        assert!(expression.contains("percent > 8)"), "{expression}");
        assert!(expression.contains("requests >= 77)"), "{expression}");
    }
    for id in [
        "CanaryLatencyAlarm",
        "PrimaryLatencyAlarm",
        "UnansweredAlarm",
    ] {
        assert!(expression(id).contains(">= 77"), "{id}");
    }
    let threshold = |id: &str| {
        let alarm = deployed.one("AWS::CloudWatch::Alarm", id);
        alarm.properties["Threshold"].clone()
    };
    assert_eq!(threshold("CanaryLatencyAlarm"), json!("2.5"));
    assert_eq!(threshold("UnansweredAlarm"), json!("8"));

    let deployed = Deployed::example(&[("FailureGap", "12"), ("FewestMessages", "77")]);
    let alarm = deployed.one("AWS::CloudWatch::Alarm", "CanaryFailuresAlarm");
    let expression = alarm.properties["Metrics"][0]["Expression"].as_str();
    let expression = expression.expect("an expression");
    assert!(expression.contains("gap > (12 / 100)"), "{expression}");
    assert!(expression.contains("canary >= 77"), "{expression}");
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
