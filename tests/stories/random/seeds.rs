//! The seeds that are told, and how a broken promise is shown.

use std::ops::RangeInclusive;

use super::{
    Defect, Told, broken,
    event::Event,
    generate::{ALIASES, PAIRS, SETS, Worlds},
    judge, play, report, shrink,
    story::{Finally, Story, Target, at},
};

/// Worlds, and which of them are told.
pub(super) struct Seeds {
    pub(super) worlds: Worlds,
    pub(super) range: Range,
    /// How many tests share the seeds: they run beside each other.
    pub(super) parts: u64,
}

/// Seeds of every build, or those that somebody asks for.
pub(super) struct Range {
    pub(super) of_every_build: RangeInclusive<u64>,
    /// The variable that names others.
    pub(super) variable: &'static str,
    /// All that there are.
    pub(super) all: &'static str,
}

const OF_PAIRS: Seeds = Seeds {
    worlds: PAIRS,
    range: Range {
        of_every_build: 1..=120,
        variable: "CANARY_SEEDS",
        all: "1..=2000",
    },
    parts: 6,
};

const OF_ALIASES: Seeds = Seeds {
    worlds: ALIASES,
    range: Range {
        of_every_build: 1..=30,
        variable: "CANARY_ALIAS_SEEDS",
        all: "1..=2000",
    },
    parts: 2,
};

const OF_SETS: Seeds = Seeds {
    worlds: SETS,
    range: Range {
        of_every_build: 1..=30,
        variable: "CANARY_SETS_SEEDS",
        all: "1..=2000",
    },
    parts: 2,
};

/// How many broken seeds are named before a part gives up.
const NAMED: usize = 10;

impl Seeds {
    /// Every so-manieth.
    pub(super) fn of_part(&self, part: u64) -> impl Iterator<Item = u64> {
        let is_of_part = move |seed: &u64| seed % self.parts == part;
        self.range.read().filter(is_of_part)
    }
}

impl Range {
    fn read(&self) -> RangeInclusive<u64> {
        let Self { variable, all, .. } = self;
        let Ok(text) = std::env::var(variable) else {
            return self.of_every_build.clone();
        };
        let (from, to) = text.split_once("..=").unwrap_or((&text, &text));
        let read = |text: &str| text.trim().parse().ok();
        let (from, to) = read(from)
            .zip(read(to))
            .unwrap_or_else(|| panic!("{variable}={text}: write {all}, or 17"));
        from..=to
    }
}

/// Tells the stories of a part; the first one that breaks a promise is shown as short as it gets.
fn tell_part(seeds: &Seeds, part: u64) {
    let mut found = Vec::new();
    let mut reached = Reached::default();
    for seed in seeds.of_part(part) {
        let story = seeds.worlds.story(seed);
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
        reached.assert_enough(seeds.worlds.let_through);
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

    /// Of a part of every build; of a few worlds nothing can be said. Some of those that are let through are hindered all the same.
    fn assert_enough(&self, let_through: u32) {
        println!("{self:?}");
        let enough = |many: usize, percent: u32| many * 100 >= self.worlds * percent as usize;
        let is_enough = enough(self.shifted, 60)
            && enough(self.promoted, (let_through / 2).max(5))
            && enough(self.rolled_back, 40);
        assert!(self.worlds < 15 || is_enough, "{self:?}");
    }
}

macro_rules! parts {
    ($seeds:expr; $($name:ident $part:literal)*) => {
        $(#[test]
        fn $name() {
            tell_part(&$seeds, $part);
        })*
    };
}

parts! {
    OF_PAIRS;
    every_promise_holds_in_the_first_sixth_of_the_worlds 0
    every_promise_holds_in_the_second_sixth_of_the_worlds 1
    every_promise_holds_in_the_third_sixth_of_the_worlds 2
    every_promise_holds_in_the_fourth_sixth_of_the_worlds 3
    every_promise_holds_in_the_fifth_sixth_of_the_worlds 4
    every_promise_holds_in_the_last_sixth_of_the_worlds 5
}

parts! {
    OF_ALIASES;
    every_promise_holds_in_the_first_half_of_the_worlds_of_an_alias 0
    every_promise_holds_in_the_second_half_of_the_worlds_of_an_alias 1
}

parts! {
    OF_SETS;
    every_promise_holds_in_the_first_half_of_the_worlds_of_task_sets 0
    every_promise_holds_in_the_second_half_of_the_worlds_of_task_sets 1
}

/// A seed of every build finds a defect: the first that did, or whichever does now. The same world keeps every promise without it.
fn finds(seeds: &Seeds, defect: Defect, first: u64) {
    let range = &seeds.range.of_every_build;
    let with = |seed: u64| Some((seed, broken(&seeds.worlds.story(seed), Some(defect))?));
    let found = with(first).or_else(|| range.clone().find_map(with));
    let (seed, broken_by) = found.unwrap_or_else(|| panic!("{defect:?} is not found"));
    assert!(range.contains(&seed), "every build tells it");
    println!(
        "{defect:?} is found by seed {seed}: {}: {}",
        broken_by.promise, broken_by.words
    );
    let without = broken(&seeds.worlds.story(seed), None);
    assert_eq!(without, None, "it is the defect that breaks it");
}

#[test]
fn a_function_that_ignores_the_fence_is_found() {
    finds(&OF_PAIRS, Defect::FenceIgnored, 24);
}

#[test]
fn a_function_that_ignores_the_fence_of_an_alias_is_found() {
    finds(&OF_ALIASES, Defect::FenceIgnored, 26);
}

#[test]
fn a_function_that_ignores_the_fence_of_task_sets_is_found() {
    finds(&OF_SETS, Defect::FenceIgnored, 10);
}

#[test]
fn a_stopping_call_that_names_a_definition_is_found() {
    finds(&OF_PAIRS, Defect::CountWithDefinition, 105);
}

#[test]
fn a_stopping_call_without_the_revision_is_found() {
    finds(&OF_ALIASES, Defect::WithoutRevision, 3);
}

#[test]
fn a_gate_that_is_skipped_is_found() {
    finds(&OF_PAIRS, Defect::GateSkipped, 24);
}

#[test]
fn tasks_that_are_imagined_are_found() {
    finds(&OF_SETS, Defect::TasksImagined, 10);
}

#[test]
fn a_stable_set_that_does_not_get_its_scale_back_is_found() {
    finds(&OF_SETS, Defect::ScaleNotGivenBack, 1);
}

/// After a promotion only the candidate's tasks are there.
#[test]
fn a_rollback_that_imagines_tasks_leaves_nobody_at_work() {
    let story = Story {
        target: Target::SetsConstantTotal,
        finally: Finally::Approved,
        events: vec![at(360, Event::Approve), at(700, Event::RollBack)],
    };
    let found = broken(&story, Some(Defect::TasksImagined)).expect("it is found");
    assert!(found.promise.contains("never without a task"), "{found:?}");
    assert_eq!(broken(&story, None), None);
}
