//! What patterns let pass, and which are refused.

use super::*;
use crate::world::events::pattern::Pattern;

/// Whether a rule with this pattern for `detail` lets an event of pipeline `orders`, `FAILED` pass.
fn passes(detail: &Value) -> bool {
    let mut world = world();
    let pattern = json!({ "source": ["aws.codepipeline"], "detail": detail });
    rule(
        &mut world,
        &json!({ "Name": "r", "EventPattern": pattern.to_string() }),
    )
    .expect("a rule");
    emit_state(&mut world, "orders", "FAILED");
    !invoked(&mut world).is_empty()
}

#[test]
fn a_pattern_that_names_another_pipeline_does_not_match() {
    assert!(passes(&json!({ "pipeline": ["orders"] })));
    assert!(!passes(&json!({ "pipeline": ["payments"] })));
    assert!(!passes(
        &json!({ "pipeline": ["orders"], "state": ["STOPPED"] })
    ));
    assert!(passes(
        &json!({ "pipeline": ["orders"], "state": ["STOPPED", "FAILED"] })
    ));
}

#[test]
fn patterns_know_prefixes_exceptions_and_existence() {
    assert!(passes(&json!({ "pipeline": [{ "prefix": "ord" }] })));
    assert!(!passes(&json!({ "pipeline": [{ "prefix": "pay" }] })));
    assert!(passes(
        &json!({ "state": [{ "anything-but": ["SUCCEEDED", "STARTED"] }] })
    ));
    assert!(!passes(&json!({ "state": [{ "anything-but": "FAILED" }] })));
    assert!(!passes(
        &json!({ "nothing": [{ "anything-but": "FAILED" }] })
    ));
    assert!(passes(&json!({ "muteDetail": [{ "exists": false }] })));
    assert!(passes(
        &json!({ "muteDetail": { "by": [{ "exists": false }] } })
    ));
    assert!(!passes(&json!({ "state": [{ "exists": false }] })));
    assert!(passes(&json!({ "version": [1.0] })));
    assert!(!passes(&json!({ "version": [1] })));
}

#[test]
fn a_list_in_an_event_matches_by_any_of_its_elements() {
    let mut world = world();
    let arn = world.arn("codepipeline", "orders");
    rule(
        &mut world,
        &json!({ "Name": "r", "EventPattern": { "resources": [arn] } }),
    )
    .expect("a rule");
    emit_state(&mut world, "payments", "FAILED");
    assert_eq!(invoked(&mut world), []);
    emit_state(&mut world, "orders", "FAILED");
    assert_eq!(invoked(&mut world).len(), 1);
}

/// Whether a pattern matches an event.
fn matches(pattern: &Value, event: &Value) -> bool {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault:?}"));
    pattern.matches(event)
}

/// Whether a field with that value is let pass by one of these matchers.
fn accepts(matchers: &Value, value: &Value) -> bool {
    matches(&json!({ "field": matchers }), &json!({ "field": value }))
}

#[test]
fn texts_are_matched_by_their_ends_their_case_and_wildcards() {
    for (matcher, wanted, others) in [
        (json!({ "suffix": ".json" }), "a.json", ["a.JSON", "json"]),
        (
            json!({ "prefix": { "equals-ignore-case": "Ord" } }),
            "oRDers",
            ["or", "xord"],
        ),
        (
            json!({ "suffix": { "equals-ignore-case": ".PNG" } }),
            "a.png",
            ["png", "a.pn"],
        ),
        (
            json!({ "equals-ignore-case": "Alice" }),
            "aLICE",
            ["alic", "alices"],
        ),
        (
            json!({ "wildcard": "dir/*.p*g" }),
            "dir/x/y.png",
            ["dir/x.gif", "xdir/a.png"],
        ),
        (
            json!({ "wildcard": "*-canary" }),
            "orders-canary",
            ["orders-canary-2", "canary"],
        ),
        (json!({ "wildcard": "a\\*b" }), "a*b", ["axb", "a\\*b"]),
        (json!({ "wildcard": "ab*ba" }), "abba", ["aba", "abab"]),
        (json!({ "wildcard": "plain" }), "plain", ["plainer", "plai"]),
    ] {
        let matcher = json!([matcher]);
        assert!(accepts(&matcher, &json!(wanted)), "{matcher} {wanted}");
        for other in others {
            assert!(!accepts(&matcher, &json!(other)), "{matcher} {other}");
        }
        assert!(!accepts(&matcher, &json!(7)), "{matcher} matches no number");
    }
}

#[test]
fn numbers_are_matched_by_bounds() {
    for (terms, wanted, others) in [
        (json!(["=", 3]), 3.0, [2.9, 3.1]),
        (json!([">", 0, "<=", 5]), 5.0, [0.0, 5.1]),
        (json!([">=", 2]), 2.0, [1.9, -3.0]),
        (json!(["<", 10]), 9.5, [10.0, 11.0]),
    ] {
        let matcher = json!([{ "numeric": terms }]);
        assert!(accepts(&matcher, &json!(wanted)), "{matcher} {wanted}");
        for other in others {
            assert!(!accepts(&matcher, &json!(other)), "{matcher} {other}");
        }
        assert!(!accepts(&matcher, &json!("3")), "{matcher} matches no text");
    }
}

