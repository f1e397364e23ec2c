//! Amazon SQS: the four calls that a consumer makes, and the only place with SDK types.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    ChangeMessageVisibilityBatchResultEntry, DeleteMessageBatchRequestEntry,
    DeleteMessageBatchResultEntry, Message as SdkMessage, MessageSystemAttributeName,
};

use crate::telemetry::in_full;

/// SQS: at most ten messages per receive, ten entries per batch ("Amazon SQS message quotas").
pub const BATCH: usize = 10;

/// What a poll may take beyond its own wait: connecting, and an answer of up to 1 MiB.
const POLL_OVERHEAD: Duration = Duration::from_secs(10);

/// The SDK's time-outs for every call but the poll, which has its own.
///
/// The SDK sets none of these but the first, and a connection that died silently would block a
/// consumer for as long as the kernel keeps it.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(10))
        .build()
}

/// One message. Its `Debug` shows neither the body nor the receipt.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// SQS's id, the same at every receive.
    pub id: String,
    /// Proof of this receive; what a delete names.
    pub receipt: String,
    /// What the producer sent. Never to be logged.
    pub body: String,
    /// How often the message has been received, this time included; 0 if SQS does not say.
    pub receive_count: u32,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("receive_count", &self.receive_count)
            .finish_non_exhaustive()
    }
}

/// What is done to messages in batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `DeleteMessageBatch`: they are processed.
    Delete,
    /// `ChangeMessageVisibilityBatch` to 0: another consumer can have them at once.
    HandBack,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delete => "DeleteMessageBatch",
            Self::HandBack => "ChangeMessageVisibilityBatch",
        })
    }
}

/// What a batch call answered about one of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is in `Successful`.
    Accepted,
    /// It is in `Failed`.
    Refused {
        /// Whether SQS holds the request to be wrong: asking again would be answered alike.
        sender_fault: bool,
        /// SQS's error code.
        code: String,
    },
    /// It is in neither list.
    Unanswered,
}

/// A call that failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed with {code}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct CallError {
    /// The API operation.
    pub operation: &'static str,
    /// SQS's error code, or the SDK's word for a call that got no answer.
    pub code: String,
    /// What SQS or the network says about it; never anything out of an answer's body.
    pub detail: String,
}

/// One SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
    visibility_timeout: i32,
}

impl Queue {
    /// The queue at `url`. Messages received stay hidden for `visibility_timeout`, in whole seconds.
    #[must_use]
    pub fn new(client: Client, url: String, visibility_timeout: Duration) -> Self {
        Self {
            client,
            url,
            visibility_timeout: whole_seconds(visibility_timeout),
        }
    }

    /// Long poll for up to `most` messages, for whole seconds of `wait`. One attempt: the caller has
    /// its own back-off.
    pub async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Message>, CallError> {
        let patience = wait + POLL_OVERHEAD;
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.clamp(1, BATCH)).unwrap_or(1))
            .wait_time_seconds(whole_seconds(wait))
            .visibility_timeout(self.visibility_timeout)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(
                aws_sdk_sqs::Config::builder()
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(
                        TimeoutConfig::builder()
                            .operation_attempt_timeout(patience)
                            .operation_timeout(patience)
                            .build(),
                    ),
            )
            .send()
            .await
            .map_err(|error| call_error("ReceiveMessage", &error))?;
        Ok(received
            .messages
            .unwrap_or_default()
            .into_iter()
            .filter_map(message)
            .collect())
    }

    /// Hides a message from other consumers for another visibility timeout, from now.
    pub async fn keep_hidden(&self, message: &Message) -> Result<(), CallError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .visibility_timeout(self.visibility_timeout)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| call_error("ChangeMessageVisibility", &error))
    }

    /// Carries out `operation` on up to [`BATCH`] messages; the answers are in their order.
    pub async fn apply(
        &self,
        operation: Operation,
        messages: &[Arc<Message>],
    ) -> Result<Vec<Answer>, CallError> {
        match operation {
            Operation::Delete => self.delete(messages).await,
            Operation::HandBack => self.hand_back(messages).await,
        }
    }

    async fn delete(&self, messages: &[Arc<Message>]) -> Result<Vec<Answer>, CallError> {
        let mut request = self.client.delete_message_batch().queue_url(&self.url);
        for (index, message) in messages.iter().enumerate() {
            request = request.entries(
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&message.receipt)
                    .build()
                    .map_err(|error| not_built("DeleteMessageBatch", &error))?,
            );
        }
        let answer = request
            .send()
            .await
            .map_err(|error| call_error("DeleteMessageBatch", &error))?;
        let accepted = answer
            .successful()
            .iter()
            .map(DeleteMessageBatchResultEntry::id);
        Ok(in_order(messages.len(), accepted, answer.failed()))
    }

    async fn hand_back(&self, messages: &[Arc<Message>]) -> Result<Vec<Answer>, CallError> {
        let mut request = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.url);
        for (index, message) in messages.iter().enumerate() {
            request = request.entries(
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&message.receipt)
                    .visibility_timeout(0)
                    .build()
                    .map_err(|error| not_built("ChangeMessageVisibilityBatch", &error))?,
            );
        }
        let answer = request
            .send()
            .await
            .map_err(|error| call_error("ChangeMessageVisibilityBatch", &error))?;
        let accepted = answer
            .successful()
            .iter()
            .map(ChangeMessageVisibilityBatchResultEntry::id);
        Ok(in_order(messages.len(), accepted, answer.failed()))
    }
}

