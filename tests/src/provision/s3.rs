//! Amazon S3: buckets and their policies.

use serde::Deserialize;
use serde_json::Value;

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, iam},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Bucket {
    #[serde(rename = "BucketName")]
    name: Option<String>,
    versioning_configuration: Option<Versioning>,
    notification_configuration: Option<Notification>,
    #[serde(rename = "BucketEncryption")]
    _encryption: Option<Value>,
    #[serde(rename = "LifecycleConfiguration")]
    _lifecycle: Option<Value>,
    #[serde(rename = "OwnershipControls")]
    _ownership: Option<Value>,
    #[serde(rename = "PublicAccessBlockConfiguration")]
    _public_access: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Versioning {
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Notification {
    event_bridge_configuration: EventBridge,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct EventBridge {
    #[serde(deserialize_with = "properties::flag")]
    event_bridge_enabled: bool,
}

/// `AWS::S3::Bucket`: `Ref` is the name, in lower case.
pub(super) fn bucket(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let bucket: Bucket = properties::parse(resource)?;
    let name = name_of(resource, bucket.name.as_deref()).to_ascii_lowercase();
    world.s3.create_bucket(&name);
    change(world, resource, &name)?;
    Ok(created(
        name.clone(),
        [
            ("Arn", format!("arn:aws:s3:::{name}").into()),
            ("DomainName", format!("{name}.s3.amazonaws.com").into()),
        ],
    ))
}

/// Says anew what a bucket does with objects that are put from now on.
pub(super) fn change(
    world: &mut World,
    resource: &Resource<'_>,
    name: &str,
) -> Result<(), Refused> {
    let bucket: Bucket = properties::parse(resource)?;
    let is_versioned = bucket
        .versioning_configuration
        .map(|it| it.status == "Enabled");
    let is_notifying = bucket
        .notification_configuration
        .map(|it| it.event_bridge_configuration.event_bridge_enabled);
    world
        .s3
        .set_versioning(name, is_versioned.unwrap_or_default())
        .map_err(|fault| refused(&fault))?;
    world
        .s3
        .set_notifying(name, is_notifying.unwrap_or_default())
        .map_err(|fault| refused(&fault))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    bucket: String,
    policy_document: Value,
}

/// `AWS::S3::BucketPolicy`.
pub(super) fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: Policy = properties::parse(resource)?;
    if !world.s3.has_bucket(&policy.bucket) {
        return Err(bad(
            "Bucket",
            format!("there is no bucket {}", policy.bucket),
        ));
    }
    let arn = format!("arn:aws:s3:::{}", policy.bucket);
    iam::put_resource_policy(world, &arn, &policy.policy_document)
        .map_err(|fault| bad("PolicyDocument", fault.message))?;
    Ok(created(name_of(resource, None), []))
}
