//! What roles may do and what not, asked as requests.

use rehearsal_core::{
    stage::{self, DEPLOY_CANARY, PROMOTE_PRIMARY, ROLLBACK, SHIFT_WEIGHT},
    world::{
        Principal, World,
        iam::{self, Request},
    },
};
use serde_json::{Value, json};

use super::Deployed;

/// Whether a function may call this. What else a call needs is no matter here, so a denial must be of the call itself, or of what
/// tells one call from another: the right to pass a definition's roles, or to tag one.
pub(super) fn may(
    world: &mut World,
    who: &str,
    service: &str,
    operation: &str,
    input: &Value,
) -> bool {
    let request = Request {
        region: crate::connector::REGION,
        service,
        operation,
        input,
        secure: true,
    };
    let judged = iam::authorize(world, &Principal(who.to_owned()), &request);
    if let Err(denied) = &judged {
        let calls = [
            format!("{service}:{operation}"),
            "iam:PassRole".to_owned(),
            "ecs:TagResource".to_owned(),
        ];
        let is_of = |call: &String| {
            let denial = format!("not authorized to perform: {call} ");
            denied.message.contains(&denial)
        };
        assert!(calls.iter().any(is_of), "{}", denied.message);
    }
    judged.is_ok()
}

/// What an update of a service gives it.
const REVISION: &str = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:1";
const STRANGER: &str = "arn:aws:ecs:eu-central-1:111122223333:task-definition/other:1";

fn may_update(world: &mut World, who: &str, service: &str, given: Option<&str>) -> bool {
    let mut update = json!({ "cluster": stage::CLUSTER, "service": service, "desiredCount": 3 });
    if let Some(definition) = given {
        update["taskDefinition"] = definition.into();
    }
    may(world, who, "ecs", "UpdateService", &update)
}

#[test]
fn only_promote_primary_and_rollback_can_change_what_the_primary_runs() {
    // Application Auto Scaling asks for the right to count of whoever holds a service's scaling, or its lower bound.
    for (mode, floor, counts) in [
        ("additive", "true", true),
        ("additive", "false", false),
        ("constantTotal", "false", true),
    ] {
        let mut world = Deployed::example(&[("Mode", mode), ("FloorPrimary", floor)]).world;
        for (function, gives_definition, moves_count) in [
            (DEPLOY_CANARY, false, counts),
            (SHIFT_WEIGHT, false, counts),
            (PROMOTE_PRIMARY, true, true),
            (ROLLBACK, true, true),
        ] {
            let mut primary = |given| may_update(&mut world, function, stage::PRIMARY, given);
            assert_eq!(
                primary(Some(REVISION)),
                gives_definition,
                "{function}, {mode}, {floor}: definition"
            );
            assert_eq!(
                primary(None),
                moves_count,
                "{function}, {mode}, {floor}: count"
            );
            assert!(
                !primary(Some(STRANGER)),
                "{function}, {mode}: another family"
            );
        }
    }
}

#[test]
fn every_function_moves_the_canary_and_no_other_service() {
    let mut world = Deployed::example(&[]).world;
    for function in stage::FUNCTIONS {
        assert!(
            may_update(&mut world, function, stage::CANARY, None),
            "{function}"
        );
        assert!(
            !may_update(&mut world, function, stage::CANARY, Some(STRANGER)),
            "{function}"
        );
        assert!(
            !may_update(&mut world, function, "invoices", None),
            "{function}"
        );
    }
}

#[test]
fn only_deploy_canary_can_register_task_definitions_and_only_of_the_family() {
    let mut world = Deployed::example(&[]).world;
    for function in stage::FUNCTIONS {
        let mut registers = |family: &str| {
            let tags = json!([{ "key": "canary:release", "value": "3f1c2a90" }]);
            let input = json!({ "family": family, "containerDefinitions": [], "tags": tags });
            may(
                &mut world,
                function,
                "ecs",
                "RegisterTaskDefinition",
                &input,
            )
        };
        assert_eq!(registers("orders"), function == DEPLOY_CANARY, "{function}");
        assert!(!registers("other"), "{function}");
    }
}

#[test]
fn only_rollback_answers_approvals_and_only_the_named_one() {
    let mut world = Deployed::example(&[]).world;
    for function in stage::FUNCTIONS {
        let mut answers = |pipeline: &str, stage: &str, action: &str| {
            let input =
                json!({ "pipelineName": pipeline, "stageName": stage, "actionName": action });
            may(
                &mut world,
                function,
                "codepipeline",
                "PutApprovalResult",
                &input,
            )
        };
        let own = answers("orders-release", "Canary", "Approval");
        assert_eq!(own, function == ROLLBACK, "{function}");
        assert!(!answers("orders-release", "Canary", "Other"), "{function}");
        assert!(
            !answers("orders-release", "Source", "Approval"),
            "{function}"
        );
        assert!(
            !answers("payments-release", "Canary", "Approval"),
            "{function}"
        );
    }
}

const SERVICES: [&str; 6] = [
    "lambda.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "codepipeline.amazonaws.com",
    "codebuild.amazonaws.com",
    "events.amazonaws.com",
    "ec2.amazonaws.com",
];

/// Who assumes a role, and for which resource of this account if the service says so.
fn assumes(role: &str) -> (&'static str, Option<&'static str>) {
    match role {
        "DeployCanaryRole" | "ShiftWeightRole" | "PromotePrimaryRole" | "RollbackRole" => {
            ("lambda.amazonaws.com", None)
        }
        "Role" => ("lambda.amazonaws.com", None),
        "TaskRole" | "ExecutionRole" => ("ecs-tasks.amazonaws.com", Some("ecs:task/orders/1")),
        "PipelineRole" => ("codepipeline.amazonaws.com", None),
        "BuildRole" => (
            "codebuild.amazonaws.com",
            Some("codebuild:project/orders-build"),
        ),
        "ValidateRole" => (
            "codebuild.amazonaws.com",
            Some("codebuild:project/orders-validate"),
        ),
        "RuleRole" => (
            "events.amazonaws.com",
            Some("events:rule/orders-release-source"),
        ),
        other => panic!("say who assumes {other}"),
    }
}

#[test]
fn a_role_is_assumed_by_its_service_alone() {
    for deployed in Deployed::variants() {
        for role in deployed.of_kind("AWS::IAM::Role") {
            let (own, source) = assumes(&role.id);
            let source = source.and_then(|source| source.split_once(':'));
            let source = source.map(|(service, rest)| deployed.world.arn(service, rest));
            let arn = role.created.attributes["Arn"].as_str().expect("an ARN");
            for service in SERVICES {
                let trusted = iam::check_trust(&deployed.world, arn, service, source.as_deref());
                assert_eq!(trusted.is_ok(), service == own, "{service} as {}", role.id);
            }
            let trust = role.properties["AssumeRolePolicyDocument"]["Statement"].as_array();
            let principals: Vec<_> = trust
                .into_iter()
                .flatten()
                .map(|it| &it["Principal"])
                .collect();
            assert_eq!(principals, [&json!({ "Service": own })], "{}", role.id);
        }
    }
}
