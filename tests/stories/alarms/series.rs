//! Series of minutes, through the account's own alarm.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Traffic},
    world::cloudwatch,
};
use serde_json::json;

use super::{Minute, Rule};

const MINUTE: Duration = Duration::from_mins(1);

impl Rule {
    /// Metrics of a minute that ended some minutes ago come in.
    fn arrive(&mut self, minute: Minute, minutes_ago: u32) {
        let at = self.world.now.0 - u64::from(minutes_ago) * 60_000 - 30_000;
        let at = rehearsal_core::clock::Moment(at);
        for (service, all, failed) in [
            (stage::CANARY, minute.canary, minute.canary_failed),
            (stage::PRIMARY, minute.primary, minute.primary_failed),
        ] {
            for (name, count) in [("Processed", all - failed), ("Failed", failed)] {
                cloudwatch::publish(
                    &mut self.world,
                    "CanaryRelease/SampleApp",
                    name,
                    &[("ServiceName", service)],
                    f64::from(count),
                    at,
                );
            }
        }
    }

    /// Lets the minute end, with what came in during it. Answers whether the alarm is in ALARM then.
    fn fires(&mut self) -> bool {
        cloudwatch::tick(&mut self.world);
        let input = json!({ "AlarmNames": [self.alarm], "StateValue": "ALARM" });
        let found = cloudwatch::call(&mut self.world, "DescribeAlarms", &input);
        let firing = found.expect("alarms")["MetricAlarms"]
            .as_array()
            .map(Vec::len);
        self.world.now = self.world.now + MINUTE;
        firing == Some(1)
    }

    /// An account at the end of its first minutes.
    fn begun() -> Self {
        let mut rule = Self::comparison(Traffic::Queue);
        rule.world.now = rule.world.now + 10 * MINUTE;
        rule
    }
}

/// How many of `count` fail, each by itself with that chance.
fn failures(random: &mut fastrand::Rng, count: u32, rate: f64) -> u32 {
    (0..count).map(|_| u32::from(random.f64() < rate)).sum()
}

#[test]
fn the_alarm_fires_in_seeded_series_exactly_where_two_of_five_minutes_are_bad() {
    let (mut fired, mut series) = (0, 0);
    for (seed, rate) in (0..).zip([0.01, 0.02, 0.05, 0.1]) {
        for (share, canary) in [
            (10, 20),
            (10, 100),
            (50, 20),
            (50, 100),
            (80, 20),
            (80, 100),
        ] {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut rule = Rule::begun();
            let mut last = [false; 5];
            let mut has_fired = false;
            for minute in 0..12 * 60 {
                let primary = canary * 100 / share - canary;
                let it = Minute {
                    canary,
                    canary_failed: failures(&mut random, canary, rate),
                    primary,
                    primary_failed: failures(&mut random, primary, rate),
                };
                last.rotate_right(1);
                last[0] = rule.is_bad(it);
                rule.arrive(it, 0);
                let expected = last.iter().filter(|bad| **bad).count() >= 2;
                assert_eq!(
                    rule.fires(),
                    expected,
                    "seed {seed}, {it:?}, minute {minute}"
                );
                has_fired |= expected;
            }
            series += 1;
            fired += u32::from(has_fired);
        }
    }
    assert_eq!(series, 24);
    assert!(
        fired <= 1,
        "{fired} of {series} good releases of 12 hours were rolled back"
    );
}

#[test]
fn total_failure_at_a_tenth_of_the_work_is_seen_once_two_minutes_have_arrived() {
    for late in 0..=3 {
        for canary in [3, 20, 1000] {
            for base in [0, 1, 10] {
                let mut rule = Rule::begun();
                let good = Minute {
                    canary,
                    canary_failed: canary * base / 100,
                    primary: 9 * canary,
                    primary_failed: 9 * canary * base / 100,
                };
                for _ in 0..10 {
                    rule.arrive(good, late);
                    assert!(!rule.fires(), "{good:?}");
                }
                let bad = Minute {
                    canary_failed: canary,
                    ..good
                };
                rule.arrive(bad, late);
                assert!(!rule.fires(), "one minute is not enough");
                rule.arrive(bad, late);
                assert!(rule.fires(), "{bad:?}, {late} minutes late");
            }
        }
    }
}

#[test]
fn one_task_of_five_that_loses_two_of_five_minutes_fires_it_whatever_its_version_is_like() {
    let mut rule = Rule::begun();
    let fine = Minute {
        canary: 100,
        canary_failed: 1,
        primary: 900,
        primary_failed: 9,
    };
    let lost = Minute {
        canary_failed: 20,
        ..fine
    };
    let fired: Vec<_> = [fine, lost, fine, fine, fine, lost]
        .map(|minute| {
            rule.arrive(minute, 0);
            rule.fires()
        })
        .to_vec();
    assert_eq!(fired, [false, false, false, false, false, true]);
}
