mod alb;
mod kept;

use proptest::prelude::*;

use super::*;
use crate::{
    fixtures::{
        canary_group, forwarding, found, group, pair, primary_group, rule, second_rule, weight,
    },
    names::TargetGroupArn,
};

/// Weights as `primary/canary`, or why there are none.
fn split(found: &FoundForward, percent: u8) -> String {
    match found.weights(weight(percent)) {
        Ok(weights) => format!("{}/{}", weights.primary, weights.canary),
        Err(unreachable) => unreachable.to_string(),
    }
}

#[test]
fn alone_the_pair_gets_percentages_and_then_exactly_what_was_found() {
    for primary in [1, 7, 100, 999] {
        let found = found(&rule(), primary, false);
        let told = [1, 10, 50, 99, 100, 0].map(|percent| split(&found, percent));
        let back = format!("{primary}/0");
        assert_eq!(told, ["99/1", "90/10", "50/50", "1/99", "0/100", &back]);
    }
}

#[test]
fn beside_groups_of_others_the_pair_keeps_its_weight_together() {
    let found = found(&rule(), 300, true);
    let told = [10, 33, 100, 0].map(|percent| split(&found, percent));
    assert_eq!(told, ["270/30", "201/99", "0/300", "300/0"]);
}

#[test]
fn a_weight_that_is_too_small_to_be_split_says_what_to_do() {
    let found = found(&rule(), 2, true);
    assert_eq!(
        split(&found, 10),
        "a share of 10 % cannot be reached on rule app/orders/0a1b/2c3d/4e5f: the pair's groups have a weight of 2 together, and \
         further groups keep theirs; multiply all weights of the rule by the same number, at most up to 999, and retry"
    );
    assert!(split(&found, 90).starts_with("a share of 90 % cannot be reached"));
    assert_eq!(
        [split(&found, 50), split(&found, 100), split(&found, 0)],
        ["1/1", "0/2", "2/0"]
    );
}

#[test]
fn a_share_outside_of_the_tolerance_names_the_nearest() {
    let found = found(&rule(), 5, true);
    let refused = found.weights_within(weight(30), Some(2.0)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a share of 30 % cannot be reached within 2 percentage points on rule app/orders/0a1b/2c3d/4e5f: the nearest is 40 % \
         (weight 2 of 5), since further groups keep their weights"
    );
    assert!(found.weights_within(weight(40), Some(0.0)).is_ok());
    assert!(found.weights_within(weight(30), Some(10.0)).is_ok());
    assert!(found.weights_within(weight(30), None).is_ok());
}

proptest! {
    #[test]
    fn a_share_is_met_within_half_a_weight_and_rises_with_what_is_asked(
        primary in 1u16..=999, shared: bool,
    ) {
        let found = found(&rule(), primary, shared);
        let mut last = 0.0;
        for percent in 1..=100 {
            let Ok(weights) = found.weights(weight(percent)) else {
                prop_assert!(shared, "alone every share can be reached");
                continue;
            };
            let share = weights.share();
            prop_assert!(weights.total() > 0);
            prop_assert!(weights.primary <= 999 && weights.canary <= 999);
            let unit = 100.0 / f64::from(weights.total());
            prop_assert!(share.distance(weight(percent)) <= unit / 2.0 + 1e-9);
            prop_assert!(share.percent() >= last);
            prop_assert!(!shared || weights.total() == u32::from(primary), "others keep their part");
            last = share.percent();
        }
        prop_assert_eq!(found.weights(Weight::ZERO), Ok(found.weights));
        prop_assert_eq!(found.weights(Weight::ALL).unwrap().primary, 0);
    }

    #[test]
    fn what_can_be_reached_on_every_rule_is_at_most_what_is_asked(
        weights in prop::collection::vec((1u16..=999, any::<bool>()), 1..4), percent in 0u8..=100,
    ) {
        let forwards: Vec<_> = weights.iter().map(|(primary, shared)| found(&rule(), *primary, *shared)).collect();
        let alb = FoundRules { forwards, drain_seconds: 0 };
        let reached = alb.reachable(weight(percent));
        prop_assert!(reached <= weight(percent));
        prop_assert!(alb.forwards.iter().all(|found| found.weights(reached).is_ok()));
        let all = alb.forwards.iter().all(|found| found.weights(weight(percent)).is_ok());
        prop_assert_eq!(reached == weight(percent), all, "no less than what can be");
    }
}

