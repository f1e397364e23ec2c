//! Amazon SQS: queues and their policies.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{call, create_queue, delete_queue, has_queue, set_attributes};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of,
        properties::{self, texts},
        refused, unchanged,
    },
    template::{Created, Refused, Resource},
    world::{World, iam},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(|world, resource, _| change(world, resource)),
        delete: |world, it| {
            delete_queue(world, name_in(it.reference));
            Ok(())
        },
        named_by: Some("QueueName"),
        exists: has_queue,
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::SQS::Queue", queue)
    },
    ResourceType {
        update: Update::InPlace(change_policy),
        delete: |world, it| {
            for url in texts(&it.properties["Queues"]) {
                let arn = world.arn("sqs", name_in(url));
                iam::remove_resource_policy(world, &arn);
            }
            Ok(())
        },
        ..ResourceType::new("AWS::SQS::QueuePolicy", policy)
    },
];

/// `AWS::SQS::Queue`: `Ref` is the URL. What else the properties are, they are attributes as
/// `CreateQueue` has them, with objects where that takes JSON text.
fn queue(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (name, attributes) = attributes(resource);
    let url = create_queue(world, &name, &attributes).map_err(|fault| refused(&fault))?;
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
fn change(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let (name, attributes) = attributes(resource);
    set_attributes(world, &name, &attributes).map_err(|fault| refused(&fault))
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
fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: Policy = properties::parse(resource)?;
    for queue in &policy.queues {
        let input = json!({ "QueueUrl": queue, "AttributeNames": ["QueueArn"] });
        let found = call(world, "GetQueueAttributes", &input)
            .map_err(|fault| bad("Queues", fault.message))?;
        let arn = found["Attributes"]["QueueArn"].as_str().unwrap_or_default();
        iam::put_resource_policy(world, arn, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
}

fn change_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["Queues"])?;
    policy(world, resource).map(|_| ())
}

/// The name at the end of a queue's URL.
fn name_in(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}
