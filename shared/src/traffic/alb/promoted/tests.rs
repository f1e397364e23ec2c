use super::*;
use crate::{
    fixtures::{
        DRAIN_SECONDS, Moment, at, candidate, found, http_pair, http_record, rule, running_tasks,
        told_toward,
    },
    record::Record,
    traffic::model::Goal,
};

fn goal(drain: Drain) -> Goal {
    Goal::Promoted { drain, over: false }
}

fn toward(drain: Drain, seen: &Moment) -> String {
    told_toward(goal(drain), seen)
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
    let mut pair = http_pair()
        .both_on_candidate()
        .serving(3, 2)
        .weighing(100 - weight, weight)
        .recorded(record);
    pair.tasks = Some(running_tasks(&candidate(), 3));
    pair
}

#[test]
fn the_weight_goes_down_by_its_step_and_each_one_is_held_for_its_interval() {
    let steep = Drain {
        step: 30,
        interval: Duration::from_mins(1),
    };
    let rows = [
        (
            "held",
            599,
            10,
            promoted_to(10)
                .set_weight(20, 10, at(590))
                .live_since(at(595)),
            "wait: canary's weight is down to 10 %; goes on at 2026-10-02T17:03:20Z",
        ),
        (
            "held for long enough",
            600,
            10,
            promoted_to(10)
                .set_weight(20, 10, at(590))
                .live_since(at(595)),
            "take: 5 % asked; setting the canary's target group to weight 5 of 100 | record Promoting, weight 5 % from 10 % | rule \
             app/orders/0a1b/2c3d/4e5f: 95 primary and 5 canary",
        ),
        (
            "it does not show: set again, and not gone on with",
            900,
            20,
            promoted_to(10).set_weight(20, 10, at(590)),
            "take: 10 % asked; setting the canary's target group to weight 10 of 100 | rule app/orders/0a1b/2c3d/4e5f: 90 primary \
             and 10 canary",
        ),
        (
            "the last step is what was found, to the digit",
            900,
            3,
            promoted_to(3),
            "take: 0 % asked; setting the canary's target group to weight 0 of 100 | record Promoting, weight 0 % from 3 % | rule \
             app/orders/0a1b/2c3d/4e5f: 100 primary and 0 canary",
        ),
        (
            "nothing shows: from now on requests are finished",
            900,
            0,
            promoted_to(0).set_weight(5, 0, at(850)),
            "take: 0 % asked, 0 % attained: weight 0 of 100 on every rule | record Promoting, weight 0 % seen",
        ),
    ];
    for (situation, now, weight, record, expected) in rows {
        let seen = sent(weight, record).seen_at(at(now));
        assert_eq!(toward(Drain::default(), &seen), expected, "{situation}");
    }
    let at_step = |now| toward(steep, &sent(50, promoted_to(50)).seen_at(at(now)));
    assert!(at_step(609).starts_with("wait: canary's weight is down to 50 %"));
    assert!(at_step(610).contains("weight 20 % from 50 %"));
}

#[test]
fn a_canary_that_never_had_a_weight_has_nothing_to_give_back() {
    let straight_after_its_deployment = sent(0, http_record().promoting());
    assert_eq!(
        toward(Drain::default(), &straight_after_its_deployment),
        "take: primary runs the candidate; setting orders-canary back to 1 tasks | orders-canary: 1 tasks",
    );
}

#[test]
fn a_share_that_whole_weights_do_not_give_is_passed_over_on_the_way_down() {
    let record = promoted_to(50);
    let record = record.finding_rules(|rules| rules.forwards = vec![found(&rule(), 4, true)]);
    let coarse = |percent, primary, canary| {
        let record = record
            .clone()
            .set_weight(percent, percent, at(550))
            .live_since(at(560));
        toward(Drain::default(), &sent(0, record).weighing(primary, canary))
    };
    assert!(coarse(50, 2, 2).contains("weight 45 % from 50 %"));
    assert!(coarse(15, 3, 1).contains("weight 0 % from 15 %"));
    assert!(coarse(15, 3, 1).ends_with("4 primary and 0 canary"));
}

#[test]
fn a_step_takes_its_interval_and_the_time_of_the_requests_that_it_leaves() {
    let drain = Drain::default();
    let takes = |record: Record| {
        let seen = sent(50, record);
        let record = seen.record.as_ref().unwrap();
        record.open(seen.now, &seen.pair()).takes(goal(drain))
    };
    let step = Takes {
        since: Some(at(550)),
        time: drain.interval + Duration::from_secs(DRAIN_SECONDS),
    };
    assert_eq!(takes(promoted_to(45)), step);
    let of_a_share = http_record().promoting().set_weight(0, 50, at(199));
    assert_eq!(takes(of_a_share), Takes::default());
    assert_eq!(takes(http_record().promoting()), Takes::default());
}
