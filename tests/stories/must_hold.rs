//! What must hold whatever happens.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Entrance, Script, Stage, Traffic, Version},
    wire::Interference,
    world::{Fault, events::Delivery, journal::Call},
};
use serde_json::json;

use crate::{
    lambda_alias,
    play::{Play, stable},
};

fn works() -> Script {
    Script::new([
        Version::new("v2", Behaviour::Works),
        Version::new("v3", Behaviour::Works),
    ])
}

async fn at_approval() -> (Play, String) {
    let (play, _, release) = at_approval_of(&Stage::default()).await;
    (play, release)
}

/// A release that waits for its approval; what the target was like before it.
async fn at_approval_of(stage: &Stage) -> (Play, String, String) {
    let play = Play::begin(stage, works()).await;
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, before, release)
}

/// Services that consume a queue, and a function that does.
fn consumers() -> [Stage; 2] {
    [Stage::default(), lambda_alias::stage()]
}

const PROMOTED: &str =
    "orders: orders:2 4/4 in 1, scaled 2..20 ---\norders-canary: orders:2 1/1 in 1";

/// What a target is like once v2 is promoted.
fn promoted(stage: &Stage) -> &'static str {
    if stage.traffic.has_tasks() {
        PROMOTED
    } else {
        lambda_alias::PROMOTED
    }
}

