//! Amazon SNS.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, iam, sns},
};

/// `AWS::SNS::Topic`: `Ref` is the ARN.
pub(super) fn topic(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut attributes: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    attributes.remove("Tags");
    let given = attributes.remove("TopicName");
    let name = name_of(resource, given.as_ref().and_then(Value::as_str));
    let arn = sns::create_topic(world, &name, &attributes).map_err(|fault| refused(&fault))?;
    Ok(created(
        arn.clone(),
        [("TopicArn", arn.into()), ("TopicName", name.into())],
    ))
}

/// Changes a topic.
pub(super) fn change(world: &mut World, resource: &Resource<'_>, arn: &str) -> Result<(), Refused> {
    let mut attributes: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    attributes.remove("Tags");
    attributes.remove("TopicName");
    sns::set_attributes(world, arn, &attributes).map_err(|fault| refused(&fault))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Subscription {
    topic_arn: String,
    protocol: String,
    endpoint: String,
}

/// `AWS::SNS::Subscription`: `Ref` is the ARN.
pub(super) fn subscription(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let Subscription {
        topic_arn,
        protocol,
        endpoint,
    } = properties::parse(resource)?;
    let arn =
        sns::subscribe(world, &topic_arn, &protocol, &endpoint).map_err(|fault| refused(&fault))?;
    Ok(created(arn.clone(), [("Arn", arn.into())]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    topics: Vec<String>,
    policy_document: Value,
}

/// `AWS::SNS::TopicPolicy`.
pub(super) fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: Policy = properties::parse(resource)?;
    for topic in &policy.topics {
        iam::put_resource_policy(world, topic, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
}
