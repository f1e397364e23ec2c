//! Expressions on one item: what they mean, and what AWS says of those that mean nothing.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::item::{self, Item},
    *,
};

fn item() -> Item {
    item::read(&json!({
        "phase": { "S": "Shifting" },
        "revision": { "N": "10" },
        "seen": { "M": { "bounds": { "L": [{ "N": "1" }, { "N": "4" }] } } },
        "alarms": { "SS": ["a", "b"] },
        "note": { "NULL": true },
    }))
    .unwrap()
}

fn placeholders() -> Placeholders {
    let names = json!({ "#r": "revision", "#f": "seen" });
    let values = json!({
        ":nine": { "N": "9" }, ":ten": { "N": "1e1" }, ":s": { "S": "Sh" }, ":a": { "S": "a" }, ":l": { "L": [] },
        ":t": { "BOOL": true }, ":set": { "SS": ["b", "a"] }, ":kind": { "S": "SS" }, ":n4": { "N": "4" },
    });
    Placeholders::read(Some(&names), Some(&values)).unwrap()
}

fn holds(expression: &str) -> bool {
    Condition::read(expression, &mut placeholders())
        .unwrap()
        .holds(&item())
}

#[test]
fn conditions_that_hold() {
    for expression in [
        "#r = :ten",
        "revision > :nine",
        ":nine < revision",
        "revision BETWEEN :nine AND :ten AND NOT revision = :nine",
        "absent <> :nine",
        "phase <> :ten",
        "phase IN (:a, :ten) OR revision IN (:nine, :ten)",
        "attribute_exists(#f.bounds[1]) and attribute_not_exists(seen.bounds[2])",
        "attribute_type(alarms, :kind)",
        "begins_with(phase, :s)",
        "contains(phase, :s) AND contains(alarms, :a) AND contains(seen.bounds, :n4)",
        "size(phase) < :nine AND size(alarms) < :n4",
        "alarms = :set",
        "(phase = :a OR revision = :ten) AND attribute_exists(note)",
        "phase = :a AND revision = :nine OR revision = :ten",
        "NOT (phase = :a AND revision = :ten)",
        "(revision) = (:ten)",
    ] {
        assert!(holds(expression), "{expression}");
    }
}

#[test]
fn conditions_that_do_not_hold() {
    for expression in [
        "absent = :nine",
        "absent < :nine",
        "phase < :nine",
        "absent BETWEEN :nine AND :ten",
        "size(revision) = :ten",
        "contains(revision, :nine)",
        "begins_with(revision, :s)",
        "seen[0] = :ten",
        "phase.x = :a",
        "note = :t",
    ] {
        assert!(!holds(expression), "{expression}");
    }
}

fn refused(expression: &str) -> String {
    Condition::read(expression, &mut placeholders()).unwrap_err()
}

