//! Parameters that do not fit each other are told by name, before anything is created or built.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{V1, deploy, deployed, empty};
use crate::roles::fits;

/// Parameters, and what is told.
type Case = (&'static [&'static str], &'static str);

const QUEUE: &[Case] = &[
    (
        &["VpcId=vpc-0a1b"],
        "VpcId is given without SubnetIds; give both for your own network, or neither.",
    ),
    (
        &["AssignPublicIp=ENABLED"],
        "AssignPublicIp is for your own network; leave it out, or give VpcId and SubnetIds.",
    ),
    (
        &["SourceType=Connection", "Repository=example/orders"],
        "SourceType Connection needs ConnectionArn.",
    ),
    (
        &["PrimaryMinTasks=21"],
        "PrimaryMinTasks is 21 and PrimaryMaxTasks 20; the least must not be above the most",
    ),
    (
        &["PrimaryMinTasks=20", "PrimaryMaxTasks=40"],
        "MaxTasks is 20 and PrimaryMinTasks 20; no task would be left for the canary",
    ),
    (
        &["PrimaryMaxTasks=1001"],
        "parameter PrimaryMaxTasks is \"1001\"; allowed is: 1 to 1000.",
    ),
    (
        &["GuardMinutes=-1"],
        "parameter GuardMinutes is \"-1\"; allowed is: 0 to 10080 minutes.",
    ),
    (&["GuardMinutes=soon"], "parameter GuardMinutes is \"soon\""),
    (
        &["Mode=both"],
        "parameter Mode is \"both\"; allowed is: [additive, constantTotal]",
    ),
    (
        &["LogRetentionDays=31"],
        "parameter LogRetentionDays is \"31\"; allowed is: [1, 3, 5,",
    ),
    (
        &["NotificationEmail=me @example.com"],
        "parameter NotificationEmail is \"me @example.com\"; allowed is: One e-mail address",
    ),
    (&["Steps=[{\"weight\":10]"], "parameter Steps is"),
    (
        &["Steps=[{\"weight\":10,\"bakeMinutes\":5},{\"weight\":50}]"],
        "Steps: field [1] needs \"weight\" once, and \"bakeMinutes\" or \"bakeSeconds\" once",
    ),
    (
        &["Steps=[{\"weight\": 10, \"weight\": 20}]"],
        "Steps: field [0] needs \"weight\" once",
    ),
    (
        &["Steps=[{\"weight\":101,\"bakeMinutes\":5}]"],
        "Steps: field [0].weight is 101; allowed is 0 to 100",
    ),
    (
        &["Steps=[{\"bakeMinutes\":5,\"weight\":100}]"],
        "which cannot be reached while the primary keeps its tasks (Mode additive)",
    ),
    (
        &["Steps=[{\"weight\":1,\"bakeMinutes\":800},{\"weight\":2,\"bakeMinutes\":700}]"],
        "Steps: the shares are held for 90000 seconds together",
    ),
];

const HTTP: &[Case] = &[
    (
        &["VpcId=vpc-0a1b", "SubnetIds=subnet-0a"],
        "Ids of two subnets or more",
    ),
    (&["Scheme=internal"], "Scheme"),
    (
        &[
            "PromotionBakeSeconds=82800",
            "DrainStep=1",
            "DrainIntervalSeconds=300",
        ],
        "PromotionBakeSeconds is 82800, and with DrainStep and DrainIntervalSeconds the requests go back in 30000 seconds",
    ),
];

/// As options of deploy.sh.
fn options(example: &str, parameters: &[impl AsRef<str>]) -> Vec<String> {
    let given = parameters
        .iter()
        .flat_map(|it| ["--parameter", it.as_ref()]);
    let http = (example == "http.yaml").then_some("--http");
    http.into_iter().chain(given).map(str::to_owned).collect()
}

#[test]
fn contradictions_are_told_by_name_before_anything_is_created() {
    for (example, cases) in [("main.yaml", QUEUE), ("http.yaml", HTTP)] {
        for (parameters, said) in cases {
            let options = options(example, parameters);
            let options: Vec<_> = options.iter().map(String::as_str).collect();
            let fits = format!("nothing was changed: the parameters do not fit infra/{example}");
            deploy(&empty(), &options).assert_refused(2, &[&fits, said]);
        }
    }
}

