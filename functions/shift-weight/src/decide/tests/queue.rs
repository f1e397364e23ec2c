use canary::fixtures::queue::{pair, record, target};

use super::*;

fn constant() -> Record {
    record().of(target().constant_total())
}

#[test]
fn it_fits_between_deploy_and_promote_of_the_same_release() {
    let wrong = |phase: &str| {
        format!(
            "refuse: shift-weight cannot run now: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is in phase {phase}. It can run \
             after deploy-canary and before promote-primary, in the same pipeline execution"
        )
    };
    let being_rolled_back = "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is being rolled back: alarm orders-dead-letters went \
                             to ALARM: 3 messages. This action changed nothing more; once that is done, start a new execution, \
                             or retry from deploy-canary";
    let rolled_back = "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f was rolled back: alarm orders-dead-letters went \
                       to ALARM: 3 messages. This action changed nothing more; start a new execution, or retry from deploy-canary";
    let sets = "take: 10 % asked, 25 % attainable: 1 of 4 tasks; setting 3 primary and 1 canary tasks | record Shifting";
    let rows = vec![
        ("no release ever", pair(), "refuse: this release does not hold orders/orders: no release does. deploy-canary must run first, in the same pipeline execution".to_owned()),
        (
            "another release",
            seen(3, 1, record().owned_by(another_release()).shifting(10)),
            "refuse: this release does not hold orders/orders: release 9e8d7c6b-5a49-4837-a615-049382716050 does. \
             deploy-canary must run first, in the same pipeline execution"
                .to_owned(),
        ),
        ("nothing registered", pair().recorded(record()), wrong("Deploying")),
        ("being registered", pair().recorded(record().registering(at(599))), wrong("Deploying")),
        ("registered, not on the canary", pair().recorded(record().registered()), wrong("Deploying")),
        ("deployed", seen(3, 1, record().registered()), sets.to_owned()),
        ("being promoted", seen(3, 1, record().promoting()), wrong("Promoting")),
        (
            "promoted before: a re-run of an execution whose image runs already",
            pair().recorded(record().promoted()),
            "done: nothing to do: orders already runs orders:v2".to_owned(),
        ),
        ("being rolled back", seen(3, 1, record().shifting(10).rolling_back()), being_rolled_back.to_owned()),
        ("rolled back", pair().recorded(record().rolled_back()), rolled_back.to_owned()),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&look(&[10]), &seen).decision, &expected);
    }
}

#[test]
fn a_gate_that_closes_stops_the_shift_whatever_else_is_to_do() {
    let shifting = |n| seen(3, n, record().shifting(10));
    let rows = [
        (
            "an alarm",
            shifting(1).alarm_firing(),
            "refuse: alarm orders-dead-letters is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.",
        ),
        (
            "a dead letter",
            shifting(4).dead_letters_twice(1),
            "refuse: 1 new message in dead-letter queue orders-dead-letters since the release began; allowed: 0 \
             (maxDeadLetters). It holds 1 now",
        ),
        (
            "the canary runs something else",
            shifting(1).canary(|canary| canary.on(&foreign())),
            "refuse: orders-canary runs orders:9, not orders:8 as this release last set it. The service was changed outside this release",
        ),
        (
            "the primary runs something else",
            shifting(1).primary(|primary| primary.on(&foreign())),
            "refuse: orders runs orders:9, not orders:7 as this release last set it. The service was changed outside this release",
        ),
        (
            "ECS gives up",
            shifting(1).canary(Service::broken_down),
            "refuse: the ECS circuit breaker failed the deployment of orders:8 on orders-canary: tasks failed to start",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&look(&[10]), &seen).decision, expected);
    }
}

