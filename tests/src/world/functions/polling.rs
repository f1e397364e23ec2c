//! Lambda as the consumer of queues.
//!
//! AWS: "Using Lambda with Amazon SQS": a batch is one synchronous invocation, so that an alias with weights draws one version
//! for a whole batch. What was processed is deleted; what failed comes back after the visibility timeout.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    faults,
    invocation::{Begin, Ended, Purpose, begin},
    mapping::Mapping,
    routing,
};
use crate::world::{Fault, World, iam, sqs};

/// What a function's role needs to consume a queue.
const ACTIONS: [&str; 3] = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
];

/// Messages that are processed together.
#[derive(Debug)]
pub(super) struct Batch {
    mapping: String,
    queue_arn: String,
    reports_failures: bool,
    messages: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    id: String,
    receipt_handle: String,
}

/// Refuses a mapping whose function's role may not consume the queue.
pub(super) fn check_role(world: &mut World, mapping: &Mapping) -> Result<(), Fault> {
    let Some(role) = mapping.function(world)?.role.clone() else {
        return Ok(());
    };
    for action in ACTIONS {
        if iam::authorize_role(world, &role, action, &mapping.queue_arn, &[]).is_err() {
            let operation = action.trim_start_matches("sqs:");
            return Err(faults::invalid(format!(
                "The provided execution role does not have permissions to call {operation} on SQS"
            )));
        }
    }
    Ok(())
}

/// Polls every queue that a mapping names.
pub(super) fn poll_all(world: &mut World) {
    let all: Vec<String> = world.functions.mappings.keys().cloned().collect();
    for uuid in all {
        poll(world, &uuid);
    }
}

/// Takes batches as long as there are messages and the mapping may.
fn poll(world: &mut World, uuid: &str) {
    while let Some(mapping) = world.functions.mappings.get(uuid).cloned() {
        let may = mapping.polls() && mapping.busy < mapping.at_once(world);
        if !may || check_role(world, &mapping).is_err() {
            return;
        }
        let Some(messages) = sqs::receive_batch(world, &mapping.queue_arn, mapping.batch_size)
            .filter(|messages| !messages.is_empty())
        else {
            return;
        };
        // A version that cannot run leaves them in flight.
        let Ok(route) = routing::route(world, &mapping.named) else {
            return;
        };
        let id = world.uuid();
        let what = Begin {
            id,
            named: &mapping.named,
            route,
            payload: event(world, &mapping.queue_arn, &messages),
            attempt: 1,
            copy: 1,
            source: "sqs",
        };
        let batch = Batch {
            mapping: uuid.to_owned(),
            queue_arn: mapping.queue_arn.clone(),
            reports_failures: mapping.reports_failures,
            messages: messages.iter().map(Taken::of).collect(),
        };
        begin(world, what, Purpose::Batch(batch));
        busy(world, uuid, |busy| busy + 1);
    }
}

/// A batch was processed, or failed.
pub(super) fn ended(world: &mut World, batch: &Batch, how: &Ended) {
    for message in batch.done(how) {
        // A queue that is gone has no messages to delete.
        let _ = sqs::delete_by_arn(world, &batch.queue_arn, &message.receipt_handle);
    }
    busy(world, &batch.mapping, |busy| busy.saturating_sub(1));
    poll(world, &batch.mapping);
}

fn busy(world: &mut World, uuid: &str, count: impl FnOnce(usize) -> usize) {
    if let Some(mapping) = world.functions.mappings.get_mut(uuid) {
        mapping.busy = count(mapping.busy);
    }
}

impl Batch {
    /// The messages that need not come back.
    ///
    /// AWS: "Implementing partial batch responses": nothing has failed if the list is empty or missing; everything has, if it
    /// names what is not in the batch.
    fn done(&self, how: &Ended) -> Vec<&Taken> {
        let Ended::Answer(answer) = how else {
            return Vec::new();
        };
        let reported = answer["batchItemFailures"].as_array();
        let Some(reported) = reported.filter(|_| self.reports_failures) else {
            return self.messages.iter().collect();
        };
        let failed: BTreeSet<&str> = reported
            .iter()
            .map(|item| item["itemIdentifier"].as_str().unwrap_or_default())
            .collect();
        let known = |id: &&&str| self.messages.iter().any(|it| it.id == **id);
        if failed.iter().filter(known).count() < failed.len() {
            return Vec::new();
        }
        let messages = self.messages.iter();
        messages
            .filter(|message| !failed.contains(message.id.as_str()))
            .collect()
    }
}

impl Taken {
    fn of(message: &Value) -> Self {
        let text = |member: &str| message[member].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("MessageId"),
            receipt_handle: text("ReceiptHandle"),
        }
    }
}

/// The event of a batch. AWS: "Example Amazon SQS message event".
fn event(world: &World, queue_arn: &str, messages: &[Value]) -> Value {
    let records = messages.iter().map(|message| {
        json!({
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": world.identity.region,
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}
