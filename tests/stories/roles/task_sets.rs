//! What `task-sets.yaml` makes: a service without a task set, what the functions are told and may do, and what guards a release.

use std::collections::BTreeMap;

use rehearsal_core::{
    stage::{self, DEPLOY_CANARY, PROMOTE_PRIMARY, ROLLBACK, SHIFT_WEIGHT},
    world::{World, cloudwatch::dashboard, iam},
};
use serde_json::{Value, json};

use super::{
    Deployed, Made, TASK_SETS_VARIANTS,
    balanced::BALANCED,
    judged::may,
    parameters::{SUITE, refused},
    required, texts, with,
};

const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// The suite beside somebody's pipeline for one service of task sets, with these parameters.
pub(super) fn of_one_service(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = with(SUITE);
    all.retain(|name, _| name != "PrimaryService" && name != "CanaryService");
    all.extend(with([("Service", "payments")]));
    all.extend(with(parameters.iter().copied()));
    all
}

fn behind_a_load_balancer() -> Deployed {
    Deployed::task_sets(&[("WorkFrom", "alb")])
}

fn group<'a>(deployed: &'a Deployed, id: &str) -> &'a str {
    &deployed.one(GROUP, id).created.reference
}

/// A set that the stack had would be replaced or deleted by its next update.
#[test]
fn the_stack_has_a_service_with_an_external_controller_and_no_task_set() {
    for variant in TASK_SETS_VARIANTS {
        let deployed = Deployed::task_sets(variant);
        let services: Vec<_> = deployed.of_kind("AWS::ECS::Service").collect();
        let [service] = services.as_slice() else {
            panic!("one service");
        };
        let properties = service.properties.as_object().expect("properties");
        let named: Vec<_> = properties.keys().map(String::as_str).collect();
        let of_the_service = [
            "Cluster",
            "ServiceName",
            "DeploymentController",
            "PropagateTags",
            "EnableECSManagedTags",
            "Tags",
        ];
        assert_eq!(named, of_the_service, "all else is its task sets' matter");
        assert_eq!(properties["DeploymentController"]["Type"], "EXTERNAL");
        for kind in ["AWS::ECS::TaskSet", "AWS::ECS::PrimaryTaskSet"] {
            assert_eq!(deployed.of_kind(kind).count(), 0, "{kind}");
        }
    }
}

fn told(deployed: &Deployed) -> Value {
    let functions: Vec<_> = deployed.of_kind("AWS::Lambda::Function").collect();
    assert_eq!(functions.len(), 4);
    let told = functions.iter().map(|function| {
        let (text, target) = texts::target_of(function);
        assert_eq!(target.pair().as_str(), "orders/orders");
        assert!(texts::environment_size(function) <= texts::LARGEST_ENVIRONMENT);
        serde_json::from_str::<Value>(text).expect("JSON")
    });
    let told: Vec<_> = told.collect();
    assert!(told.iter().all(|it| *it == told[0]));
    told[0].clone()
}

#[test]
fn the_functions_are_told_the_service_its_first_set_and_the_queue() {
    let deployed = Deployed::task_sets(&[("MaxTasks", "30"), ("GuardMaxDeadLetters", "3")]);
    let told = told(&deployed);
    assert_eq!(
        (&told["cluster"], &told["service"]),
        (&json!("orders"), &json!("orders"))
    );
    let reference =
        |kind: &str, id: &str| deployed.one(kind, id).created.reference.as_str().to_owned();
    let subnets = ["SubnetA", "SubnetB"].map(|id| reference("AWS::EC2::Subnet", id));
    assert_eq!(
        told["bootstrap"],
        json!({
            "taskDefinition": reference("AWS::ECS::TaskDefinition", "TaskDefinition"),
            "launchType": "FARGATE",
            "network": { "subnets": subnets, "securityGroups": [reference("AWS::EC2::SecurityGroup", "SecurityGroup")], "assignPublicIp": true },
        })
    );
    let queues = "https://sqs.eu-central-1.amazonaws.com/111122223333";
    assert_eq!(
        told["traffic"],
        json!({ "taskSets": { "queue": {
            "url": format!("{queues}/orders"), "deadLetterUrl": format!("{queues}/orders-dead-letters"),
            "maxDeadLetters": 0, "guardMaxDeadLetters": 3, "mode": "additive", "maxTasks": 30,
        } } })
    );
    assert_eq!(told["alarms"], json!([stage::ALARM]));
}

