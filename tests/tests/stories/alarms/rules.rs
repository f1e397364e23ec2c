//! Which minutes are bad.

use proptest::prelude::*;
use rehearsal_core::stage::{self, Traffic};

use super::{Minute, Rule};

fn minute(canary: (u32, u32), primary: (u32, u32)) -> Minute {
    Minute {
        canary_failed: canary.0,
        canary: canary.1,
        primary_failed: primary.0,
        primary: primary.1,
    }
}

/// The rule as a textbook has it, with a square root, which metric math does not have.
fn is_more_than_chance(it: Minute) -> bool {
    let [k, n, primary_failed, primary] =
        [it.canary_failed, it.canary, it.primary_failed, it.primary].map(f64::from);
    let gap = k / n - primary_failed / primary;
    let pooled = (k + primary_failed) / (n + primary);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / primary)).sqrt();
    gap > 0.05 && k >= 3.0 && gap > 3.5 * deviation
}

#[test]
fn what_a_person_would_call_bad_is_bad() {
    for traffic in [Traffic::Queue, Traffic::Alb] {
        let rule = Rule::comparison(traffic);
        for (canary, primary, bad, what) in [
            ((20, 20), (2, 180), true, "everything fails"),
            ((3, 3), (0, 27), true, "all of three, the fewest that count"),
            ((2, 2), (0, 18), false, "all of two"),
            ((4, 20), (2, 180), true, "a fifth, beside one in a hundred"),
            (
                (2, 20),
                (2, 180),
                false,
                "two of twenty are what chance does",
            ),
            (
                (5, 100),
                (9, 900),
                false,
                "four points more, and the gap is five",
            ),
            ((8, 100), (9, 900), true, "seven points more, of a hundred"),
            (
                (4, 20),
                (0, 20),
                false,
                "a fifth at half of the work: too few to tell",
            ),
            ((12, 20), (0, 20), true, "most of them at half of the work"),
            ((30, 100), (270, 900), false, "an outage that both share"),
            ((100, 100), (900, 900), false, "an outage of everything"),
            ((1, 100), (400, 900), false, "the repair of a bad version"),
            ((0, 100), (0, 900), false, "nothing fails"),
            ((0, 0), (9, 900), false, "no canary"),
            ((0, 0), (0, 0), false, "nobody works"),
        ] {
            assert_eq!(
                rule.is_bad(minute(canary, primary)),
                bad,
                "{traffic:?}: {what}"
            );
        }
    }
}

#[test]
fn without_messages_of_the_primary_no_minute_is_bad() {
    for traffic in [Traffic::Queue, Traffic::Alb] {
        let rule = Rule::comparison(traffic);
        for failed in 0..=50 {
            assert!(!rule.is_bad(minute((failed, 50), (0, 0))));
        }
    }
}

#[test]
fn a_metric_that_has_not_come_leaves_no_minute_out() {
    for (traffic, alarm) in [
        (Traffic::Queue, stage::FAILURES_ALARM),
        (Traffic::Alb, stage::FAILURES_ALARM),
        (Traffic::Alb, stage::ERRORS_ALARM),
        (Traffic::Alb, "orders-primary-5xx"),
        (Traffic::Alb, "orders-unanswered"),
    ] {
        let rule = Rule::shipped(traffic, alarm);
        assert_eq!(rule.judge(|_| None), Some(false), "{alarm}: none");
        let some = minute((60, 100), (9, 900));
        let asked = std::cell::RefCell::new(Vec::new());
        rule.judge(|metric| {
            asked.borrow_mut().push(metric);
            None
        });
        for missing in asked.into_inner() {
            let found = rule.judge(|metric| (metric != missing).then(|| metric.of(some)));
            assert!(found.is_some(), "{alarm} without {missing:?}");
        }
    }
}

#[test]
fn more_refused_connections_than_requests_are_no_reason_without_a_primary() {
    let rule = Rule::comparison(Traffic::Alb);
    let refused = |primary: f64| {
        rule.judge(move |metric| {
            Some(match (metric.name.as_str(), metric.of_canary) {
                ("RequestCount", Some(true)) => 50.0,
                ("TargetConnectionErrorCount", Some(true)) => 100.0,
                ("RequestCount", _) => primary,
                _ => 0.0,
            })
        })
    };
    assert_eq!(refused(0.0), Some(false));
    assert_eq!(refused(450.0), Some(true));
}

#[test]
fn an_absolute_rule_on_5xx_asks_for_three_failures_twenty_requests_and_more_than_chance() {
    for alarm in [stage::ERRORS_ALARM, "orders-primary-5xx"] {
        let rule = Rule::shipped(Traffic::Alb, alarm);
        // Both groups alike: the rule looks at one of them, whichever that is.
        let is_bad = |failed, all| rule.is_bad(minute((failed, all), (failed, all)));
        for (failed, all, bad) in [
            (20, 20, true),
            (19, 19, false),
            (2, 20, false),
            (4, 20, false),
            (5, 20, true),
            (12, 100, false),
            (13, 100, true),
            (74, 1000, false),
            (75, 1000, true),
        ] {
            assert_eq!(is_bad(failed, all), bad, "{alarm}: {failed} of {all}");
        }
    }
}

#[test]
fn a_canary_that_hangs_is_seen_at_a_tenth_of_twenty_requests() {
    let rule = Rule::shipped(Traffic::Alb, "orders-unanswered");
    assert!(rule.is_bad(minute((2, 2), (0, 18))));
    assert!(!rule.is_bad(minute((1, 2), (0, 18))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// The expression of the template says what the statistics say, and both examples say the same.
    #[test]
    fn the_expressions_are_the_statistics(
        canary in 1_u32..400, primary in 1_u32..2000, bad in 0.0..1.0_f64, base in 0.0..0.3_f64,
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
        let part = |of: u32, rate: f64| (f64::from(of) * rate) as u32;
        let it = minute((part(canary, bad), canary), (part(primary, base), primary));
        let expected = is_more_than_chance(it);
        thread_local! {
            static RULES: [Rule; 2] = [Traffic::Queue, Traffic::Alb].map(Rule::comparison);
        }
        RULES.with(|rules| {
            for rule in rules {
                prop_assert_eq!(rule.is_bad(it), expected, "{:?}", it);
            }
            Ok(())
        })?;
    }
}
