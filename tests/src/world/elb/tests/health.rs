use super::{
    TargetState::{Healthy, Unhealthy},
    *,
};

#[test]
fn a_new_target_is_healthy_with_its_first_pass() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    register(&mut stage.world, &primary, target(1));
    assert_eq!(
        stage.health(&primary),
        ["10.0.0.1 initial Elb.RegistrationInProgress"]
    );
    tick(&mut stage.world);
    let Some(Effect::CheckTarget(probe)) = stage.world.outbox.pop() else {
        panic!("no check is due");
    };
    assert_eq!(
        (probe.path.as_str(), probe.timeout),
        ("/health", 2 * SECOND)
    );
    assert_eq!(
        stage.health(&primary),
        ["10.0.0.1 initial Elb.InitialHealthChecking"]
    );
    checked(&mut stage.world, &probe, Checked::Status(200));
    assert_eq!(stage.health(&primary), ["10.0.0.1 healthy -"]);
}

#[test]
fn failures_and_passes_count_only_in_a_row() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    stage.run(&primary, &[target(1)]);
    let mut seen = Vec::new();
    for status in [500, 200, 500, 500, 200, 200, 500, 200, 200, 200] {
        stage.pass(10 * SECOND, |_| Checked::Status(status));
        seen.push(state(&stage.world, &primary, &target(1)).unwrap());
    }
    assert_eq!(
        seen,
        [
            Healthy, Healthy, Healthy, Unhealthy, Unhealthy, Unhealthy, Unhealthy, Unhealthy,
            Unhealthy, Healthy
        ]
    );
}

#[test]
fn the_reason_says_how_checks_fail() {
    let mut stage = Stage::with_group(&json!({ "Matcher": { "HttpCode": "200-204,301" } }));
    let primary = stage.primary.clone();
    for number in 1..=4 {
        register(&mut stage.world, &primary, target(number));
    }
    stage.pass(20 * SECOND, |target| match target.ip.as_str() {
        "10.0.0.1" => Checked::Status(503),
        "10.0.0.2" => Checked::Late,
        "10.0.0.3" => Checked::Broken,
        _ => Checked::Status(301),
    });
    assert_eq!(
        stage.health(&primary),
        [
            "10.0.0.1 unhealthy Target.ResponseCodeMismatch",
            "10.0.0.2 unhealthy Target.Timeout",
            "10.0.0.3 unhealthy Target.FailedHealthChecks",
            "10.0.0.4 healthy -"
        ]
    );
    let input = json!({ "TargetGroupArn": primary });
    let output = stage.call("DescribeTargetHealth", &input).unwrap();
    let words = [0, 1, 2, 3].map(|place| {
        let target = &output["TargetHealthDescriptions"][place];
        target["TargetHealth"]["Description"]
            .as_str()
            .map(str::to_owned)
    });
    let expected = [
        Some("Health checks failed with these codes: [503]"),
        Some("Request timed out"),
        Some("Health checks failed"),
        None,
    ];
    assert_eq!(words, expected.map(|words| words.map(str::to_owned)));
}

#[test]
fn checks_are_as_much_faster_as_the_account() {
    let mut stage = Stage::new();
    stage.world.pace = 10;
    let primary = stage.primary.clone();
    register(&mut stage.world, &primary, target(1));
    tick(&mut stage.world);
    assert_eq!(stage.world.outbox.len(), 1);
    stage.world.now = stage.world.now + Duration::from_millis(999);
    tick(&mut stage.world);
    assert_eq!(stage.world.outbox.len(), 1, "ten seconds have not passed");
    stage.world.now = stage.world.now + Duration::from_millis(1);
    tick(&mut stage.world);
    let Some(Effect::CheckTarget(probe)) = stage.world.outbox.pop() else {
        panic!("no check is due");
    };
    assert_eq!(probe.timeout, Duration::from_millis(200));
}

#[test]
fn a_group_of_weight_0_is_checked_and_one_that_no_rule_uses_is_not() {
    let mut stage = Stage::new();
    let canary = stage.canary.clone();
    stage.run(&canary, &[target(1)]);
    let spare = target_group(&mut stage.world, "spare", &json!({}));
    register(&mut stage.world, &spare, target(2));
    stage.pass(20 * SECOND, |_| Checked::Status(200));
    assert_eq!(stage.health(&spare), ["10.0.0.2 unused Target.NotInUse"]);
    assert_eq!(load_balancer_of(&stage.world, &spare), None);

    stage.rule(20, "/spare/*", &forward(&[(&spare, 1)]));
    let user = load_balancer_of(&stage.world, &spare);
    assert_eq!(user, Some(stage.load_balancer.as_str()));
    assert_eq!(
        state(&stage.world, &spare, &target(2)),
        Some(TargetState::Initial)
    );
    stage.pass(SECOND, |_| Checked::Status(200));
    assert_eq!(state(&stage.world, &spare, &target(2)), Some(Healthy));
}

#[test]
fn a_deregistered_target_drains_for_the_delay_and_is_gone() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    let attributes = [json!({ "Key": "deregistration_delay.timeout_seconds", "Value": "30" })];
    set(&mut stage.world, &primary, &attributes).unwrap();
    assert_eq!(
        deregistration_delay(&stage.world, &primary),
        Some(30 * SECOND)
    );
    stage.run(&primary, &[target(1), target(2)]);
    deregister(&mut stage.world, &primary, &target(1));
    stage.pass(29 * SECOND, |_| Checked::Status(200));
    assert_eq!(
        stage.health(&primary),
        [
            "10.0.0.1 draining Target.DeregistrationInProgress",
            "10.0.0.2 healthy -"
        ]
    );
    assert_eq!(
        stage.spread(4),
        counts([("10.0.0.2", 4)]),
        "nothing new for it"
    );
    stage.pass(SECOND, |_| Checked::Status(200));
    assert_eq!(state(&stage.world, &primary, &target(1)), None);
    let input = json!({
        "TargetGroupArn": primary,
        "Targets": [{ "Id": "10.0.0.1" }, { "Id": "10.0.0.2", "Port": 8080 }],
    });
    let output = stage.call("DescribeTargetHealth", &input).unwrap();
    let health = &output["TargetHealthDescriptions"][0]["TargetHealth"];
    assert_eq!(
        (text(&health["State"]), text(&health["Reason"])),
        ("unused".to_owned(), "Target.NotRegistered".to_owned())
    );
}

#[test]
fn the_delay_of_a_new_group_is_five_minutes() {
    let stage = Stage::new();
    let delay = deregistration_delay(&stage.world, &stage.primary);
    assert_eq!(delay, Some(Duration::from_mins(5)));
}

#[test]
fn a_target_that_is_registered_anew_does_not_take_the_check_of_the_old_one() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    register(&mut stage.world, &primary, target(1));
    tick(&mut stage.world);
    let Some(Effect::CheckTarget(late)) = stage.world.outbox.pop() else {
        panic!("no check is due");
    };
    deregister(&mut stage.world, &primary, &target(1));
    register(&mut stage.world, &primary, target(1));
    checked(&mut stage.world, &late, Checked::Status(200));
    assert_eq!(
        state(&stage.world, &primary, &target(1)),
        Some(TargetState::Initial)
    );
}
