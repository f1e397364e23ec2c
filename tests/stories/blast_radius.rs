//! How soon a bad release is ended, and how seldom a good one: the same as the benchmark counts, of fewer releases.

use canary::{
    evidence::{Answer, Block, Bounds, Counts},
    gates::verdict,
};
use rehearsal_core::stage::{Step, Traffic};

use crate::{
    blast::{
        minutes::{Minute, Queue, TWELVE_HOURS},
        release::{Guard, Release, Stop},
        ways::Way,
    },
    rule::Rule,
};

/// Good releases of twelve hours, of the 2000 that the benchmark counts.
const GOOD: u64 = 50;

#[test]
fn of_good_releases_of_twelve_hours_hardly_any_is_rolled_back() {
    let alarm = Rule::comparison(Traffic::Queue);
    for share in [10, 50] {
        let (mut by_verdict, mut by_alarm) = (0, 0);
        for seed in 1..=GOOD {
            let minutes = Queue::new(seed, [2, 2]).minutes(&[(share, TWELVE_HOURS)]);
            by_verdict += u64::from(Way::Verdict.ends(&minutes, &alarm).is_some());
            by_alarm += u64::from(Way::Comparison.ends(&minutes, &alarm).is_some());
        }
        assert_eq!(by_verdict, 0, "of {GOOD} at {share} %");
        assert!(
            by_alarm * 100 <= GOOD * 4,
            "{by_alarm} of {GOOD} at {share} %"
        );
    }
}

#[test]
fn a_verdict_that_is_asked_only_where_it_may_have_changed_comes_at_the_same_minute() {
    let alarm = Rule::comparison(Traffic::Queue);
    for (seed, rates) in (1..).zip([[1, 2], [1, 3], [1, 5], [2, 2], [1, 100], [5, 10]]) {
        let minutes = Queue::new(seed, rates).minutes(&[(10, 10), (50, 50)]);
        let blocks: Vec<Block> = minutes.iter().map(|minute| minute.block()).collect();
        let is_worse = |until: &usize| {
            let judged = verdict::judge(&blocks[..*until], &blocks[..*until], &Bounds::default());
            judged.answer == Answer::Worse
        };
        let asked_always = (1..=blocks.len()).find(is_worse);
        assert_eq!(
            Way::Verdict.ends(&minutes, &alarm),
            asked_always,
            "{rates:?}"
        );
    }
}

/// A minute of a canary with a hundred attempts.
fn failing(failures: u64) -> Minute {
    let counts = |failures| Counts {
        attempts: 100,
        failures,
    };
    Minute {
        canary: counts(failures),
        primary: counts(0),
        share: 0.5,
        dead_letters: 0,
    }
}

#[test]
fn rules_of_others_count_bad_minutes_in_all_and_not_in_a_row() {
    let alarm = Rule::comparison(Traffic::Queue);
    let minutes = [6, 0, 6, 1, 2, 6, 0, 6, 6].map(failing);
    assert_eq!(Way::Flagger.ends(&minutes, &alarm), Some(8));
    let bad = [6; 25].map(failing);
    assert_eq!(
        Way::Argo.ends(&bad, &alarm),
        Some(20),
        "one in five is asked"
    );
    let bad_when_nobody_asks = [6, 6, 6, 6, 0].map(failing).repeat(10);
    assert_eq!(Way::Argo.ends(&bad_when_nobody_asks, &alarm), None);
}

/// Plays a release; answers what ended it, after it has gone as its minutes say.
async fn ended(rates: [u8; 2], guard: Guard, ways: &[Way]) -> Option<Stop> {
    let steps = vec![Step::new(10, 600), Step::new(50, 600)];
    let release = Release {
        rates,
        steps,
        guard,
        seed: 1,
    };
    let played = release.play().await;
    let alarm = Rule::comparison(Traffic::Queue);
    assert!(played.went_as(ways, &alarm), "{release:?}: {played:?}");
    played.stopped
}

const SHIPPED: [Way; 3] = [Way::Verdict, Way::Comparison, Way::DeadLetters];

#[tokio::test(start_paused = true)]
async fn a_candidate_that_fails_five_times_as_often_is_ended_by_the_verdict_and_by_no_alarm() {
    let shipped = ended([1, 5], Guard::Shipped, &SHIPPED).await;
    assert_eq!(shipped, Some(Stop::Verdict));
    let alarms = ended([1, 5], Guard::Alarms, &SHIPPED[1..]).await;
    assert_eq!(alarms, None);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_half_of_its_attempts_is_ended_by_the_alarm_before_there_is_evidence() {
    let shipped = ended([1, 50], Guard::Shipped, &SHIPPED).await;
    assert_eq!(shipped, Some(Stop::Alarm));
}

#[tokio::test(start_paused = true)]
async fn versions_that_fail_alike_reach_their_approval() {
    assert_eq!(ended([5, 5], Guard::Shipped, &SHIPPED).await, None);
}
