//! AWS KMS: keys, which nothing here encrypts with but whose policies count.

use serde::Deserialize;
use serde_json::Value;

use super::{World, iam, service::Service};
use crate::{
    provision::{Existing, ResourceType, Tagged, Update, bad, created, name_of, properties},
    template::{Created, Refused, Resource},
};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    condition_keys: &["kms:CallerAccount", "kms:ViaService"],
    resources: &[ResourceType {
        update: Update::InPlace(put_policy),
        delete: |world, it| {
            let arn = arn(world, it.reference);
            iam::remove_resource_policy(world, &arn);
            Ok(())
        },
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::KMS::Key", key)
    }],
    ..Service::new("kms")
};

/// Changes the policy of a key.
fn put_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let key: Key = properties::parse(resource)?;
    let arn = arn(world, before.reference);
    iam::put_resource_policy(world, &arn, &key.policy)
        .map_err(|fault| bad("KeyPolicy", fault.message))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Key {
    #[serde(rename = "KeyPolicy")]
    policy: Value,
    #[serde(rename = "Description")]
    _description: Option<Value>,
    #[serde(rename = "EnableKeyRotation")]
    _rotation: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

/// `AWS::KMS::Key`: `Ref` is the id.
fn key(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let key: Key = properties::parse(resource)?;
    let id = name_of(resource, None);
    let arn = arn(world, &id);
    iam::put_resource_policy(world, &arn, &key.policy)
        .map_err(|fault| bad("KeyPolicy", fault.message))?;
    Ok(created(
        id.clone(),
        [("Arn", arn.into()), ("KeyId", id.into())],
    ))
}

fn arn(world: &World, id: &str) -> String {
    world.arn("kms", &format!("key/{id}"))
}
