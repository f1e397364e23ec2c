//! Good releases: nothing is wrong with the version, and much goes on around it that AWS calls normal. None is failed or rolled back.

use fastrand::Rng;
use rehearsal_core::{stage::Behaviour, wire::Ailment, world::journal::What};

use super::{
    event::{Event, Fate, Function, Service},
    generate::{self, Worlds},
    play_alike,
    rates::{Rate, ails, any, lasts},
    seeds::{Range, Seeds},
    story::{Finally, Kind, Story, Target, at},
    tail,
    told::Told,
};

const OF_PAIRS: Seeds = Seeds {
    worlds: Worlds {
        targets: Target::PAIRS,
        rates: &[RATES],
        let_through: 0,
    },
    range: Range {
        of_every_build: 1..=40,
        variable: "CANARY_GOOD_SEEDS",
        all: "1..=1000",
    },
    parts: 4,
};

const OF_ALIASES: Seeds = Seeds {
    worlds: Worlds {
        targets: Target::ALIASES,
        rates: &[RATES],
        let_through: 0,
    },
    range: Range {
        of_every_build: 1..=12,
        variable: "CANARY_GOOD_ALIAS_SEEDS",
        all: "1..=1000",
    },
    parts: 1,
};

const OF_SETS: Seeds = Seeds {
    worlds: Worlds {
        targets: Target::SETS,
        rates: &[RATES],
        let_through: 0,
    },
    range: Range {
        of_every_build: 1..=15,
        variable: "CANARY_GOOD_SETS_SEEDS",
        all: "1..=1000",
    },
    parts: 2,
};

/// Both versions fail as many attempts in a hundred, which is no reason for anything.
const FAILING: Behaviour = Behaviour::FailsAttempts(1);

/// Of a hundred good releases, as many may be taken for bad ones by the alarm that compares the versions.
const MISTAKEN: usize = 1;

/// What goes on around a good release.
const RATES: &[Rate] = &[
    rate("an approval is approved", 70, 2, |_, _| {
        Some(Event::Approve)
    }),
    rate("the service is scaled", 60, 4, |rng, target| {
        (target.kind() != Kind::Alias).then(|| Event::Scale(rng.u32(2..=10)))
    }),
    rate("an operation is throttled", 60, 4, |rng, target| {
        Some(ails(rng, target, Ailment::Throttled))
    }),
    rate("answers of an operation get lost", 30, 2, |rng, target| {
        Some(ails(rng, target, Ailment::AnswerLost))
    }),
    rate("answers of an operation are late", 30, 2, |rng, target| {
        Some(ails(rng, target, Ailment::AnswerLate))
    }),
    rate("invocations run twice", 30, 1, |rng, _| {
        Some(Event::RunTwice(lasts(rng)))
    }),
    rate("a function is killed", 30, 1, |rng, _| {
        Some(Event::Kill(any(rng, &Function::ALL), rng.u32(1..=6)))
    }),
    rate("events come twice", 20, 1, |rng, _| {
        Some(Event::Events(Fate::Doubled, lasts(rng)))
    }),
    rate("events come late", 20, 1, |rng, _| {
        Some(Event::Events(Fate::Late, lasts(rng)))
    }),
    rate("Fargate Spot takes tasks", 50, 2, |rng, target| {
        (target.kind() != Kind::Alias).then(|| spot(rng, target))
    }),
    rate("counts of queues are off", 70, 1, |rng, _| {
        Some(Event::Approximate(rng.u64(..)))
    }),
    rate("metrics of queues are late", 70, 1, |rng, _| {
        Some(Event::LateMetrics(rng.u32(30..=420)))
    }),
    rate(
        "requests or invocations are shared by lot",
        70,
        1,
        |rng, target| {
            [Target::Alb, Target::Alias, Target::SetsAlb]
                .contains(&target)
                .then(|| Event::ByLot(rng.u64(..)))
        },
    ),
];

const fn rate(
    what: &'static str,
    percent: u32,
    most: u32,
    one: fn(&mut Rng, Target) -> Option<Event>,
) -> Rate {
    Rate {
        what,
        percent,
        most,
        one,
    }
}

