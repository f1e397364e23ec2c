use canary::{
    clock::Timestamp,
    decision::Decision,
    fixtures::{at, candidate, pair, record, stable, told},
    observation::{Known, Observation},
    parts::pair::{Protection, Set},
    target::ProtectedTasks,
    traffic::sight::Sight,
};

use super::*;
use crate::looked::Scene;

/// A rollback that has stopped the canary at second 400, and one of whose tasks goes on.
fn left_over(record: Record) -> Observation {
    let rolling = record.shifting(25).rolling_back().setting(|set: &mut Set| {
        set.restoring.stopped = true;
        set.restoring.unwanted_since = Some(at(400));
    });
    pair()
        .canary(|canary| canary.tasks(0).on(&stable()).replacing(&candidate(), 1))
        .recorded(rolling)
}

fn waiting() -> Record {
    let mut record = record();
    record.target.protected_tasks = ProtectedTasks::Wait;
    record
}

fn look(pair: Observation) -> Decision {
    let protection = Protection {
        tasks: 1,
        until: at(7600),
    };
    let looked = Scene::of(pair).with_status("Stopped").but(|seen| {
        seen.pair.pair.left_over = Known::Known(vec!["0a1b".to_owned()]);
        if let Known::Known(canary) = &mut seen.pair.pair.canary {
            canary.protection = Some(protection);
        }
    });
    looked.look(&Trigger::Schedule)
}

fn due(pair: &Observation, now: Timestamp) -> bool {
    let looked = Looked {
        record: pair.record.as_ref().expect("a rollback"),
        now,
        seen: &Sight::of(pair),
    };
    looked.open().has_left_over()
}

#[test]
fn a_task_of_the_candidate_is_left_over_a_minute_after_nobody_wanted_it() {
    let left = left_over(record());
    assert!(!due(&left, at(459)) && due(&left, at(460)));
    let gone = left_over(record()).canary(|canary| canary.tasks(0).on(&stable()));
    assert!(!due(&gone, at(460)), "nothing is left");
    let wanted = left_over(record()).canary(|canary| canary.tasks(2).on(&candidate()));
    assert!(!due(&wanted, at(460)), "it is what the service wants");
    let replaced = left_over(record());
    let replaced = replaced.canary(|canary| {
        canary
            .tasks(2)
            .on(&stable())
            .running(1)
            .replacing(&candidate(), 1)
    });
    assert!(!due(&replaced, at(460)), "it is being replaced");
}

#[test]
fn it_is_stopped_or_waited_for_as_people_want_it() {
    let stops = told(&look(left_over(record())));
    assert!(stops.ends_with(" | stop task 0a1b"), "{stops}");
    let waits = told(&look(left_over(waiting())));
    assert_eq!(
        waits,
        format!(
            "wait: rolling back, but the candidate's tasks on orders-canary go on: 1 task is protected from scale-in until {}. \
             protectedTasks is wait; to end them now, stop them by hand",
            at(7600)
        )
    );
}
