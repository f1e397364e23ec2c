//! Behind a load balancer.

use std::time::Duration;

use super::{
    super::{Before, Change, FoundBalancer, SetScales},
    *,
};
use crate::{
    fixtures::{definition, forwarding, image},
    names::TargetGroupArn,
    parts::{
        NotBegun,
        rules::{self, Forward, Groups, SetWeight, TargetHealth, Whole},
        task_definition::{Asked, Digests, Wanted},
    },
    traffic::begin::Beginning,
    weight::Drain,
};

/// The groups of the target.
fn groups() -> [TargetGroupArn; 2] {
    let model = behind_a_load_balancer();
    model
        .balanced()
        .expect("a load balancer")
        .target_groups
        .clone()
}

/// What the rule does, by the weights of both groups.
fn rule(weights: [u16; 2]) -> Forward {
    let model = behind_a_load_balancer();
    let place = model.balanced().expect("a load balancer").place(false);
    let (one, other) = place.groups();
    let actions = forwarding(&[(one.clone(), weights[0]), (other.clone(), weights[1])]);
    let arn = place.forwards().next().expect("a rule");
    Forward::read(place.groups(), arn, actions).expect("a forward action")
}

/// What is seen of both groups, as the target has them.
fn seen(weights: [u16; 2], healthy: [u32; 2]) -> rules::Seen {
    let [primary, canary] = healthy.map(|healthy| TargetHealth {
        healthy,
        ..TargetHealth::default()
    });
    let whole = Whole {
        forwards: vec![rule(weights)],
        primary,
        canary,
    };
    (&whole).into()
}

/// A release whose candidate has so many tasks in the first group, since the stable set is in the second.
fn swapped(tasks: u32, weights: [u16; 2]) -> Told {
    let mut release = told(Mode::Additive, 4, (4, tasks));
    release.model = behind_a_load_balancer();
    let [_, second] = groups();
    let mut found = rule([0, 100]);
    found = found.flipped();
    release.found.balancer = Some(FoundBalancer {
        stable: second,
        rules: Whole {
            forwards: vec![found],
            primary: TargetHealth::default(),
            canary: TargetHealth::default(),
        }
        .found(60),
    });
    release.seen.rules = Some(seen(weights, [tasks, 4]));
    release
}

fn set_weight(percent: u8, is_live: bool) -> SetWeight {
    let set = SetWeight::new(weight(0), weight(percent), 1, began());
    if is_live { set.seen(began()) } else { set }
}

#[test]
fn the_groups_change_places_with_every_promotion() {
    let mut release = swapped(1, [0, 100]);
    release.asked = Some(weight(25));
    assert_eq!(
        release.toward(share(25)),
        "25 % asked; setting the canary's target group to weight 25 of 100 [rule app/orders/0a1b/2c3d/4e5f has the weights 75 primary and \
         25 canary]"
    );
    let toward = release.model.toward(share(25), release.view());
    let Err(Short::Change { changes, .. }) = toward else {
        panic!("{toward:?}")
    };
    let [Change::Rules(change)] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    // The first group is the candidate's.
    assert_eq!(change.actions, rule([25, 75]).actions);
}

#[test]
fn tasks_come_before_weight_and_the_stable_set_keeps_its_own() {
    let mut release = swapped(1, [0, 100]);
    assert_eq!(
        release.toward(share(50)),
        "50 % asked; setting task set ecs-svc/2 to 2 tasks, its weight follows [task set ecs-svc/2 of orders has the scale 38 %]"
    );
    let made = &mut release.service().sets[1];
    (made.scale, made.computed, made.running) = (Scale(38.0), 2, 2);
    release.asked = Some(weight(50));
    assert_eq!(
        release.toward(share(50)),
        "waits: waiting for the task set to settle with 2 healthy targets: 1 healthy (ecs-svc/2 (ACTIVE) on orders:8, 2 of 2 tasks)"
    );
    release.seen.rules = Some(seen([0, 100], [2, 4]));
    assert!(
        release
            .toward(share(50))
            .starts_with("50 % asked; setting the canary's target group to weight 50 of 100")
    );
}

