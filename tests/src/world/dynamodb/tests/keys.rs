//! What is a key of a table.

use super::*;

fn get(key: &Value) -> Value {
    json!({ "TableName": "releases", "Key": key })
}

fn put_of(item: &Value) -> Value {
    json!({ "TableName": "releases", "Item": item })
}

#[test]
fn a_key_is_all_key_attributes_and_only_they() {
    let mut world = world();
    let mut more = key("current");
    more["phase"] = json!({ "S": "Shifting" });
    for key in [
        json!({}),
        json!({ "pair": { "S": "orders/orders" } }),
        json!({ "pair": { "S": "orders/orders" }, "phase": { "S": "Shifting" } }),
        json!({ "pair": { "N": "1" }, "item": { "S": "current" } }),
        more,
    ] {
        for operation in ["GetItem", "DeleteItem", "UpdateItem"] {
            assert_eq!(
                invalid(&mut world, operation, &get(&key)),
                "The provided key element does not match the schema",
                "{operation} {key}"
            );
        }
    }
}

#[test]
fn an_item_has_its_key() {
    let mut world = world();
    let mut item = key("current");
    item["pair"] = json!({ "N": "1" });
    assert_eq!(
        invalid(&mut world, "PutItem", &put_of(&item)),
        "One or more parameter values were invalid: Type mismatch for key pair expected: S actual: N"
    );
    let item = json!({ "item": { "S": "current" } });
    assert_eq!(
        invalid(&mut world, "PutItem", &put_of(&item)),
        "One or more parameter values were invalid: Missing the key pair in the item"
    );
}

#[test]
fn no_key_attribute_is_empty() {
    let mut world = world();
    let wanted = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: item";
    assert_eq!(invalid(&mut world, "GetItem", &get(&key(""))), wanted);
    assert_eq!(invalid(&mut world, "PutItem", &put_of(&key(""))), wanted);
}

#[test]
fn keys_have_two_kilobytes_and_one() {
    let mut world = world();
    let keys = |partition: usize, sort: usize| json!({ "pair": { "S": "p".repeat(partition) }, "item": { "S": "s".repeat(sort) } });
    store(&mut world, &keys(2048, 1024));
    let invalid_values = "One or more parameter values were invalid:";
    assert_eq!(
        invalid(&mut world, "GetItem", &get(&keys(2049, 1))),
        format!(
            "{invalid_values} Size of hashkey has exceeded the maximum size limit of2048 bytes"
        )
    );
    assert_eq!(
        invalid(&mut world, "PutItem", &put_of(&keys(1, 1025))),
        format!(
            "{invalid_values} Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        )
    );
}

#[test]
fn no_condition_looks_into_a_key() {
    let mut input = get(&key("current"));
    input["ConditionExpression"] = json!("attribute_exists(pair.x)");
    assert_eq!(
        invalid(&mut world(), "DeleteItem", &input),
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pair"
    );
}

#[test]
fn a_table_is_found_by_its_name_and_its_arn() {
    let mut world = world();
    store(&mut world, &key("current"));
    let mut input = get(&key("current"));
    input["TableName"] = json!("arn:aws:dynamodb:eu-central-1:111122223333:table/releases");
    assert_eq!(done(&mut world, "GetItem", &input)["Item"], key("current"));
    input["TableName"] = json!("elsewhere");
    assert_eq!(
        refused(&mut world, "GetItem", &input).code,
        "ResourceNotFoundException"
    );
}

#[test]
fn a_table_without_a_sort_key_has_one_item_for_each_partition_key() {
    let mut world = world();
    create_table(&mut world, "pairs", "pair", None).unwrap();
    let item = json!({ "pair": { "S": "orders/orders" }, "phase": { "S": "Shifting" } });
    done(
        &mut world,
        "PutItem",
        &json!({ "TableName": "pairs", "Item": item }),
    );
    let key = json!({ "pair": { "S": "orders/orders" } });
    let found = done(
        &mut world,
        "GetItem",
        &json!({ "TableName": "pairs", "Key": key }),
    );
    assert_eq!(found["Item"], item);
}

#[test]
fn a_table_has_a_name_that_is_not_taken() {
    let mut world = world();
    let mut refused = |name| create_table(&mut world, name, "pair", None).unwrap_err();
    assert_eq!(refused("releases").code, "ResourceInUseException");
    assert_eq!(refused("a b").code, "ValidationException");
}
