//! The batch operations: up to ten entries, each of which succeeds or fails by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{api, message, queue_name};
use crate::world::{Fault, World};

/// AWS: at most ten entries (API reference, `TooManyEntriesInBatchRequest`).
const MOST_ENTRIES: usize = 10;
/// AWS: all bodies of a batch together (API reference, `SendMessageBatch`).
const MOST_BYTES: usize = 1_048_576;

pub(super) fn send_message_batch(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let bytes: usize = entries(input)
        .iter()
        .map(|entry| api::text(entry, "MessageBody").len())
        .sum();
    if bytes > MOST_BYTES {
        return Err(Fault::new(
            "BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {bytes} \
                 bytes."
            ),
        ));
    }
    each_entry(world, input, |world, url, entry| {
        message::refuse_message_options(entry)?;
        let body = api::text(entry, "MessageBody");
        let id = api::send(world, url, body, api::delay(entry)?)?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": message::md5_of(body) }))
    })
}

pub(super) fn delete_message_batch(world: &mut World, input: &Value) -> Result<Value, Fault> {
    each_entry(world, input, |world, url, entry| {
        api::delete(world, url, api::text(entry, "ReceiptHandle"))?;
        Ok(json!({}))
    })
}

pub(super) fn change_message_visibility_batch(
    world: &mut World,
    input: &Value,
) -> Result<Value, Fault> {
    each_entry(world, input, |world, url, entry| {
        let visibility = api::visibility_seconds(entry)?;
        api::change_visibility(world, url, api::text(entry, "ReceiptHandle"), visibility)?;
        Ok(json!({}))
    })
}

fn entries(input: &Value) -> &[Value] {
    input["Entries"].as_array().map_or(&[], Vec::as_slice)
}

fn each_entry(
    world: &mut World,
    input: &Value,
    act: impl Fn(&mut World, &str, &Value) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let url = api::text(input, "QueueUrl");
    queue_name(world, url)?;
    let entries = entries(input);
    check_entries(entries)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = api::text(entry, "Id");
        match act(world, url, entry) {
            Ok(mut done) => {
                done["Id"] = json!(id);
                successful.push(done);
            }
            Err(fault) => failed.push(json!({
                "Id": id,
                "SenderFault": fault.status < 500,
                "Code": fault.code,
                "Message": fault.message,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn check_entries(entries: &[Value]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Err(Fault::new(
            "EmptyBatchRequest",
            "There should be at least one batch entry in the request.",
        ));
    }
    if entries.len() > MOST_ENTRIES {
        return Err(Fault::new(
            "TooManyEntriesInBatchRequest",
            format!(
                "Maximum number of entries per request are {MOST_ENTRIES}. You have sent {}.",
                entries.len()
            ),
        ));
    }
    let mut seen = BTreeSet::new();
    for entry in entries {
        let id = api::text(entry, "Id");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=80).contains(&id.len()) || !id.bytes().all(allowed) {
            return Err(Fault::new(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and \
                 underscores. It can be at most 80 letters long.",
            ));
        }
        if !seen.insert(id) {
            return Err(Fault::new(
                "BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    Ok(())
}
