//! `TransactWriteItems`: all or nothing.
//!
//! AWS: API reference, `TransactWriteItems`; which problem is told how as recorded in `paritysuite/dynamodb-conformance`,
//! `transactWriteItems.test.ts` and `validation-ordering/transactions.test.ts` (October 2026): what is wrong with a request in itself is a
//! `ValidationException`, what only the tables show cancels the transaction.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    item,
    request::{self, Request},
    schema::{BadKey, Key},
    table, table_mut, table_name, validation,
    write::{Change, Refusal, Write},
};
use crate::clock::Moment;

/// AWS: "a client request token is valid for 10 minutes".
pub(super) const TOKEN_VALIDITY: Duration = Duration::from_mins(10);

/// The requests of transactions that were done, by their client request token.
pub(super) type Done = BTreeMap<String, (Moment, Value)>;

/// An action and the item that it is about.
struct Planned<'a> {
    request: Request<'a>,
    write: Write,
    key: Result<Key, String>,
}

/// # Errors
/// The fault that AWS would answer with.
pub(super) fn transact(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let request = Request::new("TransactWriteItems", input);
    request.check_members()?;
    let steps = read(world, &request)?;
    let now = world.now;
    let done = &mut world.dynamodb.done;
    done.retain(|_, (at, _)| now.since(*at) < TOKEN_VALIDITY);
    let token = request.text("ClientRequestToken");
    match token.and_then(|token| done.get(token)) {
        Some((_, earlier)) if earlier == input => return Ok(json!({})),
        Some(_) => {
            return Err(Fault::new(
                "IdempotentParameterMismatchException",
                "The client request token was used with other parameters before.",
            ));
        }
        None => {}
    }
    carry_out(world, steps)?;
    if let Some(token) = token {
        world
            .dynamodb
            .done
            .insert(token.to_owned(), (now, input.clone()));
    }
    Ok(json!({}))
}

/// Everything that is looked at before the transaction begins.
fn read<'a>(world: &World, request: &Request<'a>) -> Result<Vec<Planned<'a>>, Fault> {
    let mut writes = Vec::new();
    for item in request
        .member("TransactItems")
        .as_array()
        .into_iter()
        .flatten()
    {
        let request = request::action(item)?;
        request.check_members()?;
        let write = Write::read(&request).map_err(|message| request.invalid(message))?;
        writes.push((request, write));
    }
    let mut steps: Vec<Planned<'_>> = Vec::new();
    for (request, write) in writes {
        let key = match write.key(&table(world, &request)?.schema) {
            Err(empty @ BadKey::Empty(_)) => return Err(validation(empty.message())),
            key => key.map_err(BadKey::message),
        };
        let same = |step: &Planned<'_>| {
            key.is_ok()
                && step.key == key
                && table_name(world, &step.request) == table_name(world, &request)
        };
        if steps.iter().any(same) {
            return Err(validation(
                "Transaction request cannot include multiple operations on one item",
            ));
        }
        steps.push(Planned {
            request,
            write,
            key,
        });
    }
    Ok(steps)
}

fn carry_out(world: &mut World, steps: Vec<Planned<'_>>) -> Result<(), Fault> {
    let mut changes = Vec::new();
    let mut reasons = Vec::new();
    for step in steps {
        let table = table(world, &step.request)?;
        let change = step.key.map_err(Refusal::Invalid).and_then(|key| {
            let change = step.write.change(table.get(&key))?;
            Ok((key, change))
        });
        match change {
            Ok((key, change)) => {
                reasons.push(json!({ "Code": "None" }));
                changes.push((step.request, key, change));
            }
            Err(refusal) => reasons.push(reason(refusal)),
        }
    }
    if changes.len() < reasons.len() {
        return Err(cancelled(reasons));
    }
    for (request, key, change) in changes {
        if let Change::Set(after) = change {
            table_mut(world, &request)?.set(key, after);
        }
    }
    Ok(())
}

fn reason(refusal: Refusal) -> Value {
    match refusal {
        Refusal::Invalid(message) => json!({ "Code": "ValidationError", "Message": message }),
        Refusal::Condition(shown) => {
            let mut reason = json!({
                "Code": "ConditionalCheckFailed",
                "Message": "The conditional request failed",
            });
            if let Some(item) = shown {
                reason["Item"] = item::to_json(&item);
            }
            reason
        }
    }
}

fn cancelled(reasons: Vec<Value>) -> Fault {
    let codes: Vec<_> = reasons
        .iter()
        .filter_map(|reason| reason["Code"].as_str())
        .collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    Fault::new("TransactionCanceledException", message).with("CancellationReasons", reasons)
}
