//! Amazon SQS: how many messages a queue holds.

use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
};

use super::{Account, AwsError};
use crate::{input::TARGET, names::QueueUrl};

impl Account {
    /// All messages of a queue: visible, in flight and delayed. `field` is where the target names it, by its path.
    pub async fn messages(&self, url: &QueueUrl, field: &'static str) -> Result<u64, AwsError> {
        const ACTION: &str = "sqs:GetQueueAttributes";
        let counted = [
            ApproximateNumberOfMessages,
            ApproximateNumberOfMessagesNotVisible,
            ApproximateNumberOfMessagesDelayed,
        ];
        let resource = format!("queue {} ({TARGET}: field {field})", url.queue());
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
