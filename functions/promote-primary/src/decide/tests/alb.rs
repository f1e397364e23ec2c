use canary::fixtures::{DRAIN_SECONDS, Moment, http_pair, http_record, http_target};

use super::*;

fn http_look() -> Look<PromotePrimary> {
    look().at_target(http_target())
}

/// A promotion of an approved canary that has a weight since second 550.
fn promoted_to(percent: u8) -> Record {
    http_record()
        .promoting()
        .set_weight(0, percent, at(550))
        .live_since(at(560))
}

/// Both on the candidate, all targets healthy, the canary with so much of the rule.
fn sent(weight: u16, record: Record) -> Moment {
    http_pair()
        .both_on_candidate()
        .serving(3, 2)
        .weighing(100 - weight, weight)
        .recorded(record)
}

fn proven(pair: Moment) -> Seen {
    let many = pair.primary.running;
    with_tasks(pair, many)
}

#[test]
fn requests_go_back_to_a_primary_that_can_take_all_of_them_and_to_no_other() {
    let rows = [
        (
            "the primary still runs what was found: it is updated, no weight moves",
            seen(
                http_pair()
                    .canary_on_candidate()
                    .serving(3, 2)
                    .weighing(50, 50)
                    .recorded(promoted_to(50)),
            ),
            "take: updating orders to orders:8 | orders: orders:8",
        ),
        (
            "it is being replaced",
            proven(
                sent(50, promoted_to(50))
                    .primary(|primary| primary.running(1).replacing(&stable(), 2)),
            ),
            "wait: waiting for orders to run orders:8: 1 of 3 tasks",
        ),
        (
            "it is steady, but one of its tasks does not answer yet",
            proven(sent(50, promoted_to(50)).healthy(2, 2)),
            "wait: waiting for orders to settle with 3 healthy targets: 2 healthy",
        ),
        (
            "all answer: five points less",
            proven(sent(50, promoted_to(50))),
            "take: 45 % asked; setting the canary's target group to weight 45 of 100 | record Promoting, weight 45 % from 50 % | \
             rule app/orders/0a1b/2c3d/4e5f: 55 primary and 45 canary",
        ),
        (
            "one of the primary's falls ill while requests go back: no more of them",
            proven(sent(45, promoted_to(45)).healthy(2, 2)),
            "wait: waiting for orders to settle with 3 healthy targets: 2 healthy",
        ),
        (
            "its scaling adds tasks: those are waited for too",
            proven(sent(45, promoted_to(45)).tasks(4, 2)),
            "wait: waiting for orders to settle with 4 healthy targets: 3 healthy",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&http_look(), &seen), expected);
    }
}

#[test]
fn the_canarys_tasks_go_when_the_last_request_is_answered() {
    let at_zero = || promoted_to(0).set_weight(5, 0, at(590)).live_since(at(600));
    let drained = 600 + DRAIN_SECONDS;
    let rested = || sent(0, at_zero()).serving(3, 1);
    let rows = [
        (
            "requests are being finished",
            drained - 1,
            sent(0, at_zero()),
            "wait: 0 % on every rule; the canary's targets have until 2026-10-02T17:05:20Z to finish their requests \
             (deregistration delay)",
        ),
        (
            "they are",
            drained,
            sent(0, at_zero()),
            "take: primary runs the candidate; setting orders-canary back to 1 tasks | orders-canary: 1 tasks",
        ),
        (
            "no task has to go: nothing is waited for",
            drained - 1,
            rested(),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted, weight 0 % seen",
        ),
        (
            "somebody sends the canary something again",
            drained,
            sent(20, at_zero()),
            "refuse: rule app/orders/0a1b/2c3d/4e5f has the weights 80 primary and 20 canary, not 100 primary and 0 canary as this \
             release last set them. The rule was changed outside this release",
        ),
    ];
    for (situation, now, pair, expected) in rows {
        let look = http_look().taken_at(at(now));
        check(
            situation,
            &decide(&look, &proven(pair.seen_at(at(now)))),
            expected,
        );
    }
}

#[test]
fn the_primarys_scaling_is_given_back_and_what_that_pulled_is_put_right() {
    let scaled = |tasks: u32| {
        let mut record = http_record().promoting();
        let found = http_pair().primary(|primary| primary.tasks(1).scaled(2, 9));
        record = record.having_found(&found);
        sent(0, record)
            .serving(tasks, 1)
            .primary(|primary| primary.scaled(2, 9))
    };
    let held = |tasks: u32| {
        scaled(tasks).primary(|mut primary| {
            primary.scaling = primary.scaling.map(|scaling| scaling.held_up(1));
            primary
        })
    };
    let done = "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
                Promoted";
    let rows = [
        (
            "held",
            held(1),
            "take: restoring automatic scaling | orders: scaled 2 to 9",
        ),
        (
            "that pulls up a count that was found below its bounds",
            scaled(2),
            "take: restoring automatic scaling | orders: 1 tasks",
        ),
        ("put right", scaled(1), done),
        ("what scaling itself has added stays", scaled(6), done),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&http_look(), &proven(pair)), expected);
    }
}

#[test]
fn every_step_that_gives_requests_back_has_its_own_time() {
    let mut patient = http_look();
    (
        patient.parameters.drain.step,
        patient.parameters.drain.interval,
    ) = (1, Duration::from_mins(2));
    let stepped = |since: u64| {
        promoted_to(50)
            .set_weight(11, 10, at(since))
            .live_since(at(since + 30))
    };
    let hours = 5 * 3600;
    check(
        "five hours after the promotion began",
        &decide(
            &patient.taken_at(at(hours)),
            &proven(sent(10, stepped(hours - 130)).seen_at(at(hours))),
        ),
        "take: 9 % asked; setting the canary's target group to weight 9 of 100 | record Promoting, weight 9 % from 10 % | rule \
         app/orders/0a1b/2c3d/4e5f: 91 primary and 9 canary",
    );
}

#[test]
fn a_primary_that_never_answers_is_given_up_with_the_canary_at_its_weight() {
    let late = |now| http_look().taken_at(at(now));
    let dead = sent(50, promoted_to(50)).balancing(|alb| {
        (alb.primary.healthy, alb.primary.unhealthy) = (0, 3);
        alb.primary.reason = Some("Target.ResponseCodeMismatch".to_owned());
    });
    check(
        "a step has its interval, and its requests their time, beside the timeout",
        &decide(&late(2099), &proven(dead.clone())),
        "wait: waiting for orders to settle with 3 healthy targets: 0 healthy, 3 unhealthy (Target.ResponseCodeMismatch)",
    );
    check(
        "after that it is given up",
        &decide(&late(3000), &proven(dead)),
        "refuse: timed out after 32m10s: waiting for orders to settle with 3 healthy targets: 0 healthy, 3 unhealthy \
         (Target.ResponseCodeMismatch)",
    );
}

#[test]
fn what_the_shares_took_is_no_time_of_the_promotion() {
    let hours = 3 * 3600;
    let shifted = http_record()
        .shifting(50)
        .set_weight(0, 50, at(550))
        .live_since(at(560));
    let pair = http_pair()
        .canary_on_candidate()
        .serving(3, 2)
        .weighing(50, 50)
        .canary(|canary| canary.running(1));
    let seen = with_tasks(pair.recorded(shifted).seen_at(at(hours)), 1);
    check(
        "approved hours after the last weight was set, and a task of the canary is being replaced",
        &decide(
            &http_look().started(at(hours - 60)).taken_at(at(hours)),
            &seen,
        ),
        "wait: waiting for orders-canary to run orders:8: 1 of 2 tasks",
    );
}
