use super::*;
use crate::{
    evidence::{AgainstObjective, minutes::Measured},
    fixtures::queue::{pair, record, target},
    names::ReleaseId,
    parts::exits::{Exit, Watched, Whose},
    parts::letters::Letters,
    record::{Beside, CameTo, Cause, Failing, Read, Reason},
    traffic::queue,
};

/// With what looks have seen that counts only together with others.
fn judged(record: Record) -> Record {
    let exit = |task: &str, whose| Exit {
        task: task.to_owned(),
        task_definition: candidate(),
        at: at(400),
        whose,
    };
    let exits = [exit("8a1f", Whose::Own), exit("9b2e", Whose::Unknown)];
    let (stable, began) = (record.found().primary.task_definition, record.began);
    record.setting(|set: &mut queue::Set| {
        let candidate = candidate();
        let watched = Watched {
            began,
            candidate: Some(&candidate),
            stable: [&stable, &stable],
        };
        set.letters = Some(Letters::found(3).seeing(4, 0, at(560)));
        set.pair.exits = set.pair.exits.clone().seeing(&exits, &watched, at(560));
    })
}

/// Held to its objective after its promotion, which it was seen to exceed.
fn held(mut record: Record) -> Record {
    record.target.evidence.objective = Some(2.0);
    record.evidence.guard = Some(Read {
        through: at(580),
        settled: at(460),
        measured: Measured {
            canary: 0,
            primary: 800,
        },
        came_to: CameTo::Verdict(AgainstObjective {
            is_worse: true,
            counts: crate::evidence::Counts {
                attempts: 800,
                failures: 80,
            },
            worse: 213.0,
            withheld: None,
        }),
        uncounted: None,
    });
    record.evidence.told_in_guard = Some(at(640));
    record
}

/// One of everything that this version stores.
fn present() -> Vec<(&'static str, Record)> {
    let scaled = pair()
        .dead_letters(3)
        .primary(|primary| primary.scaled(2, 9))
        .canary(|canary| canary.scaled(1, 4).held());
    let queue = |record: Record| {
        record
            .of(target().constant_total().at_most(20))
            .having_found(&scaled)
    };
    let counts = |canary| Counts { primary: 3, canary };
    let beside = Beside {
        release: ReleaseId::try_from("5f0e2b7c-1a2b-4c3d-8e9f-0a1b2c3d4e5f").unwrap(),
        item: record().item,
        version: (&candidate()).into(),
    };
    let mut unguarded = queue(record().promoted());
    let foreign = Reason::Gate {
        gate: crate::gates::Gate::ForeignWrite,
        what: "orders runs orders:9, not orders:8 as this release last set it".to_owned(),
    };
    unguarded.guard_ended = Some(Box::new(Cause::new(foreign, at(900))));
    let mut unwatched = queue(record().shifting(10));
    unwatched.failing = Some(Box::new(Failing {
        why: "AWS throttles ecs:DescribeServices".to_owned(),
        since: at(500),
        told: Some(at(4100)),
    }));
    vec![
        ("shifting-judged", judged(queue(record().shifting(10)))),
        (
            "shifting-judged-less",
            queue(record().shifting(10)).setting(|set: &mut queue::Set| {
                set.letters = Some(Letters::found(3).seeing(1, 0, at(560)));
            }),
        ),
        ("deploying", queue(record())),
        ("registering", queue(record().registering(at(300)))),
        ("registered", queue(record().registered())),
        (
            "shifting",
            queue(record().shifting_by(50, &[("one", 0), ("another", 3)])).counting(
                counts(1),
                counts(3),
                at(300),
            ),
        ),
        ("shifting-unwatched", unwatched),
        ("promoting", queue(record().promoting())),
        ("watched", queue(record().watched_since(at(500)))),
        ("promoted", queue(record().promoted())),
        ("promoted-held", held(queue(record().promoted()))),
        ("promoted-beside", record().promoted().admitting(beside)),
        ("promoted-unguarded", unguarded),
        ("rolling-back", queue(record().rolling_back())),
        (
            "rolling-back-a-promotion",
            queue(record().promoting().rolling_back()),
        ),
        ("rolled-back", queue(record().rolled_back())),
    ]
}

#[test]
fn what_this_version_stores_are_its_golden_records() {
    assert_golden("queue", present());
}
