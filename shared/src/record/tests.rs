mod alb;
mod queue;

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::fixtures::{at, candidate, pair, record, scaling, weight};
use crate::parts::pair::{FoundService, ScalableTarget, Service, Suspended};

fn phases() -> Vec<Record> {
    vec![
        record(),
        record().registering(at(300)),
        record().registered(),
        record().shifting_by(50, &[("one", 0), ("another", 3)]),
        record().promoting(),
        record().watched_since(at(500)),
        record().promoted(),
        record().rolling_back(),
        record().promoting().rolling_back(),
        record().rolled_back(),
    ]
}

#[test]
fn every_write_is_one_revision_later_and_a_phase_keeps_the_time_it_began() {
    let shifting = record().shifting(10);
    let again = shifting.advance(shifting.phase.clone(), at(700));
    assert_eq!(
        (again.revision, again.phase_since),
        (shifting.revision + 1, at(200))
    );
    let promoting = again.advance(record().promoting().phase, at(800));
    assert_eq!(promoting.phase_since, at(800));
    assert_eq!(promoting.began, at(100));
}

#[test]
fn a_rollback_knows_whether_the_primary_and_the_candidate_may_be_in_play() {
    for (record, has_candidate, promotion) in [
        (record(), false, Promotion::NotBegun),
        (record().registering(at(300)), false, Promotion::NotBegun),
        (record().registered(), true, Promotion::NotBegun),
        (record().shifting(10), true, Promotion::NotBegun),
        (record().promoting(), true, Promotion::Begun),
        (record().watched_since(at(300)), true, Promotion::GivenBack),
        (record().promoted(), true, Promotion::Complete),
    ] {
        let rolling_back = record.clone().rolling_back();
        let rolling_back = rolling_back.rollback().expect("it is rolled back");
        let (phase, has) = (&record.phase, record.candidate().is_some());
        assert_eq!(
            (has, rolling_back.promotion),
            (has_candidate, promotion),
            "{phase}"
        );
    }
}

#[test]
fn a_release_has_the_pair_from_begin_to_the_end_of_promotion_or_rollback() {
    let ended: Vec<_> = phases()
        .iter()
        .filter(|record| !record.is_active())
        .map(|record| record.phase.to_string())
        .collect();
    assert_eq!(ended, ["Promoted", "RolledBack"]);
    assert_eq!(record().candidate(), None);
    let registered = record().registered();
    assert_eq!(registered.candidate(), Some((&candidate()).into()));
}

#[test]
fn a_count_is_left_to_its_scaling_only_when_that_is_as_it_was_found_and_lives() {
    let found = |service: Service| FoundService::of(&service).unwrap();
    let canary = || pair().canary.scaled(1, 4);
    let rows = [
        ("as found", found(canary()), canary().tasks(3), true),
        ("held", found(canary()), canary().held(), false),
        (
            "changed by somebody",
            found(canary()),
            canary().scaled(2, 4),
            false,
        ),
        ("never scaled", found(pair().canary), pair().canary, false),
        (
            "now outside of the bounds",
            found(canary()),
            canary().tasks(0),
            false,
        ),
        (
            "found outside of the bounds",
            found(canary().tasks(0)),
            canary(),
            false,
        ),
    ];
    for (situation, found, now, expected) in rows {
        assert_eq!(found.is_scaled_again(&now), expected, "{situation}");
    }
    let mut suspended = canary();
    suspended.scaling = Some(ScalableTarget {
        suspended: Suspended::ALL,
        ..scaling(1, 4)
    });
    let found = found(suspended.clone());
    assert!(!found.is_scaled_again(&suspended), "found suspended");
}

#[test]
fn a_weight_knows_what_was_there_before_and_since_when_it_is_seen() {
    let first = record().weighing(weight(10), 1, at(500));
    let set = first.weight_set().unwrap();
    assert_eq!(
        (set.from, set.to, set.live_since),
        (weight(0), weight(10), None)
    );
    let seen = first.weighed(at(510)).weight_set().unwrap();
    assert_eq!((seen.since, seen.live_since), (at(500), Some(at(510))));
    let second = record()
        .weighing(weight(10), 1, at(500))
        .weighed(at(510))
        .weighing(weight(50), 2, at(600));
    let set = second.weight_set().unwrap();
    assert_eq!(
        (set.from, set.to, set.live_since),
        (weight(10), weight(50), None)
    );
    assert_eq!(record().weighed(at(510)).weight_set(), None);
}

#[test]
fn only_a_count_that_giving_the_bounds_back_has_moved_is_called_pulled() {
    let found = |tasks: u32| FoundService::of(&pair().primary.tasks(tasks).scaled(2, 9)).unwrap();
    let now = |tasks: u32| pair().primary.tasks(tasks).scaled(2, 9);
    let rows = [
        ("found below", found(1), now(2), Some(1)),
        ("found above", found(12), now(9), Some(12)),
        ("found within", found(3), now(2), None),
        ("put right already", found(1), now(1), None),
        ("moved by its scaling", found(1), now(5), None),
        ("bounds not given back yet", found(1), now(2).held(), None),
    ];
    for (situation, found, now, expected) in rows {
        assert_eq!(found.pulled(&now), expected, "{situation}");
    }
    let mut own = now(2);
    let suspended = &mut own.scaling.as_mut().unwrap().suspended;
    (suspended.scale_in, suspended.scheduled) = (true, true);
    let found = FoundService {
        floor: 0,
        scaling: own.scaling,
        ..found(1)
    };
    assert_eq!(
        found.pulled(&own),
        None,
        "suspended by the user, so never given back"
    );
}

/// The minutes, of a day and a half, at which people hear of what begins at minute 0 and does not end.
fn told_at(mut is_told: impl FnMut(Timestamp) -> bool) -> Vec<u64> {
    let minutes = 0..36 * 60;
    let told = minutes.filter(|minute| is_told(at(0) + Duration::from_mins(*minute)));
    told.collect()
}

#[test]
fn a_rollback_that_is_not_complete_is_told_after_ten_minutes_then_hourly_then_daily() {
    let mut rolling_back = record().rolling_back().rollback().unwrap().clone();
    let told = told_at(|now| {
        let is_due = rolling_back.is_due(at(0), now);
        rolling_back.told = is_due.then_some(now).or(rolling_back.told);
        is_due
    });
    let hourly: Vec<_> = (0..24).map(|hour| 10 + hour * 60).collect();
    assert_eq!(told, hourly, "and then not before another day is over");
}

#[test]
fn a_watch_that_fails_is_told_after_an_hour_then_hourly_then_daily() {
    let mut failing: Option<Failing> = None;
    let told = told_at(|now| {
        let mut next = Failing::again(failing.as_ref(), "throttled".to_owned(), now);
        let is_due = next.is_due(now);
        next.told = is_due.then_some(now).or(next.told);
        failing = Some(next);
        is_due
    });
    let hourly: Vec<_> = (1..=24).map(|hour| hour * 60).collect();
    assert_eq!(told, hourly);
}
