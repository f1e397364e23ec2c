//! Which image a task runs: a tag can come to mean another, and then all tasks of a deployment run the image that the
//! first one found.
//!
//! AWS: ECS developer guide, "Deploy Amazon ECS services by replacing tasks", "Container image resolution".

use super::{
    super::World,
    definition::TaskDefinition,
    image::{digest_of, label_of},
    names::ServiceKey,
};

/// AWS: same page: after three failed attempts a deployment goes on without.
const ATTEMPTS: u32 = 3;

/// What the tasks of a deployment know about their image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pin {
    /// No task has found it, and so many have tried.
    Open(u32),
    /// The digest that all tasks run.
    Digest(String),
    /// Every task finds its own.
    Never,
}

impl Pin {
    /// AWS: same page: a deployment that begins without tasks cannot establish digests.
    pub(super) fn of(desired: u32) -> Self {
        if desired == 0 {
            Self::Never
        } else {
            Self::Open(0)
        }
    }

    fn digest(&self) -> Option<&str> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Open(_) | Self::Never => None,
        }
    }

    /// What it becomes when a task has found the image, or has not.
    fn after(&self, found: Option<&str>) -> Self {
        match (self, found) {
            (Self::Open(_), Some(digest)) => Self::Digest(digest.to_owned()),
            (Self::Open(failures), None) if failures + 1 < ATTEMPTS => Self::Open(failures + 1),
            (Self::Open(_), None) => Self::Never,
            (Self::Digest(_) | Self::Never, _) => self.clone(),
        }
    }
}

/// Finds the image that a task is about to run; the error is why it cannot be pulled.
pub(super) fn find_image(world: &mut World, index: usize) -> Result<(), String> {
    let task = &world.ecs.tasks[index];
    let (key, deployment) = (task.service.clone(), task.deployment.clone());
    let definition = world.ecs.definitions.find(world, &task.definition);
    let pins = definition.is_none_or(TaskDefinition::is_version_consistent);
    let pin = pin_of(world, &key, &deployment).filter(|_| pins);
    let found = digest_of(world, &task.image, pin.and_then(Pin::digest));
    if let Some(pin) = pin {
        let pin = pin.after(found.as_deref().ok());
        set_pin(world, &key, &deployment, &pin);
    }
    let digest = found?;
    let task = &mut world.ecs.tasks[index];
    task.version = label_of(&world.ecs.images, &task.image, Some(&digest));
    task.image_digest = Some(digest);
    Ok(())
}

fn pin_of<'a>(world: &'a World, key: &ServiceKey, deployment: &str) -> Option<&'a Pin> {
    let service = world.ecs.services.get(key)?;
    Some(&service.launches(deployment)?.pin)
}

fn set_pin(world: &mut World, key: &ServiceKey, deployment: &str, pin: &Pin) {
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    for launches in service.launches_mut(deployment) {
        launches.pin = pin.clone();
    }
}