/// Of a queue's consumers all may go at once: messages wait. Behind a load balancer nobody would answer then, and one of four goes.
fn spot(rng: &mut Rng, target: Target) -> Event {
    let (service, many) = match target {
        Target::Alb | Target::SetsAlb => (Service::Primary, 1),
        Target::SetsAdditive | Target::SetsConstantTotal => (Service::Primary, rng.u32(1..=4)),
        _ => (
            any(rng, &[Service::Primary, Service::Canary]),
            rng.u32(1..=4),
        ),
    };
    Event::Spot(service, many, lasts(rng))
}

fn story(worlds: &Worlds, seed: u64) -> Story {
    let mut rng = Rng::with_seed(seed);
    let target = any(&mut rng, worlds.targets);
    Story {
        target,
        finally: Finally::Approved,
        events: generate::events(worlds.rates, target, &mut rng),
    }
}

/// What was made of a release.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    Promoted,
    /// Rolled back by the alarm that compares the versions.
    Mistaken,
    /// Failed, or rolled back for another reason, in words.
    Wronged(String),
}

fn made(told: &Told) -> Made {
    let records = told.records();
    let cause = records
        .iter()
        .find_map(|it| it.record.rollback().map(|it| it.cause.to_string()));
    match cause {
        Some(cause) if cause.contains("canary-failures") => Made::Mistaken,
        Some(cause) => Made::Wronged(format!("{cause}: {}", failed(told).unwrap_or_default())),
        None if records
            .iter()
            .any(|it| it.record.phase.to_string() == "Promoted") =>
        {
            Made::Promoted
        }
        None => Made::Wronged("it was not promoted".to_owned()),
    }
}

/// What the action said that failed.
fn failed(told: &Told) -> Option<String> {
    told.journal.iter().find_map(|entry| match &entry.what {
        What::Action {
            status, summary, ..
        } if status == "Failed" => summary.clone(),
        _ => None,
    })
}

fn tell_part(seeds: &Seeds, part: u64) {
    let (mut worlds, mut mistaken, mut wronged) = (0, Vec::new(), Vec::new());
    for seed in seeds.of_part(part) {
        let story = story(&seeds.worlds, seed);
        worlds += 1;
        let told = play_alike(&story, FAILING, None);
        match made(&told) {
            Made::Promoted => {}
            Made::Mistaken => mistaken.push(seed),
            Made::Wronged(why) => {
                let tail = tail(&told.transcript);
                wronged.push(format!("seed {seed}: {why}\n{story}\n{tail}"));
            }
        }
    }
    println!("{worlds} good releases; taken for bad ones: {mistaken:?}");
    assert!(
        wronged.is_empty(),
        "{} of {worlds}\n{}",
        wronged.len(),
        wronged.join("\n\n")
    );
    assert!(
        mistaken.len() * 100 <= worlds * MISTAKEN,
        "{mistaken:?} of {worlds}"
    );
}

/// What would be found is found.
#[test]
fn a_release_that_is_rolled_back_is_no_good_one() {
    let story = Story {
        target: Target::QueueAdditive,
        finally: Finally::Approved,
        events: vec![at(200, Event::Alarm), at(400, Event::Calm)],
    };
    let made = made(&play_alike(&story, FAILING, None));
    assert!(
        matches!(&made, Made::Wronged(why) if why.contains("dead-letters")),
        "{made:?}"
    );
}

#[test]
fn no_good_release_is_failed_in_the_first_quarter_of_the_worlds() {
    tell_part(&OF_PAIRS, 0);
}

#[test]
fn no_good_release_is_failed_in_the_second_quarter_of_the_worlds() {
    tell_part(&OF_PAIRS, 1);
}

#[test]
fn no_good_release_is_failed_in_the_third_quarter_of_the_worlds() {
    tell_part(&OF_PAIRS, 2);
}

#[test]
fn no_good_release_is_failed_in_the_last_quarter_of_the_worlds() {
    tell_part(&OF_PAIRS, 3);
}

#[test]
fn no_good_release_of_an_alias_is_failed() {
    tell_part(&OF_ALIASES, 0);
}

#[test]
fn no_good_release_of_task_sets_is_failed_in_the_first_half_of_the_worlds() {
    tell_part(&OF_SETS, 0);
}

#[test]
fn no_good_release_of_task_sets_is_failed_in_the_last_half_of_the_worlds() {
    tell_part(&OF_SETS, 1);
}
