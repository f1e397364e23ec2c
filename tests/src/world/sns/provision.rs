//! Amazon SNS.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{create_topic, delete_topic, has_topic, set_attributes, subscribe, unsubscribe};
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
        update: Update::Anew,
        delete: |world, it| {
            unsubscribe(world, it.reference);
            Ok(())
        },
        ..ResourceType::new("AWS::SNS::Subscription", subscription)
    },
    ResourceType {
        update: Update::InPlace(change),
        delete: |world, it| {
            delete_topic(world, it.reference);
            Ok(())
        },
        named_by: Some("TopicName"),
        exists: |world, name| has_topic(world, &world.arn("sns", name)),
        tagged: Tagged::Reference,
        ..ResourceType::new("AWS::SNS::Topic", topic)
    },
    ResourceType {
        update: Update::InPlace(change_policy),
        delete: |world, it| {
            for arn in texts(&it.properties["Topics"]) {
                iam::remove_resource_policy(world, arn);
            }
            Ok(())
        },
        ..ResourceType::new("AWS::SNS::TopicPolicy", policy)
    },
];

/// `AWS::SNS::Topic`: `Ref` is the ARN.
fn topic(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut attributes: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    attributes.remove("Tags");
    let given = attributes.remove("TopicName");
    let name = name_of(resource, given.as_ref().and_then(Value::as_str));
    let arn = create_topic(world, &name, &attributes).map_err(|fault| refused(&fault))?;
    Ok(created(
        arn.clone(),
        [("TopicArn", arn.into()), ("TopicName", name.into())],
    ))
}

/// Changes a topic.
fn change(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let mut attributes: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    attributes.remove("Tags");
    attributes.remove("TopicName");
    set_attributes(world, before.reference, &attributes).map_err(|fault| refused(&fault))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Subscription {
    topic_arn: String,
    protocol: String,
    endpoint: String,
}

/// `AWS::SNS::Subscription`: `Ref` is the ARN.
fn subscription(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let Subscription {
        topic_arn,
        protocol,
        endpoint,
    } = properties::parse(resource)?;
    let arn =
        subscribe(world, &topic_arn, &protocol, &endpoint).map_err(|fault| refused(&fault))?;
    Ok(created(arn.clone(), [("Arn", arn.into())]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    topics: Vec<String>,
    policy_document: Value,
}

/// `AWS::SNS::TopicPolicy`.
fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: Policy = properties::parse(resource)?;
    for topic in &policy.topics {
        iam::put_resource_policy(world, topic, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
}

fn change_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["Topics"])?;
    policy(world, resource).map(|_| ())
}
