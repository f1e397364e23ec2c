//! What goes again: roles, policies, permissions.

use serde_json::Value;

use super::{Kind, Permission, add_policy, parse, permission_statements};
use crate::world::{Fault, World};

/// Deletes a role with its policies. Who acts as it goes on as before until it is to act as another.
pub fn remove_role(world: &mut World, name: &str) {
    world.iam.roles.remove(name);
}

/// Says anew who may act as a role.
///
/// # Errors
/// `MalformedPolicyDocument`; a role that is not there is passed over.
pub fn set_trust(world: &mut World, name: &str, trust: &Value) -> Result<(), Fault> {
    let place = format!("the trust policy of role {name}");
    let trust = parse(trust, Kind::Trust, &place)?;
    if let Some(role) = world.iam.roles.get_mut(name) {
        role.trust = trust;
    }
    Ok(())
}

/// Takes a policy from a role. One that is not there is passed over.
pub fn remove_policy(world: &mut World, role: &str, policy: &str) {
    if let Some(role) = world.iam.roles.get_mut(role) {
        role.policies.remove(policy);
    }
}

/// Puts these policies in place of those of the same names in `before`; others of the role stay.
///
/// # Errors
/// `NoSuchEntity`, `MalformedPolicyDocument` as for [`add_policy`].
pub fn replace_policies(
    world: &mut World,
    role: &str,
    before: &[String],
    policies: &[(String, Value)],
) -> Result<(), Fault> {
    for (policy, document) in policies {
        add_policy(world, role, policy, document)?;
    }
    for name in before {
        if !policies.iter().any(|(policy, _)| policy == name) {
            remove_policy(world, role, name);
        }
    }
    Ok(())
}

/// Takes the policy from a queue, bucket, topic, key or repository.
pub fn remove_resource_policy(world: &mut World, resource_arn: &str) {
    world.iam.resource_policies.remove(resource_arn);
}

/// Takes back what `add_permission` gave.
///
/// # Errors
/// As `add_permission`.
pub fn remove_permission(
    world: &mut World,
    function: &str,
    permission: &Permission,
) -> Result<(), Fault> {
    let (function_arn, statements) = permission_statements(world, function, permission)?;
    if let Some(policy) = world.iam.resource_policies.get_mut(&function_arn) {
        policy.retain(|statement| !statements.contains(statement));
        if policy.is_empty() {
            world.iam.resource_policies.remove(&function_arn);
        }
    }
    Ok(())
}
