//! Task sets as resources of templates.

use serde_json::{Value, json};

use super::super::{
    super::{Principal, World},
    SERVICE, call, deletion,
    names::ServiceKey,
    provision::tag,
};
use crate::{
    provision::{Existing, ResourceType, Tagged, Update, created, properties, refused},
    template::{Created, Refused, Resource},
};

/// AWS: `CloudFormation` Template Reference, `AWS::ECS::TaskSet`: all but scale and tags is "Replacement". It does not say that
/// a set is waited for until it is steady, so it is not.
pub(in super::super) const TASK_SET: ResourceType = ResourceType {
    update: Update::InPlace(change),
    replaced_by: &[
        "CapacityProviderStrategy",
        "Cluster",
        "ExternalId",
        "LaunchType",
        "LoadBalancers",
        "NetworkConfiguration",
        "PlatformVersion",
        "Service",
        "ServiceRegistries",
        "TaskDefinition",
    ],
    delete: |world, it| {
        // Unlike `DeleteTaskSet`, also the PRIMARY one: else no stack with a service of this kind could be deleted.
        let (key, id) = parts(it.reference);
        deletion::delete_task_set(world, &key, id);
        Ok(())
    },
    tagged: Tagged::Made(arn),
    is_told_tags: true,
    is_gone: |world, it| found(world, it.reference).is_none(),
    ..ResourceType::new("AWS::ECS::TaskSet", create)
};

/// AWS: `CloudFormation` Template Reference, `AWS::ECS::PrimaryTaskSet`. Deleting it leaves the set PRIMARY: there is no call
/// that would undo it.
pub(in super::super) const PRIMARY_TASK_SET: ResourceType = ResourceType {
    replaced_by: &["Cluster", "Service"],
    ..ResourceType::new("AWS::ECS::PrimaryTaskSet", make_primary)
};

fn ask(world: &mut World, operation: &str, properties: &Value) -> Result<Value, Refused> {
    let input = properties::input_of(SERVICE.name, operation, properties)?;
    let principal = Principal("cloudformation".to_owned());
    call(world, operation, &input, &principal).map_err(|fault| refused(&fault))
}

/// `Ref` is what identifies the resource: cluster, service and id.
fn create(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let answer = ask(world, "CreateTaskSet", resource.properties)?;
    let set = &answer["taskSet"];
    let id = set["id"].as_str().unwrap_or_default();
    let name = |member: &str| {
        let arn = set[member].as_str().unwrap_or_default();
        arn.rsplit('/').next().unwrap_or_default()
    };
    let reference = format!("{}|{}|{id}", name("clusterArn"), name("serviceArn"));
    Ok(created(reference, [("Id", id.into())]))
}

fn change(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let (key, id) = parts(before.reference);
    if resource.properties["Scale"] != before.properties["Scale"] {
        let input = json!({
            "Cluster": key.cluster,
            "Service": key.service,
            "TaskSet": id,
            "Scale": resource.properties.get("Scale").cloned().unwrap_or_else(|| json!({})),
        });
        ask(world, "UpdateTaskSet", &input)?;
    }
    let arn = arn(world, before.reference);
    tag(world, &arn, resource, before)
}

fn make_primary(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut input = resource.properties.clone();
    let id = input["TaskSetId"].take();
    if let Some(members) = input.as_object_mut() {
        members.remove("TaskSetId");
        members.insert("PrimaryTaskSet".to_owned(), id);
    }
    ask(world, "UpdateServicePrimaryTaskSet", &input)?;
    let part = |member: &str| resource.properties[member].as_str().unwrap_or_default();
    let reference = format!("{}|{}", part("Cluster"), part("Service"));
    Ok(created(reference, []))
}

/// The service and the id that `Ref` consists of.
fn parts(reference: &str) -> (ServiceKey, &str) {
    let mut parts = reference.split('|');
    let mut next = || parts.next().unwrap_or_default();
    (ServiceKey::new(next(), next()), next())
}

fn arn(world: &World, reference: &str) -> String {
    let (key, id) = parts(reference);
    super::arn(world, &key, id)
}

fn found<'a>(world: &'a World, reference: &str) -> Option<&'a super::TaskSet> {
    let (key, id) = parts(reference);
    world.ecs.services.get(&key)?.task_set(id)
}
