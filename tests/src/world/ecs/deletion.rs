//! Deleting services and, as `CloudFormation` does, task sets.

use serde_json::Value;

use super::{
    super::{Fault, World},
    names::{self, ServiceKey, invalid, text},
    service::{self, Service, Status},
    settings,
};

/// Deletes a service. AWS: the words are those that it answers (public reports).
pub(super) fn delete_service(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let cluster = names::cluster(world, input)?;
    let name = text(input, "service").unwrap_or_default();
    let key = settings::active(world, &cluster, name)?;
    let service = world.ecs.services.get(&key);
    if input["force"] != true && service.is_some_and(|service| service.desired > 0) {
        return Err(invalid(
            "The service cannot be stopped while it is scaled above 0.",
        ));
    }
    if input["force"] != true && service.is_some_and(is_deployed) {
        return Err(invalid(
            "The service cannot be stopped while deployments are active.",
        ));
    }
    delete(world, &key);
    settings::shown(world, &key)
}

/// Deletes a task set whatever it is; one that is gone is passed over.
pub(super) fn delete_task_set(world: &mut World, key: &ServiceKey, id: &str) {
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(key) {
        let mut sets = service.task_sets.iter_mut();
        if let Some(set) = sets.find(|set| set.id == id) {
            set.drain(now);
        }
    }
    service::changed(world, key);
}

fn is_deployed(service: &Service) -> bool {
    service.deployments.len() > 1 || !service.task_sets.is_empty()
}

/// The same with `force`: DRAINING, and INACTIVE with its last task.
pub(super) fn delete(world: &mut World, key: &ServiceKey) {
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(key)
        && service.status == Status::Active
    {
        service.status = Status::Draining;
        service.desired = 0;
        for set in &mut service.task_sets {
            set.drain(now);
        }
        service::changed(world, key);
    }
}
