//! Amazon SNS: people hear of what happened.

use aws_config::SdkConfig;

use super::{Account, AwsError, Lazy, lazy};
use crate::{input::BadInput, names::TopicArn, notice::Notice};

/// The environment variable with the topic's ARN.
pub const TOPIC: &str = "NOTIFICATIONS_TOPIC";

/// Where notices go.
pub(super) enum Notifications {
    /// Nowhere: none is asked for.
    Off,
    /// Nowhere, because of a mistake.
    Unusable(BadInput),
    /// To everybody who is subscribed to a topic.
    To(Lazy<aws_sdk_sns::Client>, TopicArn),
}

impl Notifications {
    /// Reads the topic. A mistake is said at once and with every notice that it keeps from its readers, but whom to
    /// tell is no reason not to roll back.
    pub(super) fn new(config: &SdkConfig, topic: Option<&str>) -> Self {
        match topic.map(TopicArn::try_from) {
            None => Self::Off,
            Some(Ok(topic)) => Self::To(lazy(config, aws_sdk_sns::Client::new), topic),
            Some(Err(bad)) => {
                let bad = BadInput::field(TOPIC, "", bad.to_string());
                tracing::error!("notifications of rollbacks are off: {bad}");
                Self::Unusable(bad)
            }
        }
    }
}

impl Account {
    /// Tells people, if there is a topic to tell it through.
    ///
    /// That nobody can be told is said in the log and is never an error: what the notice tells of has happened.
    pub async fn tell(&self, notice: &Notice) {
        let subject = notice.subject();
        match self.publish(notice).await {
            Ok(()) => {}
            Err(why) => tracing::warn!("could not publish \"{subject}\": {why}"),
        }
    }

    async fn publish(&self, notice: &Notice) -> Result<(), super::LookError> {
        let (client, topic) = match &self.notifications {
            Notifications::Off => return Ok(()),
            Notifications::Unusable(bad) => return Err(bad.clone().into()),
            Notifications::To(client, topic) => (client, topic),
        };
        client
            .publish()
            .topic_arn(topic.as_str())
            .subject(notice.subject())
            .message(notice.message())
            .send()
            .await
            .map_err(|error| {
                AwsError::of("sns:Publish", format!("topic {topic} ({TOPIC})"), &error)
            })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_topic_is_told_with_the_variable_and_what_it_takes() {
        let config = SdkConfig::builder().build();
        let Notifications::Unusable(bad) = Notifications::new(&config, Some("orders-news")) else {
            panic!("it is no topic");
        };
        assert_eq!(
            bad.to_string(),
            "NOTIFICATIONS_TOPIC: \"orders-news\" is not the ARN of a standard SNS topic; \
             arn:aws:sns:REGION:ACCOUNT:NAME, NAME of 1 to 256 letters, digits, hyphens and underscores"
        );
        assert!(matches!(
            Notifications::new(&config, None),
            Notifications::Off
        ));
    }
}
