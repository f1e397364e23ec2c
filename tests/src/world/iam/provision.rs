//! Roles and policies of stacks.

use serde::Deserialize;
use serde_json::Value;

use super::{
    add_policy, has_role, put_role, remove_policy, remove_role, replace_policies, set_trust,
};
use crate::{
    provision::{
        Existing, ResourceType, Update, bad, created, name_of,
        properties::{self, texts},
    },
    template::{Created, Refused, Resource},
    world::World,
};

/// Types of resources, here or not, whose stacks need an acknowledgement, with the property that names one. AWS:
/// `CloudFormation` API reference, `CreateChangeSet`, `Capabilities`.
pub const ACKNOWLEDGED: [(&str, &str); 6] = [
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
];

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(change_policy),
        delete: |world, it| {
            let policy = it.properties["PolicyName"].as_str().unwrap_or_default();
            for role in texts(&it.properties["Roles"]) {
                remove_policy(world, role, policy);
            }
            Ok(())
        },
        ..ResourceType::new("AWS::IAM::Policy", policy)
    },
    ResourceType {
        update: Update::InPlace(change_role),
        delete: |world, it| {
            remove_role(world, it.reference);
            Ok(())
        },
        named_by: Some("RoleName"),
        exists: has_role,
        ..ResourceType::new("AWS::IAM::Role", role)
    },
];

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
fn role(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let role: Role = properties::parse(resource)?;
    let name = name_of(resource, role.name.as_deref());
    let policies: Vec<(String, Value)> = role
        .policies
        .into_iter()
        .map(|policy| (policy.policy_name, policy.policy_document))
        .collect();
    let arn = put_role(world, &name, &role.assume_role_policy_document, &policies)
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
fn policy(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let policy: SharedPolicy = properties::parse(resource)?;
    for role in &policy.roles {
        add_policy(world, role, &policy.policy_name, &policy.policy_document)
            .map_err(|fault| bad("PolicyDocument", fault.message))?;
    }
    Ok(created(name_of(resource, None), []))
}

/// Changes a role; policies that others have added to it stay.
fn change_role(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let role: Role = properties::parse(resource)?;
    set_trust(world, before.reference, &role.assume_role_policy_document)
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
    replace_policies(world, before.reference, &known, &policies)
        .map_err(|fault| bad("Policies", fault.message))
}

/// Changes a policy, and which roles have it.
fn change_policy(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let shared: SharedPolicy = properties::parse(resource)?;
    let name = before.properties["PolicyName"].as_str().unwrap_or_default();
    let roles = before.properties["Roles"].as_array().into_iter().flatten();
    for role in roles.filter_map(Value::as_str) {
        if name != shared.policy_name || !shared.roles.iter().any(|kept| kept == role) {
            remove_policy(world, role, name);
        }
    }
    policy(world, resource).map(|_| ())
}
