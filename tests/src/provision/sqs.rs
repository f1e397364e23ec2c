//! Amazon SQS: queues and their policies.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, iam, sqs},
};

/// `AWS::SQS::Queue`: `Ref` is the URL. What else the properties are, they are attributes as
/// `CreateQueue` has them, with objects where that takes JSON text.
pub(super) fn queue(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (name, attributes) = attributes(resource);
    let url = sqs::create_queue(world, &name, &attributes).map_err(|fault| refused(&fault))?;
    let arn = world.arn("sqs", &name);
    Ok(created(
        url.clone(),
        [
            ("Arn", arn.into()),
            ("QueueName", name.into()),
            ("QueueUrl", url.into()),
        ],
    ))
}

/// Changes a queue.
pub(super) fn change(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let (name, attributes) = attributes(resource);
    sqs::set_attributes(world, &name, &attributes).map_err(|fault| refused(&fault))
}

/// A queue's name and attributes.
fn attributes(resource: &Resource<'_>) -> (String, Map<String, Value>) {
    let mut properties: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    properties.remove("Tags");
    let given = properties.remove("QueueName");
    let name = name_of(resource, given.as_ref().and_then(Value::as_str));
    let attributes = properties
        .into_iter()
        .map(|(name, value)| (name, as_text(value)))
        .collect();
    (name, attributes)
}

/// Numbers within a policy may come from parameters: SQS wants them as numbers or text alike.
fn as_text(value: Value) -> Value {
    match value {
        Value::String(_) => value,
        other => other.to_string().into(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    queues: Vec<String>,
    policy_document: Value,
}

/// `AWS::SQS::QueuePolicy`.
pub(super) fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: Policy = properties::parse(resource)?;
    for queue in &policy.queues {
        let input = json!({ "QueueUrl": queue, "AttributeNames": ["QueueArn"] });
        let found = sqs::call(world, "GetQueueAttributes", &input)
            .map_err(|fault| bad("Queues", fault.message))?;
        let arn = found["Attributes"]["QueueArn"].as_str().unwrap_or_default();
        iam::put_resource_policy(world, arn, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
}
