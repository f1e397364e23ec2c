//! Application Auto Scaling.

use serde_json::json;

use super::{SERVICE, call};
use crate::{
    provision::{
        Existing, ResourceType, Update, created, inert, only_changed, properties, refused,
        unless_gone,
    },
    template::{Created, Refused, Resource},
    world::{Fault, World},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(change),
        delete: deregister,
        ..ResourceType::new("AWS::ApplicationAutoScaling::ScalableTarget", target)
    },
    // Nobody computes the metrics that it would follow.
    ResourceType::new(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        |_, resource| {
            let known = [
                "PolicyName",
                "PolicyType",
                "ScalingTargetId",
                "TargetTrackingScalingPolicyConfiguration",
            ];
            inert(resource, "policy", &known)
        },
    ),
];

/// `AWS::ApplicationAutoScaling::ScalableTarget`: `Ref` is id, dimension and namespace.
fn target(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let operation = "RegisterScalableTarget";
    let input = properties::input_of(SERVICE.name, operation, resource.properties)?;
    call(world, operation, &input).map_err(|fault| refused(&fault))?;
    let part = |name: &str| input[name].as_str().unwrap_or_default();
    let id = [
        part("ResourceId"),
        part("ScalableDimension"),
        part("ServiceNamespace"),
    ]
    .join("|");
    Ok(created(id.clone(), [("Id", id.into())]))
}

fn change(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    only_changed(resource, before, &["MinCapacity", "MaxCapacity"])?;
    target(world, resource).map(|_| ())
}

fn deregister(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let mut input = json!({});
    for member in ["ResourceId", "ScalableDimension", "ServiceNamespace"] {
        input[member] = it.properties[member].clone();
    }
    let done = call(world, "DeregisterScalableTarget", &input).map(|_| ());
    unless_gone(done, "ObjectNotFoundException")
}
