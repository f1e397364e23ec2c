use super::*;
use crate::fixtures::{DRAIN_SECONDS, at, http_pair_of, http_record};

#[test]
fn several_rules_are_there_only_when_the_last_one_is() {
    let rules = [rule(), second_rule()];
    let forwards = rules.iter().map(|rule| found(rule, 100, false)).collect();
    let found = FoundRules {
        forwards,
        drain_seconds: 0,
    };
    let pair = http_pair_of(&rules)
        .weighing(90, 10)
        .weighing_on(&second_rule(), 100, 0);
    let seen = pair.rules.clone().unwrap();
    assert!(!found.is_live(&seen.forwards, weight(10)));
    let behind: Vec<_> = found
        .behind(&seen.forwards, weight(10))
        .map(|(forward, wanted)| (forward.arn.clone(), wanted.to_string()))
        .collect();
    assert_eq!(
        behind,
        [(second_rule(), "90 primary and 10 canary".to_owned())]
    );
    let both = pair.weighing(90, 10).rules.unwrap();
    assert!(found.is_live(&both.forwards, weight(10)));
    let mut one = both;
    one.forwards.pop();
    assert!(
        !found.is_live(&one.forwards, weight(10)),
        "a rule that is not seen is not there"
    );
}

#[test]
fn targets_drain_from_when_the_weight_was_seen_and_not_from_when_it_was_set() {
    let set = http_record().shifting(10).set_weight(50, 10, at(200));
    let rows = [
        (
            "no weight was ever set",
            http_record().shifting(10),
            300,
            Drain::Over,
        ),
        ("set, long ago", set.clone(), 9000, Drain::Unseen),
        (
            "seen just now",
            set.clone().live_since(at(300)),
            300,
            Drain::Until(at(300 + DRAIN_SECONDS)),
        ),
        (
            "a second before",
            set.clone().live_since(at(300)),
            300 + DRAIN_SECONDS - 1,
            Drain::Until(at(300 + DRAIN_SECONDS)),
        ),
        (
            "over",
            set.clone().live_since(at(300)),
            300 + DRAIN_SECONDS,
            Drain::Over,
        ),
    ];
    for (situation, record, now, expected) in rows {
        assert_eq!(record.drain(at(now)), expected, "{situation}");
    }
    let at_once = set.live_since(at(300));
    let at_once = at_once.finding_rules(|rules| rules.drain_seconds = 0);
    assert_eq!(at_once.drain(at(300)), Drain::Over);
}
