use canary::fixtures::queue::{pair, record};
use canary::{
    decision::Decision,
    fixtures::{Moment, at, candidate, stable, told},
    known::Known,
    parts::pair::{ProtectedTasks, Protection, Set},
};

use super::*;
use crate::looked::Scene;

/// A rollback that has stopped the canary at second 400, and one of whose tasks goes on.
fn left_over(record: Record) -> Moment {
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
    record.target.services().protected_tasks = ProtectedTasks::Wait;
    record
}

fn look(pair: Moment) -> Decision {
    let protection = Protection {
        tasks: 1,
        until: at(7600),
    };
    let looked = Scene::of(pair).with_status("Stopped").but(|seen| {
        seen.pair.services().left_over = Known::Known(vec!["0a1b".to_owned()]);
        if let Known::Known(canary) = &mut seen.pair.services().canary {
            canary.protection = Some(protection);
        }
    });
    looked.look(&Trigger::Schedule)
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
