//! Attributes of a queue that are set, as `CreateQueue` takes and `GetQueueAttributes` answers them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::world::Fault;

/// The attributes that are set at creation. Limits and defaults: API reference, `CreateQueue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) visibility: Duration,
    pub(super) delay: Duration,
    pub(super) retention: Duration,
    pub(super) receive_wait: Duration,
    /// Bytes.
    pub(super) maximum_size: u64,
    pub(super) redrive: Option<Redrive>,
    pub(super) redrive_allow: RedriveAllow,
    /// Encryption at rest, which nothing outside of SQS can see.
    managed_encryption: bool,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) target_arn: String,
    pub(super) most_receives: u32,
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RedriveAllow {
    All,
    None,
    Only(Vec<String>),
}

impl RedriveAllow {
    pub(super) fn permits(&self, source_arn: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(arns) => arns.iter().any(|arn| arn == source_arn),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(96),
            receive_wait: Duration::ZERO,
            maximum_size: 1_048_576,
            redrive: None,
            redrive_allow: RedriveAllow::All,
            managed_encryption: true,
        }
    }
}

impl Settings {
    pub(super) fn parse(attributes: &Map<String, Value>) -> Result<Self, Fault> {
        let mut settings = Self::default();
        for (name, value) in attributes {
            let text = value
                .as_str()
                .ok_or_else(|| invalid_value(name, "It must be a string."))?;
            let seconds = |least, most| number(name, text, least, most).map(Duration::from_secs);
            match name.as_str() {
                "VisibilityTimeout" => settings.visibility = seconds(0, 43_200)?,
                "DelaySeconds" => settings.delay = seconds(0, 900)?,
                "MessageRetentionPeriod" => settings.retention = seconds(60, 1_209_600)?,
                "ReceiveMessageWaitTimeSeconds" => settings.receive_wait = seconds(0, 20)?,
                "MaximumMessageSize" => {
                    settings.maximum_size = number(name, text, 1_024, 1_048_576)?;
                }
                "RedrivePolicy" => settings.redrive = Some(parse_redrive(text)?),
                "RedriveAllowPolicy" => settings.redrive_allow = parse_redrive_allow(text)?,
                "SqsManagedSseEnabled" => {
                    settings.managed_encryption = text
                        .parse()
                        .map_err(|_| invalid_value(name, "It must be true or false."))?;
                }
                _ => {
                    return Err(Fault::new(
                        "InvalidAttributeName",
                        format!("The local account has no queue attribute {name}."),
                    ));
                }
            }
        }
        Ok(settings)
    }

    /// Every attribute that is set or has a default, by name.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        let seconds = |duration: Duration| duration.as_secs().to_string();
        let mut attributes = vec![
            ("VisibilityTimeout", seconds(self.visibility)),
            ("DelaySeconds", seconds(self.delay)),
            ("MessageRetentionPeriod", seconds(self.retention)),
            ("ReceiveMessageWaitTimeSeconds", seconds(self.receive_wait)),
            ("MaximumMessageSize", self.maximum_size.to_string()),
            ("SqsManagedSseEnabled", self.managed_encryption.to_string()),
        ];
        if let Some(redrive) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": redrive.target_arn,
                "maxReceiveCount": redrive.most_receives,
            });
            attributes.push(("RedrivePolicy", policy.to_string()));
        }
        let allow = match &self.redrive_allow {
            RedriveAllow::All => None,
            RedriveAllow::None => Some(json!({ "redrivePermission": "denyAll" })),
            RedriveAllow::Only(arns) => {
                Some(json!({ "redrivePermission": "byQueue", "sourceQueueArns": arns }))
            }
        };
        if let Some(allow) = allow {
            attributes.push(("RedriveAllowPolicy", allow.to_string()));
        }
        attributes
    }
}

/// A queue's name: 1 to 80 letters, digits, `-` and `_` (AWS: SQS developer guide, quotas).
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=80).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Fault::new(
            "InvalidParameterValue",
            format!(
                "Queue name {name:?} is invalid: it can only include 1 to 80 alphanumeric \
                 characters, hyphens and underscores (the local account has no FIFO queues)."
            ),
        ))
    }
}

pub(super) fn invalid_value(attribute: &str, reason: &str) -> Fault {
    Fault::new(
        "InvalidAttributeValue",
        format!("Invalid value for the parameter {attribute}. Reason: {reason}"),
    )
}

fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64, Fault> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| {
            invalid_value(
                name,
                &format!("It must be an integer from {least} to {most}."),
            )
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedriveDocument {
    dead_letter_target_arn: String,
    #[serde(default)]
    max_receive_count: Option<Value>,
}

fn parse_redrive(text: &str) -> Result<Redrive, Fault> {
    let invalid = |reason: &str| invalid_value("RedrivePolicy", reason);
    let document: RedriveDocument =
        serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
    // AWS takes the count as a number or as a string; 10 if left out, at most 1000.
    let count = match document.max_receive_count {
        None => Some(10),
        Some(Value::Number(count)) => count.as_u64(),
        Some(Value::String(count)) => count.parse().ok(),
        Some(_) => None,
    };
    let most_receives = count
        .filter(|count| (1..=1000).contains(count))
        .and_then(|count| u32::try_from(count).ok())
        .ok_or_else(|| invalid("maxReceiveCount must be from 1 to 1000."))?;
    Ok(Redrive {
        target_arn: document.dead_letter_target_arn,
        most_receives,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedriveAllowDocument {
    redrive_permission: String,
    #[serde(default)]
    source_queue_arns: Vec<String>,
}

fn parse_redrive_allow(text: &str) -> Result<RedriveAllow, Fault> {
    let invalid = |reason: &str| invalid_value("RedriveAllowPolicy", reason);
    let document: RedriveAllowDocument =
        serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
    let arns = document.source_queue_arns;
    match document.redrive_permission.as_str() {
        "byQueue" if (1..=10).contains(&arns.len()) => Ok(RedriveAllow::Only(arns)),
        "allowAll" if arns.is_empty() => Ok(RedriveAllow::All),
        "denyAll" if arns.is_empty() => Ok(RedriveAllow::None),
        _ => Err(invalid(
            "redrivePermission must be allowAll, denyAll or byQueue, \
             and byQueue alone takes 1 to 10 sourceQueueArns.",
        )),
    }
}
