use super::*;
use crate::evidence::{Standard, Withheld};

/// So many minutes like this.
fn minutes(count: usize, counts: (u64, u64, u64, u64)) -> Vec<Block> {
    vec![block(counts); count]
}

fn judged(blocks: &[Block]) -> Verdict {
    judge(blocks, blocks, &Bounds::default())
}

#[test]
fn a_canary_that_fails_everything_is_worse_at_the_fourth_minute() {
    let answers = [1, 2, 3, 4].map(|count| judged(&minutes(count, (20, 20, 2, 180))).answer);
    let not_yet = Answer::NotEnough;
    assert_eq!(answers, [not_yet, not_yet, not_yet, Answer::Worse]);
}

#[test]
fn a_canary_that_fails_like_the_primary_is_as_good_after_a_while() {
    let verdict = judged(&minutes(30, (1, 100, 9, 900)));
    assert_eq!(verdict.answer, Answer::AsGood);
    assert_eq!(
        verdict.canary,
        Counts {
            attempts: 3000,
            failures: 30
        }
    );
    assert_eq!(
        verdict.primary,
        Counts {
            attempts: 27000,
            failures: 270
        }
    );
    assert_eq!(verdict.gap_points, Some(0.0));
}

#[test]
fn without_any_failure_nobody_can_tell_and_no_outlook_is_given() {
    let verdict = judged(&minutes(60, (0, 100, 0, 900)));
    assert_eq!(verdict.answer, Answer::NotEnough);
    assert_eq!(
        (verdict.worse, verdict.as_good, verdict.outlook),
        (1.0, 1.0, None)
    );
}

#[test]
fn an_objective_can_be_met_without_any_failure() {
    let bounds = Bounds {
        objective: Some(1.0),
        ..Bounds::default()
    };
    let blocks = minutes(7, (0, 100, 0, 900));
    assert_eq!(judge(&blocks, &blocks, &bounds).answer, Answer::AsGood);
    let few = judge(&blocks[..4], &blocks[..4], &bounds);
    assert_eq!(
        (few.answer, few.outlook),
        (Answer::NotEnough, Some(Outlook::AsGood(2)))
    );
}

#[test]
fn a_canary_beyond_its_objective_is_worse_also_beside_a_primary_that_fails_alike() {
    let blocks = minutes(10, (10, 100, 90, 900));
    assert_ne!(
        judged(&blocks).answer,
        Answer::Worse,
        "it is not worse than the primary"
    );
    let bounds = Bounds {
        objective: Some(1.0),
        ..Bounds::default()
    };
    let verdict = judge(&blocks, &blocks, &bounds);
    assert_eq!(
        (verdict.answer, verdict.than),
        (Answer::Worse, Standard::Objective)
    );
    assert_eq!(verdict.gap_points, Some(9.0));
}

#[test]
fn with_an_objective_a_canary_that_is_worse_than_the_primary_is_still_found() {
    let bounds = Bounds {
        objective: Some(20.0),
        ..Bounds::default()
    };
    let blocks = minutes(10, (10, 100, 9, 900));
    let verdict = judge(&blocks, &blocks, &bounds);
    assert_eq!(
        (verdict.answer, verdict.than),
        (Answer::Worse, Standard::Primary)
    );
}

#[test]
fn a_gap_that_does_not_matter_is_not_called_worse_and_that_is_said() {
    let verdict = judged(&minutes(60, (45, 100_000, 270, 900_000)));
    assert!(verdict.worse >= 100.0, "{verdict:?}");
    assert_eq!(verdict.withheld, Some(Withheld::Gap));
    assert_eq!(verdict.gap_points, Some(0.015));
    assert_eq!(
        verdict.answer,
        Answer::AsGood,
        "it is not three times as bad either"
    );
}

#[test]
fn neither_is_a_single_failure() {
    let bounds = Bounds {
        min_canary_failures: 6,
        ..Bounds::default()
    };
    let blocks = minutes(5, (1, 10, 0, 990));
    assert_eq!(judged(&blocks).answer, Answer::Worse);
    let verdict = judge(&blocks, &blocks, &bounds);
    assert_eq!(verdict.answer, Answer::NotEnough);
    assert_eq!(verdict.withheld, Some(Withheld::CanaryFailures));
}

#[test]
fn worse_is_asked_of_early_minutes_and_everything_else_of_settled_ones() {
    let good = minutes(28, (1, 100, 9, 900));
    let bad = [good.clone(), minutes(6, (100, 100, 9, 900))].concat();
    assert_eq!(
        judge(&bad, &good, &Bounds::default()).answer,
        Answer::AsGood
    );
    let bad = [&good[..3], &minutes(6, (100, 100, 9, 900))].concat();
    let verdict = judge(&bad, &good[..3], &Bounds::default());
    assert_eq!(
        (verdict.answer, verdict.canary.attempts),
        (Answer::Worse, 900)
    );
    let verdict = judge(&bad[..4], &good[..3], &Bounds::default());
    assert_eq!(
        (verdict.answer, verdict.canary.attempts),
        (Answer::NotEnough, 300)
    );
}

#[test]
fn what_can_be_said_soon_is_told() {
    let verdict = judged(&minutes(3, (3, 100, 9, 900)));
    let Some(Outlook::Worse(more)) = verdict.outlook else {
        panic!("{verdict:?}");
    };
    let then = judged(&minutes(3 + more as usize, (3, 100, 9, 900)));
    assert_eq!(then.answer, Answer::Worse);
    let before = judged(&minutes(2 + more as usize, (3, 100, 9, 900)));
    assert_eq!(
        (before.answer, before.outlook),
        (Answer::NotEnough, Some(Outlook::Worse(1)))
    );
}

#[test]
fn a_bad_minute_of_the_primary_alone_passes_no_canary() {
    let host = [minutes(3, (1, 100, 9, 900)), minutes(1, (1, 100, 450, 900))].concat();
    let verdict = judged(&host);
    assert_eq!(verdict.answer, Answer::NotEnough, "{verdict:?}");
    assert_eq!(judge(&host, &host, &uncapped()).answer, Answer::AsGood);
}

#[test]
fn failures_that_take_long_are_expected_by_the_share_of_the_tasks() {
    let slow = Block {
        capacity: Some(0.1),
        ..block((1, 20, 9, 900))
    };
    let (with, without) = (judged(&[slow; 10]), judged(&minutes(10, (1, 20, 9, 900))));
    assert!(
        with.worse < 1.0 && without.worse > 10.0,
        "{with:?} {without:?}"
    );
}

#[test]
fn evidence_is_told_with_the_digits_that_tell() {
    let told = [
        0.0,
        5_f64.ln(),
        99.97_f64.ln(),
        12_066.6_f64.ln(),
        1e4,
        -1e4,
    ];
    let told = told.map(|ln| super::told(ln).to_string());
    assert_eq!(
        told,
        ["1", "5", "99.9", "12066", "1000000000", "0.000000001"]
    );
}

#[test]
fn a_verdict_is_stored_and_read_back() {
    let mut verdict = judged(&minutes(3, (3, 100, 9, 900)));
    verdict.withheld = Some(Withheld::Gap);
    let text = serde_json::to_string(&verdict).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Verdict>(&text).expect("a verdict"),
        verdict
    );
}