#[test]
fn in_additive_the_canary_gets_its_tasks_and_the_share_is_baked() {
    let rows = vec![
        (
            "a share that is not asked yet",
            at_step(0, 590),
            seen(4, 1, record().registered()),
            "take: 50 % asked, 50 % attainable: 4 of 8 tasks; setting 4 primary and 4 canary tasks | record Shifting | \
             orders-canary: 4 tasks",
        ),
        (
            "asked, but whoever asked was over before the count was set",
            at_step(0, 590),
            seen(4, 1, counting(1, 4, record().shifting(50))),
            "take: 50 % asked, 50 % attainable: 4 of 8 tasks; setting 4 primary and 4 canary tasks | orders-canary: 4 tasks",
        ),
        (
            "tasks are starting",
            at_step(0, 590),
            seen(4, 4, record().shifting(50)).canary(|canary| canary.running(2)),
            "wait: 50 % asked, 33.3 % attained: waiting for tasks (orders on orders:7, 4 of 4 tasks, COMPLETED; \
             orders-canary on orders:8, 2 of 4 tasks, COMPLETED)",
        ),
        (
            "they are seen: the bake begins, and the record says so",
            at_step(0, 590),
            seen(4, 4, counting(1, 4, record().shifting(50))),
            "take: 50 % asked, 50 % attained: 4 of 8 tasks, all run | record Shifting",
        ),
        (
            "all run: the bake begins",
            at_step(0, 590),
            seen(4, 4, record().shifting(50)),
            "wait: 50 % asked, 50 % attained: 4 of 8 tasks; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "the bake goes on",
            at_step(0, 400).holding(at(470)),
            seen(4, 4, record().shifting(50)),
            "wait: 50 % asked, 50 % attained: 4 of 8 tasks; baking 2m10s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "the primary's autoscaler adds tasks: the canary follows",
            at_step(0, 400).holding(at(470)),
            seen(6, 4, record().shifting(50)),
            "take: 50 % asked, 50 % attainable: 6 of 12 tasks; setting 6 primary and 6 canary tasks | record Shifting | orders-canary: 6 tasks",
        ),
        (
            "the primary's autoscaler takes tasks away: the canary follows",
            at_step(0, 400).holding(at(470)),
            seen(2, 4, record().shifting(50)),
            "take: 50 % asked, 50 % attainable: 2 of 4 tasks; setting 2 primary and 2 canary tasks | record Shifting | orders-canary: 2 tasks",
        ),
        (
            "fewer canary tasks are wanted while the primary's still start: not yet",
            at_step(0, 400).holding(at(470)),
            seen(2, 4, record().shifting(50)).primary(|primary| primary.running(1)),
            "wait: 50 % asked, 80 % attained: waiting for tasks (orders on orders:7, 1 of 2 tasks, COMPLETED; orders-canary \
             on orders:8, 4 of 4 tasks, COMPLETED)",
        ),
        (
            "baked, but for its last minute",
            at_step(0, 200).holding(at(300)),
            seen(
                4,
                4,
                record()
                    .shifting(50)
                    .judged(at(530), verdict(Answer::NotEnough)),
            ),
            "wait: 50 % asked, 50 % attained: 4 of 8 tasks; held, its last minute is being judged. Canary 10 of 1000 failed, primary \
             90 of 9000: evidence 0.5 of the 100 that it takes to call it worse",
        ),
        (
            "baked: done",
            at_step(0, 200).holding(at(300)),
            seen(
                4,
                4,
                record()
                    .shifting(50)
                    .judged(at(600), verdict(Answer::NotEnough)),
            ),
            "done: 50 % asked, 50 % attained: 4 of 8 tasks; nothing measured; all shares held, no gate closed. Canary 10 of 1000 failed, primary 90 of \
             9000: evidence 0.5 of the 100 that it takes to call it worse | record Shifting",
        ),
    ];
    for (situation, bookmark, seen, expected) in rows {
        let look = look(&[50]).with(bookmark);
        check(situation, &decide(&look, &seen).decision, expected);
    }
}

