use super::*;

#[test]
fn counts_that_the_release_cannot_have_changed_yet_are_left_alone() {
    let found = pair().canary(|canary| canary.scaled(1, 4));
    let rolling_back = record()
        .having_found(&found)
        .registering(at(390))
        .rolling_back();
    let rows = [
        (
            "the canary's scaling adds tasks",
            found.clone().tasks(3, 3),
            "done: rolled back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: 3 \
             messages | record RolledBack"
                .to_owned(),
        ),
        (
            "its scaling is held already",
            found.clone().canary(Service::held),
            format!("{GOES_ON} | orders-canary: scaled 1 to 4"),
        ),
    ];
    for (situation, pair, expected) in rows {
        let seen = seen(pair.recorded(rolling_back.clone()));
        check(situation, &decide(&seen, &Trigger::Schedule), &expected);
    }
}

#[test]
fn within_the_fence_a_count_that_is_wrong_is_put_right_under_held_scaling() {
    let found = pair().tasks(3, 2).canary(|canary| canary.scaled(0, 4));
    let record = record().having_found(&found).promoting().rolling_back();
    let late = found.canary(|canary| canary.tasks(0)).recorded(record);
    check(
        "a promotion gave the scaling back while the rollback stopped the canary",
        &decide(&seen(late.seen_at(at(410))), &Trigger::Schedule),
        &format!("{GOES_ON} | orders-canary: scaled 0 to 4 suspended | orders-canary: 2 tasks"),
    );
}

#[test]
fn what_was_suspended_when_the_release_came_stays_suspended() {
    let mut found = pair().canary(|canary| canary.scaled(1, 4));
    found.canary.scaling.as_mut().unwrap().suspended.scale_in = true;
    let record = record().having_found(&found).shifting(10).rolling_back();
    check(
        "only scale-in was",
        &decide(
            &seen(found.canary(Service::held).recorded(record)),
            &Trigger::Schedule,
        ),
        &format!("{GOES_ON} | orders-canary: scaled 1 to 4 suspended in part"),
    );
}

#[test]
fn a_primary_that_the_release_has_not_touched_is_not_waited_for() {
    let busy = pair()
        .primary(|primary| primary.running(1).rolling_out())
        .recorded(record().shifting(10).rolling_back());
    assert!(matches!(
        decide(&seen(busy), &Trigger::Schedule),
        Decision::Done(_)
    ));
    let touched = pair()
        .primary(Service::rolling_out)
        .recorded(record().promoting().rolling_back());
    assert!(matches!(
        decide(&seen(touched), &Trigger::Schedule),
        Decision::Wait(_)
    ));
}

#[test]
fn it_is_over_only_when_a_look_after_the_fence_still_sees_everything_restored() {
    let restored = || pair().recorded(record().promoting().rolling_back());
    let rows = [
        (
            "within the fence",
            restored().seen_at(at(429)),
            format!("wait: restored; confirming until {} that no earlier call undoes it", at(430)),
        ),
        (
            "at its end",
            restored().seen_at(at(430)),
            format!("wait: restored; confirming until {} that no earlier call undoes it", at(430)),
        ),
        (
            "after it",
            restored().seen_at(at(431)),
            "done: rolled back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: 3 \
             messages | record RolledBack"
                .to_owned(),
        ),
        (
            "a promotion's update was on its way when the rollback began",
            restored().primary(|primary| primary.on(&candidate())).seen_at(at(429)),
            format!("{GOES_ON} | orders: orders:7"),
        ),
        (
            "a shift's count was on its way when the rollback began",
            restored().tasks(3, 4).seen_at(at(431)),
            format!("{GOES_ON} | orders-canary: 1 tasks"),
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
fn a_function_for_all_pairs_looks_at_the_records_that_a_call_may_concern() {
    let other_alarm = Trigger::Alarm(Firing {
        alarm: alarm("somebody-elses"),
        reason: String::new(),
        at: None,
        place: None,
        first: false,
        direct: true,
    });
    let rows = [
        ("its alarm", fired(), record().promoted(), true),
        ("another alarm", other_alarm, record().shifting(10), false),
        ("its execution", ended(), record().shifting(10), true),
        (
            "another execution",
            ended(),
            record().owned_by(another_release()).shifting(10),
            false,
        ),
        (
            "the schedule, under way",
            Trigger::Schedule,
            record().shifting(10),
            true,
        ),
        (
            "the schedule, being rolled back",
            Trigger::Schedule,
            record().rolling_back(),
            true,
        ),
        (
            "the schedule, promoted and maybe guarded",
            Trigger::Schedule,
            record().promoted(),
            true,
        ),
        (
            "the schedule, rolled back",
            Trigger::Schedule,
            record().rolled_back(),
            false,
        ),
    ];
    for (situation, why, record, expected) in rows {
        assert_eq!(why.concerns(&record), expected, "{situation}");
    }
}
