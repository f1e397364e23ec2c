//! Which minutes are bad.

use proptest::prelude::*;
use rehearsal_core::stage::{self, Traffic};

use super::{Failing, Metric, Minute, Rule};

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
        (Traffic::Alb, stage::PRIMARY_ERRORS_ALARM),
        (Traffic::Alb, stage::UNANSWERED_ALARM),
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
            let found = rule
                .judge(|metric| (metric != missing).then(|| metric.of(some, Failing::Answered)));
            assert!(found.is_some(), "{alarm} without {missing:?}");
        }
    }
}

/// The rules on failures of a group.
fn of_groups() -> [Rule; 3] {
    [
        stage::FAILURES_ALARM,
        stage::ERRORS_ALARM,
        stage::PRIMARY_ERRORS_ALARM,
    ]
    .map(|alarm| Rule::shipped(Traffic::Alb, alarm))
}

#[test]
fn requests_that_are_dropped_or_not_answered_fail_as_those_that_are_answered_with_5xx() {
    for rule in of_groups() {
        let dropped = Rule::shipped(Traffic::Alb, rule.alarm).where_they_are(Failing::Dropped);
        for it in [
            minute((20, 20), (180, 180)),
            minute((30, 100), (9, 900)),
            minute((9, 100), (300, 900)),
            minute((0, 100), (0, 900)),
        ] {
            assert_eq!(
                dropped.is_bad(it),
                rule.is_bad(it),
                "{}: {it:?}",
                rule.alarm
            );
        }
    }
}

/// A minute in which sixty requests of the canary came to no answer that is counted, and so many 502 of the load balancer's own.
fn unaccounted(rule: &Rule, own: f64) -> Option<bool> {
    rule.judge(|metric: Metric| {
        Some(match metric.name.as_str() {
            "RequestCount" | "HTTPCode_Target_2XX_Count" if metric.of_canary == Some(false) => {
                900.0
            }
            "RequestCount" => 100.0,
            "HTTPCode_Target_2XX_Count" => 40.0,
            "HTTPCode_ELB_502_Count" => own,
            _ => 0.0,
        })
    })
}

/// Protocols that were changed, clients that gave up, answers that come in the next minute, and metrics that come later
/// than the others of their minute.
#[test]
fn a_request_without_an_answer_is_no_failure_where_nothing_failed() {
    for rule in of_groups() {
        assert_eq!(unaccounted(&rule, 0.0), Some(false), "{}", rule.alarm);
        assert_eq!(unaccounted(&rule, 2.0), Some(false), "{}", rule.alarm);
        let of_canary = rule.alarm != stage::PRIMARY_ERRORS_ALARM;
        assert_eq!(unaccounted(&rule, 60.0), Some(of_canary), "{}", rule.alarm);
    }
}

#[test]
fn more_answers_than_requests_are_no_failures_and_take_none_away_elsewhere() {
    for rule in of_groups() {
        let bad = |answered: f64| {
            rule.judge(|metric: Metric| {
                Some(match (metric.name.as_str(), metric.of_canary) {
                    ("RequestCount", _) => 100.0,
                    ("HTTPCode_Target_2XX_Count", _) => answered,
                    ("HTTPCode_ELB_502_Count", _) => 80.0,
                    _ => 0.0,
                })
            })
        };
        assert_eq!(bad(140.0), Some(false), "{}", rule.alarm);
        let is_absolute = rule.alarm != stage::FAILURES_ALARM;
        assert_eq!(bad(60.0), Some(is_absolute), "{}", rule.alarm);
    }
}

#[test]
fn an_absolute_rule_on_5xx_asks_for_three_failures_twenty_requests_and_more_than_chance() {
    for alarm in [stage::ERRORS_ALARM, stage::PRIMARY_ERRORS_ALARM] {
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

fn unanswered(failing: Failing) -> Rule {
    Rule::shipped(Traffic::Alb, stage::UNANSWERED_ALARM).where_they_are(failing)
}

#[test]
fn a_canary_that_hangs_is_seen_at_a_tenth_of_twenty_requests() {
    let rule = unanswered(Failing::Dropped);
    assert!(rule.is_bad(minute((2, 2), (0, 18))));
    assert!(!rule.is_bad(minute((1, 2), (0, 18))));
}

#[test]
fn the_outage_of_everything_is_seen_though_no_request_is_counted() {
    let rule = unanswered(Failing::WithoutTarget);
    assert!(rule.is_bad(minute((2, 2), (18, 18))));
    assert!(!rule.is_bad(minute((2, 2), (17, 17))), "too few");
    assert!(rule.is_bad(minute((100, 100), (900, 900))));
}

#[test]
fn what_the_load_balancer_answers_itself_is_counted_once_among_all_that_was_asked() {
    for failing in [Failing::Dropped, Failing::WithoutTarget] {
        let rule = unanswered(failing);
        assert!(!rule.is_bad(minute((50, 100), (0, 900))), "{failing:?}");
        assert!(rule.is_bad(minute((51, 100), (0, 900))), "{failing:?}");
    }
    let answered = unanswered(Failing::Answered);
    assert!(!answered.is_bad(minute((100, 100), (900, 900))));
}

#[test]
fn a_502_that_no_request_is_counted_for_is_asked_for_all_the_same() {
    let rule = unanswered(Failing::Dropped);
    let found = rule.judge(|metric| {
        Some(match metric.name.as_str() {
            "RequestCount" => 0.0,
            _ => 30.0,
        })
    });
    assert_eq!(found, Some(true));
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
