//! What the journal tells of task sets.

use super::{
    super::{
        super::{
            World,
            journal::{Set, What},
        },
        image::label_of,
        names::{ServiceKey, text},
    },
    TaskSet, external,
};

/// Notes a service's task sets if they have changed.
pub(in super::super) fn note(world: &mut World, key: &ServiceKey) {
    let sets = external::sets(world, key).iter();
    let sets: Vec<Set> = sets.map(|set| told(world, set)).collect();
    let Some(service) = world.ecs.services.get_mut(key) else {
        return;
    };
    if service.noted_sets != sets {
        service.noted_sets.clone_from(&sets);
        let service = key.service.clone();
        world.note(What::Sets { service, sets });
    }
}

fn told(world: &World, set: &TaskSet) -> Set {
    let definition = world.ecs.definitions.find(world, &set.task_definition);
    let image = definition.map_or("", |definition| definition.image());
    let group = text(&set.settings["loadBalancers"][0], "targetGroupArn");
    let group = group.and_then(|arn| arn.split('/').nth(1));
    let running = set
        .started(&world.ecs.tasks)
        .filter(|task| task.is_running());
    Set {
        id: set.id.clone(),
        label: label_of(&world.ecs.images, image, None),
        status: set.status.name().to_owned(),
        scale: set.scale,
        computed: set.computed,
        running: running.fold(0, |all, _| all + 1),
        group: group.unwrap_or_default().to_owned(),
    }
}