#[test]
fn a_primary_that_scales_in_beyond_the_tolerance_of_a_share_that_bakes_is_no_failure() {
    let mut look = look(&[20]).with(at_step(0, 400).holding(at(470)));
    look.parameters.tolerance = Some(5.0);
    check(
        "the nearest share is held",
        &decide(&look, &seen(1, 1, record().shifting(20))).decision,
        "wait: 20 % asked, 50 % attained: 1 of 2 tasks; baking 2m10s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
    );
    check(
        "before it is there it is refused",
        &decide(&look, &seen(1, 1, record().shifting(10))).decision,
        "refuse: a share of 20 % cannot be reached within 5 percentage points; the nearest reachable shares are 50 % (1 of 2 tasks)",
    );
}

#[test]
fn tasks_that_do_not_start_are_given_up_at_the_steps_timeout() {
    let late = look(&[50]).with(at_step(0, 300)).taken_at(at(1500));
    let starting = seen(4, 4, record().shifting(50)).canary(|canary| canary.running(2));
    check(
        "fifteen minutes and the bake after the step began",
        &decide(&late, &starting).decision,
        "refuse: timed out after 20m: 50 % asked, 33.3 % attained: waiting for tasks (orders on orders:7, 4 of 4 tasks, \
         COMPLETED; orders-canary on orders:8, 2 of 4 tasks, COMPLETED)",
    );
}

#[test]
fn the_bookmark_says_since_when_a_share_is_held_and_which_step_is_next() {
    let first = decide(
        &look(&[10, 50]).with(at_step(0, 590)),
        &seen(4, 1, record().shifting(10)),
    );
    let began = |decided: &Decided| decided.bookmark.bake.map(|bake| bake.began);
    assert_eq!(began(&first), Some(now()));
    let over = decide(
        &look(&[10, 50]).with(at_step(0, 200).holding(at(300))),
        &seen(
            4,
            1,
            record()
                .shifting(10)
                .judged(at(600), verdict(Answer::NotEnough)),
        ),
    );
    check(
        "the next share is set in the look that ends the bake",
        &over.decision,
        "take: 50 % asked, 50 % attainable: 4 of 8 tasks; setting 4 primary and 4 canary tasks | record Shifting | \
         orders-canary: 4 tasks",
    );
    assert_eq!(
        (over.bookmark.step, over.bookmark.step_started, began(&over)),
        (1, now(), None)
    );
    let same = decide(
        &look(&[10, 10]).with(at_step(0, 200).holding(at(300))),
        &seen(
            4,
            1,
            record()
                .shifting(10)
                .judged(at(600), verdict(Answer::NotEnough)),
        ),
    );
    check(
        "a second step of the same share only bakes on",
        &same.decision,
        "wait: 10 % asked, 20 % attained: 1 of 5 tasks; baking 0s of 5m. Canary 10 of 1000 failed, primary 90 of 9000: evidence 0.5 of the 100 that it takes to call it worse",
    );
}

#[test]
fn in_constant_total_a_canary_task_runs_before_a_primary_task_stops_both_ways() {
    let rows = [
        (
            "up: the canary first",
            50,
            seen(4, 1, constant().shifting(50)),
            "take: 50 % asked, 50 % attainable: 2 of 4 tasks; setting 4 primary and 2 canary tasks | record Shifting | orders-canary: 2 tasks",
        ),
        (
            "its task is starting: the primary keeps its own",
            50,
            seen(4, 2, constant().shifting(50)).canary(|canary| canary.running(1)),
            "wait: 50 % asked, 20 % attained: waiting for tasks (orders on orders:7, 4 of 4 tasks, COMPLETED; orders-canary \
             on orders:8, 1 of 2 tasks, COMPLETED)",
        ),
        (
            "it runs: the primary gives one up",
            50,
            seen(4, 2, constant().shifting(50)),
            "take: 50 % asked, 50 % attainable: 2 of 4 tasks; setting 2 primary and 2 canary tasks | record Shifting | orders: 2 tasks",
        ),
        (
            "down: the primary first",
            25,
            seen(2, 2, constant().shifting(25)),
            "take: 25 % asked, 25 % attainable: 1 of 4 tasks; setting 3 primary and 2 canary tasks | record Shifting | orders: 3 tasks",
        ),
        (
            "then the canary",
            25,
            seen(3, 2, constant().shifting(25)),
            "take: 25 % asked, 25 % attainable: 1 of 4 tasks; setting 3 primary and 1 canary tasks | record Shifting | orders-canary: 1 tasks",
        ),
        (
            "everything leaves the primary no tasks",
            100,
            seen(2, 4, constant().shifting(100)),
            "take: 100 % asked, 100 % attainable: 4 of 4 tasks; setting 0 primary and 4 canary tasks | record Shifting | orders: 0 tasks",
        ),
    ];
    for (situation, percent, seen, expected) in rows {
        let look = look(&[percent])
            .with(at_step(0, 590))
            .at_target(target().constant_total());
        check(situation, &decide(&look, &seen).decision, expected);
    }
}

