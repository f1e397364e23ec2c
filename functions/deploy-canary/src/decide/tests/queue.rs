use canary::fixtures::queue::{pair, record, target};

use super::*;

#[test]
fn what_is_begun_holds_what_was_found_and_the_whole_definition() {
    let pair = pair()
        .dead_letters(2)
        .canary(|canary| canary.tasks(2).scaled(1, 4));
    let Decision::Take(taken) = decide(&look(), &seen(pair.clone(), start())) else {
        panic!("the release does not begin");
    };
    let record = taken.record.unwrap();
    assert_eq!(record.revision, 1);
    let found = fixtures::record().having_found(&pair).body.found;
    assert_eq!(record.body.found, found);
    let Some(Candidate::Registering { definition, since }) = record.set().candidate else {
        panic!("{}", record.phase);
    };
    assert_eq!(since, now());
    let register = step(Change::Register {
        definition: definition.clone(),
    });
    assert_eq!(
        taken.steps[0], register,
        "what is registered is what is recorded"
    );
    let definition: serde_json::Value = serde_json::from_str(&definition).unwrap();
    assert_eq!(
        definition,
        json!({
            "family": "orders", "cpu": "256", "newerThanThisProgram": {"kept": true},
            "containerDefinitions": [{"name": "app", "image": "orders:v2", "essential": true}],
            "tags": [{"key": "team", "value": "orders"},
                {"key": "canary:release", "value": release()},
                {"key": "canary:began", "value": now()}],
        })
    );
}

#[test]
fn the_canarys_scaling_is_held_before_its_count_is_changed() {
    let scaled = |record: Record| {
        let pair = pair().canary(|canary| canary.scaled(1, 4));
        pair.clone().recorded(record.having_found(&pair))
    };
    let held = |record| scaled(record).canary(Service::held);
    let constant = |record: Record| {
        let pair = pair().primary(|primary| primary.scaled(2, 9));
        let target = target().constant_total();
        pair.clone().recorded(record.having_found(&pair).of(target))
    };
    let rows = [
        (
            "at the registration, in the same move",
            scaled(record()),
            "take: registering the candidate's task definition | record Deploying | register | orders-canary: scaled 0 to 4 \
             suspended",
        ),
        (
            "that failed: again",
            scaled(record().registered()),
            "take: suspending automatic scaling for the length of the release | orders-canary: scaled 0 to 4 suspended",
        ),
        (
            "only when it is held is the service updated",
            held(record().registered()),
            "take: updating orders-canary to orders:8 | orders-canary: orders:8, 1 tasks",
        ),
        (
            "in constantTotal, the primary's too",
            constant(record().registered()),
            "take: suspending automatic scaling for the length of the release | orders: scaled 0 to 9 suspended",
        ),
    ];
    for (situation, pair, expected) in rows {
        let target = pair.record.as_ref().map(|it| it.target.clone());
        let look = look().started(at(590)).at_target(target.expect("a record"));
        check(
            situation,
            &decide(&look, &seen(pair, Detail::Nothing)),
            expected,
        );
    }
}