#[test]
fn behind_a_load_balancer_they_are_told_the_rule_and_both_groups_and_who_answers() {
    let deployed = behind_a_load_balancer();
    let told = told(&deployed);
    let rule = deployed.one("AWS::ElasticLoadBalancingV2::ListenerRule", "Rule");
    assert_eq!(
        told["bootstrap"]["answers"],
        json!({ "container": "app", "port": 8080 })
    );
    assert_eq!(
        told["traffic"],
        json!({ "taskSets": { "alb": {
            "rules": [rule.created.reference],
            "targetGroups": [group(&deployed, "PrimaryTargets"), group(&deployed, "CanaryTargets")],
            "minTasks": 1, "maxUnhealthy": 0, "allowSticky": false,
        } } })
    );
    let names = ["PrimaryTargets", "CanaryTargets"].map(|id| &deployed.one(GROUP, id).properties);
    let names = names.map(|it| it["Name"].as_str().unwrap_or_default());
    assert_eq!(names, ["orders-blue", "orders-green"]);
    assert_eq!(
        told["alarms"],
        json!([]),
        "in which group the candidate will be nobody knows"
    );
}

#[test]
fn everything_goes_to_the_group_that_is_stable() {
    for (stable, weights) in [("blue", [100, 0]), ("green", [0, 100])] {
        let deployed = Deployed::task_sets(&[("WorkFrom", "alb"), ("Stable", stable)]);
        let rule = deployed.one("AWS::ElasticLoadBalancingV2::ListenerRule", "Rule");
        let groups = &rule.properties["Actions"][0]["ForwardConfig"]["TargetGroups"];
        let [blue, green] = weights;
        assert_eq!(
            *groups,
            json!([
                { "TargetGroupArn": group(&deployed, "PrimaryTargets"), "Weight": blue },
                { "TargetGroupArn": group(&deployed, "CanaryTargets"), "Weight": green },
            ])
        );
    }
}

/// What each alarm does, by its name.
fn alarms(deployed: &Deployed) -> BTreeMap<&str, bool> {
    let rollback = deployed.one("AWS::Lambda::Function", "Rollback");
    let rollback = &rollback.created.attributes["Arn"];
    let alarms = deployed.of_kind("AWS::CloudWatch::Alarm");
    let all = alarms.map(|made| {
        let name = made.properties["AlarmName"].as_str().unwrap_or_default();
        let actions = made.properties["AlarmActions"].as_array();
        let calls = actions.is_some_and(|it| it.contains(rollback));
        (name.strip_prefix("orders-").unwrap_or(name), calls)
    });
    all.filter(|(name, _)| !is_of_the_functions(name)).collect()
}

/// Of what releases, and not of what is released.
fn is_of_the_functions(alarm: &str) -> bool {
    alarm.starts_with("watch") || alarm.contains("rollback") || alarm.contains("invocation")
}

#[test]
fn alarms_are_of_the_service_or_of_a_group_and_of_no_version() {
    let queue = Deployed::task_sets(&[]);
    let expected = [
        ("backlog", false),
        ("dead-letters", true),
        ("failures", true),
        ("stalled", true),
    ];
    assert_eq!(alarms(&queue), expected.into());
    let balanced = behind_a_load_balancer();
    let expected = [
        ("blue-5xx", true),
        ("blue-latency", true),
        ("green-5xx", true),
        ("green-latency", true),
        ("unanswered", true),
    ];
    assert_eq!(alarms(&balanced), expected.into());
}

