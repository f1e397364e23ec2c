//! What `lambda.yaml` makes: what the functions are told, what they may do, what guards a release.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, DEPLOY_CANARY, PROMOTE_PRIMARY, ROLLBACK, SHIFT_WEIGHT, Stage},
    world::{functions, iam},
};
use serde_json::{Value, json};

use super::{
    Deployed, LAMBDA_VARIANTS,
    either_way::Way,
    grants::{
        Rights, ended,
        excuses::{AS_IT_BEGINS, Excuse, FIRST_STATE, IN_ALARM, JUDGED, LAMBDA_LOGS, LOGS, OF_ALL},
        promoted,
    },
    judged::may,
    texts,
};
use crate::lambda_alias::stage;

#[test]
fn the_first_version_is_behind_the_alias_and_the_queue_or_the_url_invokes_that() {
    for (variant, source) in LAMBDA_VARIANTS.iter().zip(["EventSourceMapping", "Url"]) {
        let deployed = Deployed::lambda(variant);
        let behind = functions::shares(&deployed.world, stage::FUNCTION, stage::ALIAS);
        assert_eq!((behind.len(), behind[0].version.as_str()), (1, "1"));
        let alias = deployed.one("AWS::Lambda::Alias", "Alias");
        let alias = &alias.created.reference;
        let sources = ["EventSourceMapping", "Url"].map(|kind| format!("AWS::Lambda::{kind}"));
        let all = deployed
            .made
            .iter()
            .filter(|made| sources.contains(&made.kind));
        let all: Vec<_> = all.map(|made| made.kind.as_str()).collect();
        assert_eq!(all, [format!("AWS::Lambda::{source}")]);
        let made = |id| deployed.one(&format!("AWS::Lambda::{source}"), id);
        let named = if source == "Url" {
            Some(made("Url").created.reference.as_str())
        } else {
            made("Mapping").properties["FunctionName"].as_str()
        };
        assert_eq!(named, Some(alias.as_str()));
    }
}

#[test]
fn the_functions_are_told_the_function_its_alias_and_how_messages_are_counted() {
    for (variant, queue) in LAMBDA_VARIANTS.iter().zip([true, false]) {
        let deployed = Deployed::lambda(variant);
        let suite = ["DeployCanary", "ShiftWeight", "PromotePrimary", "Rollback"];
        for id in suite {
            let function = deployed.one("AWS::Lambda::Function", id);
            let (text, target) = texts::target_of(function);
            assert_eq!(target.pair().as_str(), "lambda/orders:live");
            let text: Value = serde_json::from_str(text).expect("JSON");
            let alarms = if queue {
                json!([stage::ALARM])
            } else {
                json!([])
            };
            assert_eq!(text["alarms"], alarms);
            let mut traffic = json!({
                "metrics": {
                    "namespace": "CanaryRelease/SampleApp",
                    "processed": "Processed",
                    "failed": "Failed",
                    "received": "Received",
                    "bookedOn": "receipt",
                    "dimensions": { "FunctionName": "orders" },
                    "together": true,
                },
                "maxDeadLetters": 0,
            });
            if queue {
                let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters";
                traffic["deadLetterUrl"] = json!(url);
            }
            assert_eq!(text["traffic"], json!({ "lambdaAlias": traffic }));
            assert!(texts::environment_size(function) <= texts::LARGEST_ENVIRONMENT);
        }
    }
}

#[test]
fn only_deploy_canary_changes_the_code_and_only_the_others_the_alias() {
    let mut deployed = Deployed::lambda(&[]);
    let world = &mut deployed.world;
    for (function, publishes) in [
        (DEPLOY_CANARY, true),
        (SHIFT_WEIGHT, false),
        (PROMOTE_PRIMARY, false),
        (ROLLBACK, false),
    ] {
        for (of, is_own) in [("orders", true), ("payments", false)] {
            let publish = json!({ "FunctionName": of });
            let may_publish = may(world, function, "lambda", "PublishVersion", &publish);
            assert_eq!(may_publish, publishes && is_own, "{function} of {of}");
            let route = json!({ "FunctionName": of, "Name": "live", "FunctionVersion": "1" });
            let may_route = may(world, function, "lambda", "UpdateAlias", &route);
            assert_eq!(may_route, !publishes && is_own, "{function} of {of}");
        }
    }
}

#[test]
fn no_function_has_a_right_to_services_of_ecs_or_to_a_load_balancer() {
    for variant in LAMBDA_VARIANTS {
        let deployed = Deployed::lambda(variant);
        let of_others = ["ecs:", "elasticloadbalancing:", "application-autoscaling:"];
        let grants = iam::grants(&deployed.world);
        let surplus: Vec<_> = grants
            .iter()
            .filter(|grant| of_others.iter().any(|it| grant.action.starts_with(it)))
            .collect();
        assert!(surplus.is_empty(), "{surplus:?}");
    }
}

/// What no story of a function uses.
const OF_ALIASES: [Excuse; 6] = [
    AS_IT_BEGINS,
    ("Role", LOGS, LAMBDA_LOGS),
    ("ShiftWeightRole", JUDGED, IN_ALARM),
    ("PromotePrimaryRole", FIRST_STATE, IN_ALARM),
    ("RollbackRole", JUDGED, IN_ALARM),
    (
        "DeployCanaryRole",
        &["s3:GetObject"],
        "this bucket keeps versions, so that a package is read as one of them; a bucket of your own may keep none",
    ),
];

#[test]
fn no_role_may_do_what_no_scenario_does_but_for_a_reason() {
    // The alarm may come while its promotion is watched.
    let stage = Stage {
        promote_bake: Duration::from_mins(5),
        ..stage()
    };
    let mut rights = ended(Way::USUAL, &stage, Behaviour::Fails(60));
    rights.add(Rights::of(promoted(Way::USUAL, &stage)));
    for variant in LAMBDA_VARIANTS {
        rights
            .granted
            .extend(iam::grants(&Deployed::lambda(variant).world));
    }
    rights.assert_used(&[&OF_ALL[..], &OF_ALIASES].concat());
}
