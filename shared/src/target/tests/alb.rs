use super::*;
use crate::names::ForwardArn;

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
    assert!(error.ends_with("4e5f appears twice"), "{error}");
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
