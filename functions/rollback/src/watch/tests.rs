mod alb;
mod queue;

use canary::{
    aws::pipeline::{Approval, Execution},
    decision::Decision,
    fixtures::{Moment, at, check, foreign, pair, record, release, stable, told},
    parts::pair::{Counts, Service},
    reconcile::trigger::{Firing, Trigger},
    record::{Phase, SCHEMA},
};

use super::*;
use crate::looked::{Scene, unseen};

/// A pipeline whose approval waits, alone or with something else at work.
fn waiting(works: bool) -> Execution {
    Execution {
        under_way: true,
        approvals: vec![Approval {
            pipeline: "orders-release".try_into().unwrap(),
            stage: "Approve".to_owned(),
            action: "Approve".to_owned(),
            token: "secret".to_owned(),
        }],
        at_work: works
            .then(|| "Canary/Shift".to_owned())
            .into_iter()
            .collect(),
    }
}

fn at_approval(pair: Moment) -> Scene {
    Scene::of(pair).executing(waiting(false))
}

fn at_work(pair: Moment) -> Scene {
    Scene::of(pair).executing(Execution {
        under_way: true,
        approvals: Vec::new(),
        at_work: vec!["Canary/Shift".to_owned()],
    })
}

/// Three tasks of the primary and one of the canary, as shift-weight has left them.
fn shifted() -> Moment {
    pair()
        .canary_on_candidate()
        .tasks(3, 1)
        .recorded(set(record().shifting(25), 1))
}

/// The record with so many canary tasks set, and seen.
fn set(record: Record, canary: u32) -> Record {
    let counts = Counts { primary: 3, canary };
    record.counting(counts, counts, at(300))
}

fn look(looked: &Scene) -> Decision {
    looked.look(&Trigger::Schedule)
}

fn goes_on() -> String {
    format!(
        "done: nothing rolled back: release {} is Shifting and its pipeline execution is under way",
        release()
    )
}

fn begins(why: &str) -> String {
    format!(
        "take: rolling back release {}: {why} | record RollingBack",
        release()
    )
}

/// What the look comes to, and no more of its steps than the first.
fn first(decision: &Decision) -> String {
    let told = told(decision);
    told.split(" | ").take(2).collect::<Vec<_>>().join(" | ")
}

type Change = fn(Moment) -> Moment;

