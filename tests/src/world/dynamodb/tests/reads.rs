//! Gets, queries and scans.

use super::*;

fn query(condition: &str, values: &Value) -> Value {
    json!({
        "TableName": "releases",
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": { "#item": "item" },
        "ExpressionAttributeValues": values,
    })
}

fn ledger() -> Value {
    let values = json!({ ":pair": { "S": "orders/orders" }, ":ledger": { "S": "ledger-" } });
    query("pair = :pair AND begins_with(#item, :ledger)", &values)
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["Items"].as_array().unwrap().iter();
    items
        .map(|item| item["item"]["S"].as_str().unwrap())
        .collect()
}

fn filled() -> World {
    let mut world = world();
    for item in ["ledger-2", "current", "ledger-10", "ledger-1"] {
        done(&mut world, "PutItem", &put(item, "1"));
    }
    let mut other = key("current");
    other["pair"] = json!({ "S": "mails/mails" });
    other["phase"] = json!({ "S": "Shifting" });
    store(&mut world, &other);
    world
}

#[test]
fn a_query_goes_through_the_items_of_a_pair_in_order() {
    let mut world = filled();
    let page = done(&mut world, "Query", &ledger());
    assert_eq!(names(&page), ["ledger-1", "ledger-10", "ledger-2"]);
    assert_eq!(
        (&page["Count"], &page["ScannedCount"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(page.get("LastEvaluatedKey"), None);
}

#[test]
fn a_query_goes_backwards_and_page_by_page() {
    let mut world = filled();
    let mut input = ledger();
    input["ScanIndexForward"] = json!(false);
    input["Limit"] = json!(2);
    let page = done(&mut world, "Query", &input);
    assert_eq!(names(&page), ["ledger-2", "ledger-10"]);
    assert_eq!(page["LastEvaluatedKey"], key("ledger-10"));
    input["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    let page = done(&mut world, "Query", &input);
    assert_eq!(names(&page), ["ledger-1"]);
    assert_eq!(page.get("LastEvaluatedKey"), None);
}

#[test]
fn sort_keys_are_compared_by_their_bytes() {
    let mut world = filled();
    for (condition, values, wanted) in [
        (
            "#item < :a",
            json!({ ":a": { "S": "ledger-1" } }),
            vec!["current"],
        ),
        (
            ":a <= #item",
            json!({ ":a": { "S": "ledger-10" } }),
            vec!["ledger-10", "ledger-2"],
        ),
        (
            "#item BETWEEN :a AND :b",
            json!({ ":a": { "S": "d" }, ":b": { "S": "ledger-10" } }),
            vec!["ledger-1", "ledger-10"],
        ),
        (
            "#item = :a",
            json!({ ":a": { "S": "current" } }),
            vec!["current"],
        ),
    ] {
        let mut values = values;
        values[":pair"] = json!({ "S": "orders/orders" });
        let input = query(&format!("pair = :pair AND {condition}"), &values);
        assert_eq!(
            names(&done(&mut world, "Query", &input)),
            wanted,
            "{condition}"
        );
    }
}

#[test]
fn a_query_names_its_partition_and_nothing_but_keys() {
    let mut world = filled();
    let (text, number) = (json!({ "S": "a" }), json!({ "N": "1" }));
    for (condition, values, wanted) in [
        (
            "#item = :a",
            json!({ ":a": text }),
            "Query condition missed key schema element: pair",
        ),
        (
            "pair > :a AND #item = :a",
            json!({ ":a": text }),
            "Query key condition not supported",
        ),
        (
            "pair = :a AND phase = :a AND #item = :a",
            json!({ ":a": text }),
            "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)",
        ),
        (
            "pair = :a AND #item = :b",
            json!({ ":a": text, ":b": number }),
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            "pair = :a AND (#item > :a AND #item < :a)",
            json!({ ":a": text }),
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
        ),
        (
            "pair = :a OR #item = :a",
            json!({ ":a": text }),
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            "pair = :a AND begins_with(#item, :b)",
            json!({ ":a": text, ":b": number }),
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "pair = :a AND #item BETWEEN :b AND :a",
            json!({ ":a": text, ":b": { "S": "b" } }),
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}",
        ),
        (
            "pair = :a AND #item = :b",
            json!({ ":a": text, ":b": { "S": "" } }),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: item",
        ),
    ] {
        assert_eq!(
            invalid(&mut world, "Query", &query(condition, &values)),
            wanted,
            "{condition}"
        );
    }
    assert_eq!(
        invalid(&mut world, "Query", &json!({ "TableName": "releases" })),
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    );
}

#[test]
fn a_filter_is_applied_after_the_items_were_counted() {
    let mut world = filled();
    let mut input = json!({
        "TableName": "releases",
        "FilterExpression": "#item = :current",
        "ExpressionAttributeNames": { "#item": "item" },
        "ExpressionAttributeValues": { ":current": { "S": "current" } },
        "ConsistentRead": true,
    });
    let page = done(&mut world, "Scan", &input);
    assert_eq!(names(&page), ["current", "current"]);
    assert_eq!(
        (&page["Count"], &page["ScannedCount"]),
        (&json!(2), &json!(5))
    );

    input["Select"] = json!("COUNT");
    input["Limit"] = json!(1);
    let page = done(&mut world, "Scan", &input);
    let mut last = key("current");
    last["pair"] = json!({ "S": "mails/mails" });
    assert_eq!(
        page,
        json!({ "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": last })
    );
    input["ExclusiveStartKey"] = last;
    input["Limit"] = json!(4);
    let page = done(&mut world, "Scan", &input);
    assert_eq!(
        (&page["Count"], &page["ScannedCount"]),
        (&json!(1), &json!(4))
    );
}

#[test]
fn the_filter_of_a_query_looks_at_no_key() {
    let mut input = ledger();
    input["FilterExpression"] = json!("#item <> :ledger");
    assert_eq!(
        invalid(&mut world(), "Query", &input),
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: item"
    );
}

#[test]
fn a_page_has_a_megabyte() {
    let mut world = world();
    for item in ["a", "b", "c", "d"] {
        let mut item = key(item);
        item["text"] = json!({ "S": "x".repeat(360 * 1024) });
        store(&mut world, &item);
    }
    let mut input = json!({ "TableName": "releases" });
    let page = done(&mut world, "Scan", &input);
    assert_eq!(names(&page), ["a", "b", "c"]);
    input["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    assert_eq!(names(&done(&mut world, "Scan", &input)), ["d"]);
}

#[test]
fn a_page_begins_where_one_can_end() {
    let mut world = filled();
    let mut input = ledger();
    input["ExclusiveStartKey"] = json!({ "pair": { "S": "orders/orders" } });
    assert_eq!(
        invalid(&mut world, "Query", &input),
        "The provided starting key is invalid"
    );
    input["ExclusiveStartKey"] = key("current");
    assert_eq!(
        invalid(&mut world, "Query", &input),
        "The provided starting key is outside query boundaries based on provided conditions"
    );
    let input = json!({ "TableName": "releases", "ExclusiveStartKey": { "pair": { "S": "a" } } });
    assert_eq!(
        invalid(&mut world, "Scan", &input),
        "The provided starting key is invalid: The provided key element does not match the schema"
    );
}

#[test]
fn a_projection_answers_parts() {
    let mut world = world();
    let mut item = key("current");
    item["seen"] = json!({ "M": { "bounds": { "L": [{ "N": "1" }, { "N": "2" }, { "N": "3" }] }, "count": { "N": "4" } } });
    store(&mut world, &item);
    let mut input = json!({
        "TableName": "releases",
        "Key": key("current"),
        "ProjectionExpression": "seen.bounds[2], seen.bounds[0], absent, #i",
        "ExpressionAttributeNames": { "#i": "item" },
    });
    assert_eq!(
        done(&mut world, "GetItem", &input)["Item"],
        json!({
            "seen": { "M": { "bounds": { "L": [{ "N": "1" }, { "N": "3" }] } } },
            "item": { "S": "current" },
        })
    );
    input["ProjectionExpression"] = json!("seen, seen.bounds, #i");
    assert_eq!(
        invalid(&mut world, "GetItem", &input),
        "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [seen], path two: [seen, bounds]"
    );
}

#[test]
fn what_is_selected_fits_the_projection() {
    let mut world = world();
    let mut input = json!({ "TableName": "releases", "Select": "SPECIFIC_ATTRIBUTES" });
    assert_eq!(
        invalid(&mut world, "Scan", &input),
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
    );
    input["ProjectionExpression"] = json!("pair");
    done(&mut world, "Scan", &input);
    input["Select"] = json!("COUNT");
    assert_eq!(
        invalid(&mut world, "Scan", &input),
        "Cannot specify the ProjectionExpression when choosing to get only the Count"
    );
}

#[test]
fn an_item_that_is_not_there_is_no_item() {
    let input = json!({ "TableName": "releases", "Key": key("current") });
    assert_eq!(done(&mut world(), "GetItem", &input), json!({}));
}
