//! Amazon SQS: standard queues with visibility, redrive and retention.
//!
//! Counts that AWS calls approximate are exact here, and metrics are there at once, unless a story says otherwise.
//! Message attributes, FIFO queues and fair queues do not exist here: a call that asks for them is refused.

mod api;
mod approximation;
mod batch;
mod message;
mod metrics;
mod needs;
mod provision;
mod queue;
mod settings;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};
pub use approximation::Approximation;
use queue::Queue;
use settings::Settings;

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/sqs.json")),
    call: |world, it| call(world, it.operation, it.input),
    waits: |world, it, output| match it.operation {
        "ReceiveMessage" if output["Messages"].as_array().is_none_or(Vec::is_empty) => {
            receive_wait(world, it.input)
        }
        _ => Duration::ZERO,
    },
    tick,
    former_code,
    denied: ("AccessDeniedException", 403),
    throttled: ("RequestThrottled", 403),
    needs: needs::needs,
    resources: provision::RESOURCES,
    ..Service::new("sqs")
};

/// The queues of the account.
#[derive(Debug, Default)]
pub struct Sqs {
    /// Where queue URLs of queues created from now on begin, without a trailing slash, for example
    /// `http://127.0.0.1:4566`. `None` is AWS's own `https://sqs.REGION.amazonaws.com`. Only the
    /// account and the name at the end of a URL identify a queue.
    pub endpoint: Option<String>,
    /// How far off the counts are that `GetQueueAttributes` answers; `None` for exact ones.
    pub approximation: Option<Approximation>,
    /// How long after their minute the metrics of queues reach `CloudWatch`, in AWS time. On AWS it is minutes.
    pub metrics_delay: Duration,
    queues: BTreeMap<String, Queue>,
    /// Minutes of metrics that have not reached `CloudWatch`, oldest first.
    underway: VecDeque<metrics::Minute>,
    /// The minute of metric time that was running at the last tick.
    published_minute: Option<u64>,
}

/// A message as a consumer in the same process sees it.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// What `delete` and `change_visibility` take.
    pub receipt_handle: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Waiting to be received.
    pub visible: u32,
    /// Received and neither deleted nor visible again.
    pub in_flight: u32,
    /// Delayed.
    pub delayed: u32,
}

/// Creates a queue with attributes as `CreateQueue` takes them and answers its URL. A queue of that
/// name with the same attributes is left as it is (AWS: API reference, `CreateQueue`).
///
/// # Errors
/// `QueueNameExists` if it exists with other attributes; `InvalidAttributeName` and
/// `InvalidAttributeValue` for attributes that AWS or this account does not take.
pub fn create_queue(
    world: &mut World,
    name: &str,
    attributes: &Map<String, Value>,
) -> Result<String, Fault> {
    settings::check_name(name)?;
    let settings = Settings::parse(attributes)?;
    if let Some(existing) = world.sqs.queues.get(name) {
        return if existing.settings == settings {
            Ok(existing.url.clone())
        } else {
            Err(Fault::new(
                "QueueNameExists",
                format!("A queue named {name} already exists with different attributes."),
            ))
        };
    }
    let arn = world.arn("sqs", name);
    check_redrive_target(world, &arn, &settings)?;
    let endpoint = world
        .sqs
        .endpoint
        .clone()
        .unwrap_or_else(|| format!("https://sqs.{}.amazonaws.com", world.identity.region));
    let url = format!("{endpoint}/{}/{name}", world.identity.account);
    let queue = Queue::new(arn, url.clone(), settings, world.now);
    world.sqs.queues.insert(name.to_owned(), queue);
    Ok(url)
}

/// Whether there is a queue of that name.
#[must_use]
pub fn has_queue(world: &World, name: &str) -> bool {
    world.sqs.queues.contains_key(name)
}

