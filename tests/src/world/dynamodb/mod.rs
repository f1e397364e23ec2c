//! Amazon `DynamoDB`: tables with string keys, conditions, transactions.
//!
//! As strict as AWS, in its own words. Their sources are AWS's documentation; the conformance suite
//! `paritysuite/dynamodb-conformance` on GitHub, whose messages were recorded from AWS in 2026 (its test files are cited by name); and
//! the emulators dynalite and moto, whose messages were checked against AWS. Indexes, streams, capacity and
//! batch operations do not exist here.

mod expression;
mod item;
mod needs;
mod number;
mod provision;
mod read;
mod request;
mod schema;
mod table;
mod transaction;
mod value;
mod write;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{request::Request, schema::Schema, table::Table};
use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/dynamodb.json")),
    call: |world, it| call(world, it.operation, it.input),
    throttled: ("ProvisionedThroughputExceededException", 400),
    needs: needs::needs,
    condition_keys: &["dynamodb:EnclosingOperation"],
    resources: provision::RESOURCES,
    ..Service::new("dynamodb")
};

/// The tables of the account.
#[derive(Debug, Default)]
pub struct DynamoDb {
    tables: BTreeMap<String, Table>,
    done: transaction::Done,
}

/// Creates an empty table, whose keys are strings.
///
/// # Errors
/// `ResourceInUseException` if there is one of that name, `ValidationException` for a name that AWS does not take (API reference,
/// `CreateTable`).
pub fn create_table(
    world: &mut World,
    name: &str,
    partition_key: &str,
    sort_key: Option<&str>,
) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(3..=255).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(validation(format!(
            "TableName {name} is not 3 to 255 letters, digits, underscores, dots and dashes"
        )));
    }
    if world.dynamodb.tables.contains_key(name) {
        return Err(Fault::new(
            "ResourceInUseException",
            format!("Table already exists: {name}"),
        ));
    }
    let schema = Schema {
        partition: partition_key.to_owned(),
        sort: sort_key.map(str::to_owned),
    };
    world
        .dynamodb
        .tables
        .insert(name.to_owned(), Table::new(schema));
    Ok(())
}

/// Deletes a table with its items. One that is not there is passed over.
pub fn delete_table(world: &mut World, name: &str) {
    world.dynamodb.tables.remove(name);
}

/// An API call.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "GetItem" => read::get_item(world, input),
        "PutItem" | "UpdateItem" | "DeleteItem" => write::write(world, operation, input),
        "Query" => read::query(world, input),
        "Scan" => read::scan(world, input),
        "TransactWriteItems" => transaction::transact(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// The table that a request names, by its name or ARN.
fn table<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Table, Fault> {
    world
        .dynamodb
        .tables
        .get(table_name(world, request))
        .ok_or_else(no_such_table)
}

fn table_mut<'a>(world: &'a mut World, request: &Request<'_>) -> Result<&'a mut Table, Fault> {
    let name = table_name(world, request).to_owned();
    world
        .dynamodb
        .tables
        .get_mut(&name)
        .ok_or_else(no_such_table)
}

fn table_name<'a>(world: &World, request: &Request<'a>) -> &'a str {
    let given = request.text("TableName").unwrap_or_default();
    given
        .strip_prefix(&world.arn("dynamodb", "table/"))
        .unwrap_or(given)
}

fn no_such_table() -> Fault {
    Fault::new("ResourceNotFoundException", "Requested resource not found")
}

fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

#[cfg(test)]
mod tests;
