//! The JSON in the templates is what the functions read, and short enough.

use canary::{
    evidence::Bounds,
    input::USER_PARAMETERS,
    names::AlarmName,
    parameters::{self, RawDeployCanary, RawPromotePrimary, RawShiftWeight},
    target::{self, Consequence, Target},
};
use rehearsal_core::stage::{self, Script};
use serde_json::Value;

/// The longest configuration value, as the user guide and botocore (`codepipeline.ActionConfigurationValue`) have it.
pub(super) const MOST_CHARACTERS: usize = 1000;

use super::{
    Deployed, Made, VARIANTS,
    parameters::{refused, suite},
    with,
};

/// AWS: Lambda developer guide, "Lambda quotas": all environment variables together.
pub(super) const LARGEST_ENVIRONMENT: usize = 4096;

const RELEASE: &str = "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";

/// A text as the pipeline has it when the action runs.
fn filled(text: &str) -> String {
    let image = Script::new([]).stable().image();
    let filled = text
        .replace("#{codepipeline.PipelineExecutionId}", RELEASE)
        .replace("#{Build.IMAGE_URI}", &image)
        .replace("#{Shift.Digest}", "0123456789ab")
        .replace("#{ShiftFurther.Digest}", "ba9876543210");
    assert!(!filled.contains("#{"), "{filled}");
    filled
}

/// The actions of the release's stage.
pub(super) fn actions(deployed: &Deployed) -> impl Iterator<Item = &Value> {
    let pipeline = deployed.one("AWS::CodePipeline::Pipeline", "Pipeline");
    let actions = &pipeline.properties["Stages"][2]["Actions"];
    actions.as_array().into_iter().flatten()
}

/// The parameters of the actions of that name and of those whose names go on after it.
fn all_user_parameters(deployed: &Deployed, action: &str) -> Vec<String> {
    let named = actions(deployed)
        .filter(|it| it["Name"].as_str().is_some_and(|it| it.starts_with(action)))
        .map(|it| it["Configuration"]["UserParameters"].as_str());
    named
        .map(|text| filled(text.unwrap_or_else(|| panic!("{action} has no UserParameters"))))
        .collect()
}

pub(super) fn user_parameters(deployed: &Deployed, action: &str) -> String {
    let mut all = all_user_parameters(deployed, action).into_iter();
    all.next()
        .unwrap_or_else(|| panic!("there is no action {action}"))
}

pub(super) fn target_of(function: &Made) -> (&str, Target) {
    let text = function.properties["Environment"]["Variables"]["TARGET"].as_str();
    let text = text.unwrap_or_else(|| panic!("{} has no TARGET", function.id));
    let target = target::resolve(Some(text), None);
    (
        text,
        target.unwrap_or_else(|error| panic!("{}: {error}", function.id)),
    )
}

pub(super) fn environment_size(function: &Made) -> usize {
    let variables = function.properties["Environment"]["Variables"].as_object();
    let variables = variables.into_iter().flatten();
    variables
        .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
        .sum()
}

#[test]
fn the_parameters_of_the_actions_are_what_the_functions_read() {
    for deployed in Deployed::variants() {
        let (target, _) = target_of(deployed.one("AWS::Lambda::Function", "DeployCanary"));
        let text = |action| Some(user_parameters(&deployed, action));
        let source = USER_PARAMETERS;

        let deploy = text("deploy-canary");
        let deploy = parameters::read::<RawDeployCanary>(source, deploy.as_deref(), Some(target));
        let (_, deploy) = deploy.expect("deploy-canary");
        assert_eq!(deploy.release.as_str(), RELEASE);

        let shifts = all_user_parameters(&deployed, "shift-weight");
        let steps = shifts.iter().flat_map(|shift| {
            let shift = parameters::read::<RawShiftWeight>(source, Some(shift), Some(target));
            shift.expect("shift-weight").1.steps
        });
        let steps: Vec<_> = steps
            .map(|it| (it.weight.hundredths(), it.bake.as_secs()))
            .collect();
        assert_eq!(steps, [(1000, 600), (5000, 600)]);

        let promote = text("promote-primary");
        let promote =
            parameters::read::<RawPromotePrimary>(source, promote.as_deref(), Some(target));
        let (_, promote) = promote.expect("promote-primary");
        assert!(promote.bake.is_zero());
    }
}

#[test]
fn all_four_functions_have_the_target_that_the_library_reads() {
    for variant in VARIANTS {
        let deployed = Deployed::example(variant);
        let functions: Vec<_> = deployed.of_kind("AWS::Lambda::Function").collect();
        assert_eq!(functions.len(), 4);
        for function in functions {
            let (text, target) = target_of(function);
            assert_eq!(target.pair().as_str(), "orders/orders");
            let text: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(text["canary"], stage::CANARY);
            let alarms: Vec<_> = target.alarms.iter().map(AlarmName::as_str).collect();
            assert_eq!(alarms, stage::Traffic::Queue.alarms());
            assert!(environment_size(function) <= LARGEST_ENVIRONMENT);
        }
    }
}

