//! Pipelines of stacks.

use serde_json::{Map, Value, json};

use super::{SERVICE, create_pipeline, delete_pipeline, update_pipeline};
use crate::{
    provision::{ResourceType, Tagged, Update, created, name_of, properties, refused},
    template::{Created, Refused, Resource},
    world::World,
};

pub(super) const RESOURCES: &[ResourceType] = &[ResourceType {
    update: Update::InPlace(|world, resource, _| change(world, resource)),
    delete: |world, it| {
        delete_pipeline(world, it.reference);
        Ok(())
    },
    named_by: Some("Name"),
    tagged: Tagged::Made(|world, name| world.arn("codepipeline", name)),
    ..ResourceType::new("AWS::CodePipeline::Pipeline", pipeline)
}];

/// `AWS::CodePipeline::Pipeline`: `Ref` is the name.
fn pipeline(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (name, input) = input(resource)?;
    create_pipeline(world, &input).map_err(|fault| refused(&fault))?;
    Ok(created(name, [("Version", json!("1"))]))
}

/// The same, for one that is there.
fn change(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let (_, input) = input(resource)?;
    update_pipeline(world, &input).map_err(|fault| refused(&fault))
}

/// Its name, and the input of `CreatePipeline`.
fn input(resource: &Resource<'_>) -> Result<(String, Value), Refused> {
    let mut pipeline: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    pipeline.remove("Tags");
    let name = name_of(resource, pipeline.get("Name").and_then(Value::as_str));
    pipeline.insert("Name".to_owned(), name.clone().into());
    let input = properties::input_of(
        SERVICE.name,
        "CreatePipeline",
        &json!({ "pipeline": pipeline }),
    )
    .map_err(|refused| Refused {
        property: refused
            .property
            .map(|path| path.trim_start_matches("pipeline.").to_owned()),
        ..refused
    })?;
    Ok((name, input))
}