/// What closes a gate, which that is, and what is said of it.
fn closing() -> [(&'static str, Change, String); 5] {
    [
        (
            "ECS gives up",
            |seen| seen.canary(Service::broken_down),
            "the ECS circuit breaker failed the deployment of orders:8 on orders-canary: tasks failed to \
             start"
                .to_owned(),
        ),
        (
            "the canary runs something else",
            |seen| seen.canary(|canary| canary.on(&foreign())),
            "orders-canary runs orders:9, not orders:8 as this release last set it. The service was changed outside this release"
                .to_owned(),
        ),
        (
            "somebody has put the canary back",
            |seen| seen.canary(|canary| canary.on(&stable())),
            "orders-canary runs orders:7, not orders:8 as this release last set it. The service was changed outside this release"
                .to_owned(),
        ),
        (
            "somebody has stopped the canary",
            |seen| seen.canary(|canary| canary.tasks(0)),
            "orders-canary has the desired count 0, not 1 as this release last set it. The service was changed outside this release"
                .to_owned(),
        ),
        (
            "somebody has added tasks",
            |seen| seen.canary(|canary| canary.tasks(5)),
            "orders-canary has the desired count 5, not 1 as this release last set it. The service was changed outside this release"
                .to_owned(),
        ),
    ]
}

#[test]
fn before_the_first_share_the_canary_is_as_deploy_canary_left_it() {
    let deployed = || {
        pair()
            .canary_on_candidate()
            .tasks(3, 1)
            .recorded(record().registered())
    };
    let idle = look(&at_approval(deployed()));
    assert!(
        first(&idle).starts_with("done: nothing rolled back"),
        "{idle:?}"
    );
    let changed = deployed().canary(|canary| canary.tasks(2));
    let why = "orders-canary has the desired count 2, not 1 as this release last set it. The service was changed outside this release";
    assert_eq!(first(&look(&at_approval(changed.clone()))), begins(why));
    let beside = Scene::of(changed).executing(waiting(true));
    assert!(
        first(&look(&beside)).starts_with("done: "),
        "deploy-canary may be at it"
    );
}

fn promoted() -> Moment {
    pair().both_on_candidate().recorded(record().promoted())
}

#[test]
fn within_the_guard_alarms_roll_back_a_foreign_write_ends_it_and_nothing_else_counts() {
    let is_promoted = format!(
        "done: nothing rolled back: release {} is promoted",
        release()
    );
    let ends = |what: &str| {
        format!(
            "take: alarms do not roll release {} back any more: {what}. The service was changed outside this release | record \
             Promoted",
            release()
        )
    };
    let rows: [(&str, Moment, String); 5] = [
        ("nothing is amiss", promoted(), is_promoted.clone()),
        (
            "ECS gives up",
            promoted().primary(Service::broken_down),
            is_promoted.clone(),
        ),
        (
            "more tasks",
            promoted().primary(|primary| primary.tasks(9)),
            is_promoted,
        ),
        (
            "a hotfix",
            promoted().primary(|primary| primary.on(&foreign())),
            ends("orders runs orders:9, not orders:8 as this release last set it"),
        ),
        (
            "somebody tries something on the canary",
            promoted().canary(|canary| canary.on(&foreign())),
            ends("orders-canary runs orders:9, not orders:8 as this release last set it"),
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &look(&Scene::of(seen)), &expected);
    }
    let alarm = look(&Scene::of(promoted().alarm_firing()));
    assert!(
        first(&alarm).starts_with("take: rolling back release"),
        "{alarm:?}"
    );
}

#[test]
fn once_the_guard_has_ended_an_alarm_says_why_it_does_not_roll_back() {
    let hotfixed = Scene::of(promoted().primary(|primary| primary.on(&foreign())));
    let Decision::Take(ended) = look(&hotfixed) else {
        panic!("the guard ends")
    };
    let after = Scene::of(promoted().recorded(*ended.record.unwrap()).alarm_firing());
    let alarm = Trigger::Alarm(Firing {
        alarm: "orders-dead-letters".try_into().unwrap(),
        reason: "3 messages".to_owned(),
        at: Some(at(599)),
        place: None,
        first: false,
        direct: true,
    });
    check(
        "the alarm",
        &after.look(&alarm),
        &format!(
            "done: nothing rolled back: alarms do not roll release {} back any more, since 2026-10-02T17:03:20Z: orders runs orders:9, not \
             orders:8 as this release last set it. The service was changed outside this release; to roll it back now, invoke \
             rollback by hand",
            release()
        ),
    );
    assert!(first(&look(&after)).starts_with("done: "), "the schedule");
}

/// The same of a later version of the suite.
fn newer() -> Moment {
    let mut record = set(record().shifting(25), 1);
    record.schema = SCHEMA + 1;
    shifted().recorded(record)
}

#[test]
fn of_a_later_versions_release_only_alarms_and_the_execution_count() {
    for (situation, change, _) in closing() {
        check(situation, &look(&at_approval(change(newer()))), &goes_on());
    }
    let grown = newer().primary(|primary| primary.tasks(12));
    check("it is not held", &look(&at_approval(grown)), &goes_on());
    let alarm = look(&at_approval(newer().alarm_firing()));
    assert!(first(&alarm).starts_with("take: rolling back release"));
    let ended = Scene::of(newer()).with_status("Failed");
    assert!(first(&look(&ended)).starts_with("take: rolling back release"));
}

#[test]
fn a_service_that_was_deleted_while_the_approval_waits_ends_the_release() {
    let gone = at_approval(shifted()).but(|seen| seen.pair.services().canary = Known::Gone);
    let decision = first(&look(&gone));
    assert_eq!(
        decision,
        begins(
            "service canary does not exist (ecs:DescribeServices). It was removed outside this release"
        )
    );
}

#[test]
fn a_look_that_another_invocation_has_overtaken_decides_nothing() {
    let looked = at_approval(shifted().canary(Service::broken_down));
    let mut watched = looked.watched(&Trigger::Schedule).unwrap();
    let Sight::Everything(all) = &mut watched.pair else {
        panic!("everything was looked at")
    };
    let (Ok(Some(newer)), _) = &mut **all else {
        panic!("there is a release")
    };
    *newer = newer.again(at(600));
    let record = looked.record.as_ref().unwrap();
    assert_eq!(
        watched.call(record, at(600)),
        Call::Idle(Idle::Overtaken(release()))
    );
    assert!(matches!(record.phase, Phase::Shifting { .. }));
}
