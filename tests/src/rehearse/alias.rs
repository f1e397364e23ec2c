//! What the alias is like, asked of the account, and what a person does to it.

use serde_json::{Map, Value, json};

use crate::{
    stage::{ALIAS, FUNCTION},
    world::{Fault, Principal, World},
};

/// Whether the version behind it can be invoked.
pub(super) fn is_active(world: &mut World) -> bool {
    let input = json!({ "FunctionName": FUNCTION, "Qualifier": ALIAS });
    let person = Principal("person".to_owned());
    let found = world.call("lambda", "GetFunctionConfiguration", &input, &person);
    found.is_ok_and(|found| found["State"] == "Active")
}

/// A person gives the version that has a weight another one, 0 to 1.
pub(super) fn set_weight(world: &mut World, weight: f64) -> Result<Value, Fault> {
    let person = Principal("person".to_owned());
    let alias = json!({ "FunctionName": FUNCTION, "Name": ALIAS });
    let found = world.call("lambda", "GetAlias", &alias, &person)?;
    let weighted = found["RoutingConfig"]["AdditionalVersionWeights"].as_object();
    let version = weighted.and_then(|weights| weights.keys().next());
    let Some(version) = version else {
        return Err(Fault::new("NoWeight", "no version has a weight"));
    };
    let weights = Map::from_iter([(version.clone(), weight.into())]);
    let input = json!({ "FunctionName": FUNCTION, "Name": ALIAS, "RoutingConfig": { "AdditionalVersionWeights": weights } });
    world.call("lambda", "UpdateAlias", &input, &person)
}
