//! What stops a shift behind a load balancer.

use super::*;

#[test]
fn a_weight_that_never_shows_is_given_up_and_said_to_be_undone() {
    let late = http_look(&[50]).with(at_step(0, 300)).taken_at(at(1500));
    check(
        "fifteen minutes and the bake after the step began",
        &decide(&late, &sent(4, 2, 0, set(0, 50))).decision,
        "refuse: timed out after 20m: 50 % asked; setting the canary's target group to weight 50 of 100; something outside this release keeps undoing it",
    );
    check(
        "the same for tasks that never answer",
        &decide(
            &late,
            &starting(sent(4, 2, 0, http_record().shifting(50)), 1),
        )
        .decision,
        "refuse: timed out after 20m: waiting for orders-canary to settle with 2 healthy targets: 1 healthy, 1 initial",
    );
}

#[test]
fn what_targets_have_to_finish_their_requests_is_no_reason_to_give_up() {
    let falling = |weight| {
        sent(
            4,
            2,
            weight,
            http_record().shifting(10).set_weight(50, 10, at(400)),
        )
    };
    let told_at = |now| {
        let late = http_look(&[10])
            .with(at_step(0, 300))
            .taken_at(at(300 + 20 * 60 + now));
        told(&decide(&late, &falling(50)).decision)
    };
    assert!(told_at(DRAIN_SECONDS - 1).starts_with("take: 10 % asked; setting"));
    assert!(told_at(DRAIN_SECONDS).starts_with("refuse: timed out after 22m"));
}

#[test]
fn a_gate_that_closes_stops_the_shift_behind_a_load_balancer() {
    let foreign = |found: &str, expected: &str| {
        format!(
            "refuse: rule app/orders/0a1b/2c3d/4e5f has the weights {found}, not {expected} as this release last set them. The rule was changed outside this release"
        )
    };
    let unhealthy = "refuse: 1 of the canary's targets in orders-canary is unhealthy; 0 are allowed (maxUnhealthy). It has 1 \
                     healthy, 1 unhealthy (Target.ResponseCodeMismatch)";
    let rows = vec![
        (
            "somebody's weights",
            sent(4, 2, 30, live(50)),
            foreign("70 primary and 30 canary", "50 primary and 50 canary"),
        ),
        (
            "before any was set",
            sent(4, 2, 30, http_record().shifting(50)),
            foreign("70 primary and 30 canary", "100 primary and 0 canary"),
        ),
        (
            "the same ratio is still somebody's",
            sent(4, 2, 50, live(50)).weighing(1, 1),
            foreign("1 primary and 1 canary", "50 primary and 50 canary"),
        ),
        (
            "what was there before, after it was seen to be gone",
            sent(4, 2, 10, http_record().shifting(50).set_weight(10, 50, at(450)).live_since(at(500))),
            foreign("90 primary and 10 canary", "50 primary and 50 canary"),
        ),
        (
            "somebody's weights while ours are on their way",
            sent(4, 2, 30, set(10, 50)),
            foreign("70 primary and 30 canary", "50 primary and 50 canary"),
        ),
        (
            "an unhealthy target",
            sent(4, 2, 50, live(50)).unhealthy(1),
            unhealthy.to_owned(),
        ),
        (
            "a target that has yet to become healthy",
            sent(4, 2, 0, http_record().shifting(50)).unhealthy(1),
            "wait: waiting for orders-canary to settle with 2 healthy targets: 1 healthy, 1 unhealthy (Target.ResponseCodeMismatch)"
                .to_owned(),
        ),
        (
            "nobody answers what the canary is sent",
            sent(4, 2, 50, live(50)).healthy(4, 0),
            "refuse: target group orders-canary gets traffic and has no healthy target: 0 healthy".to_owned(),
        ),
        (
            "an alarm",
            sent(4, 2, 50, live(50)).alarm_firing(),
            "refuse: alarm orders-errors is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.".to_owned(),
        ),
    ];
    for (situation, seen, expected) in rows {
        check(
            situation,
            &decide(&http_look(&[50]), &seen).decision,
            &expected,
        );
    }
    let allowed = live(50).of(http_target().balanced(|alb| alb.max_unhealthy = 1));
    check(
        "as many unhealthy targets as are allowed",
        &decide(&http_look(&[50]), &sent(4, 2, 50, allowed).unhealthy(1)).decision,
        "wait: 50 % asked, 50 % attained: weight 50 of 100; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
    );
}

#[test]
fn a_share_that_whole_weights_do_not_give_is_refused_before_anything_is_changed() {
    let shared = |primary| {
        let record = http_record().registered();
        let found = vec![found(&rule(), primary, true)];
        let record = record.finding_rules(|rules| rules.forwards = found);
        sent(4, 1, 0, record).weighing(primary, 0)
    };
    let mut strict = http_look(&[30]);
    strict.parameters.tolerance = Some(5.0);
    check(
        "too coarse",
        &decide(&http_look(&[10]), &shared(2)).decision,
        "refuse: a share of 10 % cannot be reached on rule app/orders/0a1b/2c3d/4e5f: the pair's groups have a weight of 2 together, \
         and further groups keep theirs; multiply all weights of the rule by the same number, at most up to 999, and retry",
    );
    check(
        "outside of the tolerance",
        &decide(&strict, &shared(5)).decision,
        "refuse: a share of 30 % cannot be reached within 5 percentage points on rule app/orders/0a1b/2c3d/4e5f: the nearest is 40 % \
         (weight 2 of 5), since further groups keep their weights",
    );
    check(
        "near enough, with the tasks that it really takes",
        &decide(&http_look(&[30]), &shared(5)).decision,
        "take: 30 % asked; setting orders-canary to 2 tasks, its weight follows | record Shifting | orders-canary: 2 tasks",
    );
}