#[test]
fn what_is_no_condition_is_refused_in_awss_words() {
    let types = "Incorrect operand type for operator or function; operator or function:";
    for (expression, wanted) in [
        (
            "revision = = :ten",
            "Syntax error; token: \"=\", near: \"= = :ten\"",
        ),
        (
            "attribute_not_exists(",
            "Syntax error; token: \"<EOF>\", near: \"(\"",
        ),
        (
            "revision",
            "Syntax error; token: \"<EOF>\", near: \"revision\"",
        ),
        (
            "revision = :ten phase",
            "Syntax error; token: \"phase\", near: \":ten phase\"",
        ),
        (
            "my-attribute = :ten",
            "Syntax error; token: \"-\", near: \"my-attribute\"",
        ),
        (
            "((revision = :ten))",
            "The expression has redundant parentheses;",
        ),
        (
            "((revision)) = :ten",
            "The expression has redundant parentheses;",
        ),
        (
            "exists(revision)",
            "Invalid function name; function: exists",
        ),
        (
            "size(phase)",
            "The function is not allowed to be used this way in an expression; function: size",
        ),
        (
            "contains(phase, :a) = :t",
            "The function is not allowed to be used this way in an expression; function: contains",
        ),
        (
            "begins_with(phase)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1",
        ),
        (
            "attribute_exists(:a)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "contains(#r, revision)",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [revision]",
        ),
        (
            "attribute_type(phase, :a)",
            "Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "revision BETWEEN :ten AND :nine",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:9}",
        ),
        (
            "revision BETWEEN :ten AND :a",
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {S:a}",
        ),
        (
            "seen[2147483648] = :a",
            "List index is not within the allowable range; index: [2147483648]",
        ),
        (
            "Status = :a",
            "Attribute name is a reserved keyword; reserved keyword: Status",
        ),
        (
            "seen.size = :a",
            "Attribute name is a reserved keyword; reserved keyword: size",
        ),
    ] {
        assert_eq!(refused(expression), wanted, "{expression}");
    }
    assert_eq!(
        refused("revision < :t"),
        format!("{types} <, operand type: BOOL")
    );
    assert_eq!(
        refused("size(:t) < :ten"),
        format!("{types} size, operand type: BOOL")
    );
    let many = vec![":ten"; 101].join(", ");
    assert_eq!(
        refused(&format!("revision IN ({many})")),
        "The IN operator is provided with too many operands; number of operands: 101"
    );
}

#[test]
fn an_expression_has_three_hundred_operators_at_most() {
    let many = "The expression contains too many operators; operator count: 301";
    let chain = |count: usize| vec!["a = :ten"; count].join(" OR ");
    assert!(Condition::read(&chain(150), &mut placeholders()).is_ok());
    assert_eq!(refused(&chain(151)), many);
    let nested = |depth: usize| format!("{}a = :ten{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(
        refused(&nested(300)),
        "The expression has redundant parentheses;"
    );
    assert_eq!(refused(&nested(2000)), many);
    let negated = |times: usize| format!("{}(revision = :ten)", "NOT ".repeat(times));
    assert!(holds(&negated(298)));
    assert_eq!(refused(&negated(300)), many);
}

#[test]
fn parentheses_side_by_side_are_not_redundant() {
    assert!(holds("((revision = :ten) AND (phase <> :a))"));
    assert!(holds("(NOT (phase = :a))"));
}

#[test]
fn what_is_no_update_is_refused_in_awss_words() {
    let overlap = "must remove or rewrite one of these paths; path one:";
    for (expression, wanted) in [
        ("INVALID SYNTAX HERE", "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"".to_owned()),
        ("SET phase", "Syntax error; token: \"<EOF>\", near: \"phase\"".to_owned()),
        ("SET phase = :a,", "Syntax error; token: \"<EOF>\", near: \",\"".to_owned()),
        ("SET phase = :a + :s + :a", "Syntax error; token: \"+\", near: \":s + :a\"".to_owned()),
        ("SET phase = set", "Syntax error; token: \"set\", near: \"= set\"".to_owned()),
        (
            "SET phase = :a SET x = :a",
            "The \"SET\" section can only be used once in an update expression;".to_owned(),
        ),
        (
            "SET seen = :a REMOVE seen.bounds",
            format!("Two document paths overlap with each other; {overlap} [seen], path two: [seen, bounds]"),
        ),
        (
            "SET seen.a = :a REMOVE seen[0]",
            format!("Two document paths conflict with each other; {overlap} [seen, a], path two: [seen, [0]]"),
        ),
        ("SET name = :a", "Attribute name is a reserved keyword; reserved keyword: name".to_owned()),
        ("SET x = max(:a, :s)", "Invalid function name; function: max".to_owned()),
        (
            "SET x = if_not_exists(:a, :s)",
            "Operator or function requires a document path; operator or function: if_not_exists".to_owned(),
        ),
        (
            "SET x = x + :a",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S".to_owned(),
        ),
        (
            "SET x = list_append(x, :a)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: S".to_owned(),
        ),
        (
            "ADD x :a",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND".to_owned(),
        ),
        (
            "DELETE x :ten",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND".to_owned(),
        ),
    ] {
        assert_eq!(Update::read(expression, &mut placeholders()).unwrap_err(), wanted, "{expression}");
    }
}

/// A condition on three attributes that are true or false, and how it is written.
#[derive(Debug, Clone)]
enum Formula {
    Holds(usize),
    Not(Box<Formula>),
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
}

impl Formula {
    fn value(&self, attributes: [bool; 3]) -> bool {
        match self {
            Self::Holds(at) => attributes[*at],
            Self::Not(inner) => !inner.value(attributes),
            Self::And(one, two) => one.value(attributes) && two.value(attributes),
            Self::Or(one, two) => one.value(attributes) || two.value(attributes),
        }
    }

    /// With parentheses only where they are needed.
    fn written(&self, tightness: u8) -> String {
        let (own, text) = match self {
            Self::Holds(at) => (3, format!("a{at} = :t")),
            Self::Not(inner) => (2, format!("NOT {}", inner.written(2))),
            Self::And(one, two) => (1, format!("{} AND {}", one.written(1), two.written(2))),
            Self::Or(one, two) => (0, format!("{} or {}", one.written(0), two.written(1))),
        };
        if own < tightness {
            format!("({text})")
        } else {
            text
        }
    }
}

fn any_formula() -> impl Strategy<Value = Formula> {
    (0..3_usize)
        .prop_map(Formula::Holds)
        .prop_recursive(5, 24, 2, |inner| {
            let two = (inner.clone(), inner.clone());
            prop_oneof![
                inner.prop_map(|it| Formula::Not(Box::new(it))),
                two.clone()
                    .prop_map(|(one, two)| Formula::And(Box::new(one), Box::new(two))),
                two.prop_map(|(one, two)| Formula::Or(Box::new(one), Box::new(two))),
            ]
        })
}

proptest! {
    #[test]
    fn a_condition_means_what_logic_says(formula in any_formula(), attributes: [bool; 3]) {
        let values = attributes.iter().enumerate();
        let item: serde_json::Map<_, _> = values.map(|(at, value)| (format!("a{at}"), json!({ "BOOL": value }))).collect();
        let item = item::read(&Value::Object(item)).unwrap();
        let written = formula.written(0);
        let condition = Condition::read(&written, &mut placeholders()).unwrap();
        prop_assert_eq!(condition.holds(&item), formula.value(attributes), "{}", written);
    }

    #[test]
    fn no_text_brings_the_parser_down(expression in "[a-c#:.,()\\[\\]=<>0-9 ANDORTSE+-]{0,30}") {
        let _ = Condition::read(&expression, &mut placeholders());
        let _ = Update::read(&expression, &mut placeholders());
        let _ = Projection::read(&expression, &mut placeholders());
    }

    #[test]
    fn a_list_behaves_like_a_vector(start in prop::collection::vec(0..9_u8, 0..6), set in prop::collection::btree_map(0..9_usize, 0..9_u8, 0..4), removed in prop::collection::btree_set(0..9_usize, 0..4)) {
        let removed: Vec<_> = removed.into_iter().filter(|at| !set.contains_key(at)).collect();
        let number = |n: &u8| json!({ "N": n.to_string() });
        let mut values: serde_json::Map<_, _> = set.iter().map(|(at, value)| (format!(":v{at}"), number(value))).collect();
        values.insert(":x".to_owned(), json!({ "S": "x" }));
        let mut placeholders = Placeholders::read(None, Some(&Value::Object(values))).unwrap();
        let sets: Vec<_> = set.keys().rev().map(|at| format!("l[{at}] = :v{at}")).chain(["x = :x".to_owned()]).collect();
        let removes: Vec<_> = removed.iter().map(|at| format!("l[{at}]")).chain(["y".to_owned()]).collect();
        let expression = format!("REMOVE {} SET {}", removes.join(", "), sets.join(", "));

        let list = json!({ "l": { "L": start.iter().map(number).collect::<Vec<_>>() } });
        let mut item = item::read(&list).unwrap();
        Update::read(&expression, &mut placeholders).unwrap().apply(&mut item).unwrap();

        let mut wanted: Vec<Option<u8>> = start.iter().copied().map(Some).collect();
        for (at, value) in &set {
            if *at < start.len() { wanted[*at] = Some(*value) } else { wanted.push(Some(*value)) }
        }
        for at in removed.iter().filter(|at| **at < start.len()) {
            wanted[*at] = None;
        }
        let wanted: Vec<_> = wanted.iter().flatten().map(number).collect();
        prop_assert_eq!(&item::to_json(&item)["l"]["L"], &Value::Array(wanted), "{}", expression);
    }
}
