//! AWS IAM, and the keys of AWS KMS, which nothing here encrypts with but whose policies count.

use serde::Deserialize;
use serde_json::Value;

use super::{Existing, bad, created, name_of, properties};
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

/// Changes a role; policies that others have added to it stay.
pub(super) fn change_role(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let role: Role = properties::parse(resource)?;
    iam::set_trust(world, before.reference, &role.assume_role_policy_document)
        .map_err(|fault| bad("AssumeRolePolicyDocument", fault.message))?;
    let policies: Vec<(String, Value)> = role
        .policies
        .into_iter()
        .map(|policy| (policy.policy_name, policy.policy_document))
        .collect();
    let known = before.properties["Policies"].as_array();
    let known: Vec<String> = known
        .into_iter()
        .flatten()
        .filter_map(|policy| policy["PolicyName"].as_str().map(str::to_owned))
        .collect();
    iam::replace_policies(world, before.reference, &known, &policies)
        .map_err(|fault| bad("Policies", fault.message))
}

/// Changes a policy, and which roles have it.
pub(super) fn change_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let shared: SharedPolicy = properties::parse(resource)?;
    let name = before.properties["PolicyName"].as_str().unwrap_or_default();
    let roles = before.properties["Roles"].as_array().into_iter().flatten();
    for role in roles.filter_map(Value::as_str) {
        if name != shared.policy_name || !shared.roles.iter().any(|kept| kept == role) {
            iam::remove_policy(world, role, name);
        }
    }
    policy(world, resource).map(|_| ())
}

/// Changes the policy of a key.
pub(super) fn put_key_policy(
    world: &mut World,
    resource: &Resource<'_>,
    id: &str,
) -> Result<(), Refused> {
    let key: Key = properties::parse(resource)?;
    let arn = world.arn("kms", &format!("key/{id}"));
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
