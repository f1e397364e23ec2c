//! Whether somebody may do something: a principal, a role that a service acts as, a service itself.

use std::collections::BTreeMap;

use super::{
    Grant, Request, Use,
    judge::{Denied, Why},
    needs::{self, Need},
    policy::{Statement, Who},
    role_arn, role_name,
};
use crate::world::{
    Fault, Identity, Principal, World,
    service::{self, Reach},
};

/// Judges a call: all that it needs must be allowed.
///
/// # Errors
/// The service's own `AccessDenied` or `AccessDeniedException`, with AWS's words;
/// `UnknownOperationException` for an operation that nobody can judge.
pub fn authorize(
    world: &mut World,
    principal: &Principal,
    request: &Request<'_>,
) -> Result<(), Fault> {
    let role = world.iam.acting.get(principal).cloned();
    let is_at_home = service::of(request.service).reach != Reach::Everywhere;
    if role.is_none() && world.iam.resource_policies.is_empty() && is_at_home {
        return Ok(());
    }
    for need in needs::of(world, request)? {
        let owner = need.account().unwrap_or(&world.identity.account).to_owned();
        let need = need
            .with("aws:SecureTransport", request.secure.to_string())
            .with("aws:ResourceAccount", owner);
        let judged = match &role {
            Some(role) => as_role(world, role, &principal.0, &need),
            None => as_person(world, &need),
        };
        judged.map_err(|denied| denied.fault(request.service))?;
    }
    Ok(())
}

/// Judges one action of a role that a service acts as by itself, such as a pipeline's. `context` are
/// condition keys and values. Everything is allowed to a role that does not exist, unless
/// [`Iam::strict`](super::Iam::strict).
///
/// # Errors
/// The denial.
pub fn authorize_role(
    world: &mut World,
    role_arn: &str,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
) -> Result<(), Denied> {
    let name = role_name(world, role_arn).unwrap_or(role_arn).to_owned();
    if !world.iam.strict && !world.iam.roles.contains_key(&name) {
        return Ok(());
    }
    let need = context.iter().fold(
        Need::new(action, resource)
            .with("aws:SecureTransport", "true")
            .with("aws:ResourceAccount", world.identity.account.clone()),
        |need, (key, value)| need.with(key, *value),
    );
    as_role(world, &name, &name, &need)
}

/// Judges the use of a KMS key by a service in somebody's name: what the key's policy says, and the
/// role if they act as one. AWS: KMS developer guide, "AWS KMS condition keys", `kms:ViaService`.
///
/// # Errors
/// The denial.
pub fn authorize_key(
    world: &mut World,
    principal: &Principal,
    action: &str,
    key_arn: &str,
    service: &str,
) -> Result<(), Denied> {
    let Identity { account, region } = world.identity.clone();
    let need = Need::new(action, key_arn)
        .via_a_service()
        .with("aws:SecureTransport", "true")
        .with("aws:ResourceAccount", account.clone())
        .with("kms:CallerAccount", account)
        .with(
            "kms:ViaService",
            format!("{service}.{region}.amazonaws.com"),
        );
    match world.iam.acting.get(principal).cloned() {
        Some(role) => as_role(world, &role, &principal.0, &need),
        None => as_person(world, &need),
    }
}

/// Whether a resource has a policy of its own.
#[must_use]
pub fn has_policy(world: &World, resource_arn: &str) -> bool {
    world.iam.resource_policies.contains_key(resource_arn)
}

/// Judges one action that a service takes for one of its resources: an alarm, a rule, a topic. Only
/// the policy of the resource that it acts on can allow it.
///
/// # Errors
/// The denial.
pub fn authorize_service(
    world: &World,
    service: &str,
    source_arn: &str,
    action: &str,
    resource: &str,
) -> Result<(), Denied> {
    let need = Need::new(action, resource)
        .with("aws:SecureTransport", "true")
        .with("aws:SourceArn", source_arn)
        .with("aws:SourceAccount", world.identity.account.clone());
    let who = [Who::Service(service.to_owned())];
    let judged = world.iam.judge(&need, &[], &who, false, Why::NotPermitted);
    judged.map_err(|why| denied(format!("Resource: {source_arn}"), &need, why))
}

fn as_role(world: &mut World, name: &str, session: &str, need: &Need) -> Result<(), Denied> {
    let account = &world.identity.account;
    let policies = world.iam.roles.get(name).map(|role| &role.policies);
    let granted: Vec<&Statement> = policies
        .into_iter()
        .flat_map(BTreeMap::values)
        .flatten()
        .collect();
    let who = [Who::Aws(role_arn(world, name)), root(world)];
    let abroad = is_abroad(world, need);
    let judged = world
        .iam
        .judge(need, &granted, &who, abroad, Why::NotGranted);
    judged.map_err(|why| {
        let user = format!("User: arn:aws:sts::{account}:assumed-role/{name}/{session}");
        denied(user, need, why)
    })?;
    let mut allowing = granted
        .iter()
        .filter(|one| one.allows && one.covers(&need.action, &need.resource, &need.context));
    let needed = match (allowing.next(), allowing.next()) {
        (Some(only), None) => Some(Grant {
            role: name.to_owned(),
            statement: only.id.clone(),
        }),
        _ => None,
    };
    world.iam.needed.extend(needed);
    world.iam.used.insert(Use {
        role: name.to_owned(),
        action: need.action.clone(),
    });
    Ok(())
}

/// A person may do everything that no resource denies, and in other accounts what resources allow.
fn as_person(world: &World, need: &Need) -> Result<(), Denied> {
    let (who, abroad) = ([root(world)], is_abroad(world, need));
    let judged = world.iam.judge(need, &[], &who, abroad, Why::NotGranted);
    match judged {
        Err(why @ (Why::DeniedByResource | Why::NotPermitted)) => {
            let root = format!("User: arn:aws:iam::{}:root", world.identity.account);
            Err(denied(root, need, why))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the resource belongs to another account.
fn is_abroad(world: &World, need: &Need) -> bool {
    let owner = need.account();
    owner.is_some_and(|owner| owner != world.identity.account)
}

fn denied(who: String, need: &Need, why: Why) -> Denied {
    Denied {
        who,
        action: need.action.clone(),
        resource: need.resource.clone(),
        why,
    }
}

/// Everybody in the account.
fn root(world: &World) -> Who {
    Who::Aws(format!("arn:aws:iam::{}:root", world.identity.account))
}