/// So many steps in so many characters: the template takes no more.
fn steps_of(count: usize, length: usize) -> String {
    let step = "{\"weight\":10,\"bakeSeconds\":90},".repeat(count);
    let steps = format!("[{}", step.trim_end_matches(','));
    format!("{steps:<0$}]", length - 1)
}

#[test]
fn every_text_of_the_pipeline_fits_even_with_the_longest_steps() {
    let steps = steps_of(29, 900);
    let further = steps_of(9, 300);
    let name = "a-name-of-20-letters";
    let usual = [("Steps", steps.as_str()), ("Name", name)];
    let twice = [&usual[..], &[("FurtherSteps", further.as_str())]].concat();
    for deployed in [Deployed::example(&usual), Deployed::task_sets(&twice)] {
        let mut longest = 0;
        for action in actions(&deployed) {
            let values = action["Configuration"].as_object().into_iter().flatten();
            for (key, value) in values {
                let length = value.as_str().map_or(0, |text| text.chars().count());
                assert!(length <= MOST_CHARACTERS, "{key} has {length} characters");
                longest = longest.max(length);
            }
        }
        assert!(longest > 900, "the steps are among them");
        for text in all_user_parameters(&deployed, "shift-weight") {
            assert!(text.chars().count() <= MOST_CHARACTERS);
        }
    }
}

#[test]
fn a_canary_that_is_worse_is_rolled_back_in_the_examples_and_told_of_beside_a_pipeline() {
    let of = |deployed: &Deployed| {
        let (_, target) = target_of(deployed.one("AWS::Lambda::Function", "ShiftWeight"));
        (target.verdict, target.evidence)
    };
    let usual = Bounds::default();
    for deployed in Deployed::variants() {
        assert_eq!(of(&deployed), (Consequence::Act, usual));
    }
    let mut alone = Deployed::nothing();
    let made = alone.stack("functions.yaml", &suite(&[]));
    made.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(of(&alone), (Consequence::Tell, usual));

    let judged = r#"{"alpha":0.05, "settleSeconds" : 240}"#;
    let deployed = Deployed::example(&[("Verdict", "tell"), ("Evidence", judged)]);
    let (verdict, evidence) = of(&deployed);
    let expected = Bounds {
        alpha: 0.05,
        settle_seconds: 240,
        ..usual
    };
    assert_eq!((verdict, evidence), (Consequence::Tell, expected));
}

#[test]
fn what_is_no_list_of_bounds_is_refused_by_the_template() {
    for evidence in [r#"{"alpha":"0.05"}"#, r#"{"beta":0.1}"#, "0.05", "{}"] {
        let told = refused("functions.yaml", &suite(&[("Evidence", evidence)]));
        assert!(
            told.contains("Evidence") && told.contains("alpha"),
            "{told}"
        );
    }
}

#[test]
fn consumers_that_count_otherwise_name_their_metrics() {
    let metrics = r#"{"namespace":"Shop","processed":"Done","failed":"Bad","primary":{"Service":"payments"},"canary":{"Service":"payments-canary"}}"#;
    let mut deployed = Deployed::nothing();
    let made = deployed.stack("functions.yaml", &suite(&[("Metrics", metrics)]));
    made.unwrap_or_else(|error| panic!("{error}"));
    let (text, _) = target_of(deployed.one("AWS::Lambda::Function", "Rollback"));
    let target: Value = serde_json::from_str(text).expect("JSON");
    let metrics: Value = serde_json::from_str(metrics).expect("JSON");
    assert_eq!(target["traffic"]["queue"]["metrics"], metrics);
}

/// The suite alone with the longest names and twenty alarms, and these parameters.
pub(super) fn longest(parameters: &[(&str, &str)]) -> Deployed {
    let long = "n".repeat(255);
    let other = format!("c{}", &long[1..]);
    let mut deployed = Deployed::nothing();
    let mut all = with([
        ("Name", "a-name-of-forty-characters-aaaaaaaaaaaaa"),
        ("Cluster", &long),
        ("PrimaryService", &long),
        ("CanaryService", &other),
        ("TaskFamily", &long),
        ("TaskRoleArn", "arn:aws:iam::111122223333:role/task"),
        (
            "ExecutionRoleArn",
            "arn:aws:iam::111122223333:role/execution",
        ),
        ("Pipeline", &"p".repeat(100)),
        (
            "Alarms",
            &vec!["an-alarm-of-some-thirty-letters"; 20].join(","),
        ),
    ]);
    all.extend(with(parameters.iter().copied()));
    let made = deployed.stack("functions.yaml", &all);
    made.unwrap_or_else(|error| panic!("{error}"));
    deployed
}

