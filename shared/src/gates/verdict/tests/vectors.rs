//! Figures that were computed from the formulas by another program, the exact ones with fractions: `vectors.json`, and the tables that
//! `shared/docs/verdict.md` prints.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{super::draw::Draw, *};

#[derive(Deserialize)]
struct Vectors {
    sequences: BTreeMap<String, Vec<Step>>,
    blocks: Vec<OneBlock>,
}

#[derive(Deserialize)]
struct Step {
    block: Quad,
    mix: f64,
}

type Quad = (u64, u64, u64, u64);

/// By the ratio that is bet on.
type ByRatio = BTreeMap<String, f64>;

#[derive(Deserialize)]
struct OneBlock {
    block: Quad,
    closed: ByRatio,
    exact: ByRatio,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).expect("vectors")
}

#[track_caller]
fn assert_close(found: f64, expected: f64, digits: f64, what: &str) {
    let error = (found / expected - 1.0).abs();
    assert!(error < digits, "{what}: {found} in place of {expected}");
}

/// The bet of a block on one ratio, exact: `ψ^k / E[ψ^J]`.
fn exact(block: &Block, ratio: f64) -> f64 {
    (-Draw::of(block).ln_factor(ratio)).exp()
}

#[test]
fn the_evidence_of_every_sequence_is_that_of_the_other_program() {
    let bounds = uncapped();
    for (name, steps) in vectors().sequences {
        let mut tally = Tally::new(&bounds);
        for (at, step) in steps.iter().enumerate() {
            tally.add(&block(step.block));
            let evidence = tally.ln_worse(1.0).exp();
            assert_close(evidence, step.mix, 1e-9, &format!("{name}, block {at}"));
        }
    }
}

#[test]
fn so_is_every_bet_on_a_block_in_both_forms() {
    for it in vectors().blocks {
        let block = block(it.block);
        let coins = coins::Coins::failures(&block);
        for (ratio, closed) in it.closed {
            let bet = coins.ln_factor(ratio.parse().expect("a ratio")).exp();
            assert_close(
                bet,
                closed,
                1e-9,
                &format!("{:?} closed, {ratio}", it.block),
            );
        }
        for (ratio, expected) in it.exact {
            let bet = exact(&block, ratio.parse().expect("a ratio"));
            assert_close(
                bet,
                expected,
                1e-8,
                &format!("{:?} exact, {ratio}", it.block),
            );
        }
    }
}

#[test]
fn so_is_the_evidence_of_single_blocks() {
    let rows = [
        ((0, 100, 10, 900), 0.1995),
        ((1, 100, 9, 900), 0.3943),
        ((1, 100, 0, 900), 3.7123),
        ((2, 100, 0, 900), 18.5374),
        ((3, 100, 0, 900), 111.8441),
        ((3, 100, 1, 900), 41.2072),
        ((4, 100, 2, 900), 94.2828),
        ((5, 100, 9, 900), 11.9926),
        ((10, 100, 9, 900), 12066.6),
        ((2, 20, 1, 180), 8.1699),
        ((5, 5, 1, 45), 1591.9),
        ((4, 50, 4, 50), 0.3162),
        ((8, 50, 2, 50), 4.1636),
        ((30, 1000, 90, 9000), 13282.0),
    ];
    for (counts, mixture) in rows {
        let evidence = Tally::of(&[block(counts)], &uncapped()).ln_worse(1.0).exp();
        assert_close(evidence, mixture, 3e-4, &format!("{counts:?}"));
    }
}

#[test]
fn exact_bets_are_these_fractions() {
    let rows = [
        ((1, 100, 0, 900), 5.0 / 2.0),
        ((2, 100, 0, 900), 4995.0 / 799.0),
        ((3, 100, 0, 900), 7_477_515.0 / 478_202.0),
        ((2, 20, 1, 180), 98_505.0 / 18_842.0),
    ];
    for (counts, fraction) in rows {
        assert_close(
            exact(&block(counts), 3.0),
            fraction,
            1e-10,
            &format!("{counts:?}"),
        );
    }
}

