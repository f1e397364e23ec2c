//! Amazon SNS: standard topics, their subscriptions, and what was published.
//!
//! Subscribers are people, by e-mail, and functions. An e-mail is not sent: what a topic took is kept
//! in [`Sns::published`]. Message attributes, message structures and FIFO topics do not exist here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Fault, Principal, World, events,
    functions::Invoker,
    iam::{
        self,
        needs::{Need, Question, text},
    },
    journal::What,
    service::{Endpoint, Service},
    unknown_operation,
};
use crate::clock::Moment;

/// Bytes. AWS: SNS API reference, `Publish`.
const LONGEST_MESSAGE: usize = 262_144;

/// Characters. The API reference says "less than 100"; AWS takes 100 too.
const LONGEST_SUBJECT: usize = 100;

/// The key that AWS manages for SNS. Its policy lets nobody in but the account's own principals.
const MANAGED_KEY: &str = "alias/aws/sns";

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../models/sns.json")),
    call: |world, it| call(world, it.operation, it.input, it.principal),
    // Its own error (botocore `sns.AuthorizationErrorException`).
    denied: ("AuthorizationErrorException", 403),
    throttled: ("ThrottledException", 429),
    needs,
    resources: provision::RESOURCES,
    ..Service::new("sns")
};

/// Topics and what they took.
#[derive(Debug, Default)]
pub struct Sns {
    /// Every message that a topic took, oldest first.
    pub published: Vec<Published>,
    topics: BTreeMap<String, Topic>,
    /// Source of its ids. Not the world's: whom is told must not change what else is called.
    ids: u64,
}

/// A message that a topic took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The topic's ARN.
    pub topic: String,
    /// The subject line of an e-mail.
    pub subject: Option<String>,
    /// The text of an e-mail.
    pub message: String,
    /// When.
    pub at: Moment,
}

/// Who publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publisher<'a> {
    /// A principal of this account: a function by name, or a service with a role that it was given, by its ARN.
    Principal(&'a Principal),
    /// A service as itself, for one of its resources.
    Service {
        /// For example `cloudwatch.amazonaws.com`.
        name: &'a str,
        /// For example an alarm's ARN.
        source_arn: &'a str,
    },
}

#[derive(Debug, Default)]
struct Topic {
    key: Option<String>,
    subscriptions: Vec<Subscription>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Subscription {
    arn: String,
    protocol: Protocol,
    endpoint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Email,
    Lambda,
}

/// The attributes of a topic that exist here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Attributes {
    kms_master_key_id: Option<String>,
    #[serde(rename = "DisplayName")]
    _display_name: Option<String>,
}

/// Creates a topic with attributes as `CreateTopic` takes them; answers its ARN. A topic of that name
/// with the same key is left as it is.
///
/// # Errors
/// `InvalidParameterException` for a name or attributes that AWS or this account does not take.
pub fn create_topic(
    world: &mut World,
    name: &str,
    attributes: &Map<String, Value>,
) -> Result<String, Fault> {
    let is_name = (1..=256).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_name {
        return Err(invalid("Topic Name"));
    }
    let attributes: Attributes = serde_json::from_value(Value::Object(attributes.clone()))
        .map_err(|error| invalid(&format!("Attributes of topic {name}: {error}")))?;
    let arn = world.arn("sns", name);
    let topic = world.sns.topics.entry(arn.clone()).or_insert(Topic {
        key: attributes.kms_master_key_id.clone(),
        subscriptions: Vec::new(),
    });
    if topic.key == attributes.kms_master_key_id {
        Ok(arn)
    } else {
        Err(invalid(
            "Attributes Reason: Topic already exists with different attributes",
        ))
    }
}

