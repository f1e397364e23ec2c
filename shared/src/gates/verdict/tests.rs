//! Against numbers that somebody else has computed (`vectors.json`; the tables name theirs), and as properties.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use std::collections::BTreeMap;

/// Failures and attempts of the canary and of the primary.
type Four = [u64; 4];

#[derive(Deserialize)]
struct Vectors {
    sequences: BTreeMap<String, Vec<Step>>,
    blocks: Vec<Single>,
}

/// The evidence after one block more.
#[derive(Deserialize)]
struct Step {
    block: Four,
    #[serde(rename = "E")]
    bets: BTreeMap<String, f64>,
    mix: f64,
}

/// The factors of one block, with the binomial bound and with the hypergeometric.
#[derive(Deserialize)]
struct Single {
    block: Four,
    closed: BTreeMap<String, f64>,
    exact: BTreeMap<String, f64>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn block([k, n, kk, nn]: Four) -> Block {
    let counts = |failures, attempts| Counts { attempts, failures };
    Block {
        canary: counts(k, n),
        primary: counts(kk, nn),
        tasks: None,
    }
}

fn blocks(all: &[Four]) -> Vec<Block> {
    all.iter().copied().map(block).collect()
}

/// Whether two numbers agree to so many parts of them.
fn near(found: f64, expected: f64, parts: f64) -> bool {
    (found - expected).abs() <= expected.abs() / parts
}

/// Without a cap.
fn raw(all: &[Four]) -> f64 {
    worse::ln_evidence(&blocks(all), f64::INFINITY).exp()
}

#[test]
fn sequences_of_blocks_come_to_what_was_computed_elsewhere() {
    for (name, steps) in vectors().sequences {
        let mut so_far = Vec::new();
        for step in steps {
            so_far.push(step.block);
            assert!(near(raw(&so_far), step.mix, 1e9), "{name}: {so_far:?}");
            for (ratio, expected) in step.bets {
                let ratio: f64 = ratio.parse().unwrap();
                let factors = blocks(&so_far)
                    .iter()
                    .map(|it| worse::ln_factor(it, ratio))
                    .sum::<f64>();
                assert!(
                    near(factors.exp(), expected, 1e9),
                    "{name}: {so_far:?}, {ratio}"
                );
            }
        }
    }
}

#[test]
fn one_block_comes_to_what_was_computed_elsewhere_in_both_forms() {
    for Single {
        block: four,
        closed,
        exact,
    } in vectors().blocks
    {
        let block = block(four);
        for (ratio, expected) in closed {
            let found = worse::ln_factor(&block, ratio.parse().unwrap()).exp();
            assert!(
                near(found, expected, 1e9),
                "{four:?}, {ratio}: {found} for {expected}"
            );
        }
        for (ratio, expected) in exact {
            // The evidence against a ratio is that for the canary's being so much worse, turned over.
            let found = (-as_good::ln_factor(&block, ratio.parse().unwrap())).exp();
            assert!(
                near(found, expected, 1e8),
                "{four:?}, {ratio}: {found} for {expected}"
            );
        }
    }
}

/// VERDICT, section 3, and its exact fractions of section 2.
#[test]
fn as_good_comes_to_what_was_computed_elsewhere() {
    let rows = [
        ([0, 100, 10, 900], [2.5851, 6.1227, 27.989]),
        ([1, 100, 9, 900], [1.2925, 2.0409, 5.5979]),
        ([1, 1000, 20, 9000], [3.6944, 15.255, 230.69]),
        ([3, 1000, 45, 9000], [12.026, 227.57, 76097.0]),
        ([10, 1000, 90, 9000], [12.973, 1240.2, 2.9e7]),
    ];
    for (four, expected) in rows {
        for (ratio, expected) in [2.0, 3.0, 5.0].into_iter().zip(expected) {
            let found = as_good::ln_factor(&block(four), ratio).exp();
            let parts = if expected > 1e7 { 50.0 } else { 2e4 };
            assert!(
                near(found, expected, parts),
                "{four:?}, {ratio}: {found} for {expected}"
            );
        }
    }
    let found = as_good::ln_factor(&block([20, 2000, 180, 18000]), 2.0).exp();
    assert!(near(found, 168.24, 2e4), "{found}");
    let fractions = [
        ([2, 100, 0, 900], 3.0, 4995.0 / 799.0),
        ([2, 20, 1, 180], 3.0, 98505.0 / 18842.0),
    ];
    for (four, ratio, expected) in fractions {
        let found = (-as_good::ln_factor(&block(four), ratio)).exp();
        assert!(
            near(found, expected, 1e11),
            "{four:?}: {found} for {expected}"
        );
    }
}

/// How many failures of the canary it takes, in attempts so many that shares are exact.
fn fewest((canary, primary): (u64, u64), of_primary: u64, needed: f64) -> u64 {
    let reaches = |failures: &u64| {
        raw(&[[*failures, canary * 10_000, of_primary, primary * 10_000]]) >= needed
    };
    (0..1000).find(reaches).unwrap()
}

#[test]
fn the_fewest_failures_are_those_of_the_tables() {
    // VERDICT, sections 2 and 9.3: the canary's share, and its failures by those of the primary.
    let primary = [0, 1, 2, 5, 10, 20];
    let for_20 = [
        ((5, 95), [2, 2, 3, 3, 4, 6]),
        ((10, 90), [3, 3, 4, 5, 6, 9]),
        ((20, 80), [3, 4, 5, 7, 10, 15]),
        ((25, 75), [4, 5, 6, 8, 12, 18]),
        ((1, 2), [4, 6, 7, 11, 16, 24]),
        ((50, 50), [6, 9, 12, 18, 27, 43]),
    ];
    let for_100 = [
        ((5, 95), [3, 3, 4, 4, 5, 7]),
        ((10, 90), [3, 4, 5, 6, 8, 10]),
        ((20, 80), [4, 6, 6, 9, 12, 17]),
        ((25, 75), [5, 6, 7, 10, 14, 21]),
        ((1, 2), [6, 8, 9, 13, 19, 28]),
        ((50, 50), [9, 12, 15, 22, 32, 48]),
    ];
    for (needed, table) in [(20.0, for_20), (100.0, for_100)] {
        for (share, expected) in table {
            let found = primary.map(|of_primary| fewest(share, of_primary, needed));
            assert_eq!(found, expected, "{share:?}, {needed}");
        }
    }
}

/// VERDICT, section 3: attempts without a failure until an objective is met with evidence 20.
#[test]
fn an_objective_takes_as_many_attempts_as_the_table_says() {
    for (percent, expected) in [
        (0.1, 3992),
        (0.5, 797),
        (1.0, 397),
        (2.0, 198),
        (5.0, 78),
        (10.0, 38),
    ] {
        let is_met = |attempts: &u64| {
            objective::ln_within(&blocks(&[[0, *attempts, 0, 0]]), percent, f64::INFINITY)
                >= 20_f64.ln()
        };
        assert_eq!((1..5000).find(is_met), Some(expected), "{percent} %");
    }
}

/// What is said of as many minutes that are all alike.
fn said(minute: Four, minutes: usize) -> Verdict {
    let blocks = vec![block(minute); minutes];
    judge(&blocks, &blocks, &Bounds::default())
}

#[test]
fn worse_takes_four_minutes_at_least_and_says_so_in_time() {
    let answers: Vec<_> = (1..=4)
        .map(|minutes| said([20, 20, 0, 180], minutes).answer)
        .collect();
    assert_eq!(
        answers,
        [
            Answer::NotEnough,
            Answer::NotEnough,
            Answer::NotEnough,
            Answer::Worse
        ]
    );
    assert_eq!(said([20, 20, 0, 180], 2).outlook, Some(Outlook::Worse(2)));
    assert_eq!(
        said([5, 100, 9, 900], 3)
            .outlook
            .map(|it| matches!(it, Outlook::Worse(_))),
        Some(true)
    );
}

#[test]
fn as_good_takes_four_minutes_at_least_too() {
    assert_eq!(said([10, 1000, 90, 9000], 3).answer, Answer::NotEnough);
    assert_eq!(said([10, 1000, 90, 9000], 4).answer, Answer::AsGood);
    assert_eq!(
        said([1, 100, 9, 900], 3)
            .outlook
            .map(|it| matches!(it, Outlook::AsGood(_))),
        Some(true)
    );
}

#[test]
fn nothing_is_said_of_a_side_that_did_nothing_and_of_two_that_never_fail() {
    for minute in [[0, 0, 3, 900], [5, 5, 0, 0], [0, 100, 0, 900]] {
        let verdict = said(minute, 1000);
        assert_eq!(
            (verdict.answer, verdict.outlook),
            (Answer::NotEnough, None),
            "{minute:?}"
        );
        assert!((verdict.worse - 1.0).abs() < 1e-9, "{minute:?}");
    }
}

#[test]
fn a_gap_that_is_too_small_to_matter_and_a_single_failure_withhold_the_word() {
    // 0.01 % against 0.002 %: five times as often, and next to nothing.
    let tiny = said([10, 100_000, 2, 100_000], 10);
    assert_eq!(
        (tiny.answer, tiny.withheld),
        (Answer::NotEnough, Some(Withheld::Gap))
    );
    assert!(
        tiny.worse >= 100.0 && tiny.gap_points.unwrap() < 0.1,
        "{tiny:?}"
    );
    let bounds = Bounds {
        max_minute_factor: 1e6,
        ..Bounds::default()
    };
    let one = judge(
        &blocks(&[[1, 1, 0, 1_000_000]]),
        &[],
        &Bounds {
            alpha: 0.2,
            ..bounds
        },
    );
    assert_eq!(
        (one.answer, one.withheld),
        (Answer::NotEnough, Some(Withheld::CanaryFailures))
    );
}

#[test]
fn the_gap_is_that_of_the_blocks_and_not_of_their_sums() {
    // Both versions fail alike, while share and rate rise together.
    let blocks = blocks(&[[5, 1000, 45, 9000], [100, 5000, 100, 5000]]);
    let verdict = judge(&blocks, &[], &Bounds::default());
    assert!(verdict.gap_points.unwrap().abs() < 1e-9);
    assert!(verdict.worse < 1.0, "{verdict:?}");
}

#[test]
fn the_share_of_the_tasks_counts_where_slow_failures_shrink_the_measured_one() {
    // A canary with a tenth of the tasks hangs on its failures, and attempts three messages while the primary attempts 270.
    let hanging = |tasks| Block {
        tasks,
        ..block([2, 3, 3, 270])
    };
    let of = |tasks| judge(&vec![hanging(tasks); 5], &[], &Bounds::default()).worse;
    assert!(of(None) > 100.0 && of(Some(0.5)) < of(Some(0.1)) && of(Some(0.1)) < of(None));
    assert!(
        (of(Some(0.001)) - of(None)).abs() < 1e-9,
        "the larger share counts"
    );
}

#[test]
fn an_objective_that_is_missed_is_worse_even_where_both_miss_it_and_one_that_is_kept_is_as_good() {
    let bounds = Bounds {
        objective: Some(1.0),
        ..Bounds::default()
    };
    let judged = |minute, minutes| {
        let blocks = vec![block(minute); minutes];
        judge(&blocks, &blocks, &bounds).answer
    };
    assert_eq!(judged([0, 300, 0, 2700], 4), Answer::AsGood);
    assert_eq!(
        judged([15, 300, 135, 2700], 10),
        Answer::NotEnough,
        "no gap: both miss it"
    );
    assert_eq!(judged([30, 300, 27, 2700], 10), Answer::Worse);
}

fn any_block() -> impl Strategy<Value = Four> {
    (0_u64..2000, 0_u64..20_000)
        .prop_flat_map(|(n, nn)| (0..=n, 0..=nn).prop_map(move |(k, kk)| [k, n, kk, nn]))
}

proptest! {
    #[test]
    fn the_order_of_minutes_does_not_matter(mut all in proptest::collection::vec(any_block(), 1..20)) {
        let forth = judge(&blocks(&all), &blocks(&all), &Bounds::default());
        all.reverse();
        prop_assert_eq!(forth, judge(&blocks(&all), &blocks(&all), &Bounds::default()));
    }

    #[test]
    fn the_bound_is_never_more_than_what_is_exact(four in any_block(), ratio in 1.01_f64..50.0) {
        let (bound, exact) = (worse::ln_factor(&block(four), ratio), -as_good::ln_factor(&block(four), ratio));
        prop_assert!(bound <= exact + 1e-6 * (1.0 + exact.abs()), "{} {}", bound, exact);
    }

    #[test]
    fn a_cap_only_takes_away(all in proptest::collection::vec(any_block(), 1..20)) {
        let cap = 4_f64.ln();
        let of = |cap| worse::ln_evidence(&blocks(&all), cap);
        prop_assert!(of(cap) <= of(f64::INFINITY) + 1e-9);
    }

    #[test]
    fn one_more_failure_of_the_canary_never_speaks_for_it(all in proptest::collection::vec(any_block(), 1..10)) {
        let mut more = all.clone();
        if more[0][0] == more[0][1] {
            more[0][1] += 1;
        }
        let before = blocks(&more);
        more[0][0] += 1;
        let after = blocks(&more);
        let cap = 4_f64.ln();
        prop_assert!(worse::ln_evidence(&after, cap) >= worse::ln_evidence(&before, cap) - 1e-9);
        prop_assert!(as_good::ln_evidence(&after, 3.0, cap) <= as_good::ln_evidence(&before, 3.0, cap) + 1e-6);
    }

    #[test]
    fn whatever_metrics_say_every_number_is_finite(
        all in proptest::collection::vec(any::<Four>(), 0..5),
        tasks in proptest::option::of(any::<f64>()),
        objective in proptest::option::of(0.001_f64..50.0),
        alpha in 0.0001_f64..0.5,
    ) {
        // Few enough failures that the test ends; attempts as many as there may be.
        let all = all.iter().map(|it| Block { tasks, ..block([it[0] % 100_000, it[1], it[2] % 100_000, it[3]]) });
        let all: Vec<_> = all.collect();
        let bounds = Bounds { alpha, objective, ..Bounds::default() };
        let verdict = judge(&all, &all, &bounds);
        prop_assert!(verdict.worse.is_finite() && verdict.as_good.is_finite());
        prop_assert!(verdict.gap_points.is_none_or(f64::is_finite));
    }
}
