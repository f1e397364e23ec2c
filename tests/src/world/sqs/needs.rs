//! What calls need.

use crate::world::iam::needs::{Need, Question, text};

/// A batch needs what its entries would need alone. AWS: SQS developer guide, "Amazon SQS API
/// permissions".
pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let action = match it.operation {
        "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch" => "ChangeMessageVisibility",
        "DeleteMessage" | "DeleteMessageBatch" => "DeleteMessage",
        "SendMessage" | "SendMessageBatch" => "SendMessage",
        "CreateQueue" | "GetQueueAttributes" | "GetQueueUrl" | "ReceiveMessage" => it.operation,
        _ => return None,
    };
    let url = text(it.input, "QueueUrl").trim_end_matches('/');
    let name = match url.rsplit('/').next().unwrap_or_default() {
        "" => text(it.input, "QueueName"),
        name => name,
    };
    let queue = it.world.arn("sqs", name);
    Some(vec![Need::new(format!("sqs:{action}"), queue)])
}