#[test]
fn the_candidate_goes_to_the_canary_and_is_deployed_when_every_task_runs_it() {
    let registered = |pair: Moment| pair.recorded(record().registered());
    let on = |pair: Moment| registered(pair.canary_on_candidate());
    let tasks = |many| Detail::Tasks(running_tasks(&candidate(), many));
    let mut mixed = running_tasks(&candidate(), 1);
    mixed.extend(running_tasks(&stable(), 1));
    let mut unwell = running_tasks(&candidate(), 1);
    unwell[0].well = false;
    let updates = "take: updating orders-canary to orders:8 | orders-canary: orders:8, 1 tasks";
    let waits = "wait: waiting for orders-canary to run orders:8: 1 of 1 tasks, the deployment is still in progress";
    let rows = vec![
        (
            "the canary is on what was found",
            registered(pair()),
            Detail::Nothing,
            updates,
        ),
        (
            "with more tasks than the smallest share",
            registered(pair().tasks(3, 4)),
            Detail::Nothing,
            updates,
        ),
        (
            "its task is starting",
            on(pair()).canary(|canary| canary.running(0).replacing(&stable(), 1)),
            Detail::Nothing,
            "wait: waiting for orders-canary to run orders:8: 0 of 1 tasks",
        ),
        (
            "its task runs, the old one too",
            on(pair()).canary(|canary| canary.replacing(&stable(), 1)),
            Detail::Nothing,
            waits,
        ),
        (
            "ECS says steady, a task of the old version is listed",
            on(pair()),
            Detail::Tasks(mixed),
            waits,
        ),
        (
            "ECS says steady, its task is unhealthy",
            on(pair()),
            Detail::Tasks(unwell),
            waits,
        ),
        (
            "ECS says steady, no task is listed",
            on(pair()),
            tasks(0),
            waits,
        ),
        (
            "somebody has set it to no tasks, which proves nothing",
            on(pair().tasks(3, 0)),
            tasks(0),
            updates,
        ),
        (
            "every task runs the candidate",
            on(pair()),
            tasks(1),
            "done: orders-canary runs orders:8 (orders:v2): 1 of 1 tasks steady",
        ),
    ];
    for (situation, pair, detail, expected) in rows {
        let look = look().started(at(100));
        check(situation, &decide(&look, &seen(pair, detail)), expected);
    }
    let constant = record()
        .registered()
        .of(target().constant_total())
        .having_found(&pair().tasks(3, 2));
    check(
        "in constantTotal the canary keeps its count",
        &decide(
            &look().at_target(target().constant_total()),
            &seen(pair().tasks(3, 2).recorded(constant), Detail::Nothing),
        ),
        "take: updating orders-canary to orders:8 | orders-canary: orders:8, 2 tasks",
    );
}

#[test]
fn look_by_look_a_steady_pair_gets_its_canary_and_one_more_look_changes_nothing() {
    let found = pair().canary(|canary| canary.tasks(2).scaled(2, 4));
    let mut world = World::new(found);
    let mut story = Vec::new();
    let mut done = 0;
    for n in 0..10 {
        let look = look().started(now()).taken_at(at(600 + n));
        world.pair.now = look.now;
        let decision = decide(&look, &seen(world.pair.clone(), observe(&world)));
        if let Decision::Take(taken) = &decision {
            if let Some(record) = &taken.record {
                world.pair.record = Some(*record.clone());
            }
            taken.steps.iter().for_each(|step| world.take(step));
        }
        done += u32::from(matches!(decision, Decision::Done(_)));
        if done < 2 {
            story.push(told(&decision));
        }
    }
    assert_eq!(
        story,
        [
            &format!("{BEGINS} | orders-canary: scaled 0 to 4 suspended"),
            "take: updating orders-canary to orders:8 | record Deploying | orders-canary: orders:8, 1 tasks",
            "done: orders-canary runs orders:8 (orders:v2): 1 of 1 tasks steady",
        ]
    );
    assert_eq!(world.writes, 3);
    assert_eq!(done, 8);
    let held = ScalableTarget {
        min: 0,
        max: 4,
        suspended: Suspended::ALL,
    };
    assert_eq!(world.pair.canary.scaling, Some(held));
    let update = step(Change::UpdateService {
        service: target().services().canary.clone(),
        task_definition: Some(candidate()),
        desired: Some(1),
    });
    world.take(&update);
    assert_eq!(
        world.pair.canary.desired, 1,
        "doing it twice is doing it once"
    );
}

/// What the I/O around `decide` reads in a second round.
fn observe(world: &World) -> Detail {
    let Some(record) = &world.pair.record else {
        return start();
    };
    match (&record.phase, record.set().candidate) {
        (Phase::Deploying, Some(Candidate::Registering { .. })) => latest(record.began),
        (Phase::Deploying, Some(Candidate::Registered { .. })) => {
            Detail::Tasks(running_tasks(&candidate(), world.pair.canary.running))
        }
        _ => start(),
    }
}

/// A change to consumers of a queue.
fn step(change: Change) -> Step {
    Step::Traffic(traffic::Change::Queue(change))
}
