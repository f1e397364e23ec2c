//! What a message may hold and what a receive answers of it.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use super::{
    api::{invalid, strings},
    queue::Delivery,
};
use crate::{clock::Moment, world::Fault};

/// Options of a message that this account's queues do not have.
pub(super) fn refuse_message_options(input: &Value) -> Result<(), Fault> {
    if !input["MessageDeduplicationId"].is_null() {
        return Err(not_on_standard_queues("MessageDeduplicationId"));
    }
    for option in [
        "MessageAttributes",
        "MessageSystemAttributes",
        "MessageGroupId",
    ] {
        let asked = match &input[option] {
            Value::Null => false,
            Value::Object(members) => !members.is_empty(),
            _ => true,
        };
        if asked {
            return Err(Fault::new(
                "UnsupportedOperation",
                format!("The local account's queues do not have {option}."),
            ));
        }
    }
    Ok(())
}

pub(super) fn not_on_standard_queues(member: &str) -> Fault {
    invalid(format!(
        "The request includes a parameter that is not valid for this queue type: {member}."
    ))
}

pub(super) fn check_body(body: &str, maximum_size: u64) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(Fault::new(
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ));
    }
    if body.len() as u64 > maximum_size {
        return Err(invalid(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than \
             {maximum_size} bytes."
        )));
    }
    // The characters of XML 1.0 (AWS: API reference, `SendMessage`).
    let allowed = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if body.chars().all(allowed) {
        Ok(())
    } else {
        Err(Fault::new(
            "InvalidMessageContents",
            "The message contains characters outside the allowed set.",
        ))
    }
}

/// The message attributes that a receive asks for, under their old and their new name.
pub(super) fn wanted_attributes(input: &Value) -> Result<Vec<&str>, Fault> {
    const KNOWN: [&str; 10] = [
        "All",
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "DeadLetterQueueSourceArn",
        "SequenceNumber",
        "MessageDeduplicationId",
        "MessageGroupId",
        "AWSTraceHeader",
    ];
    let mut wanted = strings(input, "AttributeNames");
    wanted.extend(strings(input, "MessageSystemAttributeNames"));
    match wanted.iter().find(|name| !KNOWN.contains(name)) {
        None => Ok(wanted),
        Some(unknown) => Err(Fault::new(
            "InvalidAttributeName",
            format!("Unknown Attribute {unknown}."),
        )),
    }
}

pub(super) fn message_value(delivery: &Delivery, wanted: &[&str], account: &str) -> Value {
    let message = &delivery.message;
    let millis = |moment: Moment| moment.0.to_string();
    let known = [
        // The producers of this account act as its root user, whose id is the account's.
        ("SenderId", Some(account.to_owned())),
        ("SentTimestamp", Some(millis(message.sent))),
        (
            "ApproximateReceiveCount",
            Some(message.receives.to_string()),
        ),
        (
            "ApproximateFirstReceiveTimestamp",
            message.first_received.map(millis),
        ),
        (
            "DeadLetterQueueSourceArn",
            message.dead_letter_source.clone(),
        ),
    ];
    let attributes: Map<String, Value> = known
        .into_iter()
        .filter(|(name, _)| wanted.contains(name) || wanted.contains(&"All"))
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect();
    let mut value = json!({
        "MessageId": message.id,
        "ReceiptHandle": delivery.handle,
        "MD5OfBody": md5_of(&message.body),
        "Body": message.body,
    });
    if !attributes.is_empty() {
        value["Attributes"] = Value::Object(attributes);
    }
    value
}

/// Lower-case hexadecimal MD5, which the SDKs compare with their own.
pub(super) fn md5_of(body: &str) -> String {
    let mut digits = String::with_capacity(32);
    for byte in Md5::digest(body.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