#[test]
fn a_count_is_changed_only_once_its_scaling_is_seen_to_be_held() {
    let scaled = |record: Record| {
        let seen = seen(3, 1, record);
        seen.primary(|primary| primary.scaled(2, 9)).found_so()
    };
    let rows = [
        (
            "in constantTotal the primary's",
            scaled(constant().registered()),
            target().constant_total(),
            "take: suspending automatic scaling for the length of the release | record Shifting | orders: scaled 0 to 9 \
             suspended",
        ),
        (
            "that failed: again, although the counts are right",
            scaled(constant().shifting(25)),
            target().constant_total(),
            "take: suspending automatic scaling for the length of the release | orders: scaled 0 to 9 suspended",
        ),
        (
            "held",
            scaled(constant().shifting(25)).primary(Service::held),
            target().constant_total(),
            "wait: 25 % asked, 25 % attained: 1 of 4 tasks; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "in additive the primary's is its own",
            scaled(record().shifting(25)),
            target(),
            "wait: 25 % asked, 25 % attained: 1 of 4 tasks; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "somebody has resumed the canary's",
            scaled(record().shifting(25))
                .canary(|canary| canary.scaled(1, 4))
                .found_so(),
            target(),
            "take: suspending automatic scaling for the length of the release | orders-canary: scaled 0 to 4 suspended",
        ),
    ];
    for (situation, seen, target, expected) in rows {
        let look = look(&[25]).with(at_step(0, 590)).at_target(target);
        check(situation, &decide(&look, &seen).decision, expected);
    }
}

#[test]
fn a_share_that_cannot_be_reached_is_refused_before_anything_is_changed() {
    let mut strict = look(&[10]);
    strict.parameters.tolerance = Some(5.0);
    let none = seen(0, 1, record().registered());
    let some = seen(3, 1, record().registered());
    let full = seen(3, 1, record().of(target().at_most(3)).registered());
    let rows = [
        (
            "no primary tasks",
            look(&[10]),
            &none,
            "refuse: a share of 10 % cannot be reached: the primary service has no tasks; scale it to at least one and retry",
        ),
        (
            "outside of the tolerance",
            strict,
            &some,
            "refuse: a share of 10 % cannot be reached within 5 percentage points; the nearest reachable shares are 25 % (1 \
             of 4 tasks)",
        ),
        (
            "no room",
            look(&[10]),
            &full,
            "refuse: a share of 10 % cannot be reached: maxTasks is 3 and 3 tasks are taken; raise maxTasks in the target to \
             4 or more",
        ),
    ];
    for (situation, look, seen, expected) in rows {
        check(situation, &decide(&look, seen).decision, expected);
    }
}

