use canary::{
    fixtures::{
        Moment, canary_group, forwarding, found, group, groups, http_pair, http_pair_of,
        http_record, http_target, primary_group, rule, second_rule,
    },
    job::FailureType::{ConfigurationError, JobFailed},
    parts::rules::{Forward, FoundForward, Rest, TargetHealth},
    traffic::{
        Before,
        alb::{self, Groups},
    },
};

use super::*;

fn http_look() -> Look<DeployCanary> {
    look().at_target(http_target())
}

fn starting(groups: Groups) -> Detail {
    let start = started();
    let pair = fixtures::before(start.stable, start.source, start.digests);
    Detail::Read(Box::new(crate::Start {
        execution: start.execution,
        before: Some(Before::Alb(alb::Before { pair, groups })),
    }))
}

fn sticky(pair: Moment) -> Moment {
    pair.balancing(|alb| alb.forwards[0].rest.sticky_seconds = Some(60))
}

#[test]
fn behind_a_load_balancer_a_release_begins_with_everything_on_a_primary_that_answers() {
    let not_at_rest = |weights: &str| {
        format!(
            "refuse: rule app/orders/0a1b/2c3d/4e5f has the weights {weights}; a release begins with everything on the primary's \
             target group. Set the canary's weight to 0 and the primary's above 0, then retry"
        )
    };
    let rows = [
        ("at rest", http_pair(), BEGINS.to_owned()),
        (
            "whatever the primary's weight is",
            http_pair().weighing(1, 0),
            BEGINS.to_owned(),
        ),
        (
            "the canary has a weight left",
            http_pair().weighing(90, 10),
            not_at_rest("90 primary and 10 canary"),
        ),
        (
            "nobody has one",
            http_pair().weighing(0, 0),
            not_at_rest("0 primary and 0 canary"),
        ),
        (
            "clients are bound by a cookie",
            sticky(http_pair()),
            "refuse: rule app/orders/0a1b/2c3d/4e5f is sticky: clients that were once sent to the canary stay there for as long \
             as their cookie lives, whatever its weight is, also after a rollback. Turn stickiness off in its forward action, or \
             set allowSticky (TARGET: field traffic.alb.allowSticky)"
                .to_owned(),
        ),
        (
            "the primary answers nothing",
            http_pair().balancing(|alb| {
                alb.primary = TargetHealth {
                    unhealthy: 3,
                    reason: Some("Target.Timeout".to_owned()),
                    ..TargetHealth::default()
                };
            }),
            "refuse: target group orders gets traffic and has no healthy target: 0 healthy, 3 unhealthy (Target.Timeout)".to_owned(),
        ),
        (
            "a task of the canary is no healthy target yet",
            http_pair().healthy(3, 0),
            BEGINS.to_owned(),
        ),
    ];
    for (situation, pair, expected) in rows {
        let decision = decide(&http_look(), &seen(pair, starting(groups())));
        check(situation, &decision, &expected);
    }
    let mut allowed = http_look();
    allowed.target = http_target().balanced(|alb| alb.allow_sticky = true);
    let decision = decide(&allowed, &seen(sticky(http_pair()), starting(groups())));
    check("a cookie that is allowed", &decision, BEGINS);
}

#[test]
fn of_several_rules_the_one_that_is_not_at_rest_is_named() {
    let pair = http_pair_of(&[rule(), second_rule()]).weighing_on(&second_rule(), 50, 50);
    let look = look().at_target(http_target().of_two_rules());
    check(
        "the second",
        &decide(&look, &seen(pair, starting(groups()))),
        "refuse: rule app/orders/0a1b/2c3d/6a7b has the weights 50 primary and 50 canary; a release begins with everything on the \
         primary's target group. Set the canary's weight to 0 and the primary's above 0, then retry",
    );
}

#[test]
fn a_group_of_another_service_or_load_balancer_is_refused_with_both_named() {
    let of = "arn:aws:elasticloadbalancing:eu-central-1:111122223333";
    let registers = |groups: Vec<canary::names::TargetGroupArn>| {
        http_pair().canary(|canary| Service {
            target_groups: groups,
            ..canary
        })
    };
    let refused = |registered: &str| {
        format!(
            "refuse: service orders-canary does not register its tasks in target group {of}:targetgroup/orders-canary/9f8e \
             (TARGET: field traffic.alb.canaryTargetGroup); it registers them in {registered}"
        )
    };
    let apart = Groups {
        primary: vec![format!("{of}:loadbalancer/app/other/7777")],
        ..groups()
    };
    let nowhere = Groups {
        canary: Vec::new(),
        ..groups()
    };
    let rows = [
        (
            "the canary registers nowhere",
            registers(Vec::new()),
            groups(),
            refused("none"),
        ),
        (
            "the canary registers in the primary's group",
            registers(vec![primary_group()]),
            groups(),
            refused(&format!("{of}:targetgroup/orders/9f8e")),
        ),
        (
            "the primary registers in the canary's group",
            http_pair().primary(|primary| Service {
                target_groups: vec![canary_group()],
                ..primary
            }),
            groups(),
            format!(
                "refuse: service orders does not register its tasks in target group {of}:targetgroup/orders/9f8e (TARGET: field \
                 traffic.alb.primaryTargetGroup); it registers them in {of}:targetgroup/orders-canary/9f8e"
            ),
        ),
        (
            "also in others",
            registers(vec![group("other"), canary_group()]),
            groups(),
            BEGINS.to_owned(),
        ),
        (
            "the group is behind another load balancer",
            http_pair(),
            apart,
            format!(
                "refuse: target group {of}:targetgroup/orders/9f8e (TARGET: field traffic.alb.primaryTargetGroup) belongs to the \
                 load balancer {of}:loadbalancer/app/other/7777, and rule app/orders/0a1b/2c3d/4e5f to the load balancer \
                 {of}:loadbalancer/app/orders/0a1b"
            ),
        ),
        (
            "the group is behind none",
            http_pair(),
            nowhere,
            format!(
                "refuse: target group {of}:targetgroup/orders-canary/9f8e (TARGET: field traffic.alb.canaryTargetGroup) belongs to \
                 no load balancer, and rule app/orders/0a1b/2c3d/4e5f to the load balancer {of}:loadbalancer/app/orders/0a1b"
            ),
        ),
    ];
    for (situation, pair, groups, expected) in rows {
        let decision = decide(&http_look(), &seen(pair, starting(groups)));
        check(situation, &decision, &expected);
    }
}