#[test]
fn anything_but_takes_values_and_texts() {
    for (matcher, wanted, other) in [
        (json!({ "anything-but": 3 }), json!(4), json!(3.0)),
        (json!({ "anything-but": [1, 2] }), json!("1"), json!(2)),
        (
            json!({ "anything-but": { "prefix": "aws." } }),
            json!("my.app"),
            json!("aws.ecs"),
        ),
        (
            json!({ "anything-but": { "suffix": [".png", ".gif"] } }),
            json!("a.txt"),
            json!("a.gif"),
        ),
        (
            json!({ "anything-but": { "equals-ignore-case": "ok" } }),
            json!("ALARM"),
            json!("OK"),
        ),
        (
            json!({ "anything-but": { "wildcard": "*-canary" } }),
            json!("orders"),
            json!("x-canary"),
        ),
    ] {
        let matcher = json!([matcher]);
        assert!(accepts(&matcher, &wanted), "{matcher} {wanted}");
        assert!(!accepts(&matcher, &other), "{matcher} {other}");
        assert!(!accepts(&matcher, &json!({ "an": "object" })), "{matcher}");
    }
}

#[test]
fn only_leaves_are_matched() {
    let event = json!({ "detail": { "type": { "owner": "AWS" }, "tags": [], "state": null } });
    let passes = |detail: Value| matches(&json!({ "detail": detail }), &event);
    assert!(passes(json!({ "type": { "owner": [{ "exists": true }] } })));
    assert!(!passes(json!({ "type": [{ "exists": true }] })));
    assert!(passes(json!({ "type": [{ "exists": false }] })));
    assert!(passes(json!({ "tags": [{ "exists": false }] })));
    assert!(passes(json!({ "state": [null] })));
    assert!(passes(json!({ "state": [{ "exists": true }] })));
}

#[test]
fn objects_in_lists_are_walked() {
    let event =
        json!({ "services": [[{ "name": "orders" }], { "name": "payments" }], "ids": [[1, 2], 3] });
    assert!(matches(
        &json!({ "services": { "name": ["orders"] } }),
        &event
    ));
    assert!(!matches(
        &json!({ "services": { "name": ["shop"] } }),
        &event
    ));
    assert!(matches(&json!({ "ids": [2] }), &event));
}

#[test]
fn a_pattern_is_refused_in_aws_own_words() {
    for (pattern, reason) in [
        (
            json!({ "source": "aws.s3" }),
            "\"source\" must be an object or an array",
        ),
        (
            json!({ "detail": { "n": 1 } }),
            "\"n\" must be an object or an array",
        ),
        (json!({ "source": [] }), "Empty arrays are not allowed"),
        (json!({ "detail": {} }), "Empty objects are not allowed"),
        (json!([]), "Filter is not an object"),
        (
            json!({ "a": [["b"]] }),
            "Match value must be String, number, true, false, or null",
        ),
        (json!({ "a": [{}] }), "Match expression name not found"),
        (
            json!({ "a": [{ "prefix": "a", "suffix": "b" }] }),
            "Only one key allowed in match expression",
        ),
        (
            json!({ "a": [{ "begins-with": "a" }] }),
            "Unrecognized match type begins-with",
        ),
        (
            json!({ "a": [{ "suffix": ["a"] }] }),
            "suffix match pattern must be a string",
        ),
        (
            json!({ "a": [{ "exists": "yes" }] }),
            "exists match pattern must be either true or false.",
        ),
        (
            json!({ "a": [{ "numeric": 1 }] }),
            "Value of numeric must be an array.",
        ),
        (
            json!({ "a": [{ "numeric": ["~", 1] }] }),
            "Unrecognized numeric range operator: ~",
        ),
        (
            json!({ "a": [{ "numeric": ["<", "1"] }] }),
            "Value of < must be numeric",
        ),
        (
            json!({ "a": [{ "numeric": ["<", 1, ">", 0] }] }),
            "Too many elements in numeric expression",
        ),
        (
            json!({ "a": [{ "anything-but": true }] }),
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            json!({ "a": [{ "anything-but": { "exists": true } }] }),
            "Unsupported anything-but pattern: exists",
        ),
        (
            json!({ "a": [{ "wildcard": "a**b" }] }),
            "Consecutive wildcard characters",
        ),
    ] {
        let refused = rule(
            &mut world(),
            &json!({ "Name": "r", "EventPattern": pattern }),
        );
        let fault = refused.expect_err("refused");
        assert_eq!(fault.code, "InvalidEventPatternException");
        assert_eq!(
            fault.message,
            format!("Event pattern is not valid. Reason: {reason}")
        );
    }
}

#[test]
fn what_is_not_known_here_is_named() {
    for (pattern, name) in [
        (
            json!({ "$or": [{ "source": ["a"] }, { "source": ["b"] }] }),
            "$or",
        ),
        (json!({ "ip": [{ "cidr": "10.0.0.0/24" }] }), "cidr"),
    ] {
        let fault = Pattern::parse(&pattern).expect_err("refused");
        assert_eq!(fault.code, "InvalidEventPatternException");
        assert!(fault.message.contains(name), "{fault:?}");
    }
}
