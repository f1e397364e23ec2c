//! The first release of a service, which has no task set yet.

use rehearsal_core::stage::{self, Behaviour, Stage};

use super::{balanced, consumers, promoted, stable, until_second_approval, v2};
use crate::play::Play;

/// Nothing runs until the first release has made the set that the target names.
async fn begun(stage: &Stage) -> (Play, String) {
    let stage = Stage {
        has_first_set: false,
        ..stage.clone()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let none = play.pair();
    assert!(none.starts_with("orders: 4, scaled 2..20 ---"), "{none}");
    assert!(!none.contains("orders:1"), "{none}");
    let release = play.push("v2");
    (play, release)
}

async fn good(stage: &Stage) -> Play {
    let (play, release) = begun(stage).await;
    until_second_approval(&play, &release).await;
    play.succeeds(&release).await;
    assert_eq!(play.pair(), promoted(stage, 1, 2));
    play.assert_nothing_lost();
    play
}

#[tokio::test(start_paused = true)]
async fn a_first_release_of_consumers_makes_the_stable_set_and_then_its_own() {
    insta::assert_snapshot!(good(&consumers()).await.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_first_release_of_targets_makes_the_stable_set_and_then_its_own() {
    insta::assert_snapshot!(good(&balanced()).await.transcript());
}

/// A pipeline may build the very image that the stack was given: a service that runs nothing has a release all the same.
#[tokio::test(start_paused = true)]
async fn a_first_release_of_the_image_that_the_first_set_has_makes_both_sets() {
    let stage = Stage {
        has_first_set: false,
        ..consumers()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v1");
    until_second_approval(&play, &release).await;
    let said = play.output(stage::DEPLOY_CANARY, "Changes");
    assert_eq!(said, "first task set");
    play.succeeds(&release).await;
    assert_eq!(play.pair(), promoted(&stage, 1, 2));
    play.assert_nothing_lost();
}

/// What it has made for the service stays.
async fn rejected(stage: &Stage) {
    let (play, release) = begun(stage).await;
    play.until_approval(&release).await;
    play.reject("not today");
    assert_eq!(play.until_ended(&release).await, "FAILED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), stable(stage));
    play.assert_nothing_lost();
}

#[tokio::test(start_paused = true)]
async fn a_first_release_of_consumers_that_is_rejected_leaves_the_stable_set() {
    rejected(&consumers()).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_release_of_targets_that_is_rejected_leaves_the_stable_set() {
    rejected(&balanced()).await;
}