#[test]
fn a_promotion_hands_requests_over_step_by_step_before_the_stable_set_goes() {
    let mut release = swapped(4, [10, 90]);
    let goal = Goal::Promoted {
        drain: Drain {
            step: 60,
            ..Drain::default()
        },
        over: false,
    };
    release.promotion = Promotion::Begun;
    release.set.weight = Some(set_weight(10, true));
    assert!(
        release
            .toward(goal)
            .starts_with("70 % asked; setting the canary's target group to weight 70 of 100")
    );
    release.set.weight = Some(SetWeight {
        since: release.now,
        ..set_weight(70, true)
    });
    release.seen.rules = Some(seen([70, 30], [4, 4]));
    assert!(
        release
            .toward(goal)
            .starts_with("waits: canary's weight is up to 70 %; goes on at")
    );
    release.set.weight = Some(SetWeight {
        live_since: Some(release.now),
        ..set_weight(100, true)
    });
    release.seen.rules = Some(seen([100, 0], [4, 4]));
    assert!(
        release.toward(goal).starts_with(
            "waits: everything goes to the canary's targets; the primary's have until"
        )
    );
    release.set.weight = Some(set_weight(100, true));
    assert!(
        release
            .toward(goal)
            .ends_with("[task set ecs-svc/2 is the PRIMARY of orders]")
    );
}

#[test]
fn a_rollback_waits_for_requests_before_it_takes_tasks() {
    let mut release = swapped(2, [50, 50]);
    let back = |fenced| Goal::AsFound { fenced };
    release.set.weight = Some(set_weight(50, true));
    let stop = release.model.stop(release.view());
    assert!(
        stop.is_empty(),
        "what somebody may have done to the rules has to be seen: {stop:?}"
    );
    assert!(
        release
            .toward(back(false))
            .ends_with("[rule app/orders/0a1b/2c3d/4e5f has the weights 100 primary and 0 canary]")
    );
    release.seen.rules = Some(seen([0, 100], [2, 4]));
    release.set.weight = Some(SetWeight {
        live_since: Some(release.now),
        ..set_weight(0, true)
    });
    assert!(
        release
            .toward(back(true))
            .starts_with("waits: 0 % on every rule; the canary's targets have until")
    );
    release.set.weight = Some(set_weight(0, true));
    assert!(
        release.toward(back(false)).starts_with("waits: "),
        "a late weight may arrive"
    );
    assert!(
        release
            .toward(back(true))
            .ends_with("[task set ecs-svc/2 of orders is deleted]")
    );
}

#[test]
fn requests_stay_while_the_stable_set_may_still_be_emptied() {
    let mut release = swapped(4, [100, 0]);
    release.promotion = Promotion::Begun;
    release.service().sets[0].status = Status::Active;
    release.service().sets[1].status = Status::Primary;
    release.set.weight = Some(set_weight(100, true));
    let scales = release.set.scales.clone().expect("they were set");
    let to = Scales {
        stable: Scale::NONE,
        candidate: Scale::ALL,
    };
    release.set.scales = Some(SetScales {
        to,
        seen: false,
        ..scales
    });
    assert!(
        release
            .toward(Goal::AsFound { fenced: false })
            .starts_with("waits: ")
    );
    let toward = release.toward(Goal::AsFound { fenced: true });
    assert!(
        toward.contains(
            "has the weights 100 primary and 0 canary; task set ecs-svc/1 is the PRIMARY of orders"
        ),
        "{toward}"
    );
}

const BACK: &str = "[rule app/orders/0a1b/2c3d/4e5f has the weights 100 primary and 0 canary]";

/// A promoted release, whose kept set is on its way back.
fn promoted(healthy: [u32; 2]) -> Told {
    let mut release = swapped(4, [100, 0]);
    release.promotion = Promotion::Complete;
    release.set.weight = Some(SetWeight {
        since: began().before(Duration::from_hours(1)),
        ..set_weight(100, true)
    });
    let scales = release.set.scales.as_mut().expect("they were set");
    scales.to.stable = Scale::NONE;
    release.service().sets[0].status = Status::Active;
    release.service().sets[1].status = Status::Primary;
    release.seen.rules = Some(seen([100, 0], healthy));
    release
}

#[test]
fn requests_go_back_also_where_the_service_cannot_be_seen_or_is_gone() {
    let back = Goal::AsFound { fenced: true };
    for unseen in [Known::nothing(), Known::Gone] {
        let mut release = swapped(2, [50, 50]);
        release.set.weight = Some(set_weight(50, true));
        release.seen.service = unseen;
        let toward = release.toward(back);
        assert!(toward.ends_with(BACK), "{toward}");
    }
    for (of_stable, takes_requests) in [(0, false), (1, false), (2, true)] {
        let mut release = promoted([4, of_stable]);
        release.seen.service = Known::nothing();
        let toward = release.toward(back);
        assert_eq!(toward.ends_with(BACK), takes_requests, "{toward}");
    }
}