#[test]
fn an_event_that_is_delivered_again_late_does_not_take_the_share_back() {
    let busy = "wait: another invocation is updating this pair; looking again";
    let sets = "take: 10 % asked, 20 % attainable: 1 of 5 tasks; setting 4 primary and 1 canary tasks | record Shifting | \
                orders-canary: 1 tasks";
    let rows = [
        (
            "the first event, after the action's second step",
            look(&[10, 50]),
            record().shifting_by(50, &[(ACTION, 1)]),
            "wait: 50 % asked, 50 % attained: 4 of 8 tasks; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "a continuation, after the action's second step",
            look(&[10, 50]).with(at_step(0, 590)),
            record().shifting_by(50, &[(ACTION, 1)]),
            "wait: 50 % asked, 50 % attained: 4 of 8 tasks; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "the first event, after a later action",
            look(&[10]),
            record().shifting_by(50, &[(ACTION, 0), ("a later one", 0)]),
            busy,
        ),
        (
            "another action's turn",
            look(&[10]),
            record().shifting_by(50, &[("an earlier one", 3)]),
            sets,
        ),
        (
            "a retry of the action: another first job",
            look(&[10]),
            record().shifting_by(50, &[("the failed one", 1)]),
            sets,
        ),
    ];
    for (situation, look, record, expected) in rows {
        check(
            situation,
            &decide(&look, &seen(4, 4, record)).decision,
            expected,
        );
    }
}

proptest! {
    #[test]
    fn every_action_ends_at_its_last_share_and_one_more_look_changes_nothing(
        is_constant in any::<bool>(),
        percents in prop::collection::vec(1u8..100, 1..5),
        primary in 2u32..40, resting in 0u32..3, scaled in any::<bool>(),
    ) {
        let target = if is_constant { target().constant_total() } else { target() };
        let found = pair().tasks(primary, resting);
        let mut pair = pair().canary_on_candidate().tasks(primary, resting.max(1));
        if scaled {
            pair = pair.primary(|primary| primary.scaled(1, 100));
        }
        let record = record().of(target.clone()).having_found(&found).registered();
        let mut world = World::new(pair.recorded(record));
        let look = look(&percents).at_target(target.clone());
        let (story, bookmark) = until_done(&look, &mut world);
        prop_assert!(story.last().unwrap().starts_with("done: "), "{story:#?}");
        let last = weight(*percents.last().unwrap());
        let counts = Counts { primary: world.pair.primary.desired, canary: world.pair.canary.desired };
        let goal = canary::parts::plan::plan(target.queue().unwrap().bounds(), last, world.pair.primary.desired, primary + resting).unwrap();
        prop_assert_eq!(counts, goal);
        let writes = world.writes;
        let again = look.with(bookmark);
        let (story, _) = until_done(&again, &mut world);
        prop_assert_eq!(story.len(), 1);
        prop_assert_eq!(world.writes, writes);
    }
}

