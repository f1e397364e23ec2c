//! Amazon ECS: clusters, services and task definitions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Existing, changes, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{Principal, World, ecs},
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

/// Whether a cluster's properties are known.
pub(super) fn check_cluster(resource: &Resource<'_>) -> Result<(), Refused> {
    properties::parse::<Cluster>(resource).map(|_| ())
}

/// Changes a service.
pub(super) fn change_service(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let input = changes::of_service(resource, before)?;
    let principal = Principal("cloudformation".to_owned());
    ecs::call(world, "UpdateService", &input, &principal).map_err(|fault| refused(&fault))?;
    changes::tag_ecs(world, before.reference, resource, before)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Moment, stage::identity, world::elb};

    fn create(world: &mut World, kind: &str, properties: &Value) -> Result<Created, Refused> {
        let resource = Resource {
            stack: "orders",
            logical_id: "It",
            kind,
            properties,
        };
        match kind {
            "AWS::ECS::Service" => service(world, &resource),
            _ => task_definition(world, &resource),
        }
    }

    /// A listener that forwards to a target group; answers the group's ARN.
    fn target_group(world: &mut World) -> String {
        let group = json!({
            "Name": "orders",
            "Port": 8080,
            "Protocol": "HTTP",
            "TargetType": "ip",
            "VpcId": "vpc-1",
        });
        let group = elb::call(world, "CreateTargetGroup", &group).unwrap();
        let group = group["TargetGroups"][0]["TargetGroupArn"].clone();
        let balancer = json!({"Name": "orders", "Subnets": ["subnet-1", "subnet-2"]});
        let balancer = elb::call(world, "CreateLoadBalancer", &balancer).unwrap();
        let listener = json!({
            "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        });
        elb::call(world, "CreateListener", &listener).unwrap();
        group.as_str().unwrap().to_owned()
    }

    #[test]
    fn a_service_is_put_behind_a_load_balancer_with_numbers_from_parameters() {
        let mut world = World::new(identity(), Moment(0), 1);
        ecs::create_cluster(&mut world, "orders");
        let group = target_group(&mut world);
        let definition = json!({
            "Family": "orders",
            "NetworkMode": "awsvpc",
            "ContainerDefinitions": [{
                "Name": "app",
                "Image": "app:v1",
                "Command": ["serve"],
                "PortMappings": [{"ContainerPort": "8080"}],
            }],
        });
        let definition = create(&mut world, "AWS::ECS::TaskDefinition", &definition).unwrap();
        let mut properties = json!({
            "ServiceName": "orders",
            "Cluster": "orders",
            "TaskDefinition": definition.reference,
            "HealthCheckGracePeriodSeconds": "30",
            "LoadBalancers": [{
                "TargetGroupArn": group,
                "ContainerName": "app",
                "ContainerPort": "8080",
            }],
        });
        let created = create(&mut world, "AWS::ECS::Service", &properties).unwrap();
        assert!(created.reference.ends_with(":service/orders/orders"));
        properties["ServiceName"] = json!("other");
        properties["LoadBalancers"][0]["ContainerPort"] = json!("80");
        let refused = create(&mut world, "AWS::ECS::Service", &properties).unwrap_err();
        assert_eq!(
            refused.message,
            "InvalidParameterException: The container app did not have a container port 80 defined."
        );
    }
}
