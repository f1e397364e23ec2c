//! `UpdateServicePrimaryTaskSet`.

use serde_json::{Value, json};

use super::{
    super::{
        super::{Fault, World},
        names::text,
        service,
    },
    Status, calls, external,
};

/// What a service has of its PRIMARY set. AWS: API reference, `UpdateServicePrimaryTaskSet`: "Any parameters that are updated
/// on the primary task set in a service will transition to the service".
const OF_THE_SERVICE: [&str; 7] = [
    "capacityProviderStrategy",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "platformFamily",
    "platformVersion",
    "serviceRegistries",
];

/// Makes a set PRIMARY, and the one that was ACTIVE. It moves no task and no request.
pub(in super::super) fn make_primary(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let key = external::service(world, input)?;
    let given = text(input, "primaryTaskSet").unwrap_or_default();
    let id = calls::existing(world, &key, given)?;
    service::changed(world, &key);
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(&key) {
        for set in &mut service.task_sets {
            let status = match set.status {
                Status::Draining => Status::Draining,
                _ if set.id == id => Status::Primary,
                _ => Status::Active,
            };
            if set.status != status {
                set.status = status;
                set.updated = now;
            }
        }
        let primary = service.task_sets.iter().find(|set| set.id == id);
        if let Some(set) = primary.cloned() {
            service
                .settings
                .insert("taskDefinition".to_owned(), json!(set.task_definition));
            for member in OF_THE_SERVICE {
                match set.settings.get(member) {
                    Some(value) => service.settings.insert(member.to_owned(), value.clone()),
                    None => service.settings.remove(member),
                };
            }
        }
    }
    service::changed(world, &key);
    external::shown(world, &key, &id)
}
