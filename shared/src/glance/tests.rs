use super::*;
use crate::{
    fixtures::{
        foreign, http_pair_of, http_record_of, http_target, pair, record, rule, second_rule, target,
    },
    observation::Observation,
};

fn parts(target: &Target) -> Vec<String> {
    let named = |part: &Part| match part {
        Part::Services => "services",
        Part::Alarms => "alarms",
        Part::DeadLetters(_) => "dead letters",
        Part::Rule(_, arn) if **arn == rule() => "rule",
        Part::Rule(..) => "second rule",
        Part::Targets(_) => "targets",
    };
    let named = |parts: Vec<Part>| parts.iter().map(named).collect::<Vec<_>>().join(", ");
    (0..4)
        .map(|glances| named(Part::in_turn(target, glances)))
        .collect()
}

#[test]
fn what_nobody_else_tells_is_read_always_and_the_rest_takes_turns() {
    assert_eq!(
        parts(&target()),
        [
            "dead letters, services",
            "dead letters, alarms",
            "dead letters, services",
            "dead letters, alarms"
        ]
    );
    assert_eq!(
        parts(&http_target().of_two_rules()),
        [
            "targets, services",
            "targets, alarms",
            "targets, rule",
            "targets, second rule"
        ]
    );
    let mut unguarded = target();
    if let Traffic::Queue(queue) = &mut unguarded.traffic {
        queue.dead_letter_url = None;
    }
    assert_eq!(
        parts(&unguarded)[..2],
        ["services, alarms", "alarms, services"]
    );
    unguarded.alarms.clear();
    assert_eq!(parts(&unguarded), ["services"; 4]);
}

/// Whether something is amiss by what as many glances see as there are parts.
fn is_noticed(seen: &Observation, target: &Target) -> bool {
    let record = seen.record.as_ref().expect("a release goes on");
    let mut glances = (0..4).map(|glances| seen.glance(target, glances));
    !glances.all(|glance| glance.is_quiet(record))
}

#[test]
fn whatever_is_not_as_it_was_set_is_noticed_within_one_round_of_a_queues_parts() {
    let held = || {
        pair()
            .canary_on_candidate()
            .tasks(4, 4)
            .recorded(record().shifting(50))
    };
    assert!(!is_noticed(&held(), &target()));
    let promoted = pair().both_on_candidate().recorded(record().promoting());
    assert!(!is_noticed(&promoted, &target()));
    for (amiss, seen) in [
        ("an alarm fires", held().alarm_firing()),
        ("a message is a dead letter", held().dead_letters(8)),
        (
            "a task of the canary is gone",
            held().canary(|it| it.running(3)),
        ),
        (
            "the primary is being scaled",
            held().primary(|it| it.running(3)),
        ),
        (
            "the canary is rolled out anew",
            held().canary(Service::rolling_out),
        ),
        (
            "the circuit breaker opens",
            held().canary(Service::broken_down),
        ),
        (
            "somebody deploys the canary",
            held().canary(|it| it.on(&foreign())),
        ),
        (
            "somebody deploys the primary",
            held().primary(|it| it.on(&foreign())),
        ),
        (
            "the primary is still on the stable version",
            pair().canary_on_candidate().recorded(record().promoting()),
        ),
    ] {
        assert!(is_noticed(&seen, &target()), "{amiss}");
    }
}

#[test]
fn whatever_is_not_as_it_was_set_is_noticed_within_one_round_of_a_load_balancers_parts() {
    let rules = [rule(), second_rule()];
    let target = http_target().of_two_rules();
    let now = crate::fixtures::now();
    let held = || {
        let record = http_record_of(&rules).shifting(10).set_weight(0, 10, now);
        http_pair_of(&rules)
            .canary_on_candidate()
            .serving(3, 1)
            .weighing(90, 10)
            .recorded(record.of(target.clone()).live_since(now))
    };
    assert!(!is_noticed(&held(), &target));
    for (amiss, seen) in [
        ("an alarm fires", held().alarm_firing()),
        (
            "somebody sets the first rule",
            held().weighing_on(&rule(), 50, 50),
        ),
        (
            "somebody sets the second rule",
            held().weighing_on(&second_rule(), 100, 0),
        ),
        ("a target fails its health check", held().unhealthy(1)),
        ("no target is healthy", held().healthy(3, 0)),
        (
            "somebody deploys the canary",
            held().canary(|it| it.on(&foreign())),
        ),
    ] {
        assert!(is_noticed(&seen, &target), "{amiss}");
    }
}