#[test]
fn what_fits_is_let_through() {
    for (example, parameters) in [
        (
            "main.yaml",
            &[
                "Mode=constantTotal",
                "Steps=[{\"weight\":100,\"bakeSeconds\":30}]",
            ][..],
        ),
        (
            "main.yaml",
            &[
                "VpcId=vpc-0a1b",
                "SubnetIds=subnet-0a",
                "AssignPublicIp=ENABLED",
            ],
        ),
        ("main.yaml", &["PrimaryMinTasks=0", "MaxDeadLetters=08"]),
        (
            "main.yaml",
            &["SourceType=CodeCommit", "Repository=orders", "Branch=main"],
        ),
        (
            "http.yaml",
            &["Steps=[{\"weight\":100,\"bakeSeconds\":30}]"],
        ),
    ] {
        let options = options(example, parameters);
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let ended = deploy(&empty(), &options);
        assert_eq!(ended.code, Some(0), "{parameters:?}: {}", ended.said);
    }
}

#[test]
fn an_update_is_judged_with_what_the_stack_has() {
    let machine = deployed(V1, V1);
    machine.answers(
        "[ParameterKey, ParameterValue]",
        "Name\torders\nPrimaryMaxTasks\t5\nVpcId\tvpc-0a1b\nSubnetIds\tsubnet-0a\nConnectionArn\t",
    );
    deploy(&machine, &["--parameter", "PrimaryMinTasks=6"])
        .assert_refused(2, &["PrimaryMinTasks is 6 and PrimaryMaxTasks 5"]);
    deploy(&machine, &["--parameter", "SubnetIds="])
        .assert_refused(2, &["VpcId is given without SubnetIds"]);
    let ended = deploy(&machine, &["--parameter", "PrimaryMinTasks=5"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

/// Values that fit, and that do not, of parameters that rules compare.
const VALUES: &[(&str, &[&str])] = &[
    ("VpcId", &["", "vpc-0a1b", "my-vpc"]),
    (
        "SubnetIds",
        &[
            "",
            "subnet-0a",
            "subnet-0a,subnet-0b",
            "subnet-0a, subnet-0b",
        ],
    ),
    ("AssignPublicIp", &["ENABLED", "DISABLED", "enabled"]),
    ("Scheme", &["internal", "internet-facing", "public"]),
    ("SourceType", &["S3", "Connection", "CodeCommit", "GitHub"]),
    (
        "ConnectionArn",
        &[
            "",
            "arn:aws:codeconnections:eu-central-1:111122223333:connection/3f1c2a90-5b7e",
            "arn:x",
        ],
    ),
    ("Repository", &["", "example/orders", "a b"]),
    ("Mode", &["additive", "constantTotal"]),
    ("FloorPrimary", &["true", "false", "no"]),
    ("GuardMaxDeadLetters", &["", "7", "-1"]),
    ("NotificationEmail", &["", "me@example.com", "me"]),
    ("PrimaryMinTasks", &["1", "1000000"]),
    ("StopTimeoutSeconds", &["1", "2", "120", "121"]),
    ("ClientCidr", &["10.0.0.0/8", "everybody"]),
    (
        "TaskDefinition",
        &["", "deploy/taskdef.json", "/taskdef.json"],
    ),
];

fn chosen() -> impl Strategy<Value = BTreeMap<String, String>> {
    let one = prop::sample::select(VALUES).prop_flat_map(|(name, values)| {
        prop::sample::select(values).prop_map(move |it| (name.to_owned(), it.to_owned()))
    });
    prop::collection::btree_map(any::<u8>(), one, 1..5)
        .prop_map(|entries| entries.into_values().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nested templates are asked, too: what they would refuse, CloudFormation refuses only after it has created others. A deployment that
    /// fits is stopped at its first stack, which is far enough.
    #[test]
    fn deploy_refuses_what_cloudformation_would_refuse(
        example in prop::sample::select(&["main.yaml", "http.yaml"]),
        chosen in chosen(),
    ) {
        let text = crate::scripts::machine::Machine::new().template(example);
        let known: Vec<_> = chosen
            .iter()
            .filter(|(name, _)| text.contains(&format!("\n  {name}:\n    Type:")))
            .collect();
        let given: Vec<_> = known.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pairs: Vec<_> = known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let options = options(example, &given);
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let machine = empty();
        machine.fails("cloudformation deploy", "An error occurred (AccessDenied)");
        let ended = deploy(&machine, &options);
        prop_assert_eq!(ended.code == Some(2), !fits(example, &pairs), "{:?}: {}", given, ended.said);
    }
}
