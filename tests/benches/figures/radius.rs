//! What bad candidates do until something ends their release, and how often good releases are ended: of the verdict and the alarms as
//! shipped, and of what others do.

use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use anyhow::Context;
use rehearsal_core::stage::{Step, Traffic};

use crate::{
    blast::{
        minutes::{Queue, TWELVE_HOURS, failed_beyond},
        release::{Guard, Played, Release},
        ways::{self, Way},
    },
    rule::Rule,
    table::{Cell, Report, Samples, Table},
};

/// Releases through the functions, of each kind.
const STORIES: u64 = 20;

/// Releases that are counted by the minute alone, of each kind.
const COUNTED: u64 = 1000;

/// The same of those that must hold.
const MUST_HOLD: u64 = 2000;

/// How many percent fail of the stable version's attempts and of the candidate's.
const BAD: [[u8; 2]; 5] = [[1, 2], [1, 5], [1, 10], [1, 50], [1, 100]];
const GOOD: [[u8; 2]; 3] = [[1, 1], [2, 2], [5, 5]];

/// Shares in percent, and for how many minutes each is held.
const STEPS: [(&str, &[(u8, usize)]); 3] = [
    ("10 % 10 min, 50 % 10 min", &[(10, 10), (50, 10)]),
    ("10 % 1 h", &[(10, 60)]),
    ("50 % 1 h", &[(50, 60)]),
];

/// By the name of its column, what ends a release: of those through the functions what guards them, of the others what is counted.
const WAYS: [(&str, Guard, &[Way]); 5] = [
    (
        "verdict and alarms, as shipped",
        Guard::Shipped,
        &[Way::Verdict, Way::Comparison, Way::DeadLetters],
    ),
    (
        "alarms alone",
        Guard::Alarms,
        &[Way::Comparison, Way::DeadLetters],
    ),
    (
        "dead-letter alarm alone",
        Guard::DeadLetters,
        &[Way::DeadLetters],
    ),
    ("Flagger's rule", Guard::Nothing, &[Way::Flagger]),
    ("Argo's rule", Guard::Nothing, &[Way::Argo]),
];

/// Plays and counts them.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    must_hold(report);
    for (name, steps) in STEPS {
        counted(name, steps, report);
    }
    played(report)
}

/// Good releases of twelve hours, counted by the minute.
fn must_hold(report: &mut Report) {
    eprintln!("counting {MUST_HOLD} good releases of 12 h");
    let mut rows = Vec::new();
    for share in [10, 50] {
        let ended = each(MUST_HOLD, |seed, alarm| {
            let minutes = Queue::new(seed, [2, 2]).minutes(&[(share, TWELVE_HOURS)]);
            ALL.map(|way| way.ends(&minutes, alarm).is_some())
        });
        let percent = |ways: &[Way]| {
            let is_ended = |ended: &&[bool; ALL.len()]| {
                ALL.iter()
                    .zip(**ended)
                    .any(|(way, ended)| ended && ways.contains(way))
            };
            percent(ended.iter().filter(is_ended).count(), ended.len())
        };
        let (verdict, either) = (
            percent(&[Way::Verdict]),
            percent(&[Way::Verdict, Way::Comparison]),
        );
        report.at_most(
            format!("% of good releases of 12 h at {share} % rolled back by the verdict"),
            verdict,
            1.0,
        );
        report.at_most(
            format!("% of them rolled back by the verdict or the alarm that compares, {share} %"),
            either,
            4.0,
        );
        let cells = [
            verdict,
            percent(&[Way::Comparison]),
            either,
            percent(&[Way::DeadLetters]),
            percent(&[Way::Flagger]),
            percent(&[Way::Argo]),
        ];
        rows.push((
            format!("{share} %"),
            cells.map(|percent| Cell::Number(percent, 2)).to_vec(),
        ));
    }
    report.table(Table {
        title: "Good releases rolled back within 12 h, in percent".to_owned(),
        columns: columns(
            "share",
            &[
                "by the verdict",
                "by the alarm that compares",
                "by either",
                "dead-letter alarm",
                "Flagger's rule",
                "Argo's rule",
            ],
        ),
        rows,
        note: format!("Counted by the minute in {MUST_HOLD} releases each."),
    });
}

/// Every way.
const ALL: [Way; 5] = [
    Way::Verdict,
    Way::Comparison,
    Way::DeadLetters,
    Way::Flagger,
    Way::Argo,
];

/// Releases that are counted by the minute.
fn counted(name: &str, steps: &[(u8, usize)], report: &mut Report) {
    eprintln!("counting {COUNTED} releases of each kind, {name}");
    let mut rows = Vec::new();
    for rates in BAD.into_iter().chain(GOOD) {
        let released = each(COUNTED, |seed, alarm| {
            let minutes = Queue::new(seed, rates).minutes(steps);
            WAYS.map(|(_, _, ways)| ways::first(ways, &minutes, alarm))
        });
        let cells = (0..WAYS.len()).map(|way| {
            let ends: Vec<f64> = released
                .iter()
                .filter_map(|ends| ends[way])
                .map(minutes)
                .collect();
            let percent = percent(ends.len(), released.len());
            Cell::Text(match percent {
                0.0 => "0".to_owned(),
                percent => format!("{percent:.1} %, {:.0} min", Samples::new(ends).median()),
            })
        });
        rows.push((told(rates), cells.collect()));
    }
    report.table(Table {
        title: format!("Releases that are ended by what the minutes count: how many, and after how many minutes; {name}"),
        columns: columns("fail", &WAYS.map(|(name, ..)| name)),
        rows,
        note: String::new(),
    });
}

