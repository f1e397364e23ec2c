//! Amazon ECS: clusters, services and task definitions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    SERVICE, call, create_cluster, create_service, delete_cluster, delete_service,
    deregister_task_definition, failed_rollout, has_cluster, is_deploying, is_gone,
    register_task_definition, task_sets,
};
use crate::{
    provision::{
        Existing, ResourceType, Settled, Tagged, Update, created, name_of, only_changed,
        properties, refused,
    },
    template::{Created, Refused, Resource},
    world::{Principal, World},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(|_, resource, _| {
            properties::parse::<Cluster>(resource).map(|_| ())
        }),
        delete: |world, it| delete_cluster(world, it.reference),
        named_by: Some("ClusterName"),
        exists: has_cluster,
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::ECS::Cluster", cluster)
    },
    ResourceType {
        update: Update::InPlace(change_service),
        delete: |world, it| {
            let (cluster, service) = cluster_and_name(it);
            delete_service(world, cluster, service);
            Ok(())
        },
        named_by: Some("ServiceName"),
        tagged: Tagged::Reference,
        is_told_tags: true,
        is_ready: is_steady,
        is_gone: |world, it| {
            // It goes with its last task.
            let (cluster, service) = cluster_and_name(it);
            is_gone(world, cluster, service)
        },
        ..ResourceType::new("AWS::ECS::Service", service)
    },
    task_sets::TASK_SET,
    task_sets::PRIMARY_TASK_SET,
    ResourceType {
        update: Update::Anew,
        delete: |world, it| deregister_task_definition(world, it.reference),
        tagged: Tagged::Reference,
        is_told_tags: true,
        ..ResourceType::new("AWS::ECS::TaskDefinition", task_definition)
    },
];

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
fn cluster(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let cluster: Cluster = properties::parse(resource)?;
    let name = name_of(resource, cluster.name.as_deref());
    create_cluster(world, &name);
    let arn = world.arn("ecs", &format!("cluster/{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// Changes a service.
fn change_service(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let input = of_service(resource, before)?;
    let principal = Principal("cloudformation".to_owned());
    call(world, "UpdateService", &input, &principal).map_err(|fault| refused(&fault))?;
    tag(world, before.reference, resource, before)
}

/// `AWS::ECS::TaskDefinition`: `Ref` is the ARN with the revision.
fn task_definition(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    properties["Family"] = name_of(resource, properties["Family"].as_str()).into();
    let input = properties::input_of(SERVICE.name, "RegisterTaskDefinition", &properties)?;
    let arn = register_task_definition(world, &input).map_err(|fault| refused(&fault))?;
    Ok(created(arn.clone(), [("TaskDefinitionArn", arn.into())]))
}

/// `AWS::ECS::Service`: `Ref` is the ARN. Without a desired count a new service gets one task.
/// AWS: `CloudFormation` user guide, `AWS::ECS::Service`, `DesiredCount`.
fn service(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["ServiceName"].as_str());
    properties["ServiceName"] = name.clone().into();
    if properties["DesiredCount"].is_null() {
        properties["DesiredCount"] = json!(1);
    }
    let input = properties::input_of(SERVICE.name, "CreateService", &properties)?;
    let answer = create_service(world, &input).map_err(|fault| refused(&fault))?;
    let arn = answer["service"]["serviceArn"].as_str().unwrap_or_default();
    Ok(created(
        arn,
        [("Name", name.into()), ("ServiceArn", arn.into())],
    ))
}

/// `UpdateService` takes these of a service's properties.
const OF_SERVICE: [&str; 9] = [
    "AvailabilityZoneRebalancing",
    "DeploymentConfiguration",
    "DesiredCount",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "LoadBalancers",
    "NetworkConfiguration",
    "TaskDefinition",
];

/// The properties of a service that `UpdateService` takes, in its own form.
///
/// # Errors
/// A change of any other.
fn of_service(resource: &Resource<'_>, before: &Existing<'_>) -> Result<Value, Refused> {
    let free: Vec<&str> = OF_SERVICE
        .into_iter()
        .chain(["PropagateTags", "Tags"])
        .collect();
    only_changed(resource, before, &free)?;
    let (cluster, service) = cluster_and_name(before);
    let mut input = json!({ "Cluster": cluster, "Service": service });
    for property in OF_SERVICE.into_iter().chain(["PropagateTags"]) {
        let given = &resource.properties[property];
        if !given.is_null() {
            input[property] = given.clone();
        }
    }
    properties::input_of(SERVICE.name, "UpdateService", &input)
}

/// Tags as the API of ECS lists them, set in place of those before.
pub(super) fn tag(
    world: &mut World,
    arn: &str,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let keys = |properties: &Value| -> Vec<Value> {
        let tags = properties["Tags"].as_array();
        tags.into_iter()
            .flatten()
            .map(|tag| tag["Key"].clone())
            .collect()
    };
    let principal = Principal("cloudformation".to_owned());
    let now = keys(resource.properties);
    let gone: Vec<Value> = keys(before.properties)
        .into_iter()
        .filter(|key| !now.contains(key))
        .collect();
    let tags: Vec<Value> = resource.properties["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| json!({ "key": tag["Key"], "value": tag["Value"] }))
        .collect();
    let mut call = |operation: &str, input: Value| {
        call(world, operation, &input, &principal)
            .map(|_| ())
            .map_err(|fault| refused(&fault))
    };
    if !gone.is_empty() {
        call(
            "UntagResource",
            json!({ "resourceArn": arn, "tagKeys": gone }),
        )?;
    }
    if tags.is_empty() {
        return Ok(());
    }
    call("TagResource", json!({ "resourceArn": arn, "tags": tags }))
}

/// Cluster and name of a service: its ARN ends with them.
fn cluster_and_name<'a>(it: &Existing<'a>) -> (&'a str, &'a str) {
    let (_, path) = it.reference.split_once(":service/").unwrap_or_default();
    path.split_once('/').unwrap_or_default()
}

/// Whether a service is in its steady state.
fn is_steady(world: &World, it: &Existing<'_>) -> Settled {
    let (cluster, service) = cluster_and_name(it);
    if failed_rollout(world, cluster, service) {
        // AWS: the words of the event of a service whose circuit breaker has fired.
        return Settled::Failed(
            "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."
                .to_owned(),
        );
    }
    if is_deploying(world, cluster, service) {
        Settled::NotYet
    } else {
        Settled::Yes
    }
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
        create_cluster(&mut world, "orders");
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