/// How many failures it takes of a canary with a share, in percent, after so many of the primary.
fn fewest(share: f64, of_primary: u32, needed: f64) -> u32 {
    let reaches = |of_canary: &u32| {
        let mut bets = coins::Bets::default();
        let coins = coins::Coins {
            thrown: f64::from(of_canary + of_primary),
            hits: f64::from(*of_canary),
            chance: share / 100.0,
        };
        bets.more_often(coins, f64::INFINITY);
        bets.ln_evidence(1.0) >= needed.ln()
    };
    (1..100).find(reaches).expect("some number does")
}

#[test]
fn it_takes_so_many_failures_of_the_canary() {
    let third = 100.0 / 3.0;
    let rows = [
        (20.0, 5.0, [2, 2, 3, 3, 4, 6]),
        (20.0, 10.0, [3, 3, 4, 5, 6, 9]),
        (20.0, 20.0, [3, 4, 5, 7, 10, 15]),
        (20.0, 25.0, [4, 5, 6, 8, 12, 18]),
        (20.0, third, [4, 6, 7, 11, 16, 24]),
        (20.0, 50.0, [6, 9, 12, 18, 27, 43]),
        (100.0, 5.0, [3, 3, 4, 4, 5, 7]),
        (100.0, 10.0, [3, 4, 5, 6, 8, 10]),
        (100.0, 20.0, [4, 6, 6, 9, 12, 17]),
        (100.0, 25.0, [5, 6, 7, 10, 14, 21]),
        (100.0, third, [6, 8, 9, 13, 19, 28]),
        (100.0, 50.0, [9, 12, 15, 22, 32, 48]),
    ];
    for (needed, share, expected) in rows {
        let found = [0, 1, 2, 5, 10, 20].map(|of_primary| fewest(share, of_primary, needed));
        assert_eq!(found, expected, "{share} %, evidence {needed}");
    }
}

#[test]
fn the_evidence_that_a_canary_is_as_good_is_exact() {
    let rows = [
        ((0, 100, 10, 900), [2.5851, 6.1227, 27.989]),
        ((1, 100, 9, 900), [1.2925, 2.0409, 5.5979]),
        ((1, 1000, 20, 9000), [3.6944, 15.255, 230.69]),
        ((3, 1000, 45, 9000), [12.026, 227.57, 76097.0]),
        ((10, 1000, 90, 9000), [12.973, 1240.2, 2.9e7]),
        ((20, 2000, 180, 18000), [168.24, 1.5e6, f64::NAN]),
    ];
    for (counts, by_ratio) in rows {
        for (ratio, expected) in [2.0, 3.0, 5.0].into_iter().zip(by_ratio) {
            let bounds = Bounds {
                ratio,
                ..uncapped()
            };
            let evidence = AsGood::of(&[block(counts)], &bounds).ln_evidence(1.0).exp();
            let digits = if expected > 1e6 { 0.03 } else { 1e-4 };
            if !expected.is_nan() {
                assert_close(evidence, expected, digits, &format!("{counts:?}, {ratio}"));
            }
        }
    }
}

/// How many attempts without a failure it takes to keep within an objective, by a bet on a quarter of it.
#[test]
fn so_many_attempts_without_a_failure_keep_within_an_objective() {
    let rows = [
        (0.1, 3992),
        (0.5, 797),
        (1.0, 397),
        (2.0, 198),
        (5.0, 78),
        (10.0, 38),
    ];
    for (percent, expected) in rows {
        let allowed = percent / 100.0;
        let quarter = (1.0 - allowed) / (4.0 - allowed);
        let reaches = |attempts: &u64| {
            let canary = block((0, *attempts, 0, 0)).canary;
            let bet = coins::Coins::attempts(canary, percent).ln_factor(quarter);
            bet >= 20_f64.ln()
        };
        assert_eq!((1..10_000).find(reaches), Some(expected), "{percent} %");
    }
}

/// The mean of several bets takes about as many: a bet on a quarter alone 397 and 581.
#[test]
fn the_mean_of_all_bets_takes_about_as_many() {
    for (failures, expected) in [(0, 385), (1, 635)] {
        let bounds = Bounds {
            objective: Some(1.0),
            ..uncapped()
        };
        let reaches = |attempts: &u64| {
            let blocks = [block((failures, *attempts, 0, 0))];
            AsGood::of(&blocks, &bounds).ln_evidence(1.0) >= 20_f64.ln()
        };
        assert_eq!((1..10_000).find(reaches), Some(expected), "{failures}");
    }
}
