use crate::{
    decision::WaitingOn,
    fixtures::{at, candidate, pair, record, running_tasks},
    observation::{Known, Observation, Unseen},
    record::Record,
    traffic::{
        door::{Between, Looked},
        model::{Attained, Goal},
        sight::Sight,
    },
};

/// What is between, with something about what was seen changed.
fn between(
    record: &Record,
    seen: &Observation,
    change: impl FnOnce(&mut Sight),
) -> Result<Attained, Between> {
    let mut sight = Sight::of(seen);
    change(&mut sight);
    let looked = Looked {
        record,
        now: seen.now,
        seen: &sight,
    };
    looked.open().toward(Goal::Placed)
}

fn placed() -> Observation {
    let mut seen = pair().canary_on_candidate();
    seen.tasks = Some(running_tasks(&candidate(), 1));
    seen
}

fn unknown<T>() -> Known<T> {
    Known::Unknown(Unseen {
        why: "not allowed".to_owned(),
        is_passing: false,
    })
}

#[test]
fn what_was_not_seen_is_waited_for_wherever_the_candidate_is() {
    let rows: [fn(&mut Sight); 4] = [
        |seen| seen.pair.primary = unknown(),
        |seen| seen.pair.canary = unknown(),
        |seen| seen.pair.canary = Known::Gone,
        |seen| {
            seen.pair.scaling = Some(Unseen {
                why: "not allowed".to_owned(),
                is_passing: false,
            });
        },
    ];
    for record in [
        record(),
        record().registering(at(570)),
        record().registered(),
    ] {
        for unseen in rows {
            let short = between(&record, &placed(), unseen);
            assert!(
                matches!(short, Err(Between::Wait(WaitingOn::Aws(_)))),
                "{short:?}"
            );
        }
    }
    let unlisted = between(&record().registered(), &placed(), |seen| {
        seen.pair.tasks = None;
    });
    assert!(
        matches!(unlisted, Err(Between::Wait(WaitingOn::Rollout { .. }))),
        "{unlisted:?}"
    );
}

#[test]
fn what_is_reached_is_said_and_one_more_look_changes_nothing() {
    for _ in 0..2 {
        let attained = between(&record().registered(), &placed(), |_| {}).unwrap();
        assert_eq!(attained.said, "orders-canary runs orders:8");
        assert_eq!(attained.but, ["1 of 1 tasks steady"]);
    }
}