#[test]
fn a_step_may_wait_until_the_canary_is_as_good_and_says_so_if_it_is_not_in_time() {
    // Held for five minutes, of which one is the bake.
    let looking = |parameters: &str| {
        let text = format!(
            r#"{{"release": "{}", "weight": 50, "bakeMinutes": 1, "untilAsGood": true{parameters}}}"#,
            release()
        );
        let target = serde_json::to_string(&target()).unwrap();
        let (_, parameters) =
            parameters::read::<parameters::RawShiftWeight>("it", Some(&text), Some(&target))
                .unwrap();
        first_look(parameters).with(at_step(0, 200).holding(at(300)))
    };
    let seen = |answer| seen(4, 4, record().shifting(50).judged(at(600), verdict(answer)));
    let said =
        |parameters: &str, answer| told(&decide(&looking(parameters), &seen(answer)).decision);
    let held = "50 % asked, 50 % attained: 4 of 8 tasks";
    let not_enough = "Canary 10 of 1000 failed, primary 90 of 9000: evidence 0.5 of the 100 that it takes to call it worse";
    assert_eq!(
        said(r#", "evidenceMinutes": 10"#, Answer::NotEnough),
        format!(
            "wait: {held}; held, and for 4m of at most 10m it is waited until the canary is seen to be as good. {not_enough}"
        )
    );
    let as_good = said("", Answer::AsGood);
    assert!(as_good.starts_with(&format!("done: {held}; nothing measured; all shares held, no gate closed. The canary is as good: ")), "{as_good}");
    assert_eq!(
        said("", Answer::NotEnough),
        format!(
            "done: NOT SEEN TO BE AS GOOD in the time for that. {held}; nothing measured; all shares held, no gate closed. {not_enough} | record Shifting"
        )
    );
    assert_eq!(
        said(r#", "onInconclusive": "fail""#, Answer::NotEnough),
        format!(
            "refuse: the canary was not seen to be as good at 50 % within 4m after its bake, and onInconclusive is fail. {not_enough}. Give it \
             more time (evidenceMinutes), a larger share, or a larger ratio"
        )
    );
}

#[test]
fn a_look_that_fails_for_a_worse_canary_keeps_what_it_has_counted() {
    let mut record = record().shifting(10);
    record.target.verdict = Consequence::Act;
    let counted = counted(&record, &[[6.0, 20.0, 0.0, 180.0]; 5], now());
    let mut looked = seen(3, 1, record.clone());
    looked.counted = Some(counted);
    let decision = decide(&look(&[10]), &looked).decision;
    let said = told(&decision);
    let worse = "The canary is worse than the primary: 30 of 100 failed, of the primary 0 of 900; evidence ";
    assert!(said.starts_with(&format!("refuse: {worse}")), "{said}");
    assert!(said.ends_with(" | record Shifting"), "{said}");
    let written = decision.record().expect("it is kept");
    assert_eq!(written.revision, record.revision + 1);
    let kept = Told::of(written).expect("it was counted").to_string();
    assert!(kept.starts_with(worse), "{kept}");
    let again = decide(&look(&[10]), &seen(3, 1, written.clone())).decision;
    assert_eq!(
        (told(&again).starts_with("refuse: "), again.record()),
        (true, None),
        "a look that was cut off before its report is taken again, and refuses again"
    );
    let refused = decide(&look(&[10]), &looked.alarm_firing()).decision;
    assert_eq!(refused.record(), None, "an alarm needs no counts");
}

#[test]
fn what_the_last_look_shows_is_kept_and_given_to_the_approval() {
    let look = look(&[50]).with(at_step(0, 200).holding(at(300)));
    let seen = seen(
        4,
        4,
        record()
            .shifting(50)
            .judged(at(600), verdict(Answer::AsGood)),
    );
    let Decision::Done(done) = decide(&look, &seen).decision else {
        panic!("all shares are held");
    };
    let variables: Vec<_> = done.variables.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        variables,
        [
            "Asked", "Attained", "Digest", "Evidence", "Measured", "Verdict"
        ]
    );
    assert_eq!(done.variables[5].1, "as good");
    let record = done.record.expect("it is kept");
    let shown = record.evidence.shown.clone().expect("it was shown");
    assert_eq!(
        (shown.share, shown.verdict.as_str(), Some(shown.candidate)),
        (weight(50), "as good", record.candidate())
    );
    let again = decide(&look, &seen.clone().recorded(*record.clone()));
    assert_eq!(
        again.decision.record(),
        None,
        "one more look changes nothing"
    );
    let known = record.clone().judged(at(720), verdict(Answer::NotEnough));
    let known = seen.recorded(known);
    let Decision::Done(again) = decide(&look, &known).decision else {
        panic!("all shares are held");
    };
    assert_eq!(
        again.variables, done.variables,
        "nor where its report was lost and something else is known by now"
    );
    let mut another = at_step(0, 200).holding(at(300));
    another.action = "another".to_owned();
    let Decision::Done(another) = decide(&look.with(another), &known).decision else {
        panic!("all shares are held");
    };
    assert_eq!(another.variables[5].1, "not enough evidence");
    assert_ne!(another.variables[2], done.variables[2], "the digest");
}
