use canary::{
    aws::pipeline::{Approval, Execution},
    decision::Decision,
    fixtures::{
        Moment, at, check, foreign, http_pair_of, http_record, pair, record, release, rule, stable,
        target,
    },
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
    let told = canary::fixtures::told(decision);
    told.split(" | ").take(2).collect::<Vec<_>>().join(" | ")
}

type Change = fn(Moment) -> Moment;

/// What closes a gate, which that is, and what is said of it.
fn closing() -> [(&'static str, Change, String); 6] {
    [
        (
            "a dead letter",
            |seen| seen.dead_letters_twice(1),
            "1 message came to the dead-letter queue orders-dead-letters since the release began; 0 are allowed (maxDeadLetters). It \
             holds 1 now"
                .to_owned(),
        ),
        (
            "ECS gives up",
            |seen| seen.canary(Service::broken_down),
            "ECS gave up the deployment of orders:8 on orders-canary (circuit breaker): tasks failed to \
             start"
                .to_owned(),
        ),
        (
            "the canary runs something else",
            |seen| seen.canary(|canary| canary.on(&foreign())),
            "orders-canary runs orders:9, not orders:8 as this release last set it. Somebody or something else has changed the service"
                .to_owned(),
        ),
        (
            "somebody has put the canary back",
            |seen| seen.canary(|canary| canary.on(&stable())),
            "orders-canary runs orders:7, not orders:8 as this release last set it. Somebody or something else has changed the service"
                .to_owned(),
        ),
        (
            "somebody has stopped the canary",
            |seen| seen.canary(|canary| canary.tasks(0)),
            "orders-canary is to have 0 tasks, not 1 as this release last set it. Somebody or something else has changed the service"
                .to_owned(),
        ),
        (
            "somebody has added tasks",
            |seen| seen.canary(|canary| canary.tasks(5)),
            "orders-canary is to have 5 tasks, not 1 as this release last set it. Somebody or something else has changed the service"
                .to_owned(),
        ),
    ]
}

#[test]
fn while_an_approval_waits_every_gate_rolls_back_and_while_an_action_works_it_asks_them_itself() {
    check(
        "nothing is amiss",
        &look(&at_approval(shifted())),
        &goes_on(),
    );
    for (situation, change, why) in closing() {
        let decision = look(&at_approval(change(shifted())));
        assert_eq!(first(&decision), begins(&why), "{situation}");
        check(situation, &look(&at_work(change(shifted()))), &goes_on());
        let beside = Scene::of(change(shifted())).executing(waiting(true));
        assert_eq!(
            first(&look(&beside)),
            begins(&why),
            "{situation}, beside another action"
        );
    }
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
    let why = "orders-canary is to have 2 tasks, not 1 as this release last set it. Somebody or something else has changed the service";
    assert_eq!(first(&look(&at_approval(changed.clone()))), begins(why));
    let beside = Scene::of(changed).executing(waiting(true));
    assert!(
        first(&look(&beside)).starts_with("done: "),
        "deploy-canary may be at it"
    );
}

#[test]
fn what_somebody_has_written_at_the_approval_stays_where_they_wrote_it() {
    let fence = |change: Change| {
        let looked = at_approval(change(shifted()));
        let Decision::Take(taken) = look(&looked) else {
            panic!("it is rolled back")
        };
        let steps: Vec<_> = taken.steps.iter().map(ToString::to_string).collect();
        (taken.record.unwrap(), steps)
    };
    let reject = "approval Approve in stage Approve of pipeline orders-release is rejected";
    let (record, steps) = fence(|seen| seen.canary(|canary| canary.on(&foreign()).tasks(2)));
    assert_eq!(steps, [reject], "their version keeps its tasks");
    let restoring = record.set().restoring;
    assert!(restoring.spares_canary);
    let kept = restoring.kept.canary.unwrap();
    assert_eq!(
        (kept.desired, kept.scaling),
        (2, record.found().canary.scaling)
    );

    let (record, steps) = fence(|seen| seen.canary(|canary| canary.tasks(5)));
    let expected = [
        "orders-canary has 0 tasks",
        "orders-canary runs orders:7",
        reject,
    ];
    assert_eq!(steps, expected, "the candidate goes");
    let restoring = record.set().restoring;
    assert!(!restoring.spares_canary);
    assert_eq!(restoring.kept.canary.map(|kept| kept.desired), Some(5));
}

#[test]
fn a_count_of_the_primary_that_the_release_has_set_is_not_somebodys() {
    let kept = |change: Change| {
        let lowered = Counts {
            primary: 2,
            canary: 2,
        };
        let record = record().of(target().constant_total()).shifting(50);
        let seen = shifted()
            .tasks(2, 2)
            .recorded(record.counting(lowered, lowered, at(300)));
        let Decision::Take(taken) = look(&at_approval(change(seen))) else {
            panic!("it is rolled back")
        };
        let kept = taken.record.unwrap().set().restoring.kept;
        kept.primary.map(|kept| kept.desired)
    };
    let hotfix = |seen: Moment| seen.primary(|primary| primary.on(&foreign()));
    assert_eq!(kept(hotfix), None, "3 were found, and come back");
    let scaled = |seen: Moment| seen.primary(|primary| primary.tasks(5));
    assert_eq!(kept(scaled), Some(5));
}

#[test]
fn the_canary_follows_a_primary_that_scales_while_the_approval_waits_and_nobody_is_in_doubt() {
    let grown = || shifted().primary(|primary| primary.tasks(12));
    let follows = "take: 25 % asked, 25 % attainable: 4 of 16 tasks; setting 12 primary and 4 canary tasks | record Shifting | \
                   orders-canary: 4 tasks";
    check("it follows", &look(&at_approval(grown())), follows);
    check("an action is at work", &look(&at_work(grown())), &goes_on());
    let beside = Scene::of(grown()).executing(waiting(true));
    check(
        "an action beside the approval may be shift-weight",
        &look(&beside),
        &goes_on(),
    );
    let between = Scene::of(grown()).executing(Execution {
        under_way: true,
        ..Execution::default()
    });
    check("no approval was seen to wait", &look(&between), &goes_on());
    let blind = at_approval(grown()).but(|seen| seen.execution = unseen("throttled"));
    let said = first(&look(&blind));
    assert!(
        said.starts_with("take: release") && said.contains("is not watched"),
        "{said}"
    );
    let closed = at_approval(grown().dead_letters_twice(1));
    assert!(first(&look(&closed)).starts_with("take: rolling back"));

    let set = grown().canary(|canary| canary.tasks(4));
    let counts = |canary| Counts {
        primary: 12,
        canary,
    };
    let set = set.recorded(
        record()
            .shifting(25)
            .counting(counts(1), counts(4), at(590)),
    );
    let live = "take: 25 % asked, 25 % attained: 4 of 16 tasks, all run | record Shifting";
    check("its tasks are seen", &look(&at_approval(set)), live);
}

#[test]
fn a_share_that_cannot_be_held_is_told_once() {
    let full = || {
        let record = set(record().of(target().at_most(8)).shifting(25), 1);
        let seen = shifted().recorded(record);
        seen.primary(|primary| primary.tasks(8))
    };
    let drift = "take: 25 % asked, 11.1 % attained: 1 of 9 tasks; a share of 25 % cannot be reached: maxTasks is 8 and 8 tasks are \
                 taken; raise maxTasks in the target to 9 or more | record Shifting";
    let first = look(&at_approval(full()));
    check("told", &first, drift);
    let Decision::Take(taken) = first else {
        panic!()
    };
    let told = full().recorded(*taken.record.unwrap());
    check("and not again", &look(&at_approval(told)), &goes_on());
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
            "take: alarms do not roll release {} back any more: {what}. Somebody or something else has changed the service | record \
             Promoted",
            release()
        )
    };
    let rows: [(&str, Moment, String); 6] = [
        ("nothing is amiss", promoted(), is_promoted.clone()),
        (
            "a dead letter",
            promoted().dead_letters(1),
            is_promoted.clone(),
        ),
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
fn dead_letters_roll_a_promoted_release_back_where_a_bound_is_set_for_the_guard() {
    let mut target = target();
    let canary::traffic::Traffic::Queue(queue) = &mut target.traffic else {
        panic!("a queue")
    };
    queue.guard_max_dead_letters = Some(2);
    let promoted = || promoted().recorded(record().of(target.clone()).promoted());
    let told = |seen| first(&look(&Scene::of(seen)));
    assert!(told(promoted().dead_letters(2)).starts_with("done: "));
    assert!(
        told(promoted().dead_letters(3)).starts_with("take: release"),
        "a look alone is none"
    );
    let why = "3 messages came to the dead-letter queue orders-dead-letters since the release began; 2 are allowed \
               (guardMaxDeadLetters). It holds 3 now";
    assert_eq!(told(promoted().dead_letters_twice(3)), begins(why));
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
             orders:8 as this release last set it. Somebody or something else has changed the service; to roll it back now, invoke \
             rollback by hand",
            release()
        ),
    );
    assert!(first(&look(&after)).starts_with("done: "), "the schedule");
}

