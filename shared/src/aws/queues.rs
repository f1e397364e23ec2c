//! Amazon SQS: how many messages a queue holds.

use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
};

use super::{Account, AwsError};
use crate::{input::TARGET, names::QueueUrl};

impl Account {
    /// All messages of the target's dead-letter queue.
    pub async fn dead_letters(&self, url: &QueueUrl) -> Result<u64, AwsError> {
        self.messages(url, "deadLetterUrl").await
    }

    /// All messages of a queue: visible, in flight and delayed. `field` is where the target names it.
    pub async fn messages(&self, url: &QueueUrl, field: &'static str) -> Result<u64, AwsError> {
        const ACTION: &str = "sqs:GetQueueAttributes";
        let counted = [
            ApproximateNumberOfMessages,
            ApproximateNumberOfMessagesNotVisible,
            ApproximateNumberOfMessagesDelayed,
        ];
        let resource = format!(
            "queue {} ({TARGET}: field traffic.queue.{field})",
            url.queue()
        );
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(url.as_str())
            .set_attribute_names(Some(counted.to_vec()))
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, &resource, &error))?;
        counted
            .iter()
            .map(|name| {
                answer
                    .attributes()
                    .and_then(|attributes| attributes.get(name)?.parse::<u64>().ok())
                    .ok_or_else(|| {
                        AwsError::unusable(ACTION, &resource, format!("{name} is missing"))
                    })
            })
            .sum()
    }
}
