//! AWS STS: who calls.

use serde_json::{Value, json};

use super::{
    Fault, Principal, World, iam,
    service::{Endpoint, Service},
    unknown_operation,
};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../models/sts.json")),
    call: |world, it| call(world, it.operation, it.principal),
    needs: |it| Some(it.anything()),
    ..Service::new("sts")
};

/// Calls one API operation.
///
/// # Errors
/// `UnknownOperationException`.
pub fn call(world: &World, operation: &str, principal: &Principal) -> Result<Value, Fault> {
    if operation != "GetCallerIdentity" {
        return Err(unknown_operation(SERVICE.name, operation));
    }
    let (account, name) = (&world.identity.account, &principal.0);
    let arn = match iam::acts_as(world, principal) {
        Some(role) => format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        None => format!("arn:aws:iam::{account}:user/{name}"),
    };
    Ok(json!({ "UserId": "AIDAEXAMPLEUSERIDENTIFIER", "Account": account, "Arn": arn }))
}
