//! `DescribeTaskSets`, `UpdateTaskSet` and `DeleteTaskSet`.

use serde_json::{Value, json};

use super::{
    super::{
        super::{Fault, World},
        names::{ServiceKey, invalid, text, texts, wants_tags},
        service,
    },
    Status, TaskSet, arn, external, identifier, scale,
};

/// AWS: all sets of a service are in `DescribeServices` only; the words are those of aws/aws-cli#5380.
pub(in super::super) fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let key = external::service(world, input)?;
    let asked = texts(input, "taskSets");
    if asked.is_empty() {
        return Err(invalid("TaskSets cannot be empty."));
    }
    let shown = service::describe(world, &key, wants_tags(input)).unwrap_or_default();
    let sets = shown["taskSets"].as_array().map_or(&[][..], Vec::as_slice);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        let id = identifier(world, &key, given)?;
        match sets.iter().find(|set| set["id"] == id) {
            Some(set) => found.push(set.clone()),
            None => failures.push(json!({"arn": arn(world, &key, &id), "reason": "MISSING"})),
        }
    }
    Ok(json!({"taskSets": found, "failures": failures}))
}

/// Changes the scale, which is all that can be changed. The count follows later.
pub(in super::super) fn update(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let key = external::service(world, input)?;
    let id = existing(world, &key, text(input, "taskSet").unwrap_or_default())?;
    let scale = scale::percent(world, &input["scale"])?;
    let due = world.now + world.paced(world.ecs.computing);
    change(world, &key, &id, |set, now| {
        set.scale = scale;
        set.due = Some(due);
        set.updated = now;
        // AWS: the example of `UpdateTaskSet` is STABILIZING from then on.
        set.stabilize(now);
    });
    external::shown(world, &key, &id)
}

/// Deletes a set. One that drains already goes on draining.
pub(in super::super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let key = external::service(world, input)?;
    let id = identifier(world, &key, text(input, "taskSet").unwrap_or_default())?;
    let set = find(world, &key, &id)?;
    if set.status != Status::Draining {
        check_deletable(world, set, input["force"] == true)?;
        change(world, &key, &id, TaskSet::drain);
    }
    external::shown(world, &key, &id)
}

/// AWS: what `force` is for is documented for scaled sets only, which `CreateTaskSet`'s users delete without it; how they would
/// be refused is not known. The words for the PRIMARY one are AWS's, given without `force` (published guides).
fn check_deletable(world: &World, set: &TaskSet, force: bool) -> Result<(), Fault> {
    if set.status == Status::Primary && !(force && world.ecs.force_deletes_primary) {
        return Err(invalid("Primary TaskSet cannot be deleted"));
    }
    if set.scale > 0.0 && !force && world.ecs.scaled_sets_need_force {
        return Err(invalid(
            "TaskSet cannot be deleted while it is scaled above 0.",
        ));
    }
    Ok(())
}

fn find<'a>(world: &'a World, key: &ServiceKey, id: &str) -> Result<&'a TaskSet, Fault> {
    let mut sets = external::sets(world, key).iter();
    sets.find(|set| set.id == id)
        .ok_or_else(|| Fault::new("TaskSetNotFoundException", "TaskSet not found."))
}

/// The id of a set that can be changed. How AWS refuses to change one that drains is not known.
pub(super) fn existing(world: &World, key: &ServiceKey, given: &str) -> Result<String, Fault> {
    let id = identifier(world, key, given)?;
    if find(world, key, &id)?.status == Status::Draining {
        return Err(invalid("TaskSet is DRAINING."));
    }
    Ok(id)
}

/// Changes a set, so that reads that lag do not show it at once.
fn change(
    world: &mut World,
    key: &ServiceKey,
    id: &str,
    what: impl FnOnce(&mut TaskSet, crate::clock::Moment),
) {
    service::changed(world, key);
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.steady = false;
        if let Some(set) = service.task_set_mut(id) {
            what(set, now);
        }
    }
    service::changed(world, key);
}
