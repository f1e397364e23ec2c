use crate::fixtures::queue::{pair, record};
use crate::{
    fixtures::{Moment, at, candidate, running_tasks},
    known::{Known, Unseen},
    parts::pair as services,
    record::Record,
    traffic::{
        door::Between,
        model::{Attained, Goal},
    },
    words::Code,
};

/// What is between, with something about what was seen changed.
fn between(
    record: &Record,
    seen: &Moment,
    change: impl FnOnce(&mut services::Seen),
) -> Result<Attained, Between> {
    let pair = seen.pair().but(change);
    record.open(seen.now, &pair).toward(Goal::Placed)
}

fn placed() -> Moment {
    let mut seen = pair().canary_on_candidate();
    seen.tasks = Some(running_tasks(&candidate(), 1));
    seen
}

fn unknown<T>() -> Known<T> {
    Known::Unknown(Unseen {
        why: "not allowed".to_owned(),
        is_passing: false,
        error: None,
    })
}

#[test]
fn what_was_not_seen_is_waited_for_wherever_the_candidate_is() {
    let rows: [fn(&mut services::Seen); 4] = [
        |seen| seen.primary = unknown(),
        |seen| seen.canary = unknown(),
        |seen| seen.canary = Known::Gone,
        |seen| {
            seen.scaling = Some(Unseen {
                why: "not allowed".to_owned(),
                is_passing: false,
                error: None,
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
                matches!(&short, Err(Between::Wait(said)) if said.is(Code::Aws)),
                "{short:?}"
            );
        }
    }
    let unlisted = between(&record().registered(), &placed(), |seen| {
        seen.tasks = None;
    });
    assert!(
        matches!(&unlisted, Err(Between::Wait(said)) if said.to_string().contains(" to run orders:8: ")),
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