fn assert_fits(deployed: &Deployed) {
    for function in deployed.of_kind("AWS::Lambda::Function") {
        let (_, target) = target_of(function);
        assert_eq!(target.alarms.len(), 20);
        assert!(environment_size(function) <= LARGEST_ENVIRONMENT);
    }
}

#[test]
fn the_target_fits_even_with_the_longest_names() {
    let queue = "q".repeat(80);
    let dead = format!("d{}", &queue[1..]);
    let queues: [(&str, &str); 2] = [("QueueName", &queue), ("DeadLetterQueueName", &dead)];
    assert_fits(&longest(&queues));
    assert_fits(&task_sets_of_long_names("", &queues));
}

/// Task sets with the longest names and a first set in as many subnets and security groups as ECS takes.
fn task_sets_of_long_names(answers: &str, work: &[(&str, &str)]) -> Deployed {
    let subnets = ["subnet-0123456789abcdef0"; 16].join("\",\"");
    let groups = ["sg-0123456789abcdef0"; 5].join("\",\"");
    let network =
        format!("\"network\":{{\"subnets\":[\"{subnets}\"],\"securityGroups\":[\"{groups}\"]}}");
    let revision = format!(
        "arn:aws:ecs:ap-southeast-4:111122223333:task-definition/{}:12",
        "n".repeat(255)
    );
    let bootstrap = format!(
        "{{\"taskDefinition\":\"{revision}\",\"launchType\":\"FARGATE\",{network}{answers}}}"
    );
    let service = format!("s{}", "n".repeat(254));
    let of_one_service = [
        ("PrimaryService", ""),
        ("CanaryService", ""),
        ("Service", &service),
        ("Bootstrap", &bootstrap),
    ];
    longest(&[&of_one_service[..], work].concat())
}

#[test]
fn the_target_fits_even_with_five_rules_of_the_load_balancer_with_the_longest_name() {
    let arn = |of: &str| format!("arn:aws:elasticloadbalancing:ap-southeast-4:111122223333:{of}");
    let name = "b".repeat(32);
    let rules: Vec<_> = (0..5)
        .map(|rule| {
            let ids = format!("50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabe{rule}");
            arn(&format!("listener-rule/app/{name}/{ids}"))
        })
        .collect();
    let group = |id| arn(&format!("targetgroup/{name}/73e2d6bc24d8a06{id}"));
    let (rules, one, other) = (rules.join(","), group(1), group(2));
    let balancer: [(&str, &str); 3] = [
        ("ListenerRuleArns", &rules),
        ("PrimaryTargetGroupArn", &one),
        ("CanaryTargetGroupArn", &other),
    ];
    assert_fits(&longest(&balancer));
    let answers = r#","answers":{"container":"app","port":8080}"#;
    assert_fits(&task_sets_of_long_names(answers, &balancer));
}

#[test]
fn the_link_to_the_dashboard_leads_to_the_console_of_the_partition() {
    let common = [
        ("Name", stage::NAME),
        (
            "RollbackFunctionArn",
            "arn:aws:lambda:eu-central-1:111122223333:function:orders-rollback",
        ),
        (
            "NotificationsTopic",
            "arn:aws:sns:eu-central-1:111122223333:orders",
        ),
    ];
    let groups = [
        ("LoadBalancer", "app/orders/1"),
        ("FirstGroup", "primary"),
        ("SecondGroup", "canary"),
        ("FirstTargetGroup", "targetgroup/orders-primary/1"),
        ("SecondTargetGroup", "targetgroup/orders-canary/1"),
    ];
    let bounds = [
        ("ErrorPercent", "5"),
        ("FewestMessages", "20"),
        ("StalledPercent", "10"),
        ("BacklogSeconds", "900"),
    ];
    for (partition, region, domain) in [
        ("aws", "eu-central-1", "aws.amazon.com"),
        ("aws-cn", "cn-north-1", "amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "amazonaws-us-gov.com"),
        ("aws-eusc", "eusc-de-east-1", "amazonaws-eusc.eu"),
    ] {
        for (file, more) in [
            ("monitoring.yaml", &[][..]),
            ("http-monitoring.yaml", &groups),
            ("task-sets-monitoring.yaml", &bounds),
        ] {
            let mut parameters = with(common);
            parameters.extend(with(more.iter().copied()));
            let outputs = Deployed::nothing().stack_in(partition, region, file, &parameters);
            let outputs = outputs.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(
                outputs["DashboardUrl"],
                format!(
                    "https://{region}.console.{domain}/cloudwatch/home?region={region}\
                     #dashboards/dashboard/orders-release"
                ),
                "{file}"
            );
        }
    }
}
