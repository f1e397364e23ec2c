//! What is wrong with a request in itself.

use super::*;

/// A put with a condition.
fn condition(expression: &str, names: Value, values: Value) -> Value {
    let mut input = json!({ "TableName": "releases", "Item": key("current"), "ConditionExpression": expression });
    for (member, placeholders) in [
        ("ExpressionAttributeNames", names),
        ("ExpressionAttributeValues", values),
    ] {
        if !placeholders.is_null() {
            input[member] = placeholders;
        }
    }
    input
}

#[test]
fn what_is_not_carried_out_is_refused() {
    let mut world = world();
    for (operation, member, value) in [
        ("Query", "IndexName", "by-phase"),
        ("UpdateItem", "ReturnValues", "UPDATED_OLD"),
        ("UpdateItem", "ReturnValues", "UPDATED_NEW"),
        ("GetItem", "ReturnConsumedCapacity", "TOTAL"),
        ("Scan", "Segment", "0"),
        ("PutItem", "Expected", "{}"),
    ] {
        let mut input = json!({ "TableName": "releases", "Key": key("current") });
        input[member] = json!(value);
        let fault = refused(&mut world, operation, &input);
        assert_eq!(fault.status, 501, "{operation} {member}");
        let wanted = format!("the local account has no {member} of \"{value}\" in {operation}");
        assert_eq!(fault.message, wanted);
    }
}

#[test]
fn an_operation_that_is_not_here_is_named() {
    let fault = refused(&mut world(), "DescribeTable", &json!({}));
    assert_eq!(
        fault.message,
        "the local account has no operation dynamodb:DescribeTable"
    );
}

#[test]
fn expressions_and_what_they_replaced_do_not_mix() {
    let mut input = condition("attribute_not_exists(pair)", Value::Null, Value::Null);
    input["Expected"] = json!({ "pair": { "Exists": false } });
    assert_eq!(
        invalid(&mut world(), "PutItem", &input),
        "1 validation error detected: Can not use both expression and non-expression parameters in the same request: \
         Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
    );
}

#[test]
fn placeholders_are_defined_and_used() {
    let mut world = world();
    let (x, y) = (json!({ "S": "x" }), json!({ "S": "y" }));
    for (input, wanted) in [
        (
            condition("phase = :v", Value::Null, json!({ ":v": x, ":phase": y })),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:phase}",
        ),
        (
            condition(
                "phase = :v",
                json!({ "#b": "b", "#a": "a" }),
                json!({ ":v": x }),
            ),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}",
        ),
        (
            condition("#revision = :v", Value::Null, json!({ ":v": x })),
            "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #revision",
        ),
        (
            condition("phase = :w", Value::Null, json!({ ":v": x })),
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :w",
        ),
        (
            condition("", Value::Null, Value::Null),
            "Invalid ConditionExpression: The expression can not be empty;",
        ),
    ] {
        assert_eq!(
            invalid(&mut world, "PutItem", &input),
            format!("1 validation error detected: {wanted}")
        );
    }
}

#[test]
fn placeholders_need_an_expression() {
    let mut input = json!({ "TableName": "releases", "Key": key("current") });
    input["ExpressionAttributeNames"] = json!({ "#a": "a" });
    let wanted = "ExpressionAttributeNames can only be specified when using expressions";
    assert_eq!(invalid(&mut world(), "GetItem", &input), wanted);
    assert_eq!(
        invalid(&mut world(), "DeleteItem", &input),
        format!("1 validation error detected: {wanted}")
    );
}

#[test]
fn a_reserved_word_needs_a_placeholder() {
    let mut world = world();
    let value = json!({ ":v": { "S": "x" } });
    assert_eq!(
        invalid(
            &mut world,
            "PutItem",
            &condition("name = :v", Value::Null, value.clone())
        ),
        "1 validation error detected: Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"
    );
    let aliased = condition(
        "attribute_not_exists(pair) OR #n = :v",
        json!({ "#n": "name" }),
        value,
    );
    done(&mut world, "PutItem", &aliased);
}

#[test]
fn an_expression_has_four_kilobytes_at_most() {
    let mut world = world();
    let exact = format!("attribute_not_exists({})", "a".repeat(4096 - 22));
    done(
        &mut world,
        "PutItem",
        &condition(&exact, Value::Null, Value::Null),
    );
    let long = format!(" {exact}");
    assert_eq!(
        invalid(
            &mut world,
            "PutItem",
            &condition(&long, Value::Null, Value::Null)
        ),
        "1 validation error detected: Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"
    );
}

#[test]
fn a_bad_value_is_told_wherever_it_is() {
    let mut world = world();
    let number = json!({ "N": "1e126" });
    let wanted =
        "Number overflow. Attempting to store a number with magnitude larger than supported range";
    let mut item = key("current");
    item["revision"] = number.clone();
    let puts = [
        json!({ "TableName": "releases", "Item": item }),
        condition("revision = :v", Value::Null, json!({ ":v": number })),
    ];
    for put in puts {
        assert_eq!(
            invalid(&mut world, "PutItem", &put),
            format!("1 validation error detected: {wanted}")
        );
    }
    let get = json!({ "TableName": "releases", "Key": { "pair": number } });
    assert_eq!(invalid(&mut world, "GetItem", &get), wanted);
}
