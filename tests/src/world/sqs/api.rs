//! The operations on single messages and on queues.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Depth, depth,
    message::{
        check_body, md5_of, message_value, not_on_standard_queues, refuse_message_options,
        wanted_attributes,
    },
    no_such_queue,
    queue::{Delivery, LONGEST_VISIBILITY, Message, Receipt, VisibilityRefusal},
    queue_mut, queue_name,
};
use crate::world::{Fault, World};

pub(super) fn send_message(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let url = text(input, "QueueUrl");
    refuse_message_options(input)?;
    let body = text(input, "MessageBody");
    let id = send(world, url, body, delay(input)?)?;
    Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5_of(body) }))
}

pub(super) fn send(
    world: &mut World,
    url: &str,
    body: &str,
    delay: Option<Duration>,
) -> Result<String, Fault> {
    let queue = queue_mut(world, url)?;
    check_body(body, queue.settings.maximum_size)?;
    let delay = delay.unwrap_or(queue.settings.delay);
    let id = world.uuid();
    let message = Message::new(id.clone(), body.to_owned(), world.now, delay);
    let queue = queue_mut(world, url)?;
    queue.put(message);
    queue.traffic.sent += 1;
    Ok(id)
}

pub(super) fn receive_message(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let wanted = wanted_attributes(input)?;
    let most = integer(input, "MaxNumberOfMessages", 1, 10)?.unwrap_or(1);
    let visibility = integer(input, "VisibilityTimeout", 0, LONGEST_VISIBILITY.as_secs())?;
    integer(input, "WaitTimeSeconds", 0, 20)?;
    if !input["ReceiveRequestAttemptId"].is_null() {
        return Err(not_on_standard_queues("ReceiveRequestAttemptId"));
    }
    let deliveries = receive(
        world,
        text(input, "QueueUrl"),
        usize::try_from(most).unwrap_or(usize::MAX),
        visibility.map(Duration::from_secs),
    )?;
    if deliveries.is_empty() {
        return Ok(json!({}));
    }
    let account = &world.identity.account;
    let messages: Vec<Value> = deliveries
        .iter()
        .map(|delivery| message_value(delivery, &wanted, account))
        .collect();
    Ok(json!({ "Messages": messages }))
}

pub(super) fn receive(
    world: &mut World,
    url: &str,
    most: usize,
    visibility: Option<Duration>,
) -> Result<Vec<Delivery>, Fault> {
    let now = world.now;
    let queue = queue_mut(world, url)?;
    let visibility = visibility.unwrap_or(queue.settings.visibility);
    let (due, spent) = queue.next(most, now);
    move_to_dead_letters(world, url, &spent)?;
    let name = queue_name(world, url)?;
    let mut deliveries = Vec::new();
    for id in due {
        let receive = world.uuid();
        let handle = encode_handle(&name, &id, &receive);
        let delivered = queue_mut(world, url)?.deliver(&id, receive, visibility, now);
        deliveries.extend(delivered.map(|message| Delivery { message, handle }));
    }
    Ok(deliveries)
}

/// AWS moves a message when it would be received once more than the policy grants.
fn move_to_dead_letters(world: &mut World, url: &str, spent: &[String]) -> Result<(), Fault> {
    let now = world.now;
    for id in spent {
        let queue = queue_mut(world, url)?;
        let Some(target) = queue
            .settings
            .redrive
            .as_ref()
            .map(|to| to.target_arn.clone())
        else {
            return Ok(());
        };
        let Some(message) = queue.give_up(id, now) else {
            continue;
        };
        world
            .sqs
            .queues
            .values_mut()
            .find(|queue| queue.arn == target)
            .ok_or_else(no_such_queue)?
            .put(message);
    }
    Ok(())
}

pub(super) fn delete_message(world: &mut World, input: &Value) -> Result<Value, Fault> {
    delete(world, text(input, "QueueUrl"), text(input, "ReceiptHandle"))?;
    Ok(json!({}))
}

pub(super) fn delete(world: &mut World, url: &str, handle: &str) -> Result<(), Fault> {
    let name = queue_name(world, url)?;
    let receipt = decode_handle(&name, handle)?;
    queue_mut(world, url)?.delete(&receipt);
    Ok(())
}

pub(super) fn change_message_visibility(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let seconds = visibility_seconds(input)?;
    let (url, handle) = (text(input, "QueueUrl"), text(input, "ReceiptHandle"));
    change_visibility(world, url, handle, seconds)?;
    Ok(json!({}))
}

