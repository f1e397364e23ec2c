use super::*;

/// A stage with two healthy tasks of the primary and one of the canary.
fn running() -> Stage {
    let mut stage = Stage::new();
    let (primary, canary) = (stage.primary.clone(), stage.canary.clone());
    stage.run(&primary, &[target(1), target(2)]);
    stage.run(&canary, &[target(9)]);
    stage
}

#[test]
fn requests_are_shared_by_weight_and_in_turns_within_a_group() {
    let mut stage = running();
    assert_eq!(stage.spread(10), counts([("10.0.0.1", 5), ("10.0.0.2", 5)]));
    stage.weigh(90, 10);
    let expected = counts([("10.0.0.1", 45), ("10.0.0.2", 45), ("10.0.0.9", 10)]);
    assert_eq!(stage.spread(100), expected);
    // Also any ten of them: shares are met along the way.
    assert_eq!(stage.spread(10)["10.0.0.9"], 1);
    stage.weigh(0, 3);
    assert_eq!(stage.spread(10), counts([("10.0.0.9", 10)]));
}

#[test]
fn lots_share_requests_by_weight_but_not_every_stretch_of_them() {
    let drawn = |seed| {
        let mut stage = running();
        stage.world.elb.lots = Some(Lots::seeded(seed));
        stage.weigh(90, 10);
        let tens: Vec<u32> = (0..200)
            .map(|_| {
                stage
                    .spread(10)
                    .get("10.0.0.9")
                    .copied()
                    .unwrap_or_default()
            })
            .collect();
        stage.weigh(0, 3);
        assert_eq!(stage.spread(10), counts([("10.0.0.9", 10)]));
        stage.weigh(0, 0);
        assert_eq!(stage.spread(3), counts([("503", 3)]));
        tens
    };
    let tens = drawn(1);
    let canary: u32 = tens.iter().sum();
    assert!((160..=240).contains(&canary), "{canary} of 2000");
    assert!(
        tens.contains(&0) && tens.iter().any(|it| *it > 2),
        "{tens:?}"
    );
    assert_eq!(tens, drawn(1));
    assert_ne!(tens, drawn(2));
}

#[test]
fn a_group_without_targets_answers_503_for_its_share() {
    let mut stage = running();
    let canary = stage.canary.clone();
    stage.weigh(50, 50);
    deregister(&mut stage.world, &canary, &target(9));
    let expected = counts([("10.0.0.1", 5), ("10.0.0.2", 5), ("503", 10)]);
    assert_eq!(stage.spread(20), expected);
}

#[test]
fn a_group_with_only_unhealthy_targets_takes_its_share_all_the_same() {
    let mut stage = running();
    stage.weigh(50, 50);
    let failing = |_: &Target| Checked::Status(500);
    stage.pass(20 * SECOND, |target| {
        if target.ip == "10.0.0.2" {
            Checked::Status(200)
        } else {
            failing(target)
        }
    });
    let expected = counts([("10.0.0.2", 10), ("10.0.0.9", 10)]);
    assert_eq!(
        stage.spread(20),
        expected,
        "an unhealthy one beside a healthy one gets none"
    );
}

#[test]
fn weights_that_are_all_0_answer_503() {
    let mut stage = running();
    stage.weigh(0, 0);
    assert_eq!(stage.spread(3), counts([("503", 3)]));
}

#[test]
fn new_weights_take_a_while_to_be_followed_but_are_described_at_once() {
    let mut stage = running();
    stage.world.elb.propagation = 3 * SECOND;
    stage.weigh(0, 100);
    assert_eq!(
        stage.actions()[0]["ForwardConfig"]["TargetGroups"][1]["Weight"],
        100
    );
    assert_eq!(stage.spread(4), counts([("10.0.0.1", 2), ("10.0.0.2", 2)]));
    stage.world.now = stage.world.now + 3 * SECOND;
    assert_eq!(stage.spread(4), counts([("10.0.0.9", 4)]));
}

