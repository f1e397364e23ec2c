use std::time::Duration;

use canary::{
    decision::Decision,
    fixtures::{at, first_look, pair, record, release, told},
    observation::Observation,
    parameters,
};

use super::*;
use crate::{Seen, decide};

/// A look while a promotion is watched for ten minutes.
fn look() -> Look<PromotePrimary> {
    first_look(parameters::PromotePrimary {
        release: release(),
        bake: Duration::from_mins(10),
        timeout: Duration::from_mins(15),
        drain: parameters::Drain::default(),
    })
}

fn watched() -> Observation {
    pair()
        .both_on_candidate()
        .recorded(record().promoting().watched_since(at(500)))
}

fn held() -> Look<PromotePrimary> {
    let look = look();
    let bookmark = look.bookmark.clone().holding(at(500));
    look.with(bookmark)
}

fn said(look: &Look<PromotePrimary>, seen: &Observation, glances: usize) -> Option<String> {
    let glance = seen.glance(&look.target, glances);
    undisturbed(look, &glance).map(|waiting_on| told(&Decision::Wait(waiting_on)))
}

#[test]
fn the_look_that_finds_the_promotion_watched_lets_glances_follow() {
    let seen = Seen {
        pair: watched(),
        tasks: Some(canary::fixtures::running_tasks(
            &canary::fixtures::candidate(),
            3,
        )),
        missed: Vec::new(),
    };
    let decision = decide::decide(&look(), &seen);
    let bookmark = bookmark(&look(), seen.pair.record.as_ref(), &decision);
    assert_eq!(bookmark.held_since, Some(at(500)), "{}", told(&decision));
    for glances in 0..2 {
        assert_eq!(said(&held(), &watched(), glances), Some(told(&decision)));
    }
}

#[test]
fn what_is_disturbed_is_for_a_look_at_everything() {
    let promoting = record().promoting().watched_since(at(500));
    let rows = [
        (
            "a rollback has begun",
            1,
            watched().recorded(promoting.rolling_back()),
        ),
        (
            "it was watched from another moment",
            1,
            watched().recorded(record().promoting().watched_since(at(510))),
        ),
        (
            "a task of the primary is gone",
            0,
            watched().primary(|it| it.running(2)),
        ),
        ("an alarm fires", 1, watched().alarm_firing()),
        ("a message is a dead letter", 1, watched().dead_letters(1)),
    ];
    for (situation, glances, seen) in rows {
        assert_eq!(said(&held(), &seen, glances), None, "{situation}");
    }
}
