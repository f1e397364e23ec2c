//! Event source mappings.

use serde_json::{Value, json};

use crate::{
    provision::{
        Existing, ResourceType, Settled, Update, created, properties, refused, unchanged,
        unless_gone,
    },
    template::{Created, Refused, Resource},
    world::{
        Fault, World,
        functions::{SERVICE, mapping},
    },
};

pub(super) const MAPPING: ResourceType = ResourceType {
    update: Update::InPlace(change),
    delete: |world, it| {
        let deleted = mapping::delete(world, &named(it.reference));
        unless_gone(deleted.map(|_| ()), "ResourceNotFoundException")
    },
    is_ready: |world, it| match mapping::is_settled(world, it.reference) {
        Some(false) => Settled::NotYet,
        _ => Settled::Yes,
    },
    is_gone: |world, it| mapping::is_settled(world, it.reference).is_none(),
    ..ResourceType::new("AWS::Lambda::EventSourceMapping", make)
};

/// `AWS::Lambda::EventSourceMapping`: `Ref` is its id.
fn make(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let input = properties::input_of(
        SERVICE.name,
        "CreateEventSourceMapping",
        resource.properties,
    )?;
    let made = mapping::create(world, &input).map_err(|fault| refused(&fault))?;
    let id = made["UUID"].as_str().unwrap_or_default();
    Ok(created(
        id,
        [
            ("Id", json!(id)),
            (
                "EventSourceMappingArn",
                made["EventSourceMappingArn"].clone(),
            ),
        ],
    ))
}

/// What the template leaves out is as it is by default again.
fn change(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["EventSourceArn"])?;
    let mut input = properties::input_of(
        SERVICE.name,
        "CreateEventSourceMapping",
        resource.properties,
    )?;
    for (member, value) in [
        ("Enabled", json!(true)),
        ("BatchSize", json!(10)),
        ("FunctionResponseTypes", json!([])),
        ("ScalingConfig", json!({})),
    ] {
        if input[member].is_null() {
            input[member] = value;
        }
    }
    input["UUID"] = json!(before.reference);
    let updated: Result<Value, Fault> = mapping::update(world, &input);
    updated.map(|_| ()).map_err(|fault| refused(&fault))
}

fn named(uuid: &str) -> Value {
    json!({ "UUID": uuid })
}
