use super::*;

#[test]
fn the_candidate_is_registered_once_by_whoever_claims_it() {
    let registers =
        "take: registering the candidate's task definition | record Deploying | register";
    let waits = "wait: waiting for the candidate's task definition to be registered";
    let claimed = |since| pair().recorded(record().registering(since));
    let rows = [
        (
            "nobody has claimed it",
            pair().recorded(record()),
            Detail::Nothing,
            registers,
        ),
        (
            "another invocation has just claimed it",
            claimed(at(599)),
            Detail::Latest(definition("orders:v1")),
            waits,
        ),
        (
            "whoever claimed it is over and has left nothing",
            claimed(at(570)),
            Detail::Latest(definition("orders:v1")),
            registers,
        ),
        (
            "it is there",
            claimed(at(599)),
            latest(began()),
            "take: updating orders-canary to orders:8 | record Deploying | orders-canary: orders:8, 1 tasks",
        ),
        (
            "an earlier attempt's is there",
            claimed(at(599)),
            latest(at(1)),
            waits,
        ),
    ];
    for (situation, pair, detail, expected) in rows {
        let look = look().started(at(100));
        check(situation, &decide(&look, &seen(pair, detail)), expected);
    }
}

#[test]
fn a_canary_that_does_not_keep_the_candidate_fails_the_release_with_ecs_own_reason() {
    let on = |change: fn(Service) -> Service| {
        pair()
            .canary_on_candidate()
            .canary(change)
            .recorded(record().registered())
    };
    let mut taken_back = pair()
        .canary(|canary| canary.since(at(300)))
        .recorded(record().registered());
    taken_back.canary.deployments[0].reason =
        Some("ECS deployment circuit breaker: rolling back to the last one".to_owned());
    let rows = [
        (
            "ECS gives up",
            on(Service::broken_down),
            "refuse: the ECS circuit breaker failed the deployment of orders:8 on orders-canary: tasks failed to start",
        ),
        (
            "ECS has taken the candidate back",
            taken_back,
            "refuse: orders-canary runs orders:7, not orders:8 as this release last set it. The service was changed outside this release: ECS deployment circuit breaker: rolling back to the last one",
        ),
        (
            "somebody deploys something else",
            on(|canary| canary.on(&foreign())),
            "refuse: orders-canary runs orders:9, not orders:8 as this release last set it. The service was changed outside this release",
        ),
        (
            "a read right after the update still shows what was there before",
            pair().recorded(record().registered()),
            "take: updating orders-canary to orders:8 | orders-canary: orders:8, 1 tasks",
        ),
        (
            "an alarm fires",
            on(|canary| canary).alarm_firing(),
            "refuse: alarm orders-dead-letters is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.",
        ),
    ];
    for (situation, pair, expected) in rows {
        let look = look().started(at(100));
        check(
            situation,
            &decide(&look, &seen(pair, Detail::Nothing)),
            expected,
        );
    }
}

#[test]
fn what_does_not_come_to_an_end_is_given_up_at_the_timeout_and_says_what_it_waited_for() {
    let late = || look().started(at(0)).taken_at(at(900));
    let starting = pair()
        .canary_on_candidate()
        .canary(|canary| {
            let mut canary = canary.running(0).rolling_out();
            canary.deployments[0].failed_tasks = 2;
            canary.deployments[0].reason = Some("the image cannot be pulled".to_owned());
            canary
        })
        .recorded(record().registered());
    check(
        "tasks do not start",
        &decide(&late(), &seen(starting, Detail::Nothing)),
        "refuse: timed out after 15m: waiting for orders-canary to run orders:8: 0 of 1 tasks, 2 tasks failed to start: \
         the image cannot be pulled",
    );
    check(
        "an update that never shows",
        &decide(
            &late(),
            &seen(pair().recorded(record().registered()), Detail::Nothing),
        ),
        "refuse: timed out after 15m: updating orders-canary to orders:8; something outside this release keeps undoing it",
    );
    check(
        "what moves the record on is progress",
        &decide(&late(), &seen(pair().recorded(record()), Detail::Nothing)),
        "take: registering the candidate's task definition | record Deploying | register",
    );
}
