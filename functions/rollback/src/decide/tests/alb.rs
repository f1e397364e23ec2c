mod unseen;

use canary::{
    fixtures::{
        DRAIN_SECONDS, Moment, http_pair, http_pair_of, http_record, http_record_of, rule,
        second_rule,
    },
    names::ForwardArn,
};

use super::*;

/// A release that has sent the canary so much since second 300, seen since second 350.
fn shifted(percent: u8) -> Record {
    http_record()
        .shifting(percent)
        .set_weight(0, percent, at(300))
        .live_since(at(350))
}

/// The candidate on the canary, all targets healthy, the canary with so much of every rule.
fn sent(weight: u16, record: Record) -> Moment {
    sent_by(&[rule()], weight, record)
}

fn sent_by(rules: &[ForwardArn], weight: u16, record: Record) -> Moment {
    http_pair_of(rules)
        .canary_on_candidate()
        .serving(3, 2)
        .weighing(100 - weight, weight)
        .recorded(record)
}

/// Being rolled back, with everything on the primary since a time.
fn given_back(record: Record, since: u64) -> Record {
    record
        .set_weight(10, 0, at(400))
        .live_since(at(since))
        .rolling_back()
}

const TO_PRIMARY: &str = "rule app/orders/0a1b/2c3d/4e5f: 100 primary and 0 canary";
const TO_CANARY: &str = "rule app/orders/0a1b/2c3d/4e5f: 0 primary and 100 canary";
const REPLACE: &str = "orders-canary: orders:7, 1 tasks";
/// Where only the canary answers, it needs as many tasks as the primary.
const RAISE: &str = "orders-canary: 3 tasks";

#[test]
fn the_first_write_sends_every_request_to_the_primary_and_takes_no_task_from_the_canary() {
    let rows = vec![
        (
            "nothing changed yet",
            http_pair().recorded(http_record()),
            FIRED.to_owned(),
        ),
        (
            "the canary never had a weight: the stable version replaces the candidate at once",
            sent(0, http_record().registered()),
            format!("{FIRED} | {REPLACE}"),
        ),
        (
            "it has one",
            sent(10, shifted(10)),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "one was set that does not show yet: it may be about to",
            sent(0, http_record().shifting(10).set_weight(0, 10, at(599))),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "somebody has changed the rule",
            sent(70, shifted(10)),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "the canary answers nothing",
            sent(10, shifted(10)).healthy(3, 0),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "nobody answers: the primary is what was found",
            sent(10, shifted(10)).healthy(0, 0),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "the promotion has begun: the primary goes back, the canary stays",
            sent(50, shifted(50).promoting()).primary(|primary| primary.on(&candidate())),
            format!("{FIRED}, weight 0 % from 50 % | orders: orders:7 | {TO_PRIMARY}"),
        ),
        (
            "promoted: the same",
            sent(0, shifted(0).promoted()).primary(|primary| primary.on(&candidate())),
            format!("{FIRED}, weight 0 % seen | orders: orders:7"),
        ),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&seen(pair), &fired()), &expected);
    }
}

#[test]
fn only_the_canary_answers_so_it_gets_the_requests_and_keeps_its_tasks_until_the_primary_is_back() {
    let dead = |pair: Moment| pair.healthy(0, 2);
    let promoted = |record: Record| {
        dead(sent(0, record)).primary(|primary| primary.on(&candidate()).scaled(2, 9))
    };
    let all = || {
        http_record()
            .promoting()
            .set_weight(0, 100, at(500))
            .live_since(at(510))
            .rolling_back()
    };
    let rows = [
        (
            "while shares are raised",
            dead(sent(10, shifted(10))),
            format!("{FIRED}, weight 100 % from 10 % | {TO_CANARY} | {RAISE}"),
        ),
        (
            "after the promotion: its scaling must not take tasks that are needed again",
            promoted(shifted(0).promoted()),
            format!(
                "{FIRED}, weight 100 % from 0 % | {TO_CANARY} | {RAISE} | orders: orders:7 | orders: scaled 2 to 9 suspended in part"
            ),
        ),
        (
            "during a promotion before which no weight was set",
            promoted(http_record().promoting()),
            format!(
                "{FIRED}, weight 100 % from 0 % | orders: orders:7 | {TO_CANARY} | {RAISE} | orders: scaled 2 to 9 suspended in part"
            ),
        ),
        (
            "the primary is on its way back: nothing is done",
            dead(sent(100, all())).canary(|canary| canary.tasks(3)),
            "wait: rolling back: orders on orders:7, 3 of 3 tasks, COMPLETED; orders-canary on orders:8, 3 of 3 tasks, COMPLETED"
                .to_owned(),
        ),
        (
            "it answers again",
            sent(100, all()),
            format!("{GOES_ON} | record RollingBack, weight 0 % from 100 % | {TO_PRIMARY}"),
        ),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&seen(pair), &fired()), &expected);
    }
}

