use canary::fixtures::queue::{pair, record, target};

use super::*;

#[test]
fn the_canary_gets_its_count_when_the_last_bad_task_is_gone_and_then_its_scaling() {
    let found = || pair().tasks(3, 2).canary(|canary| canary.scaled(1, 4));
    let rolling_back = || record().having_found(&found()).shifting(50).rolling_back();
    let held = |change: fn(Service) -> Service| {
        found()
            .canary(|canary| change(canary.held()))
            .recorded(rolling_back())
    };
    let resumed = |canary: Service| {
        let mut canary = canary.on(&candidate()).tasks(3);
        canary.scaling = Some(scaling(1, 4));
        canary
    };
    let rows = [
        (
            "the candidate, and somebody has resumed its scaling",
            held(resumed),
            format!("{GOES_ON} | {STOP_CANARY} | orders-canary: scaled 0 to 4 suspended"),
        ),
        (
            "told to stop, a bad task still runs: it is noted since when nobody wants it",
            held(|canary| canary.tasks(0).replacing(&candidate(), 1)),
            format!("{GOES_ON} | record RollingBack"),
        ),
        (
            "the last one is gone",
            held(|canary| canary.tasks(0)),
            format!("{GOES_ON} | orders-canary: 2 tasks"),
        ),
        (
            "its count is back, its scaling is not",
            held(|canary| canary.tasks(2).running(0)),
            format!("{GOES_ON} | orders-canary: scaled 1 to 4"),
        ),
        (
            "its scaling waits until nothing can change the count any more",
            held(|canary| canary.tasks(2)).seen_at(at(430)),
            format!(
                "wait: restored; confirming until {} that no earlier call undoes it",
                at(430)
            ),
        ),
        (
            "all is set, a task is starting",
            found().canary(|canary| canary.running(1)).recorded(rolling_back()),
            "wait: rolling back: orders on orders:7, 3 of 3 tasks, COMPLETED; orders-canary on orders:7, 1 of 2 tasks, \
             COMPLETED"
                .to_owned(),
        ),
        (
            "its own scaling has added tasks since: they are left alone",
            found().tasks(3, 4).recorded(rolling_back()),
            "done: rolled back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: 3 \
             messages | record RolledBack"
                .to_owned(),
        ),
    ];
    for (situation, pair, expected) in rows {
        check(
            situation,
            &decide(&seen(pair), &Trigger::Schedule),
            &expected,
        );
    }
}

#[test]
fn in_constant_total_the_primary_gets_its_count_back_and_then_its_scaling() {
    let found = || pair().tasks(4, 1).primary(|primary| primary.scaled(2, 9));
    let constant = || {
        record()
            .of(target().constant_total())
            .having_found(&found())
    };
    let held = |primary: u32, canary: u32, record: Record| {
        found()
            .tasks(primary, canary)
            .primary(Service::held)
            .recorded(record)
    };
    let rows = [
        (
            "at once, with the canary's stop",
            held(0, 5, constant().shifting(100)).canary_on_candidate(),
            fired(),
            format!("{FIRED} | {STOP_CANARY} | orders: 4 tasks"),
        ),
        (
            "with the version, if that was changed",
            held(2, 3, constant().promoting()).both_on_candidate(),
            fired(),
            format!("{FIRED} | {STOP_BOTH} | orders-canary: orders:7 | orders: 4 tasks"),
        ),
        (
            "then its scaling",
            held(4, 1, constant().shifting(40).rolling_back()),
            Trigger::Schedule,
            format!("{GOES_ON} | orders: scaled 2 to 9"),
        ),
        (
            "not restored before its tasks run",
            found()
                .primary(|primary| primary.running(3))
                .recorded(constant().shifting(40).rolling_back()),
            Trigger::Schedule,
            "wait: rolling back: orders on orders:7, 3 of 4 tasks, COMPLETED; orders-canary on orders:7, 1 of 1 tasks, \
             COMPLETED"
                .to_owned(),
        ),
        (
            "after that the count is its scaling's",
            found()
                .tasks(6, 1)
                .recorded(constant().shifting(40).rolling_back()),
            Trigger::Schedule,
            "done: rolled back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: 3 \
             messages | record RolledBack"
                .to_owned(),
        ),
    ];
    for (situation, pair, why, expected) in rows {
        check(situation, &decide(&seen(pair), &why), &expected);
    }
}

#[test]
fn in_additive_the_primarys_count_and_scaling_are_never_touched() {
    let scaled = pair()
        .tasks(9, 1)
        .primary(|primary| primary.scaled(1, 20).held())
        .recorded(record().shifting(10).rolling_back());
    assert!(matches!(
        decide(&seen(scaled), &Trigger::Schedule),
        Decision::Done(_)
    ));
}
