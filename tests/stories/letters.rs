//! Dead letters, as SQS counts them: approximately.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use canary::traffic::queue;
use rehearsal_core::{
    stage::{self, Behaviour, Entrance, Script, Stage, Step, Version},
    wire::Interference,
    world::sqs::Approximation,
};
use serde_json::json;

use crate::play::Play;

/// A release whose share is held for ten minutes, and what SQS says of its dead letters, look by look; the last for ever.
async fn told(counts: &[u64]) -> (Play, String) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 600)]),
        ..Stage::default()
    };
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(&stage, script).await;
    play.slow_down();
    let Entrance::Queue {
        dead_letter_url, ..
    } = &play.scene.entrance
    else {
        panic!("the pair consumes a queue")
    };
    let url = dead_letter_url.clone();
    let counts = Arc::new(Mutex::new(counts.iter().rev().copied().collect::<Vec<_>>()));
    play.interfere(move |call| {
        if call.operation != "GetQueueAttributes" || call.input["QueueUrl"] != url.as_str() {
            return Interference::None;
        }
        let mut counts = counts.lock().expect("no look has panicked");
        let count = match counts.as_slice() {
            [last] => *last,
            _ => counts.pop().expect("one is left"),
        };
        Interference::Answer(json!({ "Attributes": {
            "ApproximateNumberOfMessages": count.to_string(),
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
        } }))
    });
    let release = play.push("v2");
    (play, release)
}

async fn ended(counts: &[u64]) -> String {
    let (play, release) = told(counts).await;
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    let said = [stage::DEPLOY_CANARY, stage::SHIFT_WEIGHT]
        .map(|it| play.said(&release, &it["orders-".len()..]));
    let last = said.into_iter().rfind(|it| !it.is_empty());
    last.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_off_at_one_look_ends_nothing_however_often_that_happens() {
    let counts = [2, 2, 2, 2, 3, 2, 2, 9, 2, 3, 1, 2, 5, 2, 2, 4, 0, 2, 3, 2];
    let (play, release) = told(&counts).await;
    play.until_approval(&release).await;
    let said = play.ledger().await.join("\n");
    assert!(
        said.contains("seems to hold 9, more than 0 beyond what was there"),
        "it is said: {said}"
    );
}

#[tokio::test(start_paused = true)]
async fn counts_that_are_off_now_and_then_end_nothing() {
    for seed in 0..4 {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let play = Play::begin_with(&Stage::default(), script, |world| {
            world.sqs.approximation = Some(Approximation::seeded(seed, 3));
        })
        .await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.approve();
        assert_eq!(play.until_ended(&release).await, "SUCCEEDED", "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_two_looks_have_seen_ends_the_release() {
    let said = ended(&[2, 2, 2, 2, 2, 2, 2, 3]).await;
    let expected = "1 new message in dead-letter queue orders-dead-letters since the release began; allowed: 0 (maxDeadLetters). \
                    It holds 3 now";
    assert_eq!(said, expected);
}

#[tokio::test(start_paused = true)]
async fn new_ones_count_while_old_ones_expire() {
    let said = ended(&[40, 40, 40, 40, 40, 40, 40, 12, 12, 12, 12, 13]).await;
    assert!(
        said.starts_with("1 new message in dead-letter queue"),
        "{said}"
    );
    assert!(said.ends_with("It holds 13 now"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_takes_away_may_come_back_only_as_far_as_is_allowed() {
    let (play, release) = told(&[4, 4, 4, 4, 4, 4, 4, 4, 0]).await;
    play.until_approval(&release).await;
    let record = play.record().expect("there is a release");
    let set: queue::Set = record.body.set.read().expect("a set");
    assert_eq!(set.letters.map(|it| it.mark), Some(0));
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(play.phase(), "Shifting");
}
