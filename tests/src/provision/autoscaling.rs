//! Application Auto Scaling.

use super::{created, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, scaling},
};

/// `AWS::ApplicationAutoScaling::ScalableTarget`: `Ref` is id, dimension and namespace.
pub(super) fn target(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let operation = "RegisterScalableTarget";
    let input = properties::input_of("application-autoscaling", operation, resource.properties)?;
    scaling::call(world, operation, &input).map_err(|fault| refused(&fault))?;
    let part = |name: &str| input[name].as_str().unwrap_or_default();
    let id = [
        part("ResourceId"),
        part("ScalableDimension"),
        part("ServiceNamespace"),
    ]
    .join("|");
    Ok(created(id.clone(), [("Id", id.into())]))
}
