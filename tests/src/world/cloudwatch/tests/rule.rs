//! The language of rules.

use std::collections::BTreeMap;

use super::super::{evaluation::StateValue, rule::Rule};

/// Whether a rule holds where `a` is in `ALARM`, `b` in `OK` and `c` in `INSUFFICIENT_DATA`.
fn holds(text: &str) -> bool {
    let states = BTreeMap::from([
        ("a", StateValue::Alarm),
        ("b", StateValue::Ok),
        ("c", StateValue::InsufficientData),
    ]);
    let rule = Rule::parse(text).unwrap_or_else(|fault| panic!("{text}: {}", fault.message));
    rule.holds(&|name| states.get(name).copied())
}

fn refusal(text: &str) -> String {
    Rule::parse(text).expect_err(text).message
}

#[test]
fn functions_operators_and_parentheses_mean_what_aws_documents() {
    for (rule, expected) in [
        ("ALARM(a)", true),
        ("ALARM(\"a\")", true),
        ("ALARM( a ) AND OK(b)", true),
        ("ALARM(b)", false),
        ("INSUFFICIENT_DATA(c)", true),
        ("NOT ALARM(b)", true),
        ("NOT NOT ALARM(a)", true),
        ("TRUE", true),
        ("FALSE OR TRUE", true),
        ("false", false),
        ("(ALARM(a) OR ALARM(b)) AND OK(c)", false),
        ("ALARM(a) OR ALARM(b) AND OK(c)", true),
        ("NOT (ALARM(a) AND OK(b))", false),
        ("ALARM(a)AND(OK(b))", true),
        ("\n  ALARM(a)\n  AND\n  OK(b)\n", true),
    ] {
        assert_eq!(holds(rule), expected, "{rule}");
    }
}

#[test]
fn a_quoted_name_may_hold_anything() {
    let rule = Rule::parse(r#"ALARM("orders (\"eu\") \\ 5xx") OR ALARM(plain.name-1)"#);
    let rule = rule.expect("a rule");
    assert_eq!(rule.alarms(), [r#"orders ("eu") \ 5xx"#, "plain.name-1"]);
}

#[test]
fn what_is_no_rule_is_refused_with_the_place() {
    for (rule, expected) in [
        ("()", "Error in AlarmRule [Unsupported token ')' at char 1]"),
        (
            "ALARM(a) AND",
            "Error in AlarmRule [Unsupported token 'end of the rule' at char 12]",
        ),
        (
            "ALARM(a) ALARM(b)",
            "Error in AlarmRule [Unsupported token 'ALARM' at char 9]",
        ),
        (
            "alarm(a)",
            "Error in AlarmRule [Unsupported token 'alarm' at char 0]",
        ),
        (
            "ALARM(two words)",
            "Error in AlarmRule [Unsupported token 'words' at char 10]",
        ),
        (
            "ALARM(\"a)",
            "Error in AlarmRule [Unsupported token 'end of the rule' at char 9]",
        ),
        (
            "ALARM()",
            "Error in AlarmRule [Unsupported token ')' at char 6]",
        ),
        (
            "AT_LEAST(2, ALARM, (a, b))",
            "Error in AlarmRule [Unsupported token 'AT_LEAST' at char 0]",
        ),
        (
            "ALARMS(a)",
            "Error in AlarmRule [Unsupported token 'ALARMS' at char 0]",
        ),
    ] {
        assert_eq!(refusal(rule), expected, "{rule}");
    }
}

#[test]
fn a_rule_names_a_hundred_alarms_and_has_five_hundred_elements_at_most() {
    let any = |count: usize| {
        let alarms: Vec<String> = (0..count).map(|n| format!("ALARM(a{n})")).collect();
        alarms.join(" OR ")
    };
    assert_eq!(
        Rule::parse(&any(100)).map(|rule| rule.alarms().len()),
        Ok(100)
    );
    assert!(refusal(&any(101)).contains("101 alarms"));
    let constants = vec!["TRUE"; 501].join(" AND ");
    assert!(refusal(&constants).contains("501 elements"));
}
