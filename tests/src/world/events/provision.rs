//! Amazon `EventBridge`.

use serde_json::{Map, Value};

use super::{delete_rule, has_rule, put_rule};
use crate::{
    provision::{ResourceType, Tagged, bad, created, name_of, refused},
    template::{Created, Refused, Resource},
    world::World,
};

pub(super) const RESOURCES: &[ResourceType] = &[ResourceType {
    delete: |world, it| {
        delete_rule(world, it.reference);
        Ok(())
    },
    named_by: Some("Name"),
    exists: has_rule,
    tagged: Tagged::Arn,
    ..ResourceType::new("AWS::Events::Rule", rule)
}];

/// `AWS::Events::Rule`: `Ref` is the name.
fn rule(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut rule: Map<String, Value> = resource.properties.as_object().cloned().unwrap_or_default();
    let targets = rule.remove("Targets").unwrap_or_default();
    if targets.as_array().is_none_or(Vec::is_empty) {
        return Err(bad("Targets", "the rule has no target, so it does nothing"));
    }
    let name = name_of(resource, rule.get("Name").and_then(Value::as_str));
    rule.insert("Name".to_owned(), name.clone().into());
    put_rule(world, &Value::Object(rule), &targets).map_err(|fault| refused(&fault))?;
    let arn = world.arn("events", &format!("rule/{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}