/// Whether a set is steady tells the health of its targets, too.
#[test]
fn where_targets_cannot_be_seen_requests_go_back_once_the_kept_set_is_steady() {
    for (running, is_steady) in [(0, false), (1, false), (4, true)] {
        let mut release = promoted([4, 4]);
        let rules = release.seen.rules.as_mut().expect("a load balancer");
        (rules.primary, rules.canary) = (Known::nothing(), Known::nothing());
        let kept = &mut release.service().sets[0];
        (kept.running, kept.is_steady) = (running, is_steady);
        let toward = release.toward(Goal::AsFound { fenced: true });
        assert_eq!(toward.ends_with(BACK), is_steady, "{toward}");
        release.seen.service = Known::nothing();
        let toward = release.toward(Goal::AsFound { fenced: true });
        assert!(
            toward.starts_with("waits: "),
            "nobody may be there: {toward}"
        );
    }
}

/// Something that is wrong with a load balancer.
type Wrong = (&'static str, fn(&mut Told, &mut Groups), &'static str);

#[test]
fn rules_and_groups_that_do_not_belong_together_are_refused_by_name() {
    let cases: [Wrong; 4] = [
        (
            "in no group",
            |idle, _| idle.service().sets[0].launch = Launch::default(),
            "ConfigurationError: the PRIMARY task set ecs-svc/1 of orders registers its tasks in no target group, and TARGET has the \
             target groups arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/blue/0a1b2c3d4e5f6a7b and \
             arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/green/0a1b2c3d4e5f6a7b (field \
             traffic.taskSets.alb.targetGroups). Name the groups that the rules forward to, then retry",
        ),
        (
            "a weight already",
            |idle, _| idle.seen.rules = Some(seen([20, 80], [1, 4])),
            "JobFailed: rule app/orders/0a1b/2c3d/4e5f has the weights 80 primary and 20 canary; a release begins with everything on the \
             primary's target group. Set the canary's weight to 0 and the primary's above 0, then retry",
        ),
        (
            "nobody answers",
            |idle, _| idle.seen.rules = Some(seen([0, 100], [0, 0])),
            "JobFailed: target group green gets traffic and has no healthy target: 0 healthy",
        ),
        (
            "another load balancer",
            |_, groups| groups.canary = vec!["arn:other".to_owned()],
            "ConfigurationError: target group arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/blue/0a1b2c3d4e5f6a7b \
             (TARGET: field traffic.taskSets.alb.targetGroups[0]) belongs to the load balancer arn:other, and rule \
             app/orders/0a1b/2c3d/4e5f to the load balancer arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/orders/0a1b",
        ),
    ];
    let (idle, of_groups) = at_rest();
    assert_eq!(begins(&idle, of_groups), "begins, the stable set in green");
    for (what, wrong, expected) in cases {
        let (mut idle, mut of_groups) = at_rest();
        wrong(&mut idle, &mut of_groups);
        assert_eq!(begins(&idle, of_groups), expected, "{what}");
    }
}

/// A service whose PRIMARY is in the second group, before a release.
fn at_rest() -> (Told, Groups) {
    let mut idle = swapped(0, [0, 100]);
    idle.service().sets.pop();
    let [_, second] = groups();
    let balancers = serde_json::json!([{"targetGroupArn": second}]);
    let launch = &mut idle.service().sets[0].launch;
    launch.0.insert("loadBalancers".to_owned(), balancers);
    let balancer = vec![rule([0, 0]).arn.load_balancer()];
    let groups = Groups {
        primary: balancer.clone(),
        canary: balancer,
        drain_seconds: 60,
    };
    (idle, groups)
}

fn begins(idle: &Told, groups: Groups) -> String {
    let stable = definition("orders:v1");
    let wanted = Wanted::of(image("orders:v2", None), &stable, &orders(7));
    let before = Before {
        stable,
        asked: wanted.map(|wanted| Asked {
            wanted,
            digests: Digests::default(),
        }),
        of_releases: Vec::new(),
        groups: Some(groups),
    };
    let of = Beginning {
        now: now(),
        release: &idle.id,
        seen: &idle.seen,
        before: Some(&before),
    };
    match idle.model.begin(of) {
        Ok(begun) => {
            let stable = begun.found.balancer.expect("a load balancer").stable;
            format!("begins, the stable set in {}", stable.short())
        }
        Err(NotBegun::Refuse(why)) => {
            let failure = crate::words::Words::failure(&why);
            format!("{failure:?}: {why}")
        }
        Err(other) => format!("{other:?}"),
    }
}