#[test]
fn of_a_later_versions_release_only_alarms_and_the_execution_count() {
    let newer = || {
        let mut record = set(record().shifting(25), 1);
        record.schema = SCHEMA + 1;
        shifted().recorded(record)
    };
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

/// Behind a load balancer: half of the requests on two canary tasks.
fn halved(primary: u32, canary: u32) -> Moment {
    let record = http_record()
        .shifting(50)
        .set_weight(0, 50, at(400))
        .live_since(at(410));
    let counts = Counts {
        primary: 4,
        canary: 2,
    };
    let record = record.counting(counts, counts, at(390));
    http_pair_of(&[rule()])
        .canary_on_candidate()
        .tasks(primary, canary)
        .weighing(50, 50)
        .healthy(primary, canary)
        .recorded(record)
}

#[test]
fn behind_a_load_balancer_the_canary_grows_with_the_primary_and_by_its_own_scaling() {
    check("held", &look(&at_approval(halved(4, 2))), &goes_on());
    check(
        "the primary has grown",
        &look(&at_approval(halved(16, 2))),
        "take: 50 % asked; setting orders-canary to 8 tasks, its weight follows | record Shifting, weight 50 % seen | orders-canary: 8 \
         tasks",
    );
    let growing = |canary: Service| {
        let mut canary = canary.scaled(0, 10);
        let suspended = &mut canary.scaling.as_mut().unwrap().suspended;
        (suspended.scale_in, suspended.scheduled) = (true, true);
        canary
    };
    let own = halved(4, 6).canary(growing);
    check(
        "the canary has grown by itself",
        &look(&at_approval(own)),
        &goes_on(),
    );
    let by_hand = halved(4, 6);
    assert!(
        first(&look(&at_approval(by_hand))).contains("orders-canary is to have 6 tasks, not 2")
    );
    let beyond = halved(4, 11).canary(growing);
    assert!(
        first(&look(&at_approval(beyond))).contains("orders-canary is to have 11 tasks, not 2")
    );
    let fewer = halved(4, 1).canary(growing);
    assert!(first(&look(&at_approval(fewer))).contains("orders-canary is to have 1 task, not 2"));
}

#[test]
fn a_service_that_was_deleted_while_the_approval_waits_ends_the_release() {
    let gone = at_approval(shifted()).but(|seen| seen.pair.services().canary = Known::Gone);
    let decision = first(&look(&gone));
    assert_eq!(
        decision,
        begins(
            "service canary does not exist (ecs:DescribeServices). Somebody or something else has removed it since the release began"
        )
    );
}

#[test]
fn a_look_that_another_invocation_has_overtaken_decides_nothing() {
    let looked = at_approval(shifted().dead_letters(1));
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

#[test]
fn counts_that_were_never_set_and_are_right_again_are_taken_for_what_they_are() {
    let counts = |canary| Counts { primary: 3, canary };
    let unset = record()
        .shifting(25)
        .counting(counts(1), counts(4), at(500));
    let Decision::Take(taken) = look(&at_approval(shifted().recorded(unset))) else {
        panic!("the record takes note")
    };
    let set = taken.record.as_ref().unwrap().set().counts.unwrap();
    assert_eq!((set.to, set.seen), (counts(1), true));
    let next = shifted().recorded(*taken.record.unwrap());
    check(
        "nobody else has written",
        &look(&at_approval(next)),
        &goes_on(),
    );
}

#[test]
fn a_canary_that_adds_tasks_of_its_own_while_ours_are_on_their_way_is_nobody_elses() {
    let growing = |canary: Service| {
        let mut canary = canary.scaled(0, 10);
        let suspended = &mut canary.scaling.as_mut().unwrap().suspended;
        (suspended.scale_in, suspended.scheduled) = (true, true);
        canary
    };
    let counts = |canary| Counts {
        primary: 16,
        canary,
    };
    let mut seen = halved(16, 7).canary(growing);
    let unset = seen
        .record
        .take()
        .unwrap()
        .counting(counts(6), counts(8), at(590));
    let follows = look(&at_approval(seen.recorded(unset)));
    assert!(
        first(&follows).starts_with("take: 50 % asked; setting orders-canary to 8 tasks"),
        "{follows:?}"
    );
}

#[test]
fn before_the_first_share_the_primarys_own_scaling_may_have_set_its_count() {
    let record = record().of(target().constant_total()).registered();
    let deployed = pair().canary_on_candidate().tasks(6, 1).recorded(record);
    assert!(first(&look(&at_approval(deployed))).starts_with("done: "));
}

#[test]
fn a_watch_that_fails_is_noted_once_told_after_an_hour_and_over_when_everything_is_seen() {
    let look_at = |seconds, record: &Record, is_blind| {
        let at_approval = at_approval(shifted().recorded(record.clone()).seen_at(at(seconds)));
        let seen = at_approval.but(|seen| {
            if is_blind {
                seen.execution = unseen("throttled");
            }
        });
        call::call(
            Some(record),
            &Trigger::Schedule,
            &seen.besides(&Trigger::Schedule),
            at(seconds),
        )
    };
    let kept = |call| match call {
        Call::Keep(keeping) => *keeping,
        other => panic!("{other:?}"),
    };
    let record = shifted().record.expect("a record");
    let noted = kept(look_at(600, &record, true));
    assert!(noted.notice.is_none() && noted.steps.is_empty());
    let minute = look_at(660, &noted.record, true);
    assert!(
        matches!(minute, Call::Idle(Idle::NotSeen { .. })),
        "{minute:?}"
    );
    let told = kept(look_at(600 + 3600, &noted.record, true));
    assert!(told.notice.is_some(), "{told:?}");
    let minute = look_at(600 + 3660, &told.record, true);
    assert!(matches!(minute, Call::Idle(_)), "{minute:?}");
    let again = kept(look_at(600 + 7200, &told.record, true));
    assert!(again.notice.is_some());
    let seen = kept(look_at(600 + 3660, &told.record, false));
    assert_eq!((seen.record.failing, seen.notice), (None, None));
}

#[test]
fn as_long_as_tasks_of_the_candidate_run_beside_somebody_elses_version_nothing_is_over() {
    let candidate = canary::fixtures::candidate();
    let rolling =
        record()
            .shifting(25)
            .rolling_back()
            .setting(|set: &mut canary::parts::pair::Set| {
                (set.restoring.spares_canary, set.restoring.stopped) = (true, true);
                set.restoring.unwanted_since = Some(at(410));
            });
    let theirs = pair()
        .canary(|canary| canary.on(&foreign()).replacing(&candidate, 1))
        .recorded(rolling);
    let at = |seconds| Scene::of(theirs.clone().seen_at(at(seconds))).with_status("Stopped");
    assert!(
        first(&look(&at(420))).starts_with("wait: "),
        "ECS may replace them"
    );
    let stops = canary::fixtures::told(&look(&at(440)));
    assert!(stops.ends_with("orders-canary: 0 tasks"), "{stops}");
}