#[test]
fn the_share_that_is_told_is_the_one_that_is_furthest_from_what_was_asked() {
    let found = FoundRules {
        forwards: vec![found(&rule(), 100, false), found(&second_rule(), 5, true)],
        drain_seconds: 0,
    };
    assert_eq!(found.attained(weight(30)).to_string(), "40 %");
    assert_eq!(found.attained(weight(40)).to_string(), "40 %");
}

#[test]
fn tasks_are_as_many_as_take_the_share_within_their_bounds() {
    let primary = |desired: u32| pair().primary.tasks(desired);
    let rows = [
        ("a part of a task is a task", 1, 10, primary(3), 1),
        ("to the digit", 1, 50, primary(4), 2),
        ("rounded up", 1, 51, primary(4), 3),
        ("everything", 1, 100, primary(7), 7),
        ("nothing, but the fewest", 2, 0, primary(9), 2),
        ("the fewest", 2, 10, primary(3), 2),
        ("no primary tasks", 1, 50, primary(0), 1),
        (
            "at most what the primary may be scaled to",
            9,
            10,
            primary(3).scaled(2, 4),
            4,
        ),
        (
            "at least one, whatever its bounds are",
            2,
            10,
            primary(0).scaled(0, 0),
            1,
        ),
        (
            "more than its bounds allow while a count beyond them is held",
            1,
            100,
            primary(6).scaled(2, 6),
            6,
        ),
    ];
    for (situation, min_tasks, percent, primary, expected) in rows {
        let needed = tasks(min_tasks, weight(percent).share(), &primary);
        assert_eq!(needed, expected, "{situation}");
    }
}

#[test]
fn tasks_are_enough_for_what_the_weights_give_where_that_is_more_than_what_was_asked() {
    let found = FoundRules {
        forwards: vec![found(&rule(), 100, false), found(&second_rule(), 2, true)],
        drain_seconds: 0,
    };
    let primary = pair().primary.tasks(10);
    let needed = |percent| found.tasks(1, weight(percent), &primary);
    assert_eq!(
        [needed(30), needed(50), needed(60), needed(0)],
        [5, 5, 6, 1]
    );
}

#[test]
fn actions_that_cannot_be_weighed_say_what_they_are() {
    let read = |actions: &Actions| actions.forwarding(&primary_group(), &canary_group());
    let refused = |actions: Actions| read(&actions).unwrap_err().to_string();
    let other = |n: u8| (group(&format!("other-{n}")), 1);
    let redirect = Actions::new(vec![Element::of(
        "member",
        vec![Element::text("Type", "redirect")],
    )]);
    assert_eq!(refused(redirect), "has no forward action");
    assert_eq!(refused(Actions::new(Vec::new())), "has no forward action");
    assert_eq!(
        refused(forwarding(&[(primary_group(), 1), other(1)])),
        "does not forward to the target group \
         arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/orders-canary/9f8e; it forwards to \
         arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/orders/9f8e, \
         arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/other-1/9f8e"
    );
    assert_eq!(
        refused(forwarding(&[])),
        "does not forward to the target group \
         arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/orders/9f8e; it forwards to none"
    );
    let pair = [(primary_group(), 100), (canary_group(), 0)];
    let many: Vec<_> = pair.iter().cloned().chain((1..=4).map(other)).collect();
    assert_eq!(
        refused(forwarding(&many)),
        "forwards to 6 target groups; Elastic Load Balancing takes at most 5"
    );
    assert!(read(&forwarding(&many[..5])).is_ok());
    assert_eq!(
        refused(forwarding(&[(primary_group(), 1000), (canary_group(), 0)])),
        "gives the target group arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/orders/9f8e the weight \
         \"1000\"; a weight is a number from 0 to 999"
    );
}

#[test]
fn only_a_rule_that_certainly_sends_the_canary_nothing_spares_it() {
    let there = |groups: &[TargetGroupArn]| BadActions::NotThere {
        group: primary_group(),
        found: groups.iter().map(ToString::to_string).collect(),
    };
    let no_weight = BadActions::NoWeight {
        group: canary_group().to_string(),
        found: String::new(),
    };
    let rows = [
        (BadActions::NoForward, true),
        (there(&[primary_group()]), true),
        (there(&[]), true),
        (there(&[canary_group()]), false),
        (BadActions::TooMany(6), false),
        (no_weight, false),
    ];
    for (bad, expected) in rows {
        assert_eq!(bad.spares(&canary_group()), expected, "{bad}");
    }
}