/// What became of a release.
#[derive(Debug, Clone, Copy)]
struct Fate {
    is_ended: bool,
    minutes: f64,
    failed: f64,
}

/// Whole releases through the functions.
fn played(report: &mut Report) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut others = 0;
    for rates in BAD.into_iter().chain(GOOD) {
        let mut cells = Vec::new();
        for (name, guard, ways) in WAYS {
            eprintln!("playing {STORIES} releases, {}, {name}", told(rates));
            let fates = each(STORIES, |seed, alarm| {
                let steps = vec![Step::new(10, 600), Step::new(50, 600)];
                let release = Release {
                    rates,
                    steps,
                    guard,
                    seed,
                };
                let played = story(&release)?;
                let is_other = guard != Guard::Nothing && !played.went_as(ways, alarm);
                anyhow::Ok((Fate::of(&played, &release, ways, alarm), is_other))
            });
            let fates: Vec<(Fate, bool)> = fates.into_iter().collect::<anyhow::Result<_>>()?;
            others += fates.iter().filter(|(_, is_other)| *is_other).count();
            cells.push(Fate::told(&fates));
        }
        rows.push((told(rates), cells));
    }
    report.at_most(
        "releases through the functions that went otherwise than their minutes say",
        minutes(others),
        0.0,
    );
    report.table(Table {
        title: format!(
            "What a candidate does until its release is ended, of {STORIES} releases each: how many are ended; minutes that the candidate \
             worked; its attempts that failed beyond those that would have at the stable version"
        ),
        columns: columns("stable → candidate", &WAYS.map(|(name, ..)| name)),
        rows,
        note: "Releases of a queue's consumer through the functions, on a virtual clock: 200 messages a minute, ten tasks; 10 % for 10 \
               minutes, 50 % for 10 minutes, and three minutes of the approval, up to which one counts that nothing ends. Minutes and failures \
               are means of all. What Flagger and Argo do is no measurement of them: their rules, with the numbers of their documentation, \
               over the minutes of releases that nothing ends."
            .to_owned(),
    });
    Ok(())
}

impl Fate {
    /// With what guarded it; where that was nothing, by what its minutes say.
    fn of(played: &Played, release: &Release, ways: &[Way], alarm: &Rule) -> Self {
        let until = match release.guard {
            Guard::Nothing => played.ended_by(ways, alarm),
            _ => None,
        };
        let counted = &played.minutes[..until.unwrap_or(played.minutes.len())];
        Self {
            is_ended: played.stopped.is_some() || until.is_some(),
            minutes: until.map_or(played.worked.as_secs_f64() / 60.0, minutes),
            failed: failed_beyond(counted, release.rates[0]),
        }
    }

    /// `20 of 20; 7.9 min; 18`
    fn told(fates: &[(Self, bool)]) -> Cell {
        let mean = |of: fn(&Self) -> f64| {
            fates.iter().map(|(fate, _)| of(fate)).sum::<f64>() / minutes(fates.len())
        };
        let ended = fates.iter().filter(|(fate, _)| fate.is_ended).count();
        let (minutes, failed) = (mean(|fate| fate.minutes), mean(|fate| fate.failed));
        Cell::Text(format!(
            "{ended} of {}; {minutes:.1} min; {failed:.0}",
            fates.len()
        ))
    }
}

fn story(release: &Release) -> anyhow::Result<Played> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .context("cannot start a runtime")?;
    Ok(runtime.block_on(release.play()))
}

/// `1 → 5 %`
fn told([stable, candidate]: [u8; 2]) -> String {
    format!("{stable} → {candidate} %")
}

fn columns(first: &str, others: &[&str]) -> Vec<String> {
    std::iter::once(&first)
        .chain(others)
        .map(|it| (*it).to_owned())
        .collect()
}

/// Does something with every seed from 1 on, on all processors; answers what came of it in their order.
fn each<T: Send>(seeds: u64, of: impl Fn(u64, &Rule) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(1);
    let work = || {
        let alarm = Rule::comparison(Traffic::Queue);
        let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
            .take_while(|seed| *seed <= seeds);
        seeds
            .map(|seed| (seed, of(seed, &alarm)))
            .collect::<Vec<_>>()
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut found = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("it does not panic"))
            .collect::<Vec<_>>()
    });
    found.sort_by_key(|(seed, _)| *seed);
    found.into_iter().map(|(_, found)| found).collect()
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn percent(some: usize, all: usize) -> f64 {
    some as f64 * 100.0 / all as f64
}

#[expect(clippy::cast_precision_loss, reason = "some hundreds")]
fn minutes(count: usize) -> f64 {
    count as f64
}
