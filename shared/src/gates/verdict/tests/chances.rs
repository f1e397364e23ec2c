//! How often a verdict is wrong, and how long it takes: counted in releases by chance.

use super::{
    releases::{
        TWELVE_HOURS, as_good, beyond, loaded, losing, pair, percent, slow, within, worse,
        worse_or_beyond,
    },
    *,
};

/// In so many releases each.
const RUNS: u64 = 1000;

#[track_caller]
fn assert_seldom(runs: &[Option<u32>], at_most: f64, what: &str) {
    let percent = percent(runs);
    assert!(percent <= at_most, "{what}: {percent} %");
}

/// Within how many minutes 95 % of the canaries are found that go from one rate to another, at a tenth of the work.
fn found(bounds: &Bounds, rates: [f64; 2], canary: u64) -> u32 {
    let runs = worse(RUNS, 400, bounds, |_| pair(rates, 10, canary));
    within(95, &runs).expect("nearly all are found")
}

#[test]
fn raw_a_canary_that_fails_five_times_as_often_is_worse_within_450_messages() {
    let messages = found(&uncapped(), [1.0, 5.0], 10) * 10;
    assert!(messages <= 450, "{messages}");
}

#[test]
fn raw_a_canary_that_fails_everything_is_worse_within_five_attempts() {
    let attempts = found(&uncapped(), [1.0, 100.0], 1);
    assert!(attempts <= 5, "{attempts}");
}

#[test]
fn a_canary_that_fails_five_times_as_often_is_worse_within_eight_minutes() {
    let minutes = found(&Bounds::default(), [1.0, 5.0], 100);
    assert!(minutes <= 8, "{minutes}");
}

#[test]
fn one_that_fails_everything_is_worse_at_the_fourth_minute() {
    for messages in [20, 100] {
        let runs = worse(RUNS, 5, &Bounds::default(), |_| {
            pair([1.0, 100.0], 10, messages)
        });
        let at_the_fourth = runs.iter().all(|minute| *minute == Some(4));
        assert!(at_the_fourth, "{messages} messages a minute");
    }
}

/// Rates, share, messages in a block; then within how many messages of the canary 50, 80 and 95 % are found.
type Delay = ([f64; 2], u64, u64, [u32; 3]);

#[track_caller]
fn assert_delays(runs: impl Fn(&Delay) -> Vec<Option<u32>>, rows: &[Delay]) {
    for row in rows {
        let (rates, share, messages, expected) = row;
        let runs = runs(row);
        for (percent, expected) in [50, 80, 95].into_iter().zip(expected) {
            let block = u32::try_from(*messages).expect("a block");
            let found = within(percent, &runs).expect("nearly all are found") * block;
            let close = (expected / 10).max(block);
            assert!(
                found.abs_diff(*expected) <= close,
                "{rates:?}, {share} %: {percent} % within {found} in place of {expected}"
            );
        }
    }
}

/// As the other program has found.
#[test]
fn raw_delays_are_those_of_the_other_program() {
    let bounds = Bounds {
        alpha: 0.05,
        ..uncapped()
    };
    assert_delays(
        |(rates, share, messages, _)| {
            worse(RUNS, 800, &bounds, |_| pair(*rates, *share, *messages))
        },
        &[
            ([1.0, 5.0], 10, 20, [120, 200, 340]),
            ([1.0, 5.0], 50, 20, [220, 360, 580]),
            ([0.1, 1.0], 10, 100, [400, 700, 1100]),
            ([5.0, 10.0], 10, 20, [220, 400, 640]),
            ([1.0, 50.0], 10, 2, [6, 8, 12]),
            ([1.0, 100.0], 10, 1, [4, 4, 4]),
        ],
    );
}

#[test]
fn so_is_how_long_it_takes_a_good_canary_to_be_as_good() {
    let bounds = Bounds {
        alpha: 0.05,
        ..uncapped()
    };
    assert_delays(
        |(rates, share, messages, _)| {
            as_good(RUNS, 800, &bounds, |_| pair(*rates, *share, *messages))
        },
        &[
            ([1.0, 1.0], 10, 200, [400, 800, 1200]),
            ([1.0, 1.0], 50, 200, [1000, 2000, 3400]),
            ([5.0, 5.0], 10, 20, [80, 160, 260]),
        ],
    );
}

