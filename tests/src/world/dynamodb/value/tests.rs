use proptest::prelude::*;

use super::*;

fn read(value: &Value) -> AttributeValue {
    AttributeValue::read(value).unwrap()
}

fn refused(value: &Value) -> String {
    AttributeValue::read(value).unwrap_err()
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(
        json!({ "S": "leaf" }),
        |inner, _| json!({ "M": { "n": inner } }),
    )
}

#[test]
fn a_value_has_exactly_one_type() {
    assert_eq!(
        refused(&json!({})),
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    );
    assert_eq!(
        refused(&json!({ "S": "a", "N": "1" })),
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    );
    assert_eq!(
        refused(&json!({ "NULL": false })),
        "One or more parameter values were invalid: Null attribute value types must have the value of true"
    );
}

#[test]
fn a_set_is_neither_empty_nor_has_a_member_twice() {
    let invalid = "One or more parameter values were invalid:";
    for (value, wanted) in [
        (json!({ "SS": [] }), "An string set  may not be empty"),
        (json!({ "NS": [] }), "An number set  may not be empty"),
        (json!({ "BS": [] }), "Binary sets should not be empty"),
        (
            json!({ "SS": ["b", "a", "b"] }),
            "Input collection [\"a\", \"b\", \"b\"] contains duplicates.",
        ),
        (
            json!({ "BS": ["/w==", "AA==", "AA=="] }),
            "Input collection [\"AA==\",\"/w==\",\"AA==\"]of type BS contains duplicates.",
        ),
        (
            json!({ "NS": ["2", "1", "2.0"] }),
            "Input collection contains duplicates.",
        ),
    ] {
        assert_eq!(refused(&value), format!("{invalid} {wanted}"));
    }
}

#[test]
fn values_nest_thirty_two_levels_deep() {
    assert!(AttributeValue::read(&nested(32)).is_ok());
    let wanted = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
    assert_eq!(refused(&nested(33)), wanted);
    let inner = AttributeValue::read(&nested(32)).unwrap();
    let outer = AttributeValue::L(vec![inner]);
    assert_eq!(outer.check_levels().unwrap_err(), wanted);
}

#[test]
fn a_set_is_the_same_in_any_order() {
    assert_eq!(
        read(&json!({ "SS": ["a", "b"] })),
        read(&json!({ "SS": ["b", "a"] }))
    );
    assert_ne!(
        read(&json!({ "L": [{ "S": "a" }] })),
        read(&json!({ "SS": ["a"] }))
    );
}

#[test]
fn lists_and_maps_cost_three_bytes_and_one_for_each_member() {
    assert_eq!(read(&json!({ "L": [] })).size(), 3);
    assert_eq!(
        read(&json!({ "L": [{ "S": "ü" }, { "BOOL": true }] })).size(),
        3 + 1 + 2 + 1 + 1
    );
    assert_eq!(
        read(&json!({ "M": { "ab": { "NULL": true } } })).size(),
        3 + 1 + 2 + 1
    );
    assert_eq!(read(&json!({ "SS": ["a", "bc"] })).size(), 3);
}

fn any_value() -> impl Strategy<Value = AttributeValue> {
    let number =
        (any::<i64>(), -60_i32..60).prop_map(|(digits, exponent)| format!("{digits}e{exponent}"));
    let number = number.prop_map(|text| Number::parse(&text).unwrap());
    let leaf = prop_oneof![
        ".{0,8}".prop_map(AttributeValue::S),
        number.clone().prop_map(AttributeValue::N),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(AttributeValue::B),
        prop::collection::btree_set(".{0,4}", 1..4).prop_map(AttributeValue::Ss),
        prop::collection::btree_set(number, 1..4).prop_map(AttributeValue::Ns),
        Just(AttributeValue::Null),
        any::<bool>().prop_map(AttributeValue::Bool),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            prop::collection::btree_map(".{1,4}", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

proptest! {
    #[test]
    fn a_value_comes_back_as_it_was_written(value in any_value()) {
        prop_assert_eq!(AttributeValue::read(&value.to_json()).unwrap(), value);
    }

    #[test]
    fn a_list_is_as_large_as_its_members(members in prop::collection::vec(any_value(), 0..6)) {
        let inside: usize = members.iter().map(AttributeValue::size).sum();
        let count = members.len();
        prop_assert_eq!(AttributeValue::L(members).size(), 3 + count + inside);
    }
}
