//! The API of roles: what a person asks who deploys.

use serde_json::{Value, json};

use super::{
    needs::{Need, Question, text},
    role_arn,
};
use crate::world::{Fault, Principal, SERVICES, World, unknown_operation};

/// Calls one API operation.
///
/// # Errors
/// `NoSuchEntity`, `InvalidInput`.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "GetRole" => get_role(world, input["RoleName"].as_str().unwrap_or_default()),
        "CreateServiceLinkedRole" => create_linked(world, input),
        _ => Err(unknown_operation(super::SERVICE.name, operation)),
    }
}

/// What a call needs.
pub(super) fn needs(it: &Question<'_>) -> Vec<Need> {
    let service = text(it.input, "AWSServiceName");
    let role = match it.operation {
        "CreateServiceLinkedRole" => format!("aws-service-role/{service}/*"),
        _ => text(it.input, "RoleName").to_owned(),
    };
    let resource = role_arn(it.world, &role);
    vec![Need::new(it.action(), resource)]
}

/// Whether there is a role of that name.
#[must_use]
pub fn has_role(world: &World, name: &str) -> bool {
    world.iam.roles.contains_key(name) || world.iam.linked.contains_key(name)
}

/// The role that a principal acts as; `None` for a person.
#[must_use]
pub fn acts_as<'a>(world: &'a World, principal: &Principal) -> Option<&'a str> {
    world.iam.acting.get(principal).map(String::as_str)
}

fn get_role(world: &World, name: &str) -> Result<Value, Fault> {
    if !has_role(world, name) {
        let message = format!("The role with name {name} cannot be found.");
        return Err(Fault::with_status("NoSuchEntity", message, 404));
    }
    Ok(json!({ "Role": described(world, name) }))
}

fn create_linked(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let service = input["AWSServiceName"].as_str().unwrap_or_default();
    let mut known: Vec<_> = SERVICES.iter().filter_map(|it| it.linked_role).collect();
    known.sort_unstable();
    let Some((_, name)) = known.iter().find(|(known, _)| *known == service) else {
        let known: Vec<_> = known.into_iter().map(|(known, _)| known).collect();
        let known = known.join(", ");
        return Err(Fault::new(
            "InvalidInput",
            format!(
                "the local account knows the service-linked roles of {known}, not of {service}"
            ),
        ));
    };
    if has_role(world, name) {
        let message = format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        );
        return Err(Fault::new("InvalidInput", message));
    }
    let linked = &mut world.iam.linked;
    linked.insert((*name).to_owned(), service.to_owned());
    Ok(json!({ "Role": described(world, name) }))
}

/// Its id and its date are made up: nothing depends on them.
fn described(world: &World, name: &str) -> Value {
    let service = world.iam.linked.get(name);
    let path = service.map_or_else(
        || "/".to_owned(),
        |service| format!("/aws-service-role/{service}/"),
    );
    json!({
        "Path": path,
        "RoleName": name,
        "RoleId": "AROAEXAMPLEROLEIDENTIFIER",
        "Arn": format!("arn:aws:iam::{}:role{path}{name}", world.identity.account),
        "CreateDate": world.now.epoch_seconds(),
    })
}