/// Sets the attributes of a queue; those that are left out get their defaults.
///
/// # Errors
/// `QueueDoesNotExist`, and as [`create_queue`].
pub fn set_attributes(
    world: &mut World,
    name: &str,
    attributes: &Map<String, Value>,
) -> Result<(), Fault> {
    let settings = Settings::parse(attributes)?;
    let arn = world.arn("sqs", name);
    check_redrive_target(world, &arn, &settings)?;
    let queue = world.sqs.queues.get_mut(name).ok_or_else(no_such_queue)?;
    queue.settings = settings;
    Ok(())
}

/// Deletes a queue with its messages. One that is not there is passed over.
pub fn delete_queue(world: &mut World, name: &str) {
    world.sqs.queues.remove(name);
}

/// Sends a message, answers its id.
///
/// # Errors
/// As `SendMessage`.
pub fn send(world: &mut World, queue_url: &str, body: &str) -> Result<String, Fault> {
    api::send(world, queue_url, body, None)
}

/// Receives up to `most` messages without waiting. Messages that have been received as often as the
/// redrive policy grants are moved to the dead-letter queue instead.
///
/// # Errors
/// As `ReceiveMessage`.
pub fn receive(
    world: &mut World,
    queue_url: &str,
    most: usize,
    visibility: Option<Duration>,
) -> Result<Vec<Received>, Fault> {
    let messages = api::receive(world, queue_url, most, visibility)?;
    Ok(messages.into_iter().map(Received::from).collect())
}

/// Receives messages of a queue by ARN as `ReceiveMessage` answers them with all their attributes; `None` if there is no such
/// queue.
pub fn receive_batch(world: &mut World, queue_arn: &str, most: usize) -> Option<Vec<Value>> {
    let url = by_arn(world, queue_arn)?.url.clone();
    let input = json!({
        "QueueUrl": url,
        "MaxNumberOfMessages": most,
        "MessageSystemAttributeNames": ["All"],
    });
    let received = api::receive_message(world, &input).ok()?;
    let messages = received["Messages"].as_array();
    Some(messages.cloned().unwrap_or_default())
}

/// Deletes a received message from a queue by ARN, as [`delete`] does.
///
/// # Errors
/// As `DeleteMessage`.
pub fn delete_by_arn(
    world: &mut World,
    queue_arn: &str,
    receipt_handle: &str,
) -> Result<(), Fault> {
    let url = by_arn(world, queue_arn)
        .ok_or_else(no_such_queue)?
        .url
        .clone();
    api::delete(world, &url, receipt_handle)
}

/// How long a message of a queue is hidden once it is received, by the queue's ARN; `None` if there is no such queue.
#[must_use]
pub fn visibility(world: &World, queue_arn: &str) -> Option<Duration> {
    Some(by_arn(world, queue_arn)?.settings.visibility)
}

fn by_arn<'a>(world: &'a World, arn: &str) -> Option<&'a Queue> {
    world.sqs.queues.values().find(|queue| queue.arn == arn)
}

/// Deletes a received message. As on AWS, a handle older than the message's last receive is accepted
/// and deletes nothing.
///
/// # Errors
/// As `DeleteMessage`.
pub fn delete(world: &mut World, queue_url: &str, receipt_handle: &str) -> Result<(), Fault> {
    api::delete(world, queue_url, receipt_handle)
}

/// Hides a message that is in flight until `visibility` from now; zero makes it visible at once.
///
/// # Errors
/// As `ChangeMessageVisibility`.
pub fn change_visibility(
    world: &mut World,
    queue_url: &str,
    receipt_handle: &str,
    visibility: Duration,
) -> Result<(), Fault> {
    api::change_visibility(world, queue_url, receipt_handle, visibility)
}

/// The depth of a queue by name; `None` if there is no such queue.
#[must_use]
pub fn depth(world: &World, name: &str) -> Option<Depth> {
    let queue = world.sqs.queues.get(name)?;
    Some(queue.depth(world.now))
}

/// Where the messages of a queue are: what no consumer could tell, as each knows only its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Ids of messages in the queue, received or not.
    pub held: BTreeSet<String>,
    /// Ids of messages that a consumer has deleted: the sign that they are processed.
    pub deleted: BTreeSet<String>,
}