/// Subscribes somebody to a topic; answers the subscription's ARN. People confirm at once.
///
/// # Errors
/// `NotFoundException` without such a topic; `InvalidParameterException` for another protocol than
/// `email` and `lambda`, and for an endpoint that is none.
pub fn subscribe(
    world: &mut World,
    topic_arn: &str,
    protocol: &str,
    endpoint: &str,
) -> Result<String, Fault> {
    let functions = world.arn("lambda", "function:");
    let protocol = match protocol {
        "email" if endpoint.split('@').filter(|part| !part.is_empty()).count() == 2 => {
            Protocol::Email
        }
        "lambda" if endpoint.starts_with(&functions) => Protocol::Lambda,
        "email" | "lambda" => return Err(invalid(&format!("Endpoint of protocol {protocol}"))),
        other => {
            return Err(invalid(&format!(
                "Protocol {other} is not supported by the local account; email and lambda are"
            )));
        }
    };
    let arn = format!("{topic_arn}:{}", next_id(world));
    topic_mut(world, topic_arn)?
        .subscriptions
        .push(Subscription {
            arn: arn.clone(),
            protocol,
            endpoint: endpoint.to_owned(),
        });
    Ok(arn)
}

/// Whether there is a topic of that ARN.
#[must_use]
pub fn has_topic(world: &World, topic_arn: &str) -> bool {
    world.sns.topics.contains_key(topic_arn)
}

/// Sets the attributes of a topic, as `CreateTopic` takes them.
///
/// # Errors
/// `NotFoundException`, `InvalidParameterException`.
pub fn set_attributes(
    world: &mut World,
    topic_arn: &str,
    attributes: &Map<String, Value>,
) -> Result<(), Fault> {
    let attributes: Attributes = serde_json::from_value(Value::Object(attributes.clone()))
        .map_err(|error| invalid(&format!("Attributes of topic {topic_arn}: {error}")))?;
    topic_mut(world, topic_arn)?.key = attributes.kms_master_key_id;
    Ok(())
}

/// Deletes a topic with its subscriptions. One that is not there is passed over.
pub fn delete_topic(world: &mut World, topic_arn: &str) {
    world.sns.topics.remove(topic_arn);
}

/// Ends a subscription. One that is not there is passed over.
pub fn unsubscribe(world: &mut World, subscription_arn: &str) {
    for topic in world.sns.topics.values_mut() {
        topic.subscriptions.retain(|it| it.arn != subscription_arn);
    }
}

/// Who is subscribed to a topic by e-mail.
#[must_use]
pub fn readers<'a>(world: &'a World, topic_arn: &str) -> Vec<&'a str> {
    let topic = world.sns.topics.get(topic_arn);
    let subscriptions = topic.map(|topic| topic.subscriptions.iter());
    subscriptions
        .into_iter()
        .flatten()
        .filter(|subscription| subscription.protocol == Protocol::Email)
        .map(|subscription| subscription.endpoint.as_str())
        .collect()
}

/// An API call.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(
    world: &mut World,
    operation: &str,
    input: &Value,
    principal: &Principal,
) -> Result<Value, Fault> {
    match operation {
        "Publish" => publish_input(world, input, principal),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// What a call needs.
fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let publishes = it.operation == "Publish";
    publishes.then(|| vec![Need::new(it.action(), text(it.input, "TopicArn"))])
}

/// A service of the account publishes. What no topic takes is lost for its readers, and the journal
/// says why, and so does the answer.
pub fn notify(
    world: &mut World,
    publisher: Publisher<'_>,
    topic_arn: &str,
    subject: Option<&str>,
    message: &str,
) -> Option<String> {
    let fault = publish(world, publisher, topic_arn, subject, message).err()?;
    world.note(What::Told(format!(
        "nobody was notified through {topic_arn}: {}",
        fault.message
    )));
    Some(fault.message)
}

fn publish_input(world: &mut World, input: &Value, principal: &Principal) -> Result<Value, Fault> {
    let text = |member: &str| input[member].as_str();
    let known = ["TopicArn", "Message", "Subject"];
    let mut members = input.as_object().map(Map::keys).into_iter().flatten();
    if let Some(other) = members.find(|name| !known.contains(&name.as_str())) {
        return Err(invalid(&format!(
            "{other} is not supported by the local account"
        )));
    }
    let topic = text("TopicArn")
        .ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    let message = text("Message").unwrap_or_default();
    let publisher = Publisher::Principal(principal);
    let id = publish(world, publisher, topic, text("Subject"), message)?;
    Ok(json!({ "MessageId": id }))
}

/// AWS: SNS API reference, `Publish`.
fn publish(
    world: &mut World,
    publisher: Publisher<'_>,
    topic_arn: &str,
    subject: Option<&str>,
    message: &str,
) -> Result<String, Fault> {
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    if message.len() > LONGEST_MESSAGE {
        return Err(invalid("Message too long"));
    }
    if subject.is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Subject"));
    }
    let topic = topic_mut(world, topic_arn)?;
    let subscriptions = topic.subscriptions.clone();
    if let Some(key) = topic.key.clone() {
        check_key(world, &key, publisher)?;
    }
    if let Publisher::Service { name, source_arn } = publisher
        && iam::has_policy(world, topic_arn)
    {
        // Without a policy of its own a topic lets in whatever acts for its account.
        iam::authorize_service(world, name, source_arn, "sns:Publish", topic_arn)
            .map_err(|denied| denied.fault("sns"))?;
    }
    let id = next_id(world);
    world.note(What::Notified {
        topic: topic_arn.to_owned(),
        subject: subject.unwrap_or_default().to_owned(),
    });
    let taken = Published {
        topic: topic_arn.to_owned(),
        subject: subject.map(str::to_owned),
        message: message.to_owned(),
        at: world.now,
    };
    for subscription in subscriptions {
        if subscription.protocol == Protocol::Lambda {
            let event = lambda_event(world, &taken, &id, &subscription.arn);
            let topic = Invoker::topic(topic_arn.to_owned());
            events::deliver(world, &subscription.endpoint, &event, &topic);
        }
    }
    world.sns.published.push(taken);
    Ok(id)
}