/// SQS always fills in id and receipt; a message without could neither be deleted nor handed back.
fn message(received: SdkMessage) -> Option<Message> {
    let receive_count = received
        .attributes()
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount))
        .and_then(|count| count.parse().ok())
        .unwrap_or(0);
    match (received.message_id, received.receipt_handle) {
        (Some(id), Some(receipt)) => Some(Message {
            id,
            receipt,
            body: received.body.unwrap_or_default(),
            receive_count,
        }),
        (id, _) => {
            tracing::error!(message_id = id, "SQS sent a message without id or receipt");
            None
        }
    }
}

/// Puts the two lists of a batch answer, which name entries by our index, into our order.
fn in_order<'a>(
    count: usize,
    accepted: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Answer> {
    let mut answers = vec![Answer::Unanswered; count];
    let mut put = |id: &str, answer| {
        if let Some(slot) = id
            .parse()
            .ok()
            .and_then(|index: usize| answers.get_mut(index))
        {
            *slot = answer;
        }
    };
    for id in accepted {
        put(id, Answer::Accepted);
    }
    for entry in failed {
        let answer = Answer::Refused {
            sender_fault: entry.sender_fault(),
            code: entry.code().to_owned(),
        };
        put(entry.id(), answer);
    }
    answers
}

/// An error's code and what may be told about it.
///
/// Not with the SDK's `DisplayErrorContext`: that shows the raw answer, which for a receive holds
/// message bodies.
fn call_error<E, R>(operation: &'static str, error: &SdkError<E, R>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug,
{
    let (code, detail) = match error {
        SdkError::ServiceError(answer) => (
            answer.err().code().unwrap_or("UnknownError"),
            answer.err().message().unwrap_or_default().to_owned(),
        ),
        SdkError::TimeoutError(_) => ("Timeout", in_full(error)),
        SdkError::DispatchFailure(_) => ("DispatchFailure", in_full(error)),
        SdkError::ConstructionFailure(_) => ("ConstructionFailure", in_full(error)),
        SdkError::ResponseError(_) => ("UnreadableResponse", String::new()),
        _ => ("UnknownError", String::new()),
    };
    CallError {
        operation,
        code: code.to_owned(),
        detail,
    }
}

fn not_built(operation: &'static str, error: &aws_sdk_sqs::error::BuildError) -> CallError {
    CallError {
        operation,
        code: "ConstructionFailure".to_owned(),
        detail: error.to_string(),
    }
}

fn whole_seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_a_log_shows_neither_body_nor_receipt() {
        let message = Message {
            id: "id-1".to_owned(),
            receipt: "receipt-of-1".to_owned(),
            body: "card 4111".to_owned(),
            receive_count: 2,
        };
        assert_eq!(
            format!("{message:?}"),
            r#"Message { id: "id-1", receive_count: 2, .. }"#
        );
    }

    #[test]
    fn a_batch_answer_is_brought_into_our_order() {
        let failed = [BatchResultErrorEntry::builder()
            .id("0")
            .sender_fault(false)
            .code("InternalError")
            .build()
            .unwrap()];
        assert_eq!(
            in_order(3, ["2", "7"].into_iter(), &failed),
            [
                Answer::Refused {
                    sender_fault: false,
                    code: "InternalError".to_owned()
                },
                Answer::Unanswered,
                Answer::Accepted,
            ]
        );
    }
}
