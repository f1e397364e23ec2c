mod keys;
mod reads;
mod requests;
mod transactions;
mod writes;

use serde_json::{Value, json};

use super::{super::Identity, *};
use crate::clock::Moment;

fn world() -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(0), 1);
    create_table(&mut world, "releases", "pair", Some("item")).unwrap();
    world
}

fn key(item: &str) -> Value {
    json!({ "pair": { "S": "orders/orders" }, "item": { "S": item } })
}

/// The operation is done.
fn done(world: &mut World, operation: &str, input: &Value) -> Value {
    call(world, operation, input).unwrap_or_else(|fault| panic!("{operation}: {fault:?}"))
}

/// The operation is not done.
fn refused(world: &mut World, operation: &str, input: &Value) -> Fault {
    match call(world, operation, input) {
        Ok(output) => panic!("{operation}: {output}"),
        Err(fault) => fault,
    }
}

/// What the operation is refused with, which is a `ValidationException`.
fn invalid(world: &mut World, operation: &str, input: &Value) -> String {
    let fault = refused(world, operation, input);
    assert_eq!(fault.code, "ValidationException", "{}", fault.message);
    fault.message
}

/// A put of an item that is not there yet.
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

/// A put of an item whatever is there.
fn store(world: &mut World, item: &Value) {
    done(
        world,
        "PutItem",
        &json!({ "TableName": "releases", "Item": item }),
    );
}

fn stored(world: &mut World, item: &str) -> Value {
    let input = json!({ "TableName": "releases", "Key": key(item), "ConsistentRead": true });
    done(world, "GetItem", &input)["Item"].take()
}

fn revision(world: &mut World, item: &str) -> Value {
    stored(world, item)["revision"]["N"].take()
}
