//! AWS IAM, and the keys of AWS KMS, which nothing here encrypts with but whose policies count.

use serde::Deserialize;
use serde_json::Value;

use super::{bad, created, name_of, properties};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, iam},
};

/// Managed policies are refused: what a role may do is to be read in the template.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Role {
    #[serde(rename = "RoleName")]
    name: Option<String>,
    assume_role_policy_document: Value,
    #[serde(default)]
    policies: Vec<Policy>,
    #[serde(rename = "Description")]
    _description: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    policy_name: String,
    policy_document: Value,
}

/// `AWS::IAM::Role`: `Ref` is the name.
pub(super) fn role(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let role: Role = properties::parse(resource)?;
    let name = name_of(resource, role.name.as_deref());
    let policies: Vec<(String, Value)> = role
        .policies
        .into_iter()
        .map(|policy| (policy.policy_name, policy.policy_document))
        .collect();
    let arn = iam::put_role(world, &name, &role.assume_role_policy_document, &policies)
        .map_err(|fault| bad("Policies", fault.message))?;
    Ok(created(name, [("Arn", arn.into())]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SharedPolicy {
    policy_name: String,
    policy_document: Value,
    roles: Vec<String>,
}

/// `AWS::IAM::Policy`: the same for several roles.
pub(super) fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: SharedPolicy = properties::parse(resource)?;
    for role in &policy.roles {
        iam::add_policy(world, role, &policy.policy_name, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
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
pub(super) fn key(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let key: Key = properties::parse(resource)?;
    let id = name_of(resource, None);
    let arn = world.arn("kms", &format!("key/{id}"));
    iam::put_resource_policy(world, &arn, &key.policy)
        .map_err(|fault| bad("KeyPolicy", fault.message))?;
    Ok(created(
        id.clone(),
        [("Arn", arn.into()), ("KeyId", id.into())],
    ))
}
