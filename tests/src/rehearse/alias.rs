//! What the alias is like, asked of the account.

use serde_json::json;

use crate::{
    stage::{ALIAS, FUNCTION},
    world::{Principal, World},
};

/// Whether the version behind it can be invoked.
pub(super) fn is_active(world: &mut World) -> bool {
    let input = json!({ "FunctionName": FUNCTION, "Qualifier": ALIAS });
    let person = Principal("person".to_owned());
    let found = world.call("lambda", "GetFunctionConfiguration", &input, &person);
    found.is_ok_and(|found| found["State"] == "Active")
}
