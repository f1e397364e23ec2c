//! What parameters the templates refuse before they create anything, and what they make of the others.

use std::collections::BTreeMap;

use rehearsal_core::stage;
use serde_json::Value;

use super::{CONNECTION, Deployed, VARIANTS, balanced::behind, required, with};

/// What a person is told, while nothing was created.
pub(super) fn refused(file: &str, parameters: &BTreeMap<String, String>) -> String {
    let mut deployed = Deployed::nothing();
    let told = deployed.stack(file, parameters);
    let told = told.expect_err(&format!("{parameters:?}")).to_string();
    let made: Vec<_> = deployed.made.iter().map(|made| &made.id).collect();
    assert!(made.is_empty(), "{made:?} was created before {told}");
    told
}

#[test]
fn parameters_of_the_example_that_contradict_each_other_are_refused_with_a_sentence() {
    let cases: [(&[(&str, &str)], &str); 10] = [
        (
            &[("VpcId", "vpc-0a1b")],
            "VpcId is given without SubnetIds; give both for your own network, or neither.",
        ),
        (
            &[("SubnetIds", "subnet-0a")],
            "SubnetIds is given without VpcId; give both for your own network, or neither.",
        ),
        (
            &[("AssignPublicIp", "ENABLED")],
            "AssignPublicIp is for your own network; leave it out, or give VpcId and SubnetIds.",
        ),
        (
            &[
                ("SourceType", "Connection"),
                ("Repository", "example/orders"),
            ],
            "SourceType Connection needs ConnectionArn.",
        ),
        (
            &[("SourceType", "Connection"), ("ConnectionArn", CONNECTION)],
            "SourceType Connection needs Repository, as OWNER/NAME.",
        ),
        (
            &[("ConnectionArn", CONNECTION)],
            "ConnectionArn is given with SourceType S3; leave it out, or set SourceType to Connection.",
        ),
        (
            &[("Repository", "example/orders")],
            "Repository is given with SourceType S3; leave it out, or set SourceType to Connection or CodeCommit.",
        ),
        (
            &[("SourceType", "CodeCommit")],
            "SourceType CodeCommit needs Repository, the repository's name.",
        ),
        (
            &[
                ("SourceType", "CodeCommit"),
                ("Repository", "orders"),
                ("ConnectionArn", CONNECTION),
            ],
            "ConnectionArn is given with SourceType CodeCommit; leave it out, or set SourceType to Connection.",
        ),
        (&[("SourceType", "GitHub")], "SourceType"),
    ];
    for (parameters, sentence) in cases {
        let told = refused("main.yaml", &required(parameters));
        assert!(told.contains(sentence), "{told}");
    }
}

#[test]
fn values_of_the_example_that_cannot_be_are_refused_by_name() {
    let cases = [
        ("Name", "Orders", "2 to 20 lower-case letters"),
        ("Name", "o", "2 to 20 lower-case letters"),
        (
            "Name",
            "a-name-of-twenty-one-c",
            "2 to 20 lower-case letters",
        ),
        (
            "Image",
            "registry.example/orders:latest",
            "An image by digest",
        ),
        ("Steps", "[{\"weight\":10]", "A JSON list of"),
        ("Steps", "[]", "A JSON list of"),
        (
            "Steps",
            "[{\"weight\":10,\"bakeHours\":1}]",
            "A JSON list of",
        ),
        (
            "Steps",
            "[{\"weight\":10,\"bakeMinutes\":5}],\"x\":[]",
            "A JSON list of",
        ),
        ("VpcId", "my-vpc", "Id of a VPC"),
        ("SubnetIds", "subnet-0a, subnet-0b", "Ids of subnets"),
        ("StopTimeoutSeconds", "121", "2 to 120 seconds"),
        ("PrimaryMinTasks", "1001", "0 to 1000"),
        ("NotificationEmail", "nobody", "One e-mail address"),
        ("LogRetentionDays", "31", "30"),
    ];
    for (name, value, allowed) in cases {
        let told = refused("main.yaml", &required(&[(name, value)]));
        assert!(told.contains(&format!("parameter {name}")), "{told}");
        assert!(told.contains(allowed), "{told}");
    }
    let told = refused("main.yaml", &with([]));
    assert!(told.contains("Image"), "{told}");
}

/// AWS: user guide for application load balancers, "Subnets for your load balancer".
#[test]
fn one_subnet_is_too_few_for_the_load_balancer_of_the_http_example() {
    let network = required(&[("VpcId", "vpc-0a1b"), ("SubnetIds", "subnet-0a")]);
    let told = refused("http.yaml", &network);
    assert!(told.contains("Ids of two subnets or more"), "{told}");
}

/// The suite alone, beside somebody's pipeline.
pub(super) const SUITE: [(&str, &str); 8] = [
    ("Name", "payments"),
    ("Cluster", "shop"),
    ("PrimaryService", "payments"),
    ("CanaryService", "payments-canary"),
    ("TaskFamily", "payments"),
    ("TaskRoleArn", "arn:aws:iam::111122223333:role/payments"),
    ("ExecutionRoleArn", "arn:aws:iam::111122223333:role/ecs"),
    ("Pipeline", "payments-pipeline"),
];