#[test]
fn the_canarys_tasks_go_when_requests_are_finished_and_the_primary_is_proven() {
    let over = 450 + DRAIN_SECONDS;
    let back = || given_back(shifted(10), 450);
    let promoted = || given_back(shifted(10).promoting(), 450);
    let restored = |record| sent(0, record).canary(|canary| canary.on(&stable()).tasks(1));
    let rows = vec![
        (
            "the weight does not show yet: set again",
            600,
            sent(10, shifted(10).set_weight(10, 0, at(400)).rolling_back()),
            format!("{GOES_ON} | {TO_PRIMARY}"),
        ),
        (
            "it shows",
            600,
            sent(0, shifted(10).set_weight(10, 0, at(400)).rolling_back()),
            format!("{GOES_ON} | record RollingBack, weight 0 % seen"),
        ),
        (
            "requests are being finished",
            over - 1,
            sent(0, back()),
            "wait: 0 % on every rule; the canary's targets have until 2026-10-02T17:02:50Z to finish their requests \
             (deregistration delay)"
                .to_owned(),
        ),
        (
            "they are",
            over,
            sent(0, back()),
            format!("{GOES_ON} | {REPLACE}"),
        ),
        (
            "a weight that was set before the rollback arrives late: it is taken back, and requests are finished anew",
            over,
            sent(10, back()),
            format!("{GOES_ON} | record RollingBack, weight 0 % from 0 % | {TO_PRIMARY}"),
        ),
        (
            "the primary is still being replaced",
            over,
            sent(0, promoted()).primary(|primary| primary.running(1).replacing(&candidate(), 2)),
            "wait: rolling back: orders on orders:7, 3 of 3 tasks, IN_PROGRESS (and 1 older deployments); orders-canary on orders:8, \
             2 of 2 tasks, COMPLETED"
                .to_owned(),
        ),
        (
            "one of its tasks does not answer yet",
            over,
            sent(0, promoted()).healthy(2, 2),
            "wait: rolling back: orders on orders:7, 3 of 3 tasks, COMPLETED; orders-canary on orders:8, 2 of 2 tasks, COMPLETED"
                .to_owned(),
        ),
        (
            "the primary is proven",
            over,
            sent(0, promoted()),
            format!("{GOES_ON} | {REPLACE}"),
        ),
        (
            "the canary is replaced: it is noted since when nobody wants the candidate's tasks",
            over,
            sent(0, back()).canary(|canary| canary.on(&stable()).tasks(1).replacing(&candidate(), 1)),
            format!("{GOES_ON} | record RollingBack, weight 0 % seen"),
        ),
        (
            "everything is as it was found",
            over,
            restored(back()),
            "done: rolled back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: 3 messages | \
             record RolledBack, weight 0 % seen"
                .to_owned(),
        ),
        (
            "but for a weight that somebody sets now",
            over,
            restored(back()).weighing(90, 10),
            format!("{GOES_ON} | record RollingBack, weight 0 % from 0 % | {TO_PRIMARY}"),
        ),
    ];
    for (situation, now, pair, expected) in rows {
        let pair = pair.seen_at(at(now));
        check(
            situation,
            &decide(&seen(pair), &Trigger::Schedule),
            &expected,
        );
    }
}

#[test]
fn without_a_deregistration_delay_tasks_stay_until_nothing_that_began_earlier_can_send_them_anything()
 {
    let record = given_back(shifted(10), 410);
    let record = record.finding_rules(|rules| rules.drain_seconds = 0);
    let told_at = |now| {
        let pair = sent(0, record.clone()).seen_at(at(now));
        canary::fixtures::told(&decide(&seen(pair), &Trigger::Schedule))
    };
    assert!(told_at(430).starts_with("wait: "), "{}", told_at(430));
    assert_eq!(told_at(431), format!("{GOES_ON} | {REPLACE}"));
}

