//! The seeds that are told, and how a broken promise is shown.

use std::ops::RangeInclusive;

use super::{Defect, Told, broken, generate, judge, play, report, shrink};

/// The seeds of every build. All 2,000: `CANARY_SEEDS=1..=2000`.
const SEEDS: RangeInclusive<u64> = 1..=240;

/// The variable that names others.
const VARIABLE: &str = "CANARY_SEEDS";

/// How many tests share the seeds: they run beside each other.
const PARTS: u64 = 12;

/// How many broken seeds are named before a part gives up.
const NAMED: usize = 10;

fn seeds() -> RangeInclusive<u64> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return SEEDS;
    };
    let read = |text: &str| text.trim().parse().ok();
    let range = match text.split_once("..=") {
        Some((from, to)) => read(from).zip(read(to)),
        None => read(&text).map(|seed| (seed, seed)),
    };
    let (from, to) = range.unwrap_or_else(|| panic!("{VARIABLE}={text}: write 1..=2000, or 17"));
    from..=to
}

/// Tells every so-manieth story; the first one that breaks a promise is shown as short as it gets.
fn tell_part(part: u64) {
    let mut found = Vec::new();
    let mut reached = Reached::default();
    for seed in seeds().filter(|seed| seed % PARTS == part) {
        let story = generate::story(seed);
        let told = play(&story, None);
        reached.count(&told);
        if let Some(broken) = judge::broken(&told) {
            found.push((seed, story, broken));
        }
        if found.len() >= NAMED {
            break;
        }
    }
    let Some((seed, story, first)) = found.first() else {
        reached.assert_enough();
        return;
    };
    let others: Vec<_> = found[1..]
        .iter()
        .map(|(seed, _, it)| format!("seed {seed}: {}\n  {}", it.promise, it.words))
        .collect();
    let is_same = |story: &_| broken(story, None).is_some_and(|it| it.promise == first.promise);
    let least = shrink::shrink(story.clone(), is_same);
    let told = play(&least, None);
    let shown = judge::broken(&told).map(|it| report(&least, &it, &told.transcript));
    panic!(
        "seed {seed}, {}\n\n{}",
        shown.unwrap_or_default(),
        others.join("\n")
    );
}

/// How far worlds get: promises about what no world reaches are easily kept.
#[derive(Debug, Default)]
struct Reached {
    worlds: usize,
    shifted: usize,
    promoted: usize,
    rolled_back: usize,
}

impl Reached {
    fn count(&mut self, told: &Told) {
        let records = told.records();
        let any = |phase: &str| {
            usize::from(
                records
                    .iter()
                    .any(|it| it.record.phase.to_string() == phase),
            )
        };
        self.worlds += 1;
        self.shifted += any("Shifting");
        self.promoted += any("Promoted");
        self.rolled_back += any("RolledBack");
    }

    /// Of a part of every build; of a few worlds nothing can be said.
    fn assert_enough(&self) {
        println!("{self:?}");
        let enough = |many: usize, percent: usize| many * 100 >= self.worlds * percent;
        let is_enough =
            enough(self.shifted, 60) && enough(self.promoted, 5) && enough(self.rolled_back, 40);
        assert!(self.worlds < 20 || is_enough, "{self:?}");
    }
}

macro_rules! parts {
    ($($name:ident $part:literal)*) => {
        $(#[test]
        fn $name() {
            tell_part($part);
        })*
    };
}

parts! {
    every_promise_holds_in_the_first_twelfth_of_the_worlds 0
    every_promise_holds_in_the_second_twelfth_of_the_worlds 1
    every_promise_holds_in_the_third_twelfth_of_the_worlds 2
    every_promise_holds_in_the_fourth_twelfth_of_the_worlds 3
    every_promise_holds_in_the_fifth_twelfth_of_the_worlds 4
    every_promise_holds_in_the_sixth_twelfth_of_the_worlds 5
    every_promise_holds_in_the_seventh_twelfth_of_the_worlds 6
    every_promise_holds_in_the_eighth_twelfth_of_the_worlds 7
    every_promise_holds_in_the_ninth_twelfth_of_the_worlds 8
    every_promise_holds_in_the_tenth_twelfth_of_the_worlds 9
    every_promise_holds_in_the_eleventh_twelfth_of_the_worlds 10
    every_promise_holds_in_the_last_twelfth_of_the_worlds 11
}

/// A seed of every build finds a defect: the first that did, or whichever does now. The same world keeps every promise without it.
fn finds(defect: Defect, first: u64) {
    let with = |seed: u64| Some((seed, broken(&generate::story(seed), Some(defect))?));
    let found = with(first).or_else(|| SEEDS.into_iter().find_map(with));
    let (seed, broken_by) = found.unwrap_or_else(|| panic!("{defect:?} is not found"));
    assert!(SEEDS.contains(&seed), "every build tells it");
    println!(
        "{defect:?} is found by seed {seed}: {}: {}",
        broken_by.promise, broken_by.words
    );
    let without = broken(&generate::story(seed), None);
    assert_eq!(without, None, "it is the defect that breaks it");
}

#[test]
fn a_function_that_ignores_the_fence_is_found() {
    finds(Defect::FenceIgnored, 6);
}

#[test]
fn a_stopping_call_that_names_a_definition_is_found() {
    finds(Defect::CountWithDefinition, 105);
}

#[test]
fn a_gate_that_is_skipped_is_found() {
    finds(Defect::GateSkipped, 24);
}
