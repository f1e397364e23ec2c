mod verdict;

use canary::fixtures::queue::{pair, record, target};

use super::*;

#[test]
fn while_an_approval_waits_every_gate_rolls_back_and_while_an_action_works_it_asks_them_itself() {
    check(
        "nothing is amiss",
        &look(&at_approval(shifted())),
        &goes_on(),
    );
    let letter: Change = |seen| seen.dead_letters_twice(1);
    let told = "1 new message in dead-letter queue orders-dead-letters since the release began; allowed: 0 (maxDeadLetters). It \
                holds 1 now";
    let letter = ("a dead letter", letter, told.to_owned());
    for (situation, change, why) in closing().into_iter().chain([letter]) {
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

#[test]
fn of_a_later_versions_release_a_dead_letter_does_not_count() {
    let seen = newer().dead_letters_twice(1);
    check("a dead letter", &look(&at_approval(seen)), &goes_on());
}

#[test]
fn dead_letters_roll_a_promoted_release_back_where_a_bound_is_set_for_the_guard() {
    let mut target = target();
    let canary::traffic::Traffic::Queue(queue) = &mut target.traffic else {
        panic!("a queue")
    };
    queue.traffic.queue.letters.guard_max_dead_letters = Some(2);
    let promoted = || promoted().recorded(record().of(target.clone()).promoted());
    let told = |seen| first(&look(&Scene::of(seen)));
    let unbound = super::promoted().dead_letters(1);
    assert_eq!(told(unbound), told(super::promoted()));
    assert!(told(promoted().dead_letters(2)).starts_with("done: "));
    assert!(
        told(promoted().dead_letters(3)).starts_with("take: release"),
        "a look alone is none"
    );
    let why = "3 new messages in dead-letter queue orders-dead-letters since the release began; allowed: 2 \
               (guardMaxDeadLetters). It holds 3 now";
    assert_eq!(told(promoted().dead_letters_twice(3)), begins(why));
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
    let stops = told(&look(&at(440)));
    assert!(stops.ends_with("orders-canary: 0 tasks"), "{stops}");
}
