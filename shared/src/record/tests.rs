use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::fixtures::{at, candidate, cause, pair, record, scaling, target};

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
fn a_record_of_every_phase_comes_back_from_dynamodb_as_it_went() {
    let found = pair()
        .dead_letters(3)
        .primary(|primary| primary.scaled(2, 9))
        .canary(|canary| canary.scaled(1, 4).held());
    for record in phases() {
        let record = record
            .of(target().constant_total().at_most(20))
            .having_found(&found);
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&record).unwrap();
        assert_eq!(item["pair"], AttributeValue::S("orders/orders".to_owned()));
        let revision = AttributeValue::N(record.revision.to_string());
        assert_eq!(item["revision"], revision);
        let back: Record = serde_dynamo::from_item(item).unwrap();
        assert_eq!(back, record);
    }
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
    for (record, has_candidate, has_begun) in [
        (record(), false, false),
        (record().registering(at(300)), false, false),
        (record().registered(), true, false),
        (record().shifting(10), true, false),
        (record().promoting(), true, true),
        (record().promoted(), true, true),
    ] {
        let Phase::RollingBack {
            candidate,
            promotion_begun,
            ..
        } = record.roll_back(cause(), true, at(400)).phase
        else {
            panic!("not rolling back");
        };
        assert_eq!(candidate.is_some(), has_candidate, "{}", record.phase);
        assert_eq!(promotion_begun, has_begun, "{}", record.phase);
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
    assert_eq!(record().registered().candidate(), Some(&candidate()));
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
