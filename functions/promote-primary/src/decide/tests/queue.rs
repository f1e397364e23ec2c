use canary::fixtures::queue::{pair, record, target};

use super::*;

#[test]
fn in_constant_total_the_primary_gets_its_count_and_its_scaling_back() {
    let constant = || record().of(target().constant_total());
    let scaled = || {
        let found = pair().primary(|primary| primary.scaled(1, 9));
        let record = constant().having_found(&found).promoting();
        found.both_on_candidate().recorded(record)
    };
    let rows = [
        (
            "with the version in one call",
            seen(
                pair()
                    .canary_on_candidate()
                    .tasks(1, 3)
                    .recorded(constant().promoting()),
            ),
            "take: updating orders to orders:8 | orders: orders:8, 3 tasks",
        ),
        (
            "the count alone, if only that is wrong",
            seen(
                pair()
                    .both_on_candidate()
                    .tasks(1, 3)
                    .recorded(constant().promoting()),
            ),
            "take: updating orders to orders:8 | orders: 3 tasks",
        ),
        (
            "then its scaling",
            with_tasks(scaled().primary(Service::held), 3),
            "take: restoring automatic scaling | orders: scaled 1 to 9",
        ),
        (
            "after that the count is its scaling's",
            with_tasks(scaled().tasks(5, 1), 5),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted",
        ),
    ];
    for (situation, seen, expected) in rows {
        let look = look().at_target(target().constant_total());
        check(situation, &decide(&look, &seen), expected);
    }
}

#[test]
fn in_constant_total_a_promotion_never_has_more_tasks_than_the_target_allows() {
    let target = || target().constant_total().at_most(5);
    let found = pair().tasks(4, 1);
    let record = || record().of(target()).having_found(&found).promoting();
    let on_both = |primary, canary| {
        let pair = pair().both_on_candidate().tasks(primary, canary);
        pair.recorded(record())
    };
    let shifted = pair().canary_on_candidate().tasks(2, 3);
    let leaving = on_both(2, 1).canary(|canary| canary.running(3));
    let rows = [
        (
            "three of five are the canary's: the primary keeps two",
            seen(shifted.recorded(record())),
            "take: updating orders to orders:8 | orders: orders:8, 2 tasks",
        ),
        (
            "it runs the candidate: the canary's may go",
            with_tasks(on_both(2, 3), 2),
            "take: primary runs the candidate; setting orders-canary back to 1 tasks | orders-canary: 1 tasks",
        ),
        (
            "they still run",
            with_tasks(leaving, 2),
            "wait: waiting for orders-canary on orders:8, 3 of 1 tasks, COMPLETED to settle",
        ),
        (
            "they are gone: the primary gets its own back",
            with_tasks(on_both(2, 1), 2),
            "take: updating orders to orders:8 | orders: 4 tasks",
        ),
        (
            "all is as it was found",
            with_tasks(on_both(4, 1), 4),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(
            situation,
            &decide(&look().at_target(target()), &seen),
            expected,
        );
    }
}

#[test]
fn look_by_look_an_approved_canary_becomes_the_primary_and_one_more_look_changes_nothing() {
    let target = target().constant_total();
    let found = pair()
        .tasks(4, 1)
        .primary(|primary| primary.scaled(2, 8))
        .canary(|canary| canary.scaled(1, 4));
    let record = record().of(target.clone()).having_found(&found);
    let mut world = World::new(
        found
            .clone()
            .tasks(2, 3)
            .primary(Service::held)
            .canary(Service::held)
            .canary_on_candidate()
            .recorded(record.shifting(60)),
    );
    let mut story = Vec::new();
    let mut bookmark = baking().bookmark;
    for n in 0..9 {
        let look = baking()
            .at_target(target.clone())
            .with(bookmark)
            .taken_at(at(600 + 100 * n));
        world.pair.now = look.now;
        let service = match world.pair.record.as_ref().map(|record| &record.phase) {
            Some(Phase::Promoting { .. }) => &world.pair.primary,
            _ => &world.pair.canary,
        };
        let seen = with_tasks(world.pair.clone(), service.running);
        let decided = super::super::decide(&look, &seen);
        let decision = decided.decision;
        bookmark = decided.bookmark;
        match &decision {
            Decision::Take(taken) => {
                if let Some(record) = &taken.record {
                    world.pair.record = Some(*record.clone());
                }
                taken.steps.iter().for_each(|step| world.take(step));
            }
            Decision::Done(done) => {
                if let Some(record) = &done.record {
                    world.pair.record = Some(*record.clone());
                }
            }
            Decision::Wait(_) | Decision::Refuse(_) => {}
        }
        story.push(told(&decision));
    }
    let promoted = "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them";
    assert_eq!(
        story,
        [
            BEGINS.to_owned(),
            "take: updating orders to orders:8 | orders: orders:8, 4 tasks".to_owned(),
            "take: primary runs the candidate; setting orders-canary back to 1 tasks | orders-canary: 1 tasks".to_owned(),
            "take: restoring automatic scaling | orders-canary: scaled 1 to 4 | orders: scaled 2 to 8".to_owned(),
            "take: promotion complete; health is watched for 5m | record Promoting".to_owned(),
            "wait: promotion complete; health watched for 1m40s of 5m".to_owned(),
            "wait: promotion complete; health watched for 3m20s of 5m".to_owned(),
            format!("{promoted} | record Promoted"),
            promoted.to_owned(),
        ]
    );
    let as_found = |service: &Service, found: &Service| {
        service.is_on(&candidate())
            && (service.desired, service.scaling) == (found.desired, found.scaling)
    };
    assert!(
        as_found(&world.pair.primary, &found.primary),
        "{:?}",
        world.pair
    );
    assert!(
        as_found(&world.pair.canary, &found.canary),
        "{:?}",
        world.pair
    );
}
