//! Puts, updates and deletes of one item.

use super::*;

fn update(world: &mut World, item: &str, expression: &str, values: &Value) -> Result<Value, Fault> {
    let mut input = json!({
        "TableName": "releases",
        "Key": key(item),
        "UpdateExpression": expression,
        "ReturnValues": "ALL_NEW",
    });
    if !values.is_null() {
        input["ExpressionAttributeValues"] = values.clone();
    }
    call(world, "UpdateItem", &input).map(|mut output| output["Attributes"].take())
}

#[test]
fn a_failed_condition_shows_the_item_to_who_asks() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    let fault = refused(&mut world, "PutItem", &put("current", "2"));
    assert_eq!(fault.code, "ConditionalCheckFailedException");
    assert_eq!(fault.message, "The conditional request failed");
    assert_eq!(fault.members[0].0, "Item");
    assert_eq!(fault.members[0].1["revision"], json!({ "N": "1" }));

    let mut unseen = put("current", "2");
    unseen["ReturnValuesOnConditionCheckFailure"] = json!("NONE");
    assert_eq!(refused(&mut world, "PutItem", &unseen).members, []);
}

#[test]
fn a_revision_is_compared_as_a_number() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "10"));
    let mut over = put("current", "11");
    over["ConditionExpression"] = json!("attribute_not_exists(revision) OR revision = :read");
    over["ExpressionAttributeValues"] = json!({ ":read": { "N": "10.0" } });
    done(&mut world, "PutItem", &over);
    assert_eq!(
        refused(&mut world, "PutItem", &over).code,
        "ConditionalCheckFailedException"
    );
    assert_eq!(revision(&mut world, "current"), "11");
}

#[test]
fn a_put_and_a_delete_answer_what_was_there() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    let mut whole = key("current");
    whole["revision"] = json!({ "N": "1" });
    for operation in ["DeleteItem", "DeleteItem"] {
        let input =
            json!({ "TableName": "releases", "Key": key("current"), "ReturnValues": "ALL_OLD" });
        let answered = done(&mut world, operation, &input)["Attributes"].take();
        assert_eq!(answered, whole);
        whole = Value::Null;
    }
    let input =
        json!({ "TableName": "releases", "Key": key("current"), "ReturnValues": "ALL_NEW" });
    assert_eq!(
        invalid(&mut world, "DeleteItem", &input),
        "1 validation error detected: ReturnValues can only be ALL_OLD or NONE"
    );
}

#[test]
fn an_update_makes_the_item_that_is_not_there() {
    let mut world = world();
    let input = json!({ "TableName": "releases", "Key": key("current") });
    done(&mut world, "UpdateItem", &input);
    assert_eq!(stored(&mut world, "current"), key("current"));
}

#[test]
fn an_update_sets_adds_removes_and_deletes() {
    let mut world = world();
    let mut item = key("current");
    item["revision"] = json!({ "N": "1" });
    item["seen"] =
        json!({ "M": { "bounds": { "L": [{ "N": "1" }, { "N": "2" }, { "N": "3" }] } } });
    item["alarms"] = json!({ "SS": ["a", "b"] });
    item["note"] = json!({ "S": "x" });
    store(&mut world, &item);
    let expression = "SET revision = (revision + :one), seen.bounds[1] = :one, phase = if_not_exists(phase, :p), \
                      notes = list_append(:none, seen.bounds) REMOVE note, seen.bounds[0] ADD tries :one DELETE alarms :a";
    let values = json!({
        ":one": { "N": "1" }, ":p": { "S": "Shifting" }, ":a": { "SS": ["a", "z"] }, ":none": { "L": [] },
    });
    let mut wanted = key("current");
    wanted["revision"] = json!({ "N": "2" });
    wanted["seen"] = json!({ "M": { "bounds": { "L": [{ "N": "1" }, { "N": "3" }] } } });
    wanted["alarms"] = json!({ "SS": ["b"] });
    wanted["phase"] = json!({ "S": "Shifting" });
    wanted["tries"] = json!({ "N": "1" });
    // What it was before.
    wanted["notes"] = json!({ "L": [{ "N": "1" }, { "N": "2" }, { "N": "3" }] });
    assert_eq!(
        update(&mut world, "current", expression, &values).unwrap(),
        wanted
    );

    let values = json!({ ":all": { "SS": ["b"] }, ":v": { "S": "4" } });
    let after = update(
        &mut world,
        "current",
        "DELETE alarms :all SET seen.bounds[9] = :v",
        &values,
    )
    .unwrap();
    assert_eq!(after["alarms"], Value::Null);
    assert_eq!(after["seen"]["M"]["bounds"]["L"][2], json!({ "S": "4" }));
}

#[test]
fn an_update_that_fits_the_item_not_is_refused_and_changes_nothing() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    for (expression, values, wanted) in [
        (
            "SET a = absent",
            Value::Null,
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            "SET revision = :v, a.b = :v",
            json!({ ":v": { "N": "2" } }),
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "REMOVE revision.x",
            Value::Null,
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "ADD revision :v",
            json!({ ":v": { "SS": ["a"] } }),
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "SET a = pair + :v",
            json!({ ":v": { "N": "1" } }),
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "SET pair = :v",
            json!({ ":v": { "S": "x" } }),
            "One or more parameter values were invalid: Cannot update attribute pair. This attribute is part of the key",
        ),
    ] {
        let fault = update(&mut world, "current", expression, &values).unwrap_err();
        assert_eq!(fault.message, wanted, "{expression}");
    }
    assert_eq!(revision(&mut world, "current"), "1");
}

#[test]
fn an_item_has_four_hundred_kilobytes_at_most() {
    let mut world = world();
    let mut item = key("current");
    let others =
        "pair".len() + "orders/orders".len() + "item".len() + "current".len() + "text".len();
    item["text"] = json!({ "S": "x".repeat(400 * 1024 - others) });
    store(&mut world, &item);

    let mut grown =
        json!({ "TableName": "releases", "Key": key("current"), "UpdateExpression": "SET a = :a" });
    grown["ExpressionAttributeValues"] = json!({ ":a": { "S": "" } });
    assert_eq!(
        invalid(&mut world, "UpdateItem", &grown),
        "Item size to update has exceeded the maximum allowed size"
    );

    item["text"] = json!({ "S": "x".repeat(400 * 1024 - others + 1) });
    let input = json!({ "TableName": "releases", "Item": item });
    assert_eq!(
        invalid(&mut world, "PutItem", &input),
        "1 validation error detected: Item size has exceeded the maximum allowed size"
    );
}
