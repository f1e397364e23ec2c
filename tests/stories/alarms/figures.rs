//! How often the alarms roll good releases back, and how soon they see bad ones: computed, not simulated, from the
//! expressions of the templates. The tables are those of `infra/docs/alarms.md`.

use std::fmt::Write as _;

use rehearsal_core::stage::{self, Traffic};

use super::{Failing, Minute, Rule};

pub(super) const TWELVE_HOURS: u32 = 12 * 60;

/// What arrives in every minute, by the canary's share and its messages.
#[derive(Debug, Clone, Copy)]
struct Load {
    share: u32,
    canary: u32,
}

const LOADS: [Load; 6] = [
    Load::new(10, 20),
    Load::new(10, 100),
    Load::new(50, 20),
    Load::new(50, 100),
    Load::new(80, 20),
    Load::new(80, 100),
];

impl Load {
    const fn new(share: u32, canary: u32) -> Self {
        Self { share, canary }
    }

    fn primary(self) -> u32 {
        self.canary * 100 / self.share - self.canary
    }
}

/// The chances that 0, 1, 2 and so on of `count` fail, each by itself with that chance.
pub(super) fn binomial(count: u32, rate: f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for _ in 0..count {
        let mut next = vec![0.0; chances.len() + 1];
        for (failed, chance) in chances.iter().enumerate() {
            next[failed] += chance * (1.0 - rate);
            next[failed + 1] += chance * rate;
        }
        chances = next;
    }
    chances
}

/// The chances that are worth a look, with their number.
pub(super) fn likely(chances: &[f64]) -> impl Iterator<Item = (u32, f64)> {
    (0..)
        .zip(chances.iter().copied())
        .filter(|(_, chance)| *chance > 1e-12)
}

impl Rule {
    /// The chance that a minute is bad.
    fn chance(&self, load: Load, canary_rate: f64, primary_rate: f64) -> f64 {
        let (canary, primary) = (load.canary, load.primary());
        let primary_chances = binomial(primary, primary_rate);
        let mut bad = 0.0;
        for (canary_failed, chance) in likely(&binomial(canary, canary_rate)) {
            for (primary_failed, other) in likely(&primary_chances) {
                let minute = Minute {
                    canary,
                    canary_failed,
                    primary,
                    primary_failed,
                };
                if self.is_bad(minute) {
                    bad += chance * other;
                }
            }
        }
        bad
    }
}

/// The chance that two of five minutes in a row are bad at least once in so many, if each is with that chance.
fn two_of_five(bad: f64, minutes: u32) -> f64 {
    of_five(2, bad, minutes)
}

/// The same of as many as are needed.
pub(super) fn of_five(needed: u32, bad: f64, minutes: u32) -> f64 {
    // Which of the last four were bad, as bits; those that fired are not followed any further.
    let mut quiet = [0.0; 16];
    quiet[0] = 1.0;
    for _ in 0..minutes {
        let mut next = [0.0; 16];
        for (last, chance) in quiet.iter().enumerate() {
            next[last << 1 & 15] += chance * (1.0 - bad);
            if last.count_ones() + 1 < needed {
                next[(last << 1 | 1) & 15] += chance * bad;
            }
        }
        quiet = next;
    }
    1.0 - quiet.iter().sum::<f64>()
}

fn false_alarm(rule: &Rule, load: Load, rate: f64) -> f64 {
    two_of_five(rule.chance(load, rate, rate), TWELVE_HOURS)
}

/// As the tables have it: to a tenth of a percent, and 0 only where it is never.
pub(super) fn percent(chance: f64) -> String {
    match chance * 100.0 {
        never if never < 1e-7 => "0".to_owned(),
        little if little < 0.05 => "< 0.1".to_owned(),
        nearly if nearly > 99.95 => "100".to_owned(),
        other => format!("{other:.1}"),
    }
}

pub(super) fn table(
    columns: &[String],
    rows: impl IntoIterator<Item = (String, Vec<String>)>,
) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    for (name, cells) in rows {
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    text
}

fn columns(first: &str) -> Vec<String> {
    let load = |load: &Load| format!("{} %, {}", load.share, load.canary);
    std::iter::once(first.to_owned())
        .chain(LOADS.iter().map(load))
        .collect()
}

/// The document shows a table as it is computed here.
pub(super) fn is_documented(table: &str) {
    let document = include_str!("../../../infra/docs/alarms.md");
    assert!(
        document.contains(table),
        "infra/docs/alarms.md has other figures than the templates give:\n\n{table}"
    );
}

#[test]
fn good_releases_are_hardly_ever_rolled_back() {
    let rates = [0.01, 0.02, 0.05, 0.1];
    let rule = Rule::comparison(Traffic::Queue);
    let naive = Rule::naive();
    let mut rows = Vec::new();
    for rate in rates {
        let chances = LOADS.map(|load| false_alarm(&rule, load, rate));
        for (chance, load) in chances.iter().zip(LOADS) {
            assert!(*chance <= 0.03, "{rate} at {load:?}: {chance}");
        }
        rows.push((
            format!("{:.0} %", rate * 100.0),
            chances.map(percent).to_vec(),
        ));
    }
    is_documented(&table(&columns("both fail"), rows));

    let rows = rates.map(|rate| {
        let chances = LOADS.map(|load| percent(false_alarm(&naive, load, rate)));
        (format!("{:.0} %", rate * 100.0), chances.to_vec())
    });
    is_documented(&table(&columns("both fail"), rows));
}