#[test]
fn what_is_refused_about_the_load_balancer_is_a_configuration_error_where_it_is_one() {
    let refusal =
        |pair: Moment, groups: Groups| match decide(&http_look(), &seen(pair, starting(groups))) {
            Decision::Refuse(refusal) => refusal.why.failure(),
            other => panic!("{}", told(&other)),
        };
    let nowhere = Groups {
        canary: Vec::new(),
        ..groups()
    };
    assert_eq!(refusal(sticky(http_pair()), groups()), ConfigurationError);
    assert_eq!(refusal(http_pair(), nowhere), ConfigurationError);
    assert_eq!(refusal(http_pair().weighing(90, 10), groups()), JobFailed);
    assert_eq!(refusal(http_pair().healthy(0, 1), groups()), JobFailed);
}

#[test]
fn what_is_begun_holds_the_weights_that_were_found_and_who_else_has_some() {
    let actions = forwarding(&[
        (group("other"), 20),
        (primary_group(), 300),
        (canary_group(), 0),
    ]);
    let target = http_target();
    let shared = Forward::read(target.alb().unwrap().place.groups(), &rule(), actions).unwrap();
    let pair = http_pair().balancing(|alb| alb.forwards = vec![shared]);
    let Decision::Take(taken) = decide(&http_look(), &seen(pair, starting(groups()))) else {
        panic!("the release does not begin");
    };
    let record = taken.record.unwrap();
    let alb = record.found_rules();
    let rest = Rest {
        groups: [(group("other").to_string(), 20)].into(),
        sticky_seconds: None,
    };
    let found = FoundForward {
        rest: Some(rest),
        ..found(&rule(), 300, true)
    };
    assert_eq!(alb.forwards, [found]);
    assert_eq!((alb.drain_seconds, record.weight_set()), (120, None));
}

#[test]
fn the_canary_is_deployed_when_its_targets_answer_and_has_no_weight_until_then() {
    let registered = || http_record().registered();
    let on_candidate = |canary: u32| {
        http_pair()
            .canary_on_candidate()
            .serving(3, canary)
            .recorded(registered())
    };
    let tasks = |many| Detail::Tasks(running_tasks(&candidate(), many));
    let two = http_target().balanced(|alb| alb.min_tasks = 2);
    let rows = [
        (
            "the primary's scaling may take tasks away: that is held first, its adding goes on",
            http_pair()
                .primary(|primary| primary.scaled(2, 9))
                .recorded(registered()),
            Detail::Nothing,
            "take: suspending automatic scaling for the length of the release | orders: scaled 2 to 9 suspended in part",
        ),
        (
            "it goes to as few tasks as are allowed",
            http_pair().serving(3, 0).recorded(registered().of(two)),
            Detail::Nothing,
            "take: updating orders-canary to orders:8 | orders-canary: orders:8, 2 tasks",
        ),
        (
            "also where it rested on more",
            http_pair().serving(3, 4).recorded(registered()),
            Detail::Nothing,
            "take: updating orders-canary to orders:8 | orders-canary: orders:8, 1 tasks",
        ),
        (
            "its task runs and does not answer yet",
            on_candidate(1).healthy(3, 0).balancing(|alb| {
                alb.canary.initial = 1;
                alb.canary.reason = Some("Elb.InitialHealthChecking".to_owned());
            }),
            tasks(1),
            "wait: waiting for orders-canary to settle with 1 healthy target: 0 healthy, 1 initial (Elb.InitialHealthChecking)",
        ),
        (
            "its target is unhealthy: ECS will replace it, or give up",
            on_candidate(1).healthy(3, 0).unhealthy(1),
            tasks(1),
            "wait: waiting for orders-canary to settle with 1 healthy target: 0 healthy, 1 unhealthy (Target.ResponseCodeMismatch)",
        ),
        (
            "it answers",
            on_candidate(1),
            tasks(1),
            "done: orders-canary runs orders:8 (orders:v2): 1 of 1 tasks steady",
        ),
        (
            "somebody gives it a weight meanwhile",
            on_candidate(1).weighing(90, 10),
            tasks(1),
            "refuse: rule app/orders/0a1b/2c3d/4e5f has the weights 90 primary and 10 canary, not 100 primary and 0 canary as this \
             release last set them. The rule was changed outside this release",
        ),
    ];
    for (situation, pair, detail, expected) in rows {
        let decision = decide(&http_look().started(at(300)), &seen(pair, detail));
        check(situation, &decision, expected);
    }
    let late = http_look().started(at(300)).taken_at(at(1200));
    let dead = on_candidate(1).healthy(3, 0).unhealthy(1);
    check(
        "it never answers",
        &decide(&late, &seen(dead, tasks(1))),
        "refuse: timed out after 15m: waiting for orders-canary to settle with 1 healthy target: 0 healthy, 1 unhealthy \
         (Target.ResponseCodeMismatch)",
    );
}