#[test]
fn the_dashboard_tells_both_versions_or_both_groups_apart() {
    let queue = Deployed::task_sets(&[]);
    let body = &queue
        .one("AWS::CloudWatch::Dashboard", "Dashboard")
        .properties;
    let body = body["DashboardBody"].as_str().expect("a body");
    for metric in ["Processed", "Failed", "LatencyMs"] {
        let found = format!(
            "SEARCH('{{CanaryRelease/SampleApp,ServiceName,Version}} ServiceName=\\\"orders\\\" MetricName=\\\"{metric}\\\"'"
        );
        assert!(body.contains(&found), "{metric}: {body}");
    }
    let balanced = behind_a_load_balancer();
    let shown = dashboard::shown(&balanced.world, "orders-release");
    for id in ["PrimaryTargets", "CanaryTargets"] {
        let name = &balanced.one(GROUP, id).created.attributes["TargetGroupFullName"];
        let is_shown = shown
            .iter()
            .any(|it| it[1] == "RequestCount" && it.iter().any(|part| *name == *part));
        assert!(is_shown, "{id}");
    }
}

/// Who may do what to the sets of a service.
fn rights_to_sets(world: &mut World, service: &str) -> Vec<(&'static str, [bool; 4])> {
    let definition =
        |family: &str| format!("arn:aws:ecs:eu-central-1:111122223333:task-definition/{family}:1");
    let create = json!({
        "taskDefinition": definition("orders"),
        "tags": [{ "key": "canary:release", "value": "3f1c2a90" }],
    });
    let calls = [
        ("DescribeServices", json!({ "services": [service] })),
        ("CreateTaskSet", create),
        ("DescribeTaskSets", json!({ "taskSets": ["ecs-svc/1"] })),
        ("UpdateTaskSet", json!({ "taskSet": "ecs-svc/1" })),
        ("DeleteTaskSet", json!({ "taskSet": "ecs-svc/1" })),
        (
            "UpdateServicePrimaryTaskSet",
            json!({ "primaryTaskSet": "ecs-svc/1" }),
        ),
        ("UpdateService", json!({ "desiredCount": 0 })),
    ];
    let mut rights = Vec::new();
    for (operation, input) in calls {
        let mut input = input;
        input["cluster"] = json!("orders");
        if operation != "DescribeServices" {
            input["service"] = json!(service);
        }
        let who = [DEPLOY_CANARY, SHIFT_WEIGHT, PROMOTE_PRIMARY, ROLLBACK];
        let may = who.map(|function| may(world, function, "ecs", operation, &input));
        rights.push((operation, may));
    }
    rights
}

#[test]
fn each_function_may_do_to_the_sets_of_the_service_what_it_does_and_to_no_others() {
    for variant in TASK_SETS_VARIANTS {
        let mut deployed = Deployed::task_sets(variant);
        let rights = rights_to_sets(&mut deployed.world, "orders");
        assert_eq!(
            rights,
            [
                ("DescribeServices", [true, true, true, true]),
                ("CreateTaskSet", [true, false, false, false]),
                ("DescribeTaskSets", [true, false, false, false]),
                ("UpdateTaskSet", [true, true, true, true]),
                ("DeleteTaskSet", [true, false, false, true]),
                ("UpdateServicePrimaryTaskSet", [true, false, true, true]),
                ("UpdateService", [false, false, false, false]),
            ]
        );
        for (operation, may) in rights_to_sets(&mut deployed.world, "payments") {
            assert_eq!(may, [false; 4], "{operation} of another service");
        }
    }
}

#[test]
fn a_set_runs_the_family_alone_and_says_whose_it_is() {
    let mut deployed = Deployed::task_sets(&[]);
    let own = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:1";
    let tags = json!([{ "key": "canary:release", "value": "3f1c2a90" }]);
    for (definition, tags, is_allowed) in [
        (own, tags.clone(), true),
        (own, json!([]), false),
        (&own.replace("orders", "orders-admin"), tags.clone(), false),
        (&own.replace("orders", "payments"), tags, false),
    ] {
        let input = json!({ "cluster": "orders", "service": "orders", "taskDefinition": definition, "tags": tags });
        let may = may(
            &mut deployed.world,
            DEPLOY_CANARY,
            "ecs",
            "CreateTaskSet",
            &input,
        );
        assert_eq!(may, is_allowed, "{input}");
    }
}

