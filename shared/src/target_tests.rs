use crate::{names::ForwardArn, traffic::queue::Mode};

use super::*;

pub(crate) const ORDERS: &str = r#"{
    "cluster": "orders", "primary": "orders", "canary": "orders-canary", "pipeline": "orders-release",
    "alarms": ["orders-dead-letters"],
    "traffic": {"queue": {
        "url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
        "deadLetterUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters"}}}"#;

fn with(from: &str, to: &str) -> String {
    assert!(ORDERS.contains(from));
    ORDERS.replacen(from, to, 1)
}

#[test]
fn what_is_left_out_has_its_default() {
    let target = resolve(Some(ORDERS), None).unwrap();
    assert_eq!((target.resting_tasks, target.guard_minutes), (1, 60));
    assert_eq!(target.queue().unwrap().mode, Mode::Additive);
    assert_eq!(
        (
            target.queue().unwrap().max_dead_letters,
            target.queue().unwrap().max_tasks
        ),
        (0, None)
    );
    assert_eq!(target.pair().as_str(), "orders/orders");
}

#[test]
fn a_bad_target_names_the_field_and_what_is_allowed() {
    let cases = [
        (String::new(), "TARGET is not valid JSON"),
        ("[]".to_owned(), "TARGET: invalid length 0"),
        (
            with("\"canary\"", "\"canery\""),
            "TARGET: field canery: unknown field `canery`, expected one of",
        ),
        (
            with("\"orders-canary\"", "\"orders\""),
            "TARGET: field canary: \"orders\" is the primary service too",
        ),
        (
            with("\"orders-canary\"", "7"),
            "TARGET: field canary: invalid type: integer `7`, expected a string",
        ),
        (
            with("\"pipeline\": \"orders-release\",", ""),
            "TARGET: missing field `pipeline`",
        ),
        (
            with("\"queue\"", "\"kafka\""),
            "TARGET: field traffic: unknown variant `kafka`, expected `queue` or `alb`",
        ),
        (
            with(
                "\"deadLetterUrl\": \"https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters\"",
                "\"guardMaxDeadLetters\": 5",
            ),
            "TARGET: field traffic.queue.guardMaxDeadLetters: there is no dead-letter queue to ask",
        ),
        (
            with("{\n        \"url\"", "{\"maxTasks\": 0, \"url\""),
            "TARGET: field traffic.queue.maxTasks: 0 tasks",
        ),
        (
            with("{\n        \"url\"", "{\"mode\": \"add\", \"url\""),
            "TARGET: field traffic.queue.mode: unknown variant `add`",
        ),
    ];
    for (text, expected) in cases {
        let error = resolve(Some(&text), None).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{expected}\n{error}");
    }
}

