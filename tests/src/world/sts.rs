//! AWS STS: who calls.

use serde_json::{Value, json};

use super::{Fault, Principal, World, iam, unknown_operation};

/// Calls one API operation.
///
/// # Errors
/// `UnknownOperationException`.
pub fn call(world: &World, operation: &str, principal: &Principal) -> Result<Value, Fault> {
    if operation != "GetCallerIdentity" {
        return Err(unknown_operation("sts", operation));
    }
    let (account, name) = (&world.identity.account, &principal.0);
    let arn = match iam::acts_as(world, principal) {
        Some(role) => format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        None => format!("arn:aws:iam::{account}:user/{name}"),
    };
    Ok(json!({ "UserId": "AIDAEXAMPLEUSERIDENTIFIER", "Account": account, "Arn": arn }))
}