/// The situations in which the rollback of AWS's guidance for queue-processing canaries goes wrong.
mod where_the_guidance_goes_wrong {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_the_canary_is_deployed_restores_the_stable_version_not_the_candidate() {
        for stage in consumers() {
            let play = Play::begin(&stage, works()).await;
            let before = play.pair();
            let release = play.push("v2");
            play.until_phase("Deploying").await;
            if stage.traffic == Traffic::Queue {
                play.until("the canary runs v2", |world| {
                    crate::play::runs(world, stage::CANARY, "v2")
                })
                .await;
            }
            play.alarm("orders fail");
            assert!(["STOPPED", "FAILED"].contains(&play.until_ended(&release).await.as_str()));
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), before);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_after_the_execution_succeeded_still_restores_the_stable_version() {
        for stage in consumers() {
            let (play, before, release) = at_approval_of(&stage).await;
            play.succeeds(&release).await;
            assert_eq!(play.pair(), promoted(&stage));
            play.pass(Duration::from_mins(20)).await;
            play.alarm("orders fail");
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), before);
            let ended = play.until_ended(&release).await;
            assert_eq!(ended, "SUCCEEDED", "what has ended is left alone");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_while_a_newer_commit_waits_ends_the_release_not_the_newer_execution() {
        for stage in consumers() {
            let (play, before, release) = at_approval_of(&stage).await;
            let newer = play.push("v3");
            play.pass(Duration::from_mins(1)).await;
            play.alarm("orders fail");
            assert_eq!(play.until_ended(&release).await, "FAILED");
            assert_eq!(
                play.said(&release, "Approval"),
                "Rolled back: alarm orders-dead-letters went to ALARM: orders fail"
            );
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), before);
            let stops = play
                .writes()
                .iter()
                .filter(|call| call.operation == "StopPipelineExecution")
                .count();
            assert_eq!(stops, 0, "nothing was stopped");
            // The newer commit has its own release.
            play.until_approval(&newer).await;
            play.succeeds(&newer).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_at_the_approval_counts_although_a_newer_execution_has_failed() {
        for stage in consumers() {
            let (play, before, release) = at_approval_of(&stage).await;
            let newer = play.push("v9 that nobody can build");
            assert_eq!(play.until_ended(&newer).await, "FAILED");
            assert_eq!(
                play.phase(),
                "Shifting",
                "the failure of another execution is no reason"
            );
            play.alarm("orders fail");
            assert_eq!(play.until_ended(&release).await, "FAILED");
            play.until_phase("RolledBack").await;
            assert_eq!(play.pair(), before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_event_twice_concurrently_and_out_of_order_has_no_second_effect() {
    for stage in consumers() {
        let twice = |world: &mut rehearsal_core::world::World| {
            world.events.delivery = Delivery::Twice;
            world.functions.deliver_twice = true;
        };
        let play = Play::begin_with(&stage, works(), twice).await;
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.succeeds(&release).await;
        assert_eq!(play.pair(), promoted(&stage));
        let registered = play
            .writes()
            .iter()
            .filter(|call| call.operation == "RegisterTaskDefinition")
            .count();
        // A version that is published twice is one.
        let expected = usize::from(stage.traffic == Traffic::Queue);
        assert_eq!(registered, expected);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.pair(), before);
        if stage.traffic.has_tasks() {
            assert_eq!(
                play.deployments(),
                2 + 2 + 2,
                "at the beginning, for the release and for the rollback"
            );
        } else {
            lambda_alias::assert_nothing_lost(&play);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_release_is_refused_by_name_while_the_first_is_active() {
    let (play, first) = at_approval().await;
    let writes = play.writes().len();
    let second = "00000000-0000-4000-8000-000000000002";
    let parameters = json!({"release": second, "image": "orders:v3"}).to_string();
    let refused = play.job(stage::DEPLOY_CANARY, Some(&parameters)).await;
    assert_eq!(refused.kind, "JobFailed");
    assert!(
        refused.message.starts_with(&format!(
            "orders/orders is locked by release {first} (phase Shifting)"
        )),
        "{}",
        refused.message
    );
    assert_eq!(play.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn a_release_takes_over_from_one_whose_execution_has_ended_after_rolling_it_back() {
    let play = Play::begin_with(&Stage::default(), works(), |world| {
        world.events.delivery = Delivery::Lost;
    })
    .await;
    let first = play.push("v2");
    play.until_approval(&first).await;
    // No schedule either: only the second release can notice.
    play.suspend_schedule();
    play.reject("not today");
    assert_eq!(play.until_ended(&first).await, "FAILED");
    let second = play.push("v3");
    play.until_phase("RollingBack").await;
    assert!(
        play.said(&second, "deploy-canary")
            .contains("was left unfinished by its pipeline execution (Failed)")
    );
    play.resume_schedule();
    play.until_approval(&second).await;
    let record = play.record().unwrap();
    assert_eq!(record.release.as_str(), second);
    let stable = record.stable().expect("a version");
    assert_eq!(
        stable.short(),
        "orders:1",
        "found what the rollback restored"
    );
    play.approve();
    assert_eq!(play.until_ended(&second).await, "SUCCEEDED");
    assert_eq!(play.pair(), PROMOTED.replace("orders:2", "orders:3"));
}

#[tokio::test(start_paused = true)]
async fn promote_primary_refuses_without_a_write_when_the_canary_no_longer_runs_what_was_approved()
{
    let (play, release) = at_approval().await;
    // The watch would end the release first.
    play.suspend_schedule();
    play.account
        .with(|world| crate::play::update(world, stage::CANARY, "orders:1"));
    play.pass(Duration::from_mins(5)).await;
    let writes = play.writes().len();
    play.approve();
    play.until_action(&release, "promote-primary", "Failed")
        .await;
    let message = play.said(&release, "promote-primary");
    assert!(
        message.starts_with("orders-canary does not run the candidate orders:2 that was approved: orders-canary on orders:1"),
        "{message}"
    );
    let since: Vec<Call> = play.writes().split_off(writes);
    assert!(
        since
            .iter()
            .all(|call| call.principal.0 != stage::PROMOTE_PRIMARY),
        "{since:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_in_alarm_already_refuses_the_release_before_the_first_write() {
    let play = Play::begin(&Stage::default(), works()).await;
    let Entrance::Queue {
        dead_letter_url, ..
    } = &play.scene.entrance
    else {
        panic!("the pair consumes a queue");
    };
    play.account.with(|world| {
        rehearsal_core::world::sqs::send(world, dead_letter_url, "an old one").unwrap()
    });
    play.until("the alarm is in ALARM", crate::play::is_in_alarm)
        .await;
    let release = play.push("v2");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    assert!(
        play.said(&release, "deploy-canary")
            .starts_with("alarm orders-dead-letters is in ALARM.")
    );
    assert_eq!(play.writes().len(), 0);
    assert_eq!(play.phase(), "none");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_without_a_release_writes_nothing_but_the_ledger() {
    let play = Play::begin(&Stage::default(), works()).await;
    play.roll_back("00000000-0000-4000-8000-000000000001", "a drill");
    play.alarm("a drill");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.writes().len(), 0);
    let ledger = play.ledger().await;
    assert_eq!(
        ledger,
        ["rollback: nothing rolled back: no release has ever begun for this pair"; 2]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_long_after_the_promotion_writes_nothing_but_the_ledger() {
    let (play, release) = at_approval().await;
    play.approve();
    play.until_ended(&release).await;
    play.pass(Duration::from_hours(2)).await;
    let writes = play.writes().len();
    play.alarm("unrelated");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.writes().len(), writes);
    assert!(
        play.ledger()
            .await
            .pop()
            .unwrap()
            .contains("alarms roll it back for 60 minutes (guardMinutes) only")
    );
    play.roll_back(&release, "we found out next morning");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable());
}

#[tokio::test(start_paused = true)]
async fn one_more_look_after_the_end_issues_no_write() {
    let (play, release) = at_approval().await;
    let parameters = json!({"release": release, "image": play.image("v2")}).to_string();
    let steps = json!({"release": release, "weight": 50, "bakeSeconds": 0}).to_string();
    let writes = play.writes().len();
    play.job(stage::SHIFT_WEIGHT, Some(&steps)).await;
    assert_eq!(play.writes().len(), writes, "the share is attained");
    play.approve();
    play.until_ended(&release).await;
    let writes = play.writes().len();
    let own = json!({"release": release}).to_string();
    for (function, parameters) in [
        (stage::DEPLOY_CANARY, &parameters),
        (stage::SHIFT_WEIGHT, &steps),
        (stage::PROMOTE_PRIMARY, &own),
    ] {
        play.job(function, Some(parameters)).await;
    }
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.writes().len(), writes, "the release is promoted");
    play.roll_back(&release, "a drill");
    play.until_phase("RolledBack").await;
    let writes = play.writes().len();
    play.roll_back(&release, "a drill");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(play.writes().len(), writes, "the release is rolled back");
}

#[tokio::test(start_paused = true)]
async fn throttling_is_ridden_out_until_the_actions_own_timeout() {
    let play = Play::begin(&Stage::default(), works()).await;
    play.interfere(|call| match call.service.as_str() {
        "ecs" => Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded")),
        _ => Interference::None,
    });
    let release = play.push("v2");
    play.pass(Duration::from_mins(14)).await;
    let progress = play.said(&release, "deploy-canary");
    assert!(progress.starts_with("AWS throttles ecs:"), "{progress}");
    assert!(progress.ends_with("looking again"), "{progress}");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let message = play.said(&release, "deploy-canary");
    assert!(
        message.starts_with("timed out after 15m: AWS throttles ecs:"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_lambda_gives_up_is_told_and_its_event_is_not() {
    let (play, release) = at_approval().await;
    play.suspend_schedule();
    play.interfere(|call| match call.service.as_str() {
        "dynamodb" | "codepipeline" => {
            Interference::Refuse(Fault::new("AccessDeniedException", "not you"))
        }
        _ => Interference::None,
    });
    play.invoke(
        stage::PROMOTE_PRIMARY,
        json!({"CodePipeline.job": {"id": release, "accountId": "111122223333", "data": {
            "actionConfiguration": {"configuration": {"FunctionName": "promote-primary"}},
            "inputArtifacts": [], "outputArtifacts": [],
            "artifactCredentials": {"accessKeyId": "ASIAPIPELINEJOB", "secretAccessKey": "hush",
                "sessionToken": "t", "expirationTime": 1_791_900_000_000_u64},
        }}}),
    );
    play.pass(Duration::from_mins(5)).await;
    let given_up = play.account.with(|world| world.functions.dead.clone());
    let given_up: Vec<_> = given_up.into_iter().map(|it| it.function).collect();
    assert_eq!(given_up, [stage::PROMOTE_PRIMARY]);
    let told = play.warnings();
    assert_eq!(told.len(), 1, "{told:?}");
    let (subject, message) = &told[0];
    assert!(subject.contains("orders-failed-invocations"), "{subject}");
    assert!(!message.contains("hush"), "{message}");
}
