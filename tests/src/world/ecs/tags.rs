//! Tags of task definitions, services and task sets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    names::{ServiceKey, invalid, text, texts},
    task_sets,
};

/// AWS: at most 50 tags per resource (API reference, `TagResource`).
const MOST: usize = 50;

/// Tags of one resource by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The tags of a request's `tags` member.
pub(super) fn parse(input: &Value) -> Tags {
    input
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tag| {
            let value = text(tag, "value").unwrap_or_default();
            Some((text(tag, "key")?.to_owned(), value.to_owned()))
        })
        .collect()
}

/// Refuses what AWS reserves for itself and what exceeds its limits.
pub(super) fn check(input: &Value, tags: &Tags) -> Result<(), Fault> {
    let given = input
        .get("tags")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if given != parse(input).len() {
        return Err(invalid("Duplicate tag keys found."));
    }
    if let Some(key) = tags
        .keys()
        .find(|key| key.to_ascii_lowercase().starts_with("aws:"))
    {
        return Err(invalid(format!(
            "The tag key '{key}' is reserved: keys must not start with 'aws:'."
        )));
    }
    if tags.len() > MOST {
        return Err(invalid(format!("A resource has at most {MOST} tags.")));
    }
    Ok(())
}

/// Tags as the API lists them.
pub(super) fn render(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

/// `TagResource`: adds and overwrites, never removes.
pub(super) fn tag_resource(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let added = parse(input);
    check(input, &added)?;
    let tags = of(world, input, "ResourceNotFoundException")?;
    let new = added.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + new > MOST {
        return Err(Fault::new(
            "LimitExceededException",
            format!("A resource has at most {MOST} tags."),
        ));
    }
    tags.extend(added);
    Ok(json!({}))
}

/// `UntagResource`.
pub(super) fn untag_resource(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let tags = of(world, input, "ResourceNotFoundException")?;
    for key in texts(input, "tagKeys") {
        tags.remove(key);
    }
    Ok(json!({}))
}

/// `ListTagsForResource`. Its model has no `ResourceNotFoundException`.
pub(super) fn list_tags(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let tags = of(world, input, "InvalidParameterException")?;
    Ok(json!({"tags": render(tags)}))
}

fn of<'a>(world: &'a mut World, input: &Value, unknown: &str) -> Result<&'a mut Tags, Fault> {
    let arn = text(input, "resourceArn").unwrap_or_default();
    let not_found = || {
        Fault::new(
            unknown,
            format!("The specified resource {arn} wasn't found."),
        )
    };
    if let Some(name) = arn.strip_prefix(&world.arn("ecs", "task-definition/")) {
        let definition = world
            .ecs
            .definitions
            .revision_mut(name)
            .ok_or_else(not_found)?;
        if !definition.active {
            return Err(invalid(
                "The specified task definition is inactive. Specify an active one and try again.",
            ));
        }
        return Ok(&mut definition.tags);
    }
    if let Some(path) = arn.strip_prefix(&world.arn("ecs", "service/")) {
        let key = path
            .split_once('/')
            .map(|(cluster, service)| ServiceKey::new(cluster, service))
            .ok_or_else(|| invalid("Long arn format must be used for tagging operations"))?;
        return world
            .ecs
            .services
            .get_mut(&key)
            .map(|service| &mut service.tags)
            .ok_or_else(not_found);
    }
    if let Some(path) = arn.strip_prefix(&world.arn("ecs", "task-set/")) {
        return task_sets::tags_mut(world, path).ok_or_else(not_found);
    }
    Err(invalid(format!(
        "the local account keeps tags of task definitions, services and task sets, not of {arn}"
    )))
}