#[test]
fn what_is_seen_and_what_is_not_is_documented_with_its_zeros() {
    let rule = Rule::comparison(Traffic::Queue);
    let rows = [
        (1, 5),
        (1, 10),
        (1, 20),
        (1, 50),
        (1, 100),
        (5, 10),
        (5, 20),
        (5, 50),
        (5, 100),
    ]
    .map(|(primary, canary)| {
        let cells = LOADS.map(|load| {
            let bad = rule.chance(load, f64::from(canary) / 100.0, f64::from(primary) / 100.0);
            let within = |minutes| percent(two_of_five(bad, minutes));
            format!("{} / {}", within(10), within(30))
        });
        (format!("{primary} → {canary} %"), cells.to_vec())
    });
    is_documented(&table(&columns("primary → canary"), rows));
}

#[test]
fn a_canary_that_fails_a_fifth_at_half_of_little_work_is_as_good_as_never_seen() {
    let rule = Rule::comparison(Traffic::Queue);
    let seen = two_of_five(rule.chance(Load::new(50, 20), 0.2, 0.01), TWELVE_HOURS);
    assert!(seen < 0.02, "{seen} within twelve hours");
}

/// A table by what happens on an ordinary day and by requests in a minute: how often good releases are rolled back.
fn by_requests(
    first: &str,
    rows: impl IntoIterator<Item = String>,
    bad: impl Fn(usize, u32) -> f64,
) -> String {
    let requests = [20, 100, 1000];
    let header: Vec<_> = std::iter::once(first.to_owned())
        .chain(requests.map(|count| format!("{count} requests a minute")))
        .collect();
    let rows = rows.into_iter().enumerate().map(|(row, name)| {
        let cell = |count| percent(two_of_five(bad(row, count), TWELVE_HOURS));
        (name, requests.map(cell).to_vec())
    });
    table(&header, rows)
}

#[test]
fn what_an_absolute_rule_costs_is_documented() {
    let rates = [1, 2, 3, 5, 6, 7, 10];
    for failing in [Failing::Answered, Failing::Dropped] {
        let rule = Rule::shipped(Traffic::Alb, stage::ERRORS_ALARM).where_they_are(failing);
        let names = rates.map(|rate| format!("{rate} %"));
        let table = by_requests("fails on an ordinary day", names, |row, count| {
            // Whatever the primary does: none of its metrics is asked for.
            rule.chance(Load::new(100, count), f64::from(rates[row]) / 100.0, 0.0)
        });
        is_documented(&table);
    }
}

#[test]
fn what_it_costs_that_the_load_balancer_answers_some_itself_is_documented() {
    let alarm = stage::UNANSWERED_ALARM;
    let rule = Rule::shipped(Traffic::Alb, alarm).where_they_are(Failing::Dropped);
    let rates = [0.01, 0.1, 0.5, 1.0, 2.0, 3.0];
    let names = rates.map(|rate| format!("{rate} %"));
    let table = by_requests(
        "answered by the load balancer on an ordinary day",
        names,
        |row, count| rule.chance(Load::new(100, count), rates[row] / 100.0, 0.0),
    );
    is_documented(&table);
}

impl Rule {
    /// From which mean response time on a minute of so many requests is bad.
    fn slowest(&self, requests: u32) -> f64 {
        let is_bad = |seconds: f64| {
            let found = self.judge(|metric| {
                Some(match metric.name.as_str() {
                    "TargetResponseTime" => seconds,
                    _ => f64::from(requests),
                })
            });
            found.expect("every operand is filled")
        };
        let (mut good, mut bad) = (0.0, 4000.0);
        assert!(!is_bad(good) && is_bad(bad));
        for _ in 0..60 {
            let middle = f64::midpoint(good, bad);
            *(if is_bad(middle) { &mut bad } else { &mut good }) = middle;
        }
        bad
    }
}

/// The chance that a Poisson variable is less than a count.
fn poisson_below(count: u32, mean: f64) -> f64 {
    // As a logarithm: for many requests the first terms are smaller than any number.
    let mut term = -mean;
    let mut sum = 0.0;
    for k in 0..count {
        sum += term.exp();
        term += (mean / f64::from(k + 1)).ln();
    }
    sum
}

/// Response times that are spread as waiting times are: many short ones, few long ones, a standard deviation as large as the
/// mean. Their sum is longer than a time if fewer of them than there are begin within it.
#[test]
fn what_a_bound_on_the_mean_costs_where_times_are_spread_is_documented() {
    let rule = Rule::shipped(Traffic::Alb, stage::LATENCY_ALARM);
    let means = [0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    let names = means.map(|mean| format!("{mean} s"));
    let table = by_requests("mean on an ordinary day", names, |row, count| {
        let longest = f64::from(count) * rule.slowest(count);
        poisson_below(count, longest / means[row])
    });
    is_documented(&table);
}

/// Response times of a tenth of a second, but for a few of ten seconds.
#[test]
fn what_a_bound_on_the_mean_costs_where_few_are_very_slow_is_documented() {
    const FAST: f64 = 0.1;
    const SLOW: f64 = 10.0;
    let rule = Rule::shipped(Traffic::Alb, stage::LATENCY_ALARM);
    let rates = [0.1, 0.5, 1.0, 2.0, 5.0];
    let names = rates.map(|rate| format!("{rate} %"));
    let table = by_requests("take ten seconds", names, |row, count| {
        let slowest = rule.slowest(count);
        let is_bad = |slow: u32| {
            let share = f64::from(slow) / f64::from(count);
            FAST + share * (SLOW - FAST) >= slowest
        };
        let chances = binomial(count, rates[row] / 100.0);
        likely(&chances)
            .filter(|(slow, _)| is_bad(*slow))
            .map(|(_, chance)| chance)
            .sum()
    });
    is_documented(&table);
}
