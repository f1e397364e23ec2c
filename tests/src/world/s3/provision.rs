//! Amazon S3: buckets and their policies.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of, properties, refused,
        unchanged, unless_gone,
    },
    template::{Created, Refused, Resource},
    world::{World, iam},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(|world, resource, before| {
            change(world, resource, before.reference)
        }),
        delete: |world, it| unless_gone(world.s3.delete_bucket(it.reference), "NoSuchBucket"),
        named_by: Some("BucketName"),
        spelling: |name| name.to_ascii_lowercase(),
        exists: |world, name| world.s3.has_bucket(name),
        tagged: Tagged::Arn,
        not_deleted: Some(|fault, token| {
            format!(
                "{} (Service: Amazon S3; Status Code: {}; Error Code: {}; Request ID: {token}; Proxy: null)",
                fault.message, fault.status, fault.code
            )
        }),
        ..ResourceType::new("AWS::S3::Bucket", bucket)
    },
    ResourceType {
        update: Update::InPlace(change_policy),
        delete: |world, it| {
            let bucket = it.properties["Bucket"].as_str().unwrap_or_default();
            iam::remove_resource_policy(world, &format!("arn:aws:s3:::{bucket}"));
            Ok(())
        },
        ..ResourceType::new("AWS::S3::BucketPolicy", policy)
    },
];

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
fn bucket(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
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
fn change(world: &mut World, resource: &Resource<'_>, name: &str) -> Result<(), Refused> {
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
fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
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

fn change_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["Bucket"])?;
    policy(world, resource).map(|_| ())
}