/// The ledger of a queue by name; `None` if there is no such queue.
#[must_use]
pub fn ledger(world: &World, name: &str) -> Option<Ledger> {
    let queue = world.sqs.queues.get(name)?;
    Some(Ledger {
        held: queue.ids(),
        deleted: queue.deleted.clone(),
    })
}

/// How long a `ReceiveMessage` call with that input waits for a message: its `WaitTimeSeconds` or
/// else the queue's own. The wire asks again until a message is there or the time is up.
#[must_use]
pub fn receive_wait(world: &World, input: &Value) -> Duration {
    let of_queue = || {
        let name = queue_name(world, input["QueueUrl"].as_str()?).ok()?;
        Some(world.sqs.queues.get(&name)?.settings.receive_wait)
    };
    input["WaitTimeSeconds"]
        .as_u64()
        .map(Duration::from_secs)
        .or_else(of_queue)
        .unwrap_or_default()
}

/// An API call. `ReceiveMessage` never waits here: the wire asks again while it long-polls.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "SendMessage" => api::send_message(world, input),
        "SendMessageBatch" => batch::send_message_batch(world, input),
        "ReceiveMessage" => api::receive_message(world, input),
        "DeleteMessage" => api::delete_message(world, input),
        "DeleteMessageBatch" => batch::delete_message_batch(world, input),
        "ChangeMessageVisibility" => api::change_message_visibility(world, input),
        "ChangeMessageVisibilityBatch" => batch::change_message_visibility_batch(world, input),
        "GetQueueAttributes" => api::get_queue_attributes(world, input),
        "GetQueueUrl" => api::get_queue_url(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// As they are in the generated SDKs.
fn former_code(code: &str) -> Option<String> {
    Some(match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "QueueNameExists" => "QueueAlreadyExists".to_owned(),
        "BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "QueueDeletedRecently"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{code}"),
        _ => return None,
    })
}

/// Expires messages past their retention, publishes the queues' metrics once a minute and notes
/// depths that changed.
pub fn tick(world: &mut World) {
    let now = world.now;
    for queue in world.sqs.queues.values_mut() {
        queue.expire(now);
    }
    metrics::measure(world);
    metrics::deliver(world);
    metrics::note_depths(world);
}

/// The name of an existing queue of this account, from the last two segments of a URL.
fn queue_name(world: &World, url: &str) -> Result<String, Fault> {
    let mut segments = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (segments.next(), segments.next());
    match (name, account) {
        (Some(name), Some(account))
            if account == world.identity.account && world.sqs.queues.contains_key(name) =>
        {
            Ok(name.to_owned())
        }
        _ => Err(no_such_queue()),
    }
}

fn no_such_queue() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist.")
}

/// The queue behind a URL. Any call counts as use of the queue.
fn queue_mut<'a>(world: &'a mut World, url: &str) -> Result<&'a mut Queue, Fault> {
    let name = queue_name(world, url)?;
    let now = world.now;
    let queue = world.sqs.queues.get_mut(&name).ok_or_else(no_such_queue)?;
    queue.last_used = now;
    Ok(queue)
}

/// A redrive policy must name an existing queue of this account that allows it
/// (AWS: SQS developer guide, "Using dead-letter queues").
fn check_redrive_target(world: &World, source_arn: &str, settings: &Settings) -> Result<(), Fault> {
    let Some(redrive) = &settings.redrive else {
        return Ok(());
    };
    let target = by_arn(world, &redrive.target_arn).ok_or_else(|| {
        settings::invalid_value("RedrivePolicy", "Dead letter target does not exist.")
    })?;
    if target.settings.redrive_allow.permits(source_arn) {
        Ok(())
    } else {
        Err(settings::invalid_value(
            "RedrivePolicy",
            "The dead-letter queue's RedriveAllowPolicy does not permit this source queue.",
        ))
    }
}

#[cfg(test)]
mod tests;
