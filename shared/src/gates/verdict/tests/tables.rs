//! The tables of `shared/docs/verdict.md`:
//!
//! ```sh
//! cargo test -p canary --lib tables -- --ignored --nocapture --test-threads 1
//! ```

use super::{
    releases::{
        TWELVE_HOURS, as_good, bad, batches, beyond, losing, pair, percent, slow, within, worse,
    },
    *,
};

const RUNS: u64 = 10_000;

/// Shares, and messages of the canary a minute.
const SETTINGS: [(u64, u64); 5] = [(10, 20), (10, 100), (10, 1000), (50, 20), (50, 100)];

fn row(name: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<_> = cells.into_iter().collect();
    println!("| {name} | {} |", cells.join(" | "));
}

/// `0.3`, and `0` only for none at all.
fn told(runs: &[Option<u32>]) -> String {
    match percent(runs) {
        none @ 0.0 => none.to_string(),
        all @ 100.0 => all.to_string(),
        few if few < 0.05 => "< 0.1".to_owned(),
        most if most >= 99.95 => "> 99.9".to_owned(),
        some => format!("{some:.1}"),
    }
}

/// `5 / 6 / 7`: within how many minutes half, 80 and 95 % are found.
fn delays(runs: &[Option<u32>]) -> String {
    let found = [50, 80, 95].map(|percent| match within(percent, runs) {
        Some(minutes) => minutes.to_string(),
        None => format!("> {TWELVE_HOURS}"),
    });
    found.join(" / ")
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn good_releases_that_are_called_worse() {
    for rate in [0.1, 1.0, 2.0, 5.0, 20.0] {
        let cells = SETTINGS.map(|(share, canary)| {
            told(&worse(RUNS, TWELVE_HOURS, &Bounds::default(), |_| {
                pair([rate; 2], share, canary)
            }))
        });
        row(&format!("{rate} %"), cells);
    }
}

/// A bar for failures, in percent, that so many minutes must be above; and the canary against the primary.
#[test]
#[ignore = "prints a table, and takes minutes"]
fn good_releases_that_fixed_bars_roll_back_within_twenty_minutes() {
    let settings = [
        (1.0, 10, 20),
        (1.0, 10, 100),
        (0.1, 10, 100),
        (5.0, 10, 100),
        (1.0, 50, 100),
    ];
    let rate = |counts: Counts| number(counts.failures) / number(counts.attempts);
    for most in [1, 5] {
        let cells = settings.map(|(of_both, share, canary)| {
            let release = |_: &mut _| pair([of_both; 2], share, canary);
            told(&bad(RUNS, 20, most, release, |block| {
                rate(block.canary) > 0.01
            }))
        });
        row(&format!("more than 1 % fail, {most} minutes"), cells);
    }
    let cells = settings.map(|(of_both, share, canary)| {
        let release = |_: &mut _| pair([of_both; 2], share, canary);
        let is_bad = |block: &Block| rate(block.canary) > 2.0 * rate(block.primary);
        told(&bad(RUNS, 20, 1, release, is_bad))
    });
    row("twice the primary's rate, one minute", cells);
    let cells = settings.map(|(of_both, share, canary)| {
        told(&worse(RUNS, 20, &Bounds::default(), |_| {
            pair([of_both; 2], share, canary)
        }))
    });
    row("*worse*", cells);
}

const CHANGES: [[f64; 2]; 9] = [
    [0.0, 1.0],
    [0.1, 1.0],
    [1.0, 1.5],
    [1.0, 2.0],
    [1.0, 5.0],
    [1.0, 10.0],
    [1.0, 50.0],
    [1.0, 100.0],
    [5.0, 10.0],
];

#[test]
#[ignore = "prints a table, and takes minutes"]
fn minutes_until_a_bad_release_is_called_worse() {
    for [from, to] in CHANGES {
        let cells = SETTINGS.map(|(share, canary)| {
            delays(&worse(RUNS / 10, TWELVE_HOURS, &Bounds::default(), |_| {
                pair([from, to], share, canary)
            }))
        });
        row(&format!("{from} → {to} %"), cells);
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn bad_releases_that_the_examples_steps_find() {
    for [from, to] in CHANGES {
        let found = |seed| {
            let rng = &mut fastrand::Rng::with_seed(seed);
            let (bounds, tenth, half) = (
                Bounds::default(),
                pair([from, to], 10, 20),
                pair([from, to], 50, 100),
            );
            let mut tally = Tally::new(&bounds);
            (1..=20).find(|minute| {
                tally.add(&if *minute <= 10 { tenth(rng) } else { half(rng) });
                tally.is_worse()
            })
        };
        let runs: Vec<_> = (1..=RUNS).map(found).collect();
        let before: Vec<_> = runs
            .iter()
            .map(|it| it.filter(|minute| *minute <= 10))
            .collect();
        row(&format!("{from} → {to} %"), [told(&before), told(&runs)]);
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn minutes_until_a_good_release_is_called_as_good() {
    for rate in [0.0, 0.1, 1.0, 2.0, 5.0] {
        let bounds = [None, Some(rate * 2.0)].map(|objective| Bounds {
            objective: objective.map(|it: f64| it.max(0.5)),
            ..Bounds::default()
        });
        for bounds in bounds {
            let cells = SETTINGS.map(|(share, canary)| {
                delays(&as_good(RUNS / 20, TWELVE_HOURS, &bounds, |_| {
                    pair([rate; 2], share, canary)
                }))
            });
            let against = bounds
                .objective
                .map_or("ratio 3".to_owned(), |it| format!("objective {it} %"));
            row(&format!("{rate} %, {against}"), cells);
        }
    }
}

/// Of which at most 2 % may fail, with so many attempts a minute.
#[test]
#[ignore = "prints a table, and takes minutes"]
fn minutes_until_a_promoted_version_is_called_worse_than_its_objective() {
    let bounds = Bounds {
        objective: Some(2.0),
        ..Bounds::default()
    };
    for rate in [3.0, 5.0, 10.0, 100.0] {
        let cells = [20, 100, 1000].map(|attempts| {
            delays(&beyond(RUNS / 10, TWELVE_HOURS, &bounds, |_| {
                pair([rate; 2], 50, attempts / 2)
            }))
        });
        row(&format!("{rate} %"), cells);
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn bad_releases_that_are_called_as_good() {
    for times in [1.5, 2.0, 3.0, 5.0] {
        let cells = SETTINGS.map(|(share, canary)| {
            told(&as_good(
                RUNS / 10,
                TWELVE_HOURS,
                &Bounds::default(),
                |_| pair([1.0, times], share, canary),
            ))
        });
        row(&format!("{times} times"), cells);
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn good_releases_whose_tasks_lose_whole_minutes() {
    for max_minute_factor in [f64::INFINITY, 10.0, 4.0] {
        let bounds = Bounds {
            max_minute_factor,
            ..Bounds::default()
        };
        for tasks in [[1, 9], [5, 5], [1, 2]] {
            let cells = [0.0005, 0.002, 0.005].map(|lost| {
                told(&worse(RUNS / 2, TWELVE_HOURS, &bounds, |_| {
                    losing(tasks, 20, 1.0, lost)
                }))
            });
            row(&format!("{max_minute_factor}, {tasks:?}"), cells);
        }
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn good_releases_whose_failures_come_in_batches() {
    for size in [1, 2, 5, 10] {
        let cells = [(10, 100), (50, 100)].map(|(share, canary)| {
            told(&worse(RUNS / 2, TWELVE_HOURS, &Bounds::default(), |_| {
                batches(1.0, share, canary, size)
            }))
        });
        row(&format!("{size}"), cells);
    }
}

#[test]
#[ignore = "prints a table, and takes minutes"]
fn good_releases_whose_failures_take_a_minute() {
    for rate in [1.0, 5.0] {
        let cells = [None, Some(0.1)].map(|tasks| {
            told(&worse(
                RUNS / 2,
                TWELVE_HOURS,
                &Bounds::default(),
                slow(rate, 9, tasks),
            ))
        });
        row(&format!("{rate} %"), cells);
    }
}