const SHOP: &str = r#"{
    "cluster": "shop", "primary": "shop", "canary": "shop-canary", "pipeline": "shop-release",
    "traffic": {"alb": {
        "rule": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/shop/0a1b/2c3d/4e5f",
        "primaryTargetGroup": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/0a1b",
        "canaryTargetGroup": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop-canary/2c3d"}}}"#;

#[test]
fn a_pair_behind_a_load_balancer_has_its_defaults_and_survives_the_record() {
    let target = resolve(Some(SHOP), None).unwrap();
    let alb = target.alb().unwrap();
    assert_eq!(
        (alb.min_tasks, alb.max_unhealthy, alb.allow_sticky),
        (1, 0, false)
    );
    assert_eq!(alb.place.forwards().count(), 1);
    let text = serde_json::to_string(&target).unwrap();
    assert_eq!(resolve(Some(&text), None), Ok(target));
}

#[test]
fn a_bad_load_balancer_names_the_field_and_what_is_allowed() {
    let listener =
        "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/0a1b/2c3d";
    let rule = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/shop/0a1b/2c3d/4e5f";
    let cases = [
        (
            "\"rule\"",
            "\"listener\"".to_owned(),
            "TARGET: field traffic.alb.listener: arn:aws:elasticloadbalancing",
        ),
        (
            rule,
            listener.to_owned(),
            "TARGET: field traffic.alb.rule: arn:aws:elasticloadbalancing",
        ),
        (
            rule,
            rule.replace("/app/", "/net/"),
            "TARGET: field traffic.alb.rule: \"arn:aws:elasticloadbalancing",
        ),
        (
            "\"rule\":",
            format!("\"listener\": \"{listener}\", \"rule\":"),
            "TARGET: field traffic.alb: what forwards",
        ),
        (
            "\"rule\":",
            format!("\"rules\": [\"{rule}\", \"{rule}\"], \"x\":"),
            "TARGET: field traffic.alb.x: unknown field `x`",
        ),
        (
            "targetgroup/shop-canary/2c3d",
            "targetgroup/shop/0a1b".to_owned(),
            "TARGET: field traffic.alb.canaryTargetGroup: arn",
        ),
        (
            "{\n        \"rule\"",
            "{\"minTasks\": 0, \"rule\"".to_owned(),
            "TARGET: field traffic.alb.minTasks: 0 tasks",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(SHOP.contains(from), "{from}");
        let error = resolve(Some(&SHOP.replacen(from, &to, 1)), None)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{expected}\n{error}");
    }
    let twice = SHOP.replacen(
        &format!("\"rule\": \"{rule}\""),
        &format!("\"rules\": [\"{rule}\", \"{rule}\"]"),
        1,
    );
    let error = resolve(Some(&twice), None).unwrap_err().to_string();
    assert!(error.ends_with("4e5f is there twice"), "{error}");
}

#[test]
fn rules_are_named_in_exactly_one_way() {
    let rule = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/shop/0a1b/2c3d/4e5f";
    let own = format!("\"rule\": \"{rule}\"");
    assert!(SHOP.contains(&own));
    let with = |named: &str| resolve(Some(&SHOP.replacen(&own, named, 1)), None);
    let listener =
        "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/0a1b/2c3d";
    let both = with(&format!("\"rules\": [\"{rule}\", \"{listener}\"]")).unwrap();
    let forwards = both.alb().unwrap().place.forwards();
    assert_eq!(
        forwards.map(ForwardArn::as_str).collect::<Vec<_>>(),
        [rule, listener]
    );
    assert!(with(&format!("\"listener\": \"{listener}\"")).is_ok());
    let refused = |named: &str| with(named).unwrap_err().to_string();
    let no_way = "TARGET: field traffic.alb: what forwards requests to the two target groups is given in no way or in more than \
                  one; allowed is one of \"rule\", \"rules\" (at least one), \"listener\"";
    assert_eq!(refused("\"rules\": []"), no_way);
    assert_eq!(refused("\"minTasks\": 1"), no_way);
    assert_eq!(refused(&format!("{own}, \"rules\": [\"{rule}\"]")), no_way);
    assert_eq!(
        refused(&format!("\"listener\": \"{rule}\"")),
        format!("TARGET: field traffic.alb.listener: {rule} is a rule; name it in \"rule\"")
    );
    let many: Vec<_> = (0..101).map(|n| format!("\"{rule}{n}\"")).collect();
    assert_eq!(
        refused(&format!("\"rules\": [{}]", many.join(","))),
        "TARGET: field traffic.alb.rules: 101 rules; at most 100 are allowed"
    );
}

#[test]
fn two_different_targets_are_refused_and_two_equal_ones_are_not() {
    let given = |text: &str| Some(("UserParameters", crate::input::parse("it", text).unwrap()));
    let same = resolve(Some(ORDERS), given(ORDERS));
    assert_eq!(same, resolve(Some(ORDERS), None));
    let other = with("\"alarms\"", "\"restingTasks\": 2, \"alarms\"");
    let error = resolve(Some(ORDERS), given(&other))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("UserParameters: field target: names the pair orders/orders, but TARGET"),
        "{error}"
    );
}

#[test]
fn a_stored_target_may_have_fields_that_a_later_version_knows() {
    let target = resolve(Some(ORDERS), None).unwrap();
    let mut stored = serde_json::to_value(&target).unwrap();
    stored["verdictMinutes"] = 5.into();
    stored["traffic"]["queue"]["visibility"] = 30.into();
    assert_eq!(serde_json::from_value::<Target>(stored).unwrap(), target);
}

#[test]
fn no_target_at_all_says_where_it_may_come_from() {
    let error = resolve(None, None).unwrap_err().to_string();
    assert!(
        error.starts_with("TARGET is missing; set it in the function's environment"),
        "{error}"
    );
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_target_that_is_another_place_is_told_apart_by_its_first_field_and_limits_are_not() {
    let there = |change: &dyn Fn(&mut Value)| {
        let mut json = serde_json::to_value(crate::fixtures::target()).unwrap();
        change(&mut json);
        serde_json::from_value::<Target>(json).unwrap()
    };
    let here = crate::fixtures::target();
    let rows: [(Change<'_>, Option<&str>); 8] = [
        (&|_| (), None),
        (&|it| it["canary"] = "other".into(), Some("canary")),
        (&|it| it["pipeline"] = "other".into(), Some("pipeline")),
        (&|it| it["alarms"] = serde_json::json!([]), Some("alarms")),
        (
            &|it| it["traffic"]["queue"]["mode"] = "constantTotal".into(),
            Some("traffic.queue.mode"),
        ),
        (&|it| it["restingTasks"] = 7.into(), None),
        (&|it| it["guardMinutes"] = 7.into(), None),
        (
            &|it| it["traffic"]["queue"]["maxDeadLetters"] = 7.into(),
            None,
        ),
    ];
    for (change, field) in rows {
        let difference = there(change).differs(&here);
        assert_eq!(difference.as_ref().map(|it| it.field.as_str()), field);
    }
    let http = Target {
        alarms: here.alarms.clone(),
        ..crate::fixtures::http_target()
    };
    let difference = http.differs(&here).expect("another model");
    assert!(difference.field.starts_with("traffic."), "{difference:?}");
}
