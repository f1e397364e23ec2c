//! Amazon ECS: clusters, services and task definitions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, ecs},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Cluster {
    #[serde(rename = "ClusterName")]
    name: Option<String>,
    #[serde(rename = "ClusterSettings")]
    _cluster_settings: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

/// `AWS::ECS::Cluster`: `Ref` is the name.
pub(super) fn cluster(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let cluster: Cluster = properties::parse(resource)?;
    let name = name_of(resource, cluster.name.as_deref());
    ecs::create_cluster(world, &name);
    let arn = world.arn("ecs", &format!("cluster/{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// `AWS::ECS::TaskDefinition`: `Ref` is the ARN with the revision.
pub(super) fn task_definition(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    properties["Family"] = name_of(resource, properties["Family"].as_str()).into();
    let input = properties::input_of("ecs", "RegisterTaskDefinition", &properties)?;
    let arn = ecs::register_task_definition(world, &input).map_err(|fault| refused(&fault))?;
    Ok(created(arn.clone(), [("TaskDefinitionArn", arn.into())]))
}

/// `AWS::ECS::Service`: `Ref` is the ARN. Without a desired count a new service gets one task.
/// AWS: `CloudFormation` user guide, `AWS::ECS::Service`, `DesiredCount`.
pub(super) fn service(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["ServiceName"].as_str());
    properties["ServiceName"] = name.clone().into();
    if properties["DesiredCount"].is_null() {
        properties["DesiredCount"] = json!(1);
    }
    let input = properties::input_of("ecs", "CreateService", &properties)?;
    let answer = ecs::create_service(world, &input).map_err(|fault| refused(&fault))?;
    let arn = answer["service"]["serviceArn"].as_str().unwrap_or_default();
    Ok(created(
        arn,
        [("Name", name.into()), ("ServiceArn", arn.into())],
    ))
}
