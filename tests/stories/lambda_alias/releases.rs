//! Whole releases, from the push to the end, as golden transcripts.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Version},
    wire::Interference,
    world::{Fault, cloudwatch::dashboard, events::Delivery, functions},
};

use super::{PROMOTED, STABLE, assert_nothing_lost, stage, v2, v2_and_v3};
use crate::play::Play;

/// It ends with the alias as the release found it.
async fn is_rolled_back(play: &Play, release: &str) {
    assert_ne!(play.until_ended(release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.lost(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn good_version() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    assert_eq!(play.phase(), "Promoted");
    assert_eq!(play.pair(), PROMOTED);
    assert_nothing_lost(&play);
    let found = play
        .account
        .with(|world| dashboard::found(world, "orders-release"));
    assert_eq!(found.len(), 5, "{found:?}");
    for (graph, metrics) in found {
        // Nothing failed, and times are not measured here.
        let expected = if graph.starts_with("Errors") || graph.starts_with("Time") {
            0
        } else {
            2
        };
        assert_eq!(metrics, expected, "{graph}");
    }
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn bad_version() {
    let play = Play::begin(&stage(), v2(Behaviour::Fails(60))).await;
    let release = play.push("v2");
    is_rolled_back(&play, &release).await;
    insta::assert_snapshot!(play.transcript());
}

/// One attempt in twenty fails, and passes at a later one: no alarm sees that, the verdict does.
#[tokio::test(start_paused = true)]
async fn slightly_worse() {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 60 * 60)]),
        ..stage()
    };
    let play = Play::begin(&stage, v2(Behaviour::FailsAttempts(5))).await;
    let release = play.push("v2");
    is_rolled_back(&play, &release).await;
    assert_eq!(play.fired(), [""; 0]);
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("worse"), "{said}");
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_no_more_than_the_one_before_is_released_after_an_hour() {
    let fails = Behaviour::FailsAttempts(5);
    let script = Script::beginning_with(Version::new("v1", fails), [Version::new("v2", fails)]);
    let stage = Stage {
        steps: Some(vec![Step::new(10, 30 * 60), Step::new(50, 30 * 60)]),
        ..stage()
    };
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    assert!(play.both_fail_one_in_twenty());
    play.succeeds(&release).await;
    assert_eq!(play.fired(), [""; 0]);
    assert_eq!(play.pair(), PROMOTED);
    assert_eq!(play.lost(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn few_messages_are_not_enough_evidence_and_no_reason_to_stop() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    play.messages_arrive_every(Duration::from_mins(1));
    let release = play.push("v2");
    play.until_approval(&release).await;
    let said = play.output(stage::SHIFT_WEIGHT, "Evidence");
    let told = "evidence 1 of the 100 that it takes to call it worse";
    assert!(said.ends_with(told), "{said}");
    play.succeeds(&release).await;
    assert_eq!(play.pair(), PROMOTED);
}

/// Every invocation of it fails before it has begun: its own metrics say nothing, what Lambda counts of both versions does.
#[tokio::test(start_paused = true)]
async fn crash_loop() {
    let play = Play::begin(&stage(), v2(Behaviour::CrashesAtStart)).await;
    let release = play.push("v2");
    is_rolled_back(&play, &release).await;
    insta::assert_snapshot!(play.transcript());
}

/// Each message that it dies of takes its whole batch along, which comes again. Nobody tells of it: what was received and never ended
/// is counted.
#[tokio::test(start_paused = true)]
async fn dies_on_message() {
    let play = Play::begin(&stage(), v2(Behaviour::DiesOnMessages(20))).await;
    let release = play.push("v2");
    is_rolled_back(&play, &release).await;
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("worse"), "{said}");
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn rejected() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    is_rolled_back(&play, &release).await;
    assert_nothing_lost(&play);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn overtaken() {
    let play = Play::begin(&stage(), v2_and_v3()).await;
    let first = play.push("v2");
    play.until_approval(&first).await;
    let second = play.push("v3");
    play.pass(Duration::from_mins(30)).await;
    assert_eq!(
        play.phase(),
        "Shifting",
        "the first release still has the pair"
    );
    play.succeeds(&first).await;
    play.until_approval(&second).await;
    play.succeeds(&second).await;
    assert_eq!(play.pair(), "live: 100 % version 3 (v3)");
    assert_nothing_lost(&play);
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn alarm_while_promoting() {
    let stage = Stage {
        promote_bake: Duration::from_mins(5),
        ..stage()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    play.until_phase("Promoting").await;
    play.until("the alias is on v2 alone", |world| {
        functions::shares(world, stage::FUNCTION, stage::ALIAS).len() == 1
    })
    .await;
    assert_eq!(play.pair(), PROMOTED);
    play.alarm("somebody's orders are lost");
    is_rolled_back(&play, &release).await;
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn lost_events() {
    let play = Play::begin(&stage(), v2(Behaviour::Fails(60))).await;
    play.account
        .with(|world| world.events.delivery = Delivery::Lost);
    let release = play.push("v2");
    is_rolled_back(&play, &release).await;
    insta::assert_snapshot!(play.transcript());
}

#[tokio::test(start_paused = true)]
async fn throttled() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let mut calls = 0;
    play.interfere(move |_| {
        calls += 1;
        match calls % 3 {
            0 => Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded")),
            _ => Interference::None,
        }
    });
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    assert_eq!(play.pair(), PROMOTED);
}

/// Somebody gives the candidate another share while it bakes: the release ends, and what was written stays.
#[tokio::test(start_paused = true)]
async fn foreign_weight() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_said(&release, "shift-weight", "10 % asked, 10 % attained")
        .await;
    play.route("1", &[("2", 0.3)]);
    assert_eq!(play.until_ended(&release).await, "FAILED");
    let said = play.said(&release, "shift-weight");
    assert!(said.contains("30 % to version 2"), "{said}");
    play.pass(Duration::from_mins(10)).await;
    assert_eq!(
        play.pair(),
        "live: 70 % version 1 (v1), 30 % version 2 (v2)"
    );
    insta::assert_snapshot!(play.transcript());
}

/// A rollback stops the candidate with its first call, and is over only once no invocation of it can go on.
#[tokio::test(start_paused = true)]
async fn a_rollback_takes_the_weight_first_and_waits_for_the_candidates_timeout() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.alarm("orders fail");
    play.until_phase("RollingBack").await;
    let asked = play.account.now();
    play.until_phase("RolledBack").await;
    assert!(play.account.now().since(asked) >= Duration::from_secs(20));
    let writes = play.writes();
    let mut of_rollback = writes.iter().filter(|it| it.principal.0 == stage::ROLLBACK);
    let first = of_rollback.next().expect("it writes");
    assert_eq!(first.operation, "UpdateAlias");
    assert_eq!(play.pair(), STABLE);
}