#[test]
fn descriptions_may_be_older_than_what_is_followed() {
    let mut stage = running();
    stage.world.elb.read_lag = 5 * SECOND;
    stage.weigh(0, 100);
    assert_eq!(
        stage.actions()[0]["ForwardConfig"]["TargetGroups"][1]["Weight"],
        0
    );
    assert_eq!(stage.spread(4), counts([("10.0.0.9", 4)]));
    stage.world.now = stage.world.now + 5 * SECOND;
    assert_eq!(
        stage.actions()[0]["ForwardConfig"]["TargetGroups"][1]["Weight"],
        100
    );
}

#[test]
fn the_first_rule_that_fits_decides_and_the_default_where_none_does() {
    let mut stage = running();
    let teapot = json!({
        "Type": "fixed-response",
        "FixedResponseConfig": { "StatusCode": "418" },
    });
    let away = json!({ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_302" } });
    stage.rule(5, "/tea/*", &teapot);
    stage.rule(7, "/tea/old/*", &away);
    stage.rule(6, "/old/*", &away);
    let mut answer = |path: &str| {
        let request = Request {
            path: path.to_owned(),
            ..stage.request()
        };
        route(&mut stage.world, &request)
    };
    assert_eq!(answer("/tea/old/1"), Routed::Answer(418));
    assert_eq!(answer("/old/1"), Routed::Answer(302));
    assert!(matches!(answer("/orders"), Routed::To { .. }));
    assert_eq!(
        answer("not-a-path"),
        Routed::Answer(404),
        "the default action"
    );
}

#[test]
fn a_client_stays_with_its_group_while_its_cookie_is_valid() {
    let mut stage = running();
    let mut action = stage.forward(50, 50);
    action["ForwardConfig"]["TargetGroupStickinessConfig"] =
        json!({ "Enabled": true, "DurationSeconds": 60 });
    let write = |stage: &mut Stage, action: &Value| {
        let input = json!({ "RuleArn": stage.rule, "Actions": [action] });
        stage.call("ModifyRule", &input).unwrap();
    };
    write(&mut stage, &action);
    let ask = |stage: &mut Stage, cookie: Option<String>| {
        let request = Request {
            cookie,
            ..stage.request()
        };
        match route(&mut stage.world, &request) {
            Routed::To {
                target_group,
                set_cookie,
                ..
            } => (target_group, set_cookie),
            Routed::Answer(status) => panic!("{status}"),
        }
    };
    let mut cookie = None;
    while cookie.is_none() {
        let (group, given) = ask(&mut stage, None);
        assert!(given.is_some());
        cookie = given.filter(|_| group == stage.canary);
    }
    for _ in 0..10 {
        assert_eq!(ask(&mut stage, cookie.clone()).0, stage.canary);
    }

    action["ForwardConfig"]["TargetGroups"][1]["Weight"] = json!(0);
    write(&mut stage, &action);
    assert_eq!(
        ask(&mut stage, cookie.clone()).0,
        stage.primary,
        "it has weight 0"
    );

    action["ForwardConfig"]["TargetGroups"][1]["Weight"] = json!(50);
    write(&mut stage, &action);
    stage.world.now = stage.world.now + 60 * SECOND;
    let groups = [(); 2].map(|()| ask(&mut stage, cookie.clone()).0);
    assert!(groups.contains(&stage.primary), "the cookie has expired");
}

#[test]
fn a_rule_that_is_not_sticky_takes_no_notice_of_cookies() {
    let mut stage = running();
    stage.weigh(50, 50);
    let token = stage.canary.rsplit('/').next().unwrap().to_owned();
    let request = Request {
        cookie: Some(format!("{token}-{}", u64::MAX)),
        ..stage.request()
    };
    let routed = [(); 2].map(|()| route(&mut stage.world, &request));
    for routed in &routed {
        assert!(matches!(
            routed,
            Routed::To {
                set_cookie: None,
                ..
            }
        ));
    }
    assert_ne!(routed[0], routed[1]);
}

#[test]
fn the_ports_and_names_of_listeners_are_known() {
    let stage = Stage::new();
    assert_eq!(listeners(&stage.world), [(stage.listener.clone(), 80)]);
    let name = dns_name(&stage.world, &stage.listener).unwrap();
    assert!(
        name.starts_with("orders-") && name.ends_with(".elb.amazonaws.com"),
        "{name}"
    );
}