#[test]
fn nothing_of_a_queue_is_granted_behind_a_load_balancer_nor_the_other_way_round() {
    for (deployed, foreign) in [
        (behind_a_load_balancer(), "sqs:"),
        (Deployed::task_sets(&[]), "elasticloadbalancing:"),
    ] {
        let others = [foreign, "application-autoscaling:", "lambda:"];
        let functions = ["DeployCanary", "ShiftWeight", "PromotePrimary", "Rollback"];
        let grants = iam::grants(&deployed.world);
        let surplus: Vec<_> = grants
            .iter()
            .filter(|grant| functions.iter().any(|it| grant.role.contains(it)))
            .filter(|grant| others.iter().any(|it| grant.action.starts_with(it)))
            .collect();
        assert!(surplus.is_empty(), "{surplus:?}");
    }
}

#[test]
fn parameters_of_the_other_kind_of_work_are_refused_with_a_sentence() {
    let of_a_queue = "is for consumers of a queue; leave it out, or set WorkFrom to queue.";
    let of_a_load_balancer =
        "is for tasks behind a load balancer; leave it out, or set WorkFrom to alb.";
    for (work, name, value, sentence) in [
        ("alb", "MaxDeadLetters", "3", of_a_queue),
        ("alb", "GuardMaxDeadLetters", "3", of_a_queue),
        ("alb", "Mode", "constantTotal", of_a_queue),
        ("alb", "MaxTasks", "30", of_a_queue),
        ("queue", "MinTasks", "2", of_a_load_balancer),
        ("queue", "MaxUnhealthyTargets", "1", of_a_load_balancer),
        ("queue", "Scheme", "internal", of_a_load_balancer),
    ] {
        let network = [("VpcId", "vpc-0a1b"), ("SubnetIds", "subnet-0a,subnet-0b")];
        let given = [&network[..], &[("WorkFrom", work), (name, value)]].concat();
        let told = refused("task-sets.yaml", &required(&given));
        let sentence = sentence.replace(" is ", &format!("{name} is "));
        assert!(told.contains(&sentence), "{told}");
    }
}

#[test]
fn the_suite_takes_a_pair_or_one_service_and_not_half_of_either() {
    let queue = ("QueueName", "payments");
    let either = "Either PrimaryService and CanaryService are given, for a pair, or Service, for task sets of one.";
    let of_a_pair = "are for a pair of services; leave them out, or leave Service out.";
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[("Service", "")], either),
        (&[("PrimaryService", "payments")], either),
        (&[("Service", ""), ("PrimaryService", "payments")], either),
        (
            &[("TaskFamily", "")],
            "Services need Cluster, TaskFamily, TaskRoleArn and ExecutionRoleArn.",
        ),
        (&[("RestingTasks", "2")], of_a_pair),
        (&[("ProtectedTasks", "wait")], of_a_pair),
        (&[("FloorPrimary", "false")], of_a_pair),
        (
            &[("Function", "payments"), ("Alias", "live")],
            "are for services",
        ),
    ];
    for (parameters, sentence) in cases {
        let told = refused(
            "functions.yaml",
            &of_one_service(&[&[queue], parameters].concat()),
        );
        assert!(told.contains(sentence), "{parameters:?}: {told}");
    }
    let bootstrap = ("Bootstrap", "{\"launchType\":\"FARGATE\"}");
    let told = refused("functions.yaml", &super::parameters::suite(&[bootstrap]));
    assert!(
        told.contains("Bootstrap is for task sets; leave it out, or give Service."),
        "{told}"
    );
}

#[test]
fn beside_your_own_pipeline_a_service_that_has_its_set_needs_no_first_one() {
    for work in [&[("QueueName", "payments")][..], &BALANCED] {
        let mut deployed = Deployed::nothing();
        let made = deployed.stack("functions.yaml", &of_one_service(work));
        made.unwrap_or_else(|error| panic!("{error}"));
        let function: &Made = deployed.one("AWS::Lambda::Function", "DeployCanary");
        let (text, target) = texts::target_of(function);
        assert_eq!(target.pair().as_str(), "shop/payments");
        assert!(!text.contains("bootstrap"), "{text}");
    }
}