#[test]
fn the_primarys_scaling_is_given_back_when_its_requests_are() {
    let scaled = |record: Record| {
        let found = http_pair().primary(|primary| primary.scaled(2, 9));
        record.having_found(&found)
    };
    let held = |pair: Moment| {
        pair.primary(|mut primary| {
            primary.scaling = Some(scaling(2, 9).held_up(3));
            primary
        })
    };
    let rest = "orders: scaled 2 to 9";
    let dead = sent(
        100,
        scaled(shifted(10))
            .set_weight(10, 100, at(400))
            .live_since(at(410))
            .rolling_back(),
    );
    let rows = [
        (
            "they are, and nothing that began earlier can change that",
            500,
            held(sent(0, scaled(given_back(shifted(10), 450)))),
            format!("{GOES_ON} | {rest}"),
        ),
        (
            "something may",
            430,
            held(sent(0, scaled(given_back(shifted(10), 410)))),
            "wait: 0 % on every rule; the canary's targets have until 2026-10-02T17:02:10Z to finish their requests \
             (deregistration delay)"
                .to_owned(),
        ),
        (
            "the canary still has all of them",
            500,
            held(dead.clone()).canary(|canary| canary.tasks(3)).healthy(0, 3),
            "wait: rolling back: orders on orders:7, 3 of 3 tasks, COMPLETED; orders-canary on orders:8, 3 of 3 tasks, COMPLETED"
                .to_owned(),
        ),
        (
            "somebody has given it back too early",
            500,
            dead.canary(|canary| canary.tasks(3)).healthy(0, 3).primary(|primary| primary.scaled(2, 9)),
            format!("{GOES_ON} | orders: scaled 2 to 9 suspended in part"),
        ),
    ];
    for (situation, now, pair, expected) in rows {
        let pair = pair.seen_at(at(now));
        check(
            situation,
            &decide(&seen(pair), &Trigger::Schedule),
            &expected,
        );
    }
}

#[test]
fn a_count_that_the_primarys_own_scaling_has_set_is_left_alone() {
    let found = http_pair().primary(|primary| primary.tasks(1).scaled(2, 9));
    let record = || given_back(shifted(10), 450).having_found(&found);
    let at_rest = |tasks: u32| {
        sent(0, record())
            .canary(|canary| canary.on(&stable()).tasks(1))
            .primary(|primary| primary.tasks(tasks).scaled(2, 9))
            .healthy(tasks, 1)
            .seen_at(at(700))
    };
    check(
        "giving the bounds back has pulled it up",
        &decide(&seen(at_rest(2)), &Trigger::Schedule),
        &format!("{GOES_ON} | orders: 1 tasks"),
    );
    for tasks in [1, 6] {
        let decision = decide(&seen(at_rest(tasks)), &Trigger::Schedule);
        assert!(matches!(decision, Decision::Done(_)), "{tasks}");
    }
}

#[test]
fn it_is_not_over_before_the_canary_has_its_scaling_again() {
    let found = http_pair().canary(|canary| canary.scaled(1, 4));
    let record = given_back(shifted(10).promoting(), 450).having_found(&found);
    let pair = sent(0, record)
        .canary(|canary| canary.on(&stable()).tasks(1).scaled(1, 4).held())
        .seen_at(at(700));
    check(
        "the primary is adding a task, so it is not proven at this moment",
        &decide(&seen(pair.clone().healthy(2, 1)), &Trigger::Schedule),
        "wait: rolling back: orders on orders:7, 3 of 3 tasks, COMPLETED; orders-canary on orders:7, 1 of 1 tasks, COMPLETED",
    );
    check(
        "it is",
        &decide(&seen(pair), &Trigger::Schedule),
        &format!("{GOES_ON} | orders-canary: scaled 1 to 4"),
    );
}

#[test]
fn an_idle_pair_behind_a_load_balancer_is_left_alone() {
    let rolled_back = shifted(10).rolled_back();
    for pair in [
        http_pair(),
        http_pair().recorded(rolled_back.clone()),
        http_pair().weighing(50, 50).recorded(rolled_back),
        http_pair().recorded(http_record().owned_by(another_release()).promoted()),
    ] {
        let decision = decide(&seen(pair), &by_hand());
        assert!(
            matches!(&decision, Decision::Done(done) if done.record.is_none()),
            "{decision:?}"
        );
    }
}
