use super::*;

fn tables() -> Tables {
    let releases = Table {
        name: "releases".to_owned(),
        hash_key: "pair".to_owned(),
        range_key: Some("item".to_owned()),
    };
    Tables::new("eu-central-1", &[releases])
}

fn key(item: &str) -> Value {
    json!({ "pair": { "S": "orders/orders" }, "item": { "S": item } })
}

fn call(tables: &mut Tables, operation: &str, input: &Value) -> (Option<String>, Value) {
    let answer = tables.call(operation, input, Moment(0)).unwrap();
    (answer.fault, serde_json::from_slice(&answer.body).unwrap())
}

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

fn put(item: &str, revision: &str) -> Value {
    let mut whole = key(item);
    whole["revision"] = json!({ "N": revision });
    json!({
        "TableName": "releases",
        "Item": whole,
        "ConditionExpression": "attribute_not_exists(pair)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

fn revision(tables: &mut Tables, item: &str) -> Value {
    let input = json!({ "TableName": "releases", "Key": key(item), "ConsistentRead": true });
    call(tables, "GetItem", &input).1["Item"]["revision"]["N"].take()
}

#[test]
fn a_failed_condition_shows_the_item_to_who_asks() {
    let mut tables = tables();
    assert_eq!(call(&mut tables, "PutItem", &put("current", "1")).0, None);
    let (fault, body) = call(&mut tables, "PutItem", &put("current", "2"));
    assert_eq!(fault.as_deref(), Some("ConditionalCheckFailedException"));
    assert_eq!(body["message"], "The conditional request failed");
    assert_eq!(body["Item"]["revision"], json!({ "N": "1" }));
}

#[test]
fn a_transaction_is_all_or_nothing_and_says_why() {
    let mut tables = tables();
    call(&mut tables, "PutItem", &put("current", "1"));
    let input = json!({ "TransactItems": [
        { "Put": put("ledger-1", "7") },
        update("current", "9", "10"),
    ] });
    let (fault, body) = call(&mut tables, "TransactWriteItems", &input);
    assert_eq!(fault.as_deref(), Some("TransactionCanceledException"));
    assert_eq!(body["CancellationReasons"][0], json!({ "Code": "None" }));
    let reason = &body["CancellationReasons"][1];
    assert_eq!(reason["Code"], "ConditionalCheckFailed");
    assert_eq!(reason["Item"]["revision"], json!({ "N": "1" }));
    let message = body["message"].as_str().unwrap();
    assert!(
        message.ends_with("[None, ConditionalCheckFailed]"),
        "{message}"
    );
    assert_eq!(revision(&mut tables, "ledger-1"), Value::Null);
}

#[test]
fn a_transaction_repeated_with_its_token_is_carried_out_once() {
    let mut tables = tables();
    call(&mut tables, "PutItem", &put("current", "1"));
    let input = json!({
        "TransactItems": [update("current", "1", "2")],
        "ClientRequestToken": "t",
    });
    for _ in 0..2 {
        assert_eq!(call(&mut tables, "TransactWriteItems", &input).0, None);
    }
    assert_eq!(revision(&mut tables, "current"), "2");

    let mut other = input.clone();
    other["TransactItems"] = json!([update("current", "2", "3")]);
    let fault = tables
        .call("TransactWriteItems", &other, Moment(0))
        .unwrap_err();
    assert_eq!(fault.code, "IdempotentParameterMismatchException");

    let later = Moment(0) + TOKEN_VALIDITY;
    let answer = tables.call("TransactWriteItems", &input, later).unwrap();
    assert_eq!(
        answer.fault.as_deref(),
        Some("TransactionCanceledException")
    );
}

#[test]
fn a_transaction_that_failed_may_be_repeated_with_its_token() {
    let mut tables = tables();
    let input = json!({
        "TransactItems": [update("current", "1", "2")],
        "ClientRequestToken": "t",
    });
    assert!(call(&mut tables, "TransactWriteItems", &input).0.is_some());
    call(&mut tables, "PutItem", &put("current", "1"));
    assert_eq!(call(&mut tables, "TransactWriteItems", &input).0, None);
}

#[test]
fn a_transaction_touches_an_item_once() {
    let mut tables = tables();
    let check = json!({ "ConditionCheck": {
        "TableName": "releases",
        "Key": key("current"),
        "ConditionExpression": "attribute_exists(pair)",
    } });
    let input = json!({ "TransactItems": [check, update("current", "1", "2")] });
    let fault = tables
        .call("TransactWriteItems", &input, Moment(0))
        .unwrap_err();
    assert_eq!(fault.code, "ValidationException");
}

#[test]
fn what_is_not_carried_out_is_refused() {
    let mut tables = tables();
    for (operation, member, value) in [
        ("Query", "IndexName", "by-phase"),
        ("UpdateItem", "ReturnValues", "UPDATED_OLD"),
        ("GetItem", "ReturnConsumedCapacity", "TOTAL"),
    ] {
        let mut input = json!({ "TableName": "releases", "Key": key("current") });
        input[member] = json!(value);
        let fault = tables.call(operation, &input, Moment(0)).unwrap_err();
        assert_eq!(fault.status, 501, "{operation} {member}");
    }
}

#[test]
fn a_table_that_is_not_there_is_not_found_in_transactions_too() {
    let mut other = put("current", "1");
    other["TableName"] = json!("elsewhere");
    let input = json!({ "TransactItems": [{ "Put": other }] });
    let fault = tables()
        .call("TransactWriteItems", &input, Moment(0))
        .unwrap_err();
    assert_eq!(fault.code, "ResourceNotFoundException");
}

#[test]
fn a_query_goes_through_the_items_of_a_pair_in_order() {
    let mut tables = tables();
    for item in ["ledger-2", "current", "ledger-1"] {
        call(&mut tables, "PutItem", &put(item, "1"));
    }
    let input = json!({
        "TableName": "releases",
        "KeyConditionExpression": "pair = :pair AND begins_with(#item, :ledger)",
        "ExpressionAttributeNames": { "#item": "item" },
        "ExpressionAttributeValues": {
            ":pair": { "S": "orders/orders" }, ":ledger": { "S": "ledger-" },
        },
    });
    let (_, body) = call(&mut tables, "Query", &input);
    let items = body["Items"].as_array().unwrap();
    let names: Vec<_> = items
        .iter()
        .map(|item| item["item"]["S"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ledger-1", "ledger-2"]);
}
