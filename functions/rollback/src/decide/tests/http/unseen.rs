//! What cannot be seen of the load balancer, or is not there any more.

use super::*;
use canary::{known::Known, parts::rules::Rule};

#[test]
fn a_rule_that_is_gone_keeps_nothing_waiting() {
    let rules = [rule(), second_rule()];
    let record = || {
        http_record_of(&rules)
            .shifting(10)
            .set_weight(0, 10, at(300))
            .live_since(at(350))
    };
    let gone = |pair| {
        seen(pair).but(|seen| {
            let balancer = seen.pair.rules().unwrap();
            balancer.rules.push(Rule {
                arn: second_rule(),
                seen: Known::Gone,
                recorded: None,
            });
        })
    };
    check(
        "the other is put back",
        &decide(&gone(sent(10, record())), &fired()),
        &format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
    );
    check(
        "that is seen",
        &decide(
            &gone(sent(0, record().set_weight(10, 0, at(400)).rolling_back())),
            &Trigger::Schedule,
        ),
        &format!("{GOES_ON} | record RollingBack, weight 0 % seen"),
    );
    check(
        "the canary goes",
        &decide(
            &gone(sent(0, given_back(record(), 450))),
            &Trigger::Schedule,
        ),
        &format!("{GOES_ON} | {REPLACE}"),
    );
}

#[test]
fn a_rule_that_cannot_be_read_keeps_the_canarys_tasks_and_nothing_else() {
    let rules = [rule(), second_rule()];
    let record = || {
        http_record_of(&rules)
            .shifting(10)
            .set_weight(0, 10, at(300))
            .live_since(at(350))
    };
    let unseen = |pair| {
        seen(pair).but(|seen| {
            let balancer = seen.pair.rules().unwrap();
            balancer.rules.push(Rule {
                arn: second_rule(),
                seen: unseen("DescribeRules of the second is denied"),
                recorded: None,
            });
        })
    };
    let promoted = sent(10, record().promoting()).primary(|primary| primary.on(&candidate()));
    let rows = [
        (
            "the other is put back, the primary too",
            promoted,
            format!("{FIRED}, weight 0 % from 10 % | orders: orders:7 | {TO_PRIMARY}"),
        ),
        (
            "it is there, the second may still send the canary something",
            sent(0, record().set_weight(10, 0, at(400)).rolling_back()),
            "wait: rolling back, but the canary keeps its tasks: DescribeRules of the second is denied".to_owned(),
        ),
        (
            "it was seen before, and is not now",
            sent(0, given_back(record(), 450)),
            "wait: rolling back, but the canary keeps its tasks: DescribeRules of the second is denied".to_owned(),
        ),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&unseen(pair), &fired()), &expected);
    }
}

#[test]
fn without_knowing_who_answers_requests_go_back_to_the_primary_unless_nobody_runs_there() {
    let blind = |pair: Moment| {
        seen(pair).but(|seen| {
            let balancer = seen.pair.rules().unwrap();
            balancer.primary = unseen("DescribeTargetHealth is throttled");
            balancer.canary = unseen("DescribeTargetHealth is throttled");
        })
    };
    let rows = [
        (
            "before the promotion",
            sent(10, shifted(10)),
            format!("{FIRED}, weight 0 % from 10 % | {TO_PRIMARY}"),
        ),
        (
            "after it has begun as well: that is where the stable version comes back",
            sent(50, shifted(50).promoting()).primary(|primary| primary.on(&candidate())),
            format!("{FIRED}, weight 0 % from 50 % | orders: orders:7 | {TO_PRIMARY}"),
        ),
        (
            "nobody runs there, and somebody on the canary",
            sent(50, shifted(50).promoting())
                .primary(|primary| primary.on(&candidate()).running(0)),
            format!("{FIRED}, weight 50 % seen | orders: orders:7"),
        ),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&blind(pair), &fired()), &expected);
    }
}
