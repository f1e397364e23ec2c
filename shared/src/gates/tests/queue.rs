use super::*;
use crate::fixtures::{
    now,
    queue::{pair, record, target},
};
use crate::record::Evidence;

#[test]
fn in_every_phase_a_dead_letter_closes_a_gate() {
    for (phase, record) in phases() {
        let letter = running(phase).dead_letters(1);
        let once = record.clone().having_seen(&letter.clone().seen_at(at(570)));
        let twice = all(&letter, &once).unwrap_err().to_string();
        assert!(
            twice.starts_with("1 new message in dead-letter queue"),
            "{phase}: {twice}"
        );
    }
}

#[test]
fn dead_letters_count_from_what_the_release_found_and_up_to_what_is_allowed() {
    let with = |found: u64, allowed: u64| {
        record()
            .of(target().allowing_dead_letters(allowed))
            .having_found(&pair().dead_letters(found))
    };
    let rows = [
        ("what was there before", with(7, 0), Some(7), true),
        ("one more", with(7, 0), Some(8), false),
        ("as many more as are allowed", with(7, 3), Some(10), true),
        ("more than are allowed", with(7, 3), Some(11), false),
        ("somebody has emptied the queue", with(7, 0), Some(0), true),
        (
            "the target has no dead-letter queue any more",
            with(7, 0),
            None,
            true,
        ),
    ];
    for (situation, record, now, is_open) in rows {
        let mut seen = pair();
        seen.dead_letters = now;
        let once = all(&seen, &record);
        let seems = |said: &Said| said.to_string().contains(" seems to hold ");
        let waits = matches!(&once, Ok(Some(said)) if seems(said));
        assert_eq!(waits, !is_open, "{situation}: {once:?}");
        let record = record.having_seen(&seen.clone().seen_at(at(560)));
        assert_eq!(
            all(&seen, &record).is_ok(),
            is_open,
            "{situation}, a look later"
        );
    }
    let had_none =
        record().finding(|found: &mut crate::traffic::queue::Found| found.dead_letters = None);
    assert_eq!(all(&pair().dead_letters(9), &had_none), Ok(None));
}

#[test]
fn both_are_compared_from_when_a_look_sees_the_canary_at_its_first_share() {
    let fresh = || Record {
        evidence: Box::default(),
        ..record().shifting(25)
    };
    let starting = pair()
        .canary_on_candidate()
        .canary(|canary| canary.running(0));
    let before = noted(When::Action, &starting.seen(), &fresh());
    assert_eq!((before.0.evidence.since, before.1), (None, None));
    let there = pair().canary_on_candidate().seen();
    let (begun, news) = noted(
        When::Action,
        &there,
        &record().shifting(25).comparing(Evidence::default()),
    );
    assert!(news.is_some(), "it is written");
    assert_eq!(begun.evidence.since, Some(now()));
    assert_eq!(
        Told::of(&begun).map(|it| it.to_string()).as_deref(),
        Some("No evidence yet: the first whole minute is settled at 17:08 UTC")
    );
    let (again, news) = noted(When::Action, &there, &begun);
    assert_eq!(
        (again.evidence, news),
        (begun.evidence, None),
        "the same look twice is one"
    );
}
