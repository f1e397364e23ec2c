//! Stable tasks that are protected while a release goes on: it waits for them, and says why.

use canary::record::Phase;
use rehearsal_core::stage::Step;

use super::*;

/// Somebody protects a task of a service for so many minutes.
fn protect(play: &Play, service: &str, minutes: u32) {
    let tasks = ecs(
        play,
        "ListTasks",
        json!({ "serviceName": service, "desiredStatus": "RUNNING" }),
    );
    let input = json!({
        "tasks": [tasks["taskArns"][0]], "protectionEnabled": true, "expiresInMinutes": minutes,
    });
    ecs(play, "UpdateTaskProtection", input);
}

async fn begin() -> Play {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 0)]),
        ..Stage::default()
    };
    let v2 = Version::new("v2", Behaviour::Works);
    let play = Play::begin(&stage, Script::new([v2])).await;
    play.slow_down();
    play
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_for_a_service_that_runs_above_its_count_and_says_until_when() {
    let play = begin().await;
    protect(&play, stage::CANARY, 10);
    let nothing = json!({ "service": stage::CANARY, "desiredCount": 0 });
    ecs(&play, "UpdateService", nothing);
    play.pass(Duration::from_mins(1)).await;
    let release = play.push("v2");
    play.until_said(&release, "deploy-canary", "waiting for orders-canary ")
        .await;
    let said = play.said(&release, "deploy-canary");
    assert!(
        said.contains("1 task is protected from scale-in until 2026-10-02T")
            && said.ends_with("to settle before the release begins"),
        "{said}"
    );
    play.until_approval(&release).await;
    assert!(play.account.now().since(crate::play::BEGIN) >= Duration::from_mins(10));
}

#[tokio::test(start_paused = true)]
async fn a_promotion_that_waits_for_a_protected_task_says_so_also_when_it_gives_up() {
    let play = begin().await;
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    protect(&play, stage::PRIMARY, 2880);
    play.approve();
    play.until_action(&release, "promote-primary", "Failed")
        .await;
    let said = play.said(&release, "promote-primary");
    assert!(
        said.starts_with("timed out after ")
            && said.contains("1 task is protected from scale-in until 2026-10-0"),
        "{said}"
    );
    let failed = play.account.now();
    play.until_phase("RolledBack").await;
    let took = play.account.now().since(failed);
    assert!(took <= Duration::from_mins(10), "{took:?}");
    let record = play.record().expect("a record");
    let Phase::RolledBack { left, .. } = record.phase else {
        panic!("it is rolled back")
    };
    assert!(
        left[0].starts_with("of orders, 1 task is protected from scale-in until "),
        "{left:?}"
    );
    let tasks = json!({ "serviceName": stage::PRIMARY });
    let tasks = ecs(&play, "ListTasks", tasks)["taskArns"].clone();
    let unprotected = json!({ "tasks": tasks, "protectionEnabled": false });
    ecs(&play, "UpdateTaskProtection", unprotected);
    play.pass(Duration::from_mins(3)).await;
    assert_eq!(play.pair(), before, "{}", play.transcript());
}