fn is_subject(subject: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&subject.chars().count())
        && !subject.chars().any(char::is_control)
}

/// Whether a publisher may use the key that the topic is encrypted with. SNS uses it in the
/// publisher's name; the key that AWS manages lets no service in, and its policy cannot be changed.
/// AWS: SNS developer guide, "Enabling compatibility between event sources from AWS services and
/// encrypted topics".
fn check_key(world: &mut World, key: &str, publisher: Publisher<'_>) -> Result<(), Fault> {
    let is_managed = key.ends_with(MANAGED_KEY);
    for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
        let judged = match publisher {
            Publisher::Principal(_) if is_managed => Ok(()),
            Publisher::Principal(principal) => {
                iam::authorize_key(world, principal, action, key, "sns")
            }
            Publisher::Service { name, .. } if is_managed => {
                return Err(denied(&format!(
                    "{name} may not use {MANAGED_KEY}, with which the topic is encrypted. Encrypt \
                     it with a key of your own whose policy lets {name} use it, or not at all"
                )));
            }
            Publisher::Service { name, source_arn } => {
                iam::authorize_service(world, name, source_arn, action, key)
            }
        };
        judged.map_err(|why| denied(&why.to_string()))?;
    }
    Ok(())
}

fn denied(why: &str) -> Fault {
    Fault::new("KMSAccessDeniedException", why)
}

/// AWS: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications".
fn lambda_event(world: &World, published: &Published, id: &str, subscription_arn: &str) -> Value {
    let endpoint = format!("https://sns.{}.amazonaws.com", world.identity.region);
    json!({ "Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": published.topic,
            "Subject": published.subject,
            "Message": published.message,
            "Timestamp": published.at.iso_millis(),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": format!("{endpoint}/SimpleNotificationService-EXAMPLE.pem"),
            "UnsubscribeUrl":
                format!("{endpoint}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"),
            "MessageAttributes": {},
        },
    }] })
}

fn next_id(world: &mut World) -> String {
    world.sns.ids += 1;
    format!("00000000-0000-4000-8000-{:012x}", world.sns.ids)
}

fn topic_mut<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Topic, Fault> {
    if arn.split(':').count() != 6 || !arn.starts_with("arn:") {
        return Err(invalid("TopicArn"));
    }
    world.sns.topics.get_mut(arn).ok_or(Fault::with_status(
        "NotFoundException",
        "Topic does not exist",
        404,
    ))
}

fn invalid(what: &str) -> Fault {
    Fault::new(
        "InvalidParameterException",
        format!("Invalid parameter: {what}"),
    )
}

mod provision;
#[cfg(test)]
mod tests;