pub(super) fn visibility_seconds(input: &Value) -> Result<Duration, Fault> {
    integer(input, "VisibilityTimeout", 0, LONGEST_VISIBILITY.as_secs())?
        .map(Duration::from_secs)
        .ok_or_else(|| {
            Fault::new(
                "MissingParameter",
                "The request must contain the parameter VisibilityTimeout.",
            )
        })
}

pub(super) fn change_visibility(
    world: &mut World,
    url: &str,
    handle: &str,
    visibility: Duration,
) -> Result<(), Fault> {
    let name = queue_name(world, url)?;
    let receipt = decode_handle(&name, handle)?;
    let now = world.now;
    queue_mut(world, url)?
        .change_visibility(&receipt, visibility, now)
        .map_err(|refusal| match refusal {
            VisibilityRefusal::Gone => invalid(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not available for visibility timeout change."
            )),
            VisibilityRefusal::NotInFlight => Fault::new(
                "MessageNotInflight",
                "The specified message isn't in flight.",
            ),
            VisibilityRefusal::TooLong => invalid(format!(
                "Value {} for parameter VisibilityTimeout is invalid. Reason: Total \
                 VisibilityTimeout for the message is beyond the limit [{} seconds].",
                visibility.as_secs(),
                LONGEST_VISIBILITY.as_secs(),
            )),
        })
}

/// Answers only the attributes that were asked for by name, or all of them for `All`.
pub(super) fn get_queue_attributes(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let url = text(input, "QueueUrl");
    let depth = counts(world, url)?;
    let queue = queue_mut(world, url)?;
    let seconds = (queue.created.0 / 1000).to_string();
    let mut known = queue.settings.attributes();
    known.extend([
        ("QueueArn", queue.arn.clone()),
        ("CreatedTimestamp", seconds.clone()),
        ("LastModifiedTimestamp", seconds),
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            depth.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            depth.delayed.to_string(),
        ),
    ]);
    let wanted = strings(input, "AttributeNames");
    let answered: Map<String, Value> = known
        .into_iter()
        .filter(|(name, _)| wanted.contains(name) || wanted.contains(&"All"))
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    if answered.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "Attributes": answered }))
}

/// The counts of a queue as a look at it shows them.
fn counts(world: &mut World, url: &str) -> Result<Depth, Fault> {
    let name = queue_name(world, url)?;
    let exact = depth(world, &name).ok_or_else(no_such_queue)?;
    let now = world.now;
    let approximation = world.sqs.approximation.as_mut();
    Ok(approximation.map_or(exact, |it| it.look(&name, exact, now)))
}

pub(super) fn get_queue_url(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let owner = input["QueueOwnerAWSAccountId"].as_str();
    if owner.is_some_and(|owner| owner != world.identity.account) {
        return Err(no_such_queue());
    }
    let queue = world.sqs.queues.get(text(input, "QueueName"));
    Ok(json!({ "QueueUrl": queue.ok_or_else(no_such_queue)?.url }))
}

/// A string member of a validated input; empty if it was left out.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}

pub(super) fn strings<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    let items = input[member].as_array();
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn integer(input: &Value, member: &str, least: u64, most: u64) -> Result<Option<u64>, Fault> {
    let value = &input[member];
    if value.is_null() {
        return Ok(None);
    }
    value
        .as_u64()
        .filter(|number| (least..=most).contains(number))
        .map(Some)
        .ok_or_else(|| {
            invalid(format!(
                "Value {value} for parameter {member} is invalid. Reason: Must be between {least} \
                 and {most}, if provided."
            ))
        })
}

/// `DelaySeconds` of a message, 0 to 900.
pub(super) fn delay(input: &Value) -> Result<Option<Duration>, Fault> {
    Ok(integer(input, "DelaySeconds", 0, 900)?.map(Duration::from_secs))
}

fn encode_handle(queue: &str, message: &str, receive: &str) -> String {
    STANDARD.encode(format!("{queue} {message} {receive}"))
}

fn decode_handle(queue: &str, handle: &str) -> Result<Receipt, Fault> {
    let parse = || {
        let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
        let mut words = text.split(' ');
        let (of, message, receive) = (words.next()?, words.next()?, words.next()?);
        (of == queue && words.next().is_none()).then(|| Receipt {
            message: message.to_owned(),
            receive: receive.to_owned(),
        })
    };
    parse().ok_or_else(|| {
        Fault::new(
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle {handle:?} is not a valid receipt handle."),
        )
    })
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", message)
}
