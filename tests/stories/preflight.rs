//! What a release would run into later is refused before anything is changed, in the live account and in both models.

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Version},
    world::journal::Call,
};
use serde_json::{Value, json};

use crate::play::{Play, pairs};

/// Pushes a version; what deploy-canary says, and that it has changed nothing.
async fn refused(play: &Play) -> String {
    let before = play.pair();
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    // The ledger says what was decided.
    let tells = |call: &Call| call.operation.starts_with("PutJob") || call.operation == "PutItem";
    let is_change = |call: &Call| call.is_write() && !tells(call);
    let calls = play.calls(stage::DEPLOY_CANARY);
    let changes: Vec<_> = calls.iter().filter(|call| is_change(call)).collect();
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(play.pair(), before);
    assert!(play.record().is_none(), "no release has begun");
    play.said(&release, "deploy-canary")
}

async fn begin(stage: &Stage) -> Play {
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(stage, script).await;
    play.slow_down();
    play
}

fn update(play: &Play, service: &str, change: Value) {
    let mut input = change;
    input["cluster"] = stage::CLUSTER.into();
    input["service"] = service.into();
    play.ecs("UpdateService", &input);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_switched_on_is_refused_by_its_name() {
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let tight = json!({ "minimumHealthyPercent": 100, "maximumPercent": 110 });
    let rows = [
        (
            stage::PRIMARY,
            breaker.clone(),
            "ECS itself takes back deployments of service orders that fail",
        ),
        (
            stage::CANARY,
            breaker,
            "ECS itself takes back deployments of service orders-canary that fail",
        ),
        (
            stage::PRIMARY,
            tight,
            "with 4 tasks service orders cannot exchange any: minimumHealthyPercent 100 and maximumPercent 110",
        ),
    ];
    for stage in pairs() {
        for (service, configuration, expected) in &rows {
            let play = begin(&stage).await;
            update(
                &play,
                service,
                json!({ "deploymentConfiguration": configuration }),
            );
            let said = refused(&play).await;
            assert!(said.starts_with(expected), "{said}");
        }
    }
}

/// Something about a service, as `DescribeServices` shows it.
type Change = fn(&mut Value);

#[tokio::test(start_paused = true)]
async fn what_ecs_would_do_in_its_own_way_is_refused_by_its_name() {
    let rows: [(Change, &str); 4] = [
        (
            |service| service["schedulingStrategy"] = "DAEMON".into(),
            "service orders has the scheduling strategy DAEMON",
        ),
        (
            |service| service["deploymentConfiguration"]["strategy"] = "LINEAR".into(),
            "service orders has the deployment strategy LINEAR",
        ),
        (
            |service| {
                service["deploymentConfiguration"]["alarms"] =
                    json!({ "enable": true, "rollback": true, "alarmNames": ["orders"] });
            },
            "ECS itself takes back deployments of service orders that fail (deploymentConfiguration.alarms.rollback is true)",
        ),
        (
            |service| {
                service["deploymentConfiguration"]["earlySuccessCriteria"] = json!({ "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED" });
            },
            "ECS calls a deployment of service orders COMPLETED before",
        ),
    ];
    for (change, expected) in rows {
        let play = begin(&Stage::default()).await;
        play.show_services(change);
        let said = refused(&play).await;
        assert!(said.starts_with(expected), "{said}");
    }
    let play = begin(&Stage::default()).await;
    play.show_services(|service| {
        service["deploymentConfiguration"]["alarms"] =
            json!({ "enable": true, "rollback": false, "alarmNames": ["orders"] });
        service["deploymentConfiguration"]["earlySuccessCriteria"] = json!({ "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "BLOCKING" });
    });
    let release = play.push("v2");
    play.until_approval(&release).await;
}

#[tokio::test(start_paused = true)]
async fn a_stable_definition_that_is_gone_is_seen_before_the_release_and_not_in_its_rollback() {
    for stage in pairs() {
        let play = begin(&stage).await;
        play.ecs(
            "DeregisterTaskDefinition",
            &json!({ "taskDefinition": "orders:1" }),
        );
        let said = refused(&play).await;
        let expected =
            "service orders runs orders:1, which is INACTIVE: no service can be put back on it";
        assert!(said.starts_with(expected), "{said}");
        // As the message says.
        let definition = play.definition_like("orders:1");
        play.ecs("RegisterTaskDefinition", &definition);
        for service in [stage::PRIMARY, stage::CANARY] {
            update(&play, service, json!({ "taskDefinition": "orders:2" }));
        }
        play.until("both run it", |world| !crate::play::is_deploying(world))
            .await;
        let release = play.push("v2");
        play.until_approval(&release).await;
    }
}
