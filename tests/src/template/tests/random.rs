use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Account, with_value};
use crate::template::Templates;

/// A call of a function that answers a text, with calls within calls.
fn text() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        "[a-z ]{0,5}".prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        Just(json!({"Ref": "Name"})),
        Just(json!({"Ref": "Topic"})),
        Just(json!({"Ref": "AWS::Region"})),
        Just(json!({"Fn::GetAtt": ["Topic", "Arn"]})),
        Just(json!({"Fn::FindInMap": ["Sizes", "small", "Cpu"]})),
        Just(json!({"Fn::Sub": "${Name}/${Topic.Arn}/${!Name}/#{Deploy.Id}"})),
    ];
    let deeper = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            list(&inner).prop_map(|items| json!({"Fn::Join": ["-", items]})),
            inner
                .clone()
                .prop_map(|text| json!({"Fn::Select": [0, {"Fn::Split": ["/", text]}]})),
            inner.clone().prop_map(|text| json!({"Fn::Base64": text})),
            inner
                .clone()
                .prop_map(|text| json!({"Fn::Sub": ["<${Own}>", {"Own": text}]})),
            (branch(), inner.clone(), inner).prop_map(|(if_, a, b)| json!({"Fn::If": [if_, a, b]})),
        ]
    });
    deeper.boxed()
}

fn branch() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("Yes"), Just("No")]
}

/// A list, with items that may go away.
fn list(item: &BoxedStrategy<Value>) -> impl Strategy<Value = Value> + use<> {
    let item = prop_oneof![
        3 => item.clone(),
        1 => Just(json!({"Ref": "AWS::NoValue"})),
        1 => (branch(), item.clone())
            .prop_map(|(if_, a)| json!({"Fn::If": [if_, a, {"Ref": "AWS::NoValue"}]})),
    ];
    prop_oneof![
        4 => prop::collection::vec(item, 0..4).prop_map(Value::from),
        1 => Just(json!({"Ref": "Subnets"})),
        1 => Just(json!({"Fn::GetAZs": ""})),
    ]
}

/// Anything that a property can be.
fn property() -> impl Strategy<Value = Value> {
    text().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            list(&inner),
            prop::collection::btree_map("[A-P][a-z]{0,3}", inner.clone(), 0..3)
                .prop_map(|members| json!(members)),
            (branch(), inner)
                .prop_map(|(if_, a)| json!({"Fn::If": [if_, a, {"Ref": "AWS::NoValue"}]})),
        ]
    })
}

fn calls(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(calls).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| {
                usize::from(key == "Ref" || key.starts_with("Fn::")) + calls(member)
            })
            .sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn the_account_never_sees_a_function(property in property()) {
        let template = with_value("x");
        let mut templates = Templates::parse("infra", [("main.yaml", &*template)]).unwrap();
        let document = templates.document_mut("main.yaml").unwrap();
        document["Resources"]["Queue"]["Properties"]["Value"] = property;

        let mut account = Account::default();
        prop_assert_eq!(account.create_from(&templates, &[]).err(), None);
        for (_, properties) in &account.created {
            prop_assert_eq!(calls(properties), 0, "{}", properties);
        }
    }
}