#[track_caller]
fn assert_alike_is_not_worse(share: u64, canary: u64) {
    for rate in [1.0, 2.0, 5.0] {
        let runs = worse(RUNS, TWELVE_HOURS, &Bounds::default(), |_| {
            pair([rate; 2], share, canary)
        });
        assert_seldom(&runs, 1.0, &format!("{rate} %, share {share} %"));
    }
}

#[test]
fn versions_that_fail_alike_are_seldom_worse_in_twelve_hours_at_a_tenth() {
    assert_alike_is_not_worse(10, 20);
}

#[test]
fn nor_at_a_half() {
    assert_alike_is_not_worse(50, 100);
}

#[test]
fn a_task_that_loses_one_minute_in_500_seldom_makes_a_version_worse() {
    for tasks in [[1, 9], [5, 5], [1, 2]] {
        let runs = worse(RUNS, TWELVE_HOURS, &Bounds::default(), |_| {
            losing(tasks, 20, 1.0, 0.002)
        });
        assert_seldom(&runs, 2.0, &format!("{tasks:?}"));
    }
}

#[test]
fn tasks_with_half_or_twice_the_load_seldom_make_a_version_worse() {
    for (rate, each) in [
        (0.5, [40, 20]),
        (0.5, [20, 40]),
        (5.0, [40, 20]),
        (5.0, [20, 40]),
    ] {
        let runs = worse(RUNS, TWELVE_HOURS, &Bounds::default(), |_| {
            loaded(each, rate)
        });
        assert_seldom(&runs, 1.0, &format!("{rate} %, {each:?}"));
    }
}

#[test]
fn failures_that_take_a_minute_seldom_make_a_version_worse() {
    for rate in [1.0, 5.0] {
        let runs = worse(
            RUNS / 2,
            TWELVE_HOURS,
            &Bounds::default(),
            slow(rate, 9, Some(0.1)),
        );
        assert_seldom(&runs, 1.0, &format!("{rate} %"));
    }
}

#[test]
fn a_canary_that_fails_as_many_times_as_often_as_the_ratio_is_seldom_as_good() {
    for bounds in [Bounds::default(), uncapped()] {
        let runs = as_good(RUNS, 120, &bounds, |_| pair([1.0, 3.0], 10, 100));
        assert_seldom(&runs, 1.0, &format!("{bounds:?}"));
    }
}

#[test]
fn a_canary_that_just_meets_its_objective_is_seldom_called_one_thing_or_the_other() {
    let bounds = Bounds {
        objective: Some(1.0),
        ..Bounds::default()
    };
    let worse = worse(RUNS, TWELVE_HOURS, &bounds, |_| pair([1.0, 1.0], 10, 100));
    assert_seldom(&worse, 1.0, "worse");
    let as_good = as_good(RUNS, TWELVE_HOURS, &bounds, |_| pair([1.0, 1.0], 10, 100));
    assert_seldom(&as_good, 1.0, "as good");
}

/// Where at most 2 % may fail.
fn two_percent() -> Bounds {
    Bounds {
        objective: Some(2.0),
        ..Bounds::default()
    }
}

#[test]
fn a_promoted_version_that_just_meets_its_objective_is_seldom_worse() {
    for canary in [2, 10, 100] {
        let runs = beyond(RUNS, TWELVE_HOURS, &two_percent(), |_| {
            pair([2.0, 2.0], 10, canary)
        });
        assert_seldom(&runs, 1.0, &format!("{} a minute", canary * 10));
    }
}

#[test]
fn a_release_that_just_meets_its_objective_is_seldom_ended_before_or_after_its_promotion() {
    let runs = worse_or_beyond(RUNS, TWELVE_HOURS, &two_percent(), |_| {
        pair([2.0, 2.0], 10, 20)
    });
    assert_seldom(&runs, 2.0, "one chance in a hundred, twice");
}

#[test]
fn a_promoted_version_that_fails_more_than_twice_its_objective_is_worse_within_a_quarter_of_an_hour()
 {
    let runs = beyond(RUNS, 60, &two_percent(), |_| pair([5.0, 5.0], 10, 10));
    let minutes = within(95, &runs).expect("nearly all are found");
    assert!(minutes <= 15, "{minutes}");
}
