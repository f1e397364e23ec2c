use proptest::prelude::*;

use super::{
    super::{coins::Coins, draw::Draw},
    *,
};

/// Attempts and failures among them.
fn counts(most: u64) -> impl Strategy<Value = Counts> {
    (0..=most)
        .prop_flat_map(|attempts| (Just(attempts), 0..=attempts))
        .prop_map(|(attempts, failures)| Counts { attempts, failures })
}

fn any_block() -> impl Strategy<Value = Block> {
    (counts(200), counts(2000), proptest::option::of(0.0..1.0)).prop_map(
        |(canary, primary, capacity)| Block {
            canary,
            primary,
            capacity,
        },
    )
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    proptest::collection::vec(any_block(), 0..12)
}

/// Whatever metrics may say.
fn wild_block() -> impl Strategy<Value = Block> {
    let count = prop_oneof![Just(0), 0..10_u64, any::<u64>(), Just(u64::MAX)];
    let counts =
        (count.clone(), count).prop_map(|(attempts, failures)| Counts { attempts, failures });
    (counts.clone(), counts, proptest::option::of(any::<f64>())).prop_map(
        |(canary, primary, capacity)| Block {
            canary,
            primary,
            capacity,
        },
    )
}

/// All that people may ask for.
fn bounds() -> impl Strategy<Value = Bounds> {
    let objective = proptest::option::of(0.0001..=50.0);
    let numbers = (1e-6..=0.5, 1.001..=1000.0, objective, 1.001..=1e6);
    numbers.prop_map(|(alpha, ratio, objective, max_minute_factor)| Bounds {
        alpha,
        ratio,
        objective,
        max_minute_factor,
        ..Bounds::default()
    })
}

/// The evidence for both answers.
fn evidence(blocks: &[Block], bounds: &Bounds) -> [f64; 2] {
    [
        Tally::of(blocks, bounds).ln_worse(1.0),
        AsGood::of(blocks, bounds).ln_evidence(1.0),
    ]
}

/// Up to what the arithmetic takes.
fn at_most(one: f64, other: f64) -> bool {
    one <= other + 1e-7 * (1.0 + other.abs())
}

fn same(one: f64, other: f64) -> bool {
    at_most(one, other) && at_most(other, one)
}

proptest! {
    #[test]
    fn the_order_of_blocks_does_not_matter(
        (some, other) in blocks().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        bounds in bounds(),
    ) {
        for bounds in [bounds, uncapped()] {
            let both = [&some, &other].map(|blocks| evidence(blocks, &bounds));
            prop_assert!(same(both[0][0], both[1][0]) && same(both[0][1], both[1][1]), "{both:?}");
        }
    }

    #[test]
    fn a_block_in_which_only_one_version_worked_says_nothing(
        blocks in blocks(),
        alone in any_block(),
        is_canary in any::<bool>(),
    ) {
        let nothing = Counts::default();
        let alone = if is_canary {
            Block { primary: nothing, ..alone }
        } else {
            Block { canary: nothing, ..alone }
        };
        let with = [blocks.clone(), vec![alone]].concat();
        let [before, after] = [&blocks, &with].map(|it| evidence(it, &Bounds::default()));
        prop_assert!(same(before[0], after[0]) && same(before[1], after[1]), "{before:?} {after:?}");
    }

    #[test]
    fn one_more_failure_of_the_canary_never_speaks_for_it(
        blocks in blocks(),
        at in any_block(),
        bounds in bounds(),
    ) {
        prop_assume!(at.canary.failures < at.canary.attempts);
        let mut more = at;
        more.canary.failures += 1;
        let [few, more] = [at, more].map(|it| evidence(&[blocks.clone(), vec![it]].concat(), &bounds));
        prop_assert!(at_most(few[0], more[0]), "worse: {few:?} {more:?}");
        prop_assert!(at_most(more[1], few[1]), "as good: {few:?} {more:?}");
    }

    #[test]
    fn one_more_failure_of_the_primary_never_speaks_against_the_canary(at in any_block(), bounds in bounds()) {
        prop_assume!(at.primary.failures < at.primary.attempts);
        let mut more = at;
        more.primary.failures += 1;
        let [few, more] = [at, more].map(|it| evidence(&[it], &bounds));
        prop_assert!(at_most(more[0], few[0]) && at_most(few[1], more[1]), "{few:?} {more:?}");
    }

    #[test]
    fn the_closed_form_is_at_most_the_exact_one(at in any_block(), ratio in 1.001..100.0) {
        prop_assume!(at.canary.attempts > 0 && at.primary.attempts > 0);
        let closed = Coins::failures(&at).ln_factor(ratio);
        let exact = -Draw::of(&at).ln_factor(ratio);
        prop_assert!(at_most(closed, exact), "{closed} {exact}");
    }

    #[test]
    fn a_larger_share_of_the_tasks_only_takes_evidence_away(blocks in blocks(), bounds in bounds()) {
        let without: Vec<_> = blocks.iter().map(|it| Block { capacity: None, ..*it }).collect();
        let [with, without] = [&blocks, &without].map(|it| evidence(it, &bounds)[0]);
        prop_assert!(at_most(with, without), "{with} {without}");
    }

    #[test]
    fn a_cap_only_takes_evidence_away(blocks in blocks(), bounds in bounds()) {
        let free = Bounds { max_minute_factor: f64::INFINITY, ..bounds };
        let [capped, free] = [bounds, free].map(|it| evidence(&blocks, &it));
        prop_assert!(at_most(capped[0], free[0]) && at_most(capped[1], free[1]), "{capped:?} {free:?}");
    }

    #[test]
    fn whatever_metrics_say_a_verdict_is_made_of_numbers(
        blocks in proptest::collection::vec(wild_block(), 0..6),
        bounds in bounds(),
    ) {
        let verdict = judge(&blocks, &blocks, &bounds);
        let gap = verdict.gap_points.unwrap_or_default();
        for number in [verdict.worse, verdict.as_good, gap] {
            prop_assert!(number.is_finite(), "{verdict:?}");
        }
        prop_assert!((-101.0..=101.0).contains(&gap), "{verdict:?}");
        prop_assert!(verdict.canary.failures <= verdict.canary.attempts);
        let text = serde_json::to_string(&verdict)?;
        prop_assert_eq!(serde_json::from_str::<Verdict>(&text)?, verdict);
    }
}

#[test]
fn a_week_of_millions_of_attempts_a_minute_is_judged_at_once() {
    let blocks = vec![block((30_000, 1_000_000, 90_000, 9_000_000)); 10_080];
    let verdict = judge(&blocks, &blocks, &Bounds::default());
    assert_eq!(verdict.answer, Answer::Worse);
}