/// The same with these parameters.
pub(super) fn suite(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all = with(SUITE);
    all.extend(with([("QueueName", "payments")]));
    all.extend(with(parameters.iter().copied()));
    all
}

#[test]
fn parameters_of_the_suite_that_contradict_each_other_are_refused_with_a_sentence() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (
            &[("CanaryService", "payments")],
            "CanaryService is the PrimaryService too; the pair is two services of one cluster.",
        ),
        (
            &[("DeadLetterQueueName", "payments")],
            "DeadLetterQueueName is the queue itself; name its dead-letter queue, or leave it empty.",
        ),
        (
            &[("MaxDeadLetters", "3")],
            "MaxDeadLetters is given without DeadLetterQueueName; name the queue, or leave both.",
        ),
        (
            &[(
                "Cluster",
                "arn:aws:ecs:eu-central-1:111122223333:cluster/shop",
            )],
            "A name, not an ARN",
        ),
        (
            &[("QueueName", "payments.fifo")],
            "Name of a standard queue, not its URL",
        ),
        (&[("Mode", "total")], "additive, constantTotal"),
    ];
    for (parameters, sentence) in cases {
        let told = refused("functions.yaml", &suite(parameters));
        assert!(told.contains(sentence), "{told}");
    }
}

#[test]
fn the_suite_alone_makes_its_functions_and_what_calls_them_and_nothing_of_the_example() {
    let queue = [
        ("Alarms", "payments-errors"),
        ("DeadLetterQueueName", "payments-dead"),
        ("MaxDeadLetters", "3"),
        ("Mode", "constantTotal"),
        ("NotificationEmail", "team@example.com"),
    ];
    let balanced = [
        ("Alarms", "payments-5xx"),
        ("MinTasks", "2"),
        ("MaxUnhealthyTargets", "1"),
        ("AllowSticky", "true"),
    ];
    for parameters in [suite(&[]), suite(&queue), behind(&[]), behind(&balanced)] {
        let mut deployed = Deployed::nothing();
        let outputs = deployed.stack("functions.yaml", &parameters);
        let outputs = outputs.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(outputs["RollbackFunctionName"], "payments-rollback");
        assert_eq!(deployed.of_kind("AWS::Lambda::Function").count(), 4);
        assert_eq!(deployed.of_kind("AWS::IAM::Role").count(), 4);
        assert_eq!(deployed.of_kind("AWS::Events::Rule").count(), 3);
        for example in [
            "AWS::ECS::Service",
            "AWS::SQS::Queue",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::CodePipeline::Pipeline",
        ] {
            assert_eq!(deployed.of_kind(example).count(), 0, "{example}");
        }
    }
}

/// What a variant is about: the source action's provider, whether a rule starts the pipeline, whether
/// the network is the stack's own, whether the canary is validated.
fn shape(deployed: &Deployed) -> (&str, bool, bool, bool) {
    let stages = &deployed
        .one("AWS::CodePipeline::Pipeline", "Pipeline")
        .properties["Stages"];
    let provider = &stages[0]["Actions"][0]["ActionTypeId"]["Provider"];
    let mut rules = deployed.of_kind("AWS::Events::Rule");
    let actions = stages[2]["Actions"].as_array().into_iter().flatten();
    (
        provider.as_str().unwrap_or_default(),
        rules.any(|rule| rule.properties["Name"] == "orders-release-source"),
        deployed.of_kind("AWS::EC2::VPC").count() == 1,
        actions
            .map(|action| &action["Name"])
            .any(|name| name == "Validate"),
    )
}

#[test]
fn every_source_and_both_networks_create_completely() {
    let shapes = VARIANTS.map(|variant| {
        let deployed = Deployed::example(variant);
        let (provider, rule, network, validate) = shape(&deployed);
        (provider.to_owned(), rule, network, validate)
    });
    let expected = [
        ("S3", true, true, false),
        ("S3", true, true, true),
        ("CodeStarSourceConnection", false, false, false),
        ("CodeCommit", true, true, false),
    ];
    assert_eq!(
        shapes,
        expected.map(|(provider, rule, network, validate)| {
            (provider.to_owned(), rule, network, validate)
        })
    );
}

#[test]
fn tasks_in_your_own_network_are_where_you_say() {
    let deployed = Deployed::example(VARIANTS[2]);
    for id in ["Primary", "Canary"] {
        let service = &deployed.one("AWS::ECS::Service", id).properties;
        let network = &service["NetworkConfiguration"]["AwsvpcConfiguration"];
        assert_eq!(
            network["Subnets"],
            Value::from(vec!["subnet-0a", "subnet-0b"])
        );
        assert_eq!(network["AssignPublicIp"], "DISABLED");
    }
    assert_eq!(
        deployed
            .one("AWS::EC2::SecurityGroup", "SecurityGroup")
            .properties["VpcId"],
        "vpc-0a1b"
    );
    assert_eq!(
        stage::CLUSTER,
        deployed
            .one("AWS::ECS::Cluster", "Cluster")
            .created
            .reference
    );
}
