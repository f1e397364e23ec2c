//! All or nothing, once, and told why.

use super::{super::transaction::TOKEN_VALIDITY, *};

fn update(item: &str, from: &str, to: &str) -> Value {
    json!({ "Update": {
        "TableName": "releases",
        "Key": key(item),
        "UpdateExpression": "SET revision = :to",
        "ConditionExpression": "revision = :from",
        "ExpressionAttributeValues": { ":from": { "N": from }, ":to": { "N": to } },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    } })
}

fn check(item: &str, condition: &str) -> Value {
    json!({ "ConditionCheck": {
        "TableName": "releases",
        "Key": key(item),
        "ConditionExpression": condition,
    } })
}

fn transaction(actions: &[Value]) -> Value {
    json!({ "TransactItems": actions })
}

fn reasons(fault: &Fault) -> &Value {
    assert_eq!(
        fault.code, "TransactionCanceledException",
        "{}",
        fault.message
    );
    let (member, reasons) = &fault.members[0];
    assert_eq!(*member, "CancellationReasons");
    reasons
}

#[test]
fn a_transaction_is_all_or_nothing_and_says_why() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    let input = transaction(&[
        json!({ "Put": put("ledger-1", "7") }),
        update("current", "9", "10"),
    ]);
    let fault = refused(&mut world, "TransactWriteItems", &input);
    let mut shown = key("current");
    shown["revision"] = json!({ "N": "1" });
    assert_eq!(
        *reasons(&fault),
        json!([
            { "Code": "None" },
            {
                "Code": "ConditionalCheckFailed",
                "Message": "The conditional request failed",
                "Item": shown,
            },
        ])
    );
    assert_eq!(
        fault.message,
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    );
    assert_eq!(revision(&mut world, "ledger-1"), Value::Null);
}

#[test]
fn a_transaction_does_all_its_actions_and_answers_nothing() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    done(&mut world, "PutItem", &put("found", "1"));
    let delete = json!({ "Delete": { "TableName": "releases", "Key": key("found") } });
    let input = transaction(&[
        json!({ "Put": put("ledger-1", "7") }),
        update("current", "1", "2"),
        delete,
        check("ledger-2", "attribute_not_exists(pair)"),
    ]);
    assert_eq!(done(&mut world, "TransactWriteItems", &input), json!({}));
    assert_eq!(revision(&mut world, "ledger-1"), "7");
    assert_eq!(revision(&mut world, "current"), "2");
    assert_eq!(stored(&mut world, "found"), Value::Null);
}

#[test]
fn a_transaction_repeated_with_its_token_is_carried_out_once() {
    let mut world = world();
    done(&mut world, "PutItem", &put("current", "1"));
    let input = json!({
        "TransactItems": [update("current", "1", "2")],
        "ClientRequestToken": "t",
    });
    for _ in 0..2 {
        done(&mut world, "TransactWriteItems", &input);
    }
    assert_eq!(revision(&mut world, "current"), "2");

    let mut other = input.clone();
    other["TransactItems"] = json!([update("current", "2", "3")]);
    let fault = refused(&mut world, "TransactWriteItems", &other);
    assert_eq!(fault.code, "IdempotentParameterMismatchException");

    world.now = Moment(0) + TOKEN_VALIDITY;
    let fault = refused(&mut world, "TransactWriteItems", &input);
    assert_eq!(fault.code, "TransactionCanceledException");
}

#[test]
fn a_transaction_that_failed_may_be_repeated_with_its_token() {
    let mut world = world();
    let input = json!({
        "TransactItems": [update("current", "1", "2")],
        "ClientRequestToken": "t",
    });
    refused(&mut world, "TransactWriteItems", &input);
    done(&mut world, "PutItem", &put("current", "1"));
    done(&mut world, "TransactWriteItems", &input);
}

#[test]
fn a_transaction_touches_an_item_once() {
    let input = transaction(&[
        check("current", "attribute_exists(pair)"),
        update("current", "1", "2"),
    ]);
    assert_eq!(
        invalid(&mut world(), "TransactWriteItems", &input),
        "Transaction request cannot include multiple operations on one item"
    );
}

#[test]
fn an_action_is_one_action() {
    let mut two = check("current", "attribute_exists(pair)");
    two["Put"] = put("found", "1");
    for item in [two, json!({})] {
        assert_eq!(
            invalid(&mut world(), "TransactWriteItems", &transaction(&[item])),
            "TransactItems can only contain one of Check, Put, Update or Delete"
        );
    }
}

#[test]
fn a_table_that_is_not_there_is_not_found_in_transactions_too() {
    let mut other = put("current", "1");
    other["TableName"] = json!("elsewhere");
    let input = transaction(&[json!({ "Put": other })]);
    let fault = refused(&mut world(), "TransactWriteItems", &input);
    assert_eq!(fault.code, "ResourceNotFoundException");
    assert_eq!(fault.message, "Requested resource not found");
}

#[test]
fn a_bad_key_cancels_but_an_empty_one_is_told_before() {
    let mut world = world();
    let mut number = put("current", "1");
    number["Item"]["pair"] = json!({ "N": "5" });
    let fault = refused(
        &mut world,
        "TransactWriteItems",
        &transaction(&[json!({ "Put": number })]),
    );
    let wanted = "One or more parameter values were invalid: Type mismatch for key pair expected: S actual: N";
    assert_eq!(
        *reasons(&fault),
        json!([{ "Code": "ValidationError", "Message": wanted }])
    );

    let mut short = check("current", "attribute_exists(pair)");
    short["ConditionCheck"]["Key"] = json!({ "pair": { "S": "orders/orders" } });
    let fault = refused(&mut world, "TransactWriteItems", &transaction(&[short]));
    let wanted = "The provided key element does not match the schema";
    assert_eq!(
        *reasons(&fault),
        json!([{ "Code": "ValidationError", "Message": wanted }])
    );

    let empty = transaction(&[update("", "1", "2")]);
    assert_eq!(
        invalid(&mut world, "TransactWriteItems", &empty),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: item"
    );
}

#[test]
fn what_is_wrong_in_itself_is_told_before_any_table_is_looked_for() {
    let mut elsewhere = put("current", "1");
    elsewhere["TableName"] = json!("elsewhere");
    let input = transaction(&[
        json!({ "Put": elsewhere }),
        check("current", "attribute_not_exists("),
    ]);
    assert_eq!(
        invalid(&mut world(), "TransactWriteItems", &input),
        "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"(\""
    );
}

#[test]
fn an_update_that_cannot_be_done_cancels() {
    let mut world = world();
    let mut update = update("current", "1", "2");
    update["Update"]["UpdateExpression"] = json!("SET revision = revision + :to");
    update["Update"]["ConditionExpression"] =
        json!("attribute_not_exists(revision) OR revision = :from");
    let fault = refused(&mut world, "TransactWriteItems", &transaction(&[update]));
    let wanted = "The provided expression refers to an attribute that does not exist in the item";
    assert_eq!(
        *reasons(&fault),
        json!([{ "Code": "ValidationError", "Message": wanted }])
    );
}
