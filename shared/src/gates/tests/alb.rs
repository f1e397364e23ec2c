use super::*;
use crate::fixtures::{
    http_pair, http_pair_of, http_record, http_record_of, http_target, rule, second_rule,
};

/// Whether the gates are open where a rule shows this weight of the canary, by what was set.
fn open(record: &Record, shown: u16) -> bool {
    let seen = http_pair()
        .canary_on_candidate()
        .weighing(100 - shown, shown);
    all(&seen, record).is_ok()
}

#[test]
fn weights_are_what_was_set_last_and_until_that_is_seen_what_was_there_before() {
    let shifting = || http_record().shifting(50);
    let rows = [
        (
            "nothing was set: what was found",
            shifting(),
            [true, false, false],
        ),
        (
            "set, not seen",
            shifting().set_weight(0, 10, at(500)),
            [true, true, false],
        ),
        (
            "seen: what was there before is somebody's now",
            shifting().set_weight(0, 10, at(500)).live_since(at(510)),
            [false, true, false],
        ),
        (
            "down, not seen",
            shifting().set_weight(50, 10, at(500)),
            [false, true, true],
        ),
        (
            "down to nothing, not seen",
            shifting().set_weight(10, 0, at(500)),
            [true, true, false],
        ),
    ];
    for (situation, record, expected) in rows {
        assert_eq!(
            [0, 10, 50].map(|shown| open(&record, shown)),
            expected,
            "{situation}"
        );
    }
}

#[test]
fn weights_are_asked_about_in_every_phase_in_which_a_release_may_change_them() {
    for (phase, record) in [
        ("planned", http_record()),
        ("registered", http_record().registered()),
        ("shifting", http_record().shifting(10)),
        ("promoting", http_record().promoting()),
    ] {
        let pair = match phase {
            "planned" => http_pair(),
            _ => http_pair().canary_on_candidate(),
        };
        assert_eq!(all(&pair, &record), Ok(None), "{phase}");
        let foreign = all(&pair.weighing(90, 10), &record).unwrap_err();
        let foreign = foreign.to_string();
        assert!(foreign.contains(" has the weights "), "{phase}: {foreign}");
    }
}

#[test]
fn one_rule_of_several_is_enough_to_close_the_gate() {
    let rules = [rule(), second_rule()];
    let record = http_record_of(&rules)
        .shifting(10)
        .set_weight(0, 10, at(500));
    let seen = |first: u16, second: u16| {
        http_pair_of(&rules)
            .canary_on_candidate()
            .weighing_on(&rule(), 100 - first, first)
            .weighing_on(&second_rule(), 100 - second, second)
    };
    for (first, second, expected) in [
        (0, 0, true),
        (10, 0, true),
        (0, 10, true),
        (10, 10, true),
        (10, 11, false),
        (9, 10, false),
    ] {
        assert_eq!(
            all(&seen(first, second), &record).is_ok(),
            expected,
            "{first} and {second}"
        );
    }
    let refused = all(&seen(10, 11), &record).unwrap_err().to_string();
    assert_eq!(
        refused,
        "rule app/orders/0a1b/2c3d/6a7b has the weights 89 primary and 11 canary, not 90 primary and 10 canary as this release last \
         set them. The rule was changed outside this release"
    );
}

#[test]
fn unhealthy_targets_of_the_canary_stop_shares_and_promotion_beyond_what_is_allowed() {
    let sick = |many| http_pair().canary_on_candidate().unhealthy(many);
    let allowing = |many| http_target().balanced(|alb| alb.max_unhealthy = many);
    for (unhealthy, allowed, expected) in [(0, 0, true), (1, 0, false), (1, 1, true), (2, 1, false)]
    {
        for record in [http_record().shifting(10), http_record().promoting()] {
            let is_open = all(&sick(unhealthy), &record.of(allowing(allowed))).is_ok();
            assert_eq!(is_open, expected, "{unhealthy} of {allowed}");
        }
    }
    assert_eq!(
        all(&sick(1), &http_record().shifting(10))
            .unwrap_err()
            .to_string(),
        "1 of the canary's targets in orders-canary is unhealthy; 0 are allowed (maxUnhealthy). It has 0 healthy, 1 unhealthy \
         (Target.ResponseCodeMismatch)"
    );
    assert_eq!(
        all(&sick(1), &http_record().registered()),
        Ok(None),
        "while the canary is deployed ECS waits for its targets, or gives up"
    );
}

#[test]
fn a_target_that_has_never_been_healthy_is_waited_for_and_one_that_was_is_missed() {
    let two = |healthy: u32| {
        let seen = http_pair().canary_on_candidate();
        seen.healthy(3, healthy + 1).unhealthy(1)
    };
    let before = http_record().shifting(50);
    assert_eq!(all(&two(1), &before), Ok(None), "a second task starts");
    assert!(all(&two(0), &before).is_err(), "the first one fell ill");
    // Two were healthy when half of the requests went to them.
    let half = before.set_weight(0, 50, at(500));
    let seen = |healthy: u32| two(healthy).weighing(50, 50);
    assert_eq!(all(&seen(2), &half), Ok(None), "a third one starts");
    assert!(all(&seen(1), &half).is_err(), "one of the two fell ill");
}

#[test]
fn a_canary_that_gets_requests_and_answers_none_stops_the_release() {
    let seen = |weight: u16| {
        http_pair()
            .canary_on_candidate()
            .healthy(3, 0)
            .weighing(100 - weight, weight)
    };
    let record = http_record().shifting(10).set_weight(0, 10, at(500));
    assert_eq!(
        all(&seen(10), &record).unwrap_err().to_string(),
        "target group orders-canary gets traffic and has no healthy target: 0 healthy"
    );
    assert_eq!(all(&seen(0), &record), Ok(None), "it gets none yet");
}

#[test]
fn stickiness_and_further_groups_are_what_was_found_where_that_is_known() {
    use crate::parts::rules::Rest;
    let found = Rest {
        groups: [("beta".to_owned(), 10)].into(),
        sticky_seconds: None,
    };
    let record = |rest| {
        let record = http_record().shifting(50);
        record.finding_rules(|rules| rules.forwards[0].rest = rest)
    };
    let refused = |record: &Record, shown: &Rest| {
        let seen = http_pair().canary_on_candidate().weighing(100, 0);
        let seen = seen.balancing(|alb| alb.forwards[0].rest = shown.clone());
        all(&seen, record).err().map(|refusal| refusal.to_string())
    };
    let sticky = Rest {
        sticky_seconds: Some(3600),
        ..found.clone()
    };
    let moved = Rest {
        groups: [("beta".to_owned(), 20)].into(),
        ..found.clone()
    };
    let known = record(Some(found.clone()));
    assert_eq!(refused(&known, &found), None);
    assert_eq!(
        refused(&known, &sticky).as_deref(),
        Some(
            "rule app/orders/0a1b/2c3d/4e5f is sticky for 3600 s and has the further groups beta 10; as this release found it, it is \
             not sticky and has the further groups beta 10. The rule was changed outside this release"
        )
    );
    let said = refused(&known, &moved).expect("a closed gate");
    assert!(said.contains("beta 20; as this release found it"), "{said}");
    assert_eq!(refused(&record(None), &sticky), None, "an older record");
}
