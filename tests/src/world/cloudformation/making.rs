//! Making and changing resources.

use serde_json::json;

use super::{
    faults::{handler, refused},
    nested,
    ownership::Wanted,
    stack::{CREATE_IN_PROGRESS, Leftover, Owned, STACK, Stack, UPDATE_IN_PROGRESS},
    work::{Goal, Went, What},
};
use crate::{
    clock::Moment,
    provision::{self, Provisioner, Settled, Updated},
    template::{Created, Provider, Resource},
    world::{World, tagging},
};

/// Begins to make a resource as the template has it.
pub(super) fn begin(world: &mut World, index: usize, goal: Goal, id: &str) -> Went {
    let stack = &mut world.cloudformation.stacks[index];
    if goal == Goal::GoBack {
        put_back(stack, id);
    }
    let Some(content) = stack.content.clone() else {
        return Went::Skipped;
    };
    let planned = content
        .plan
        .resources
        .iter()
        .find(|planned| planned.id == id);
    let Some(planned) = planned.cloned() else {
        return Went::Skipped;
    };
    let properties = match content.plan.properties(id, &stack.made()) {
        Ok(properties) => properties,
        Err(error) => {
            let what = if stack.place(id).is_some() {
                What::Update
            } else {
                What::Create
            };
            let wanted = Wanted::new(
                &planned,
                &json!({}),
                (&stack.name, &stack.id),
                &content.tags,
            );
            let now = world.now;
            own(&mut world.cloudformation.stacks[index], &wanted, now);
            return Went::Failed(what, format!("Template error: {error}"));
        }
    };
    let wanted = Wanted::new(
        &planned,
        &properties,
        (&stack.name, &stack.id),
        &content.tags,
    );
    match stack.place(id) {
        Some(place) if is_as_wanted(&stack.resources[place], &wanted) => Went::Skipped,
        Some(place) => change(world, index, place, &wanted, goal),
        None => create_resource(world, index, &wanted),
    }
}

fn is_as_wanted(owned: &Owned, wanted: &Wanted) -> bool {
    let failed = owned.status.ends_with("_FAILED");
    !failed
        && owned.kind == wanted.kind
        && owned.properties == wanted.properties
        && owned.tags == wanted.tags
}

/// A resource that an update has replaced is there again; what took its place is left over.
fn put_back(stack: &mut Stack, id: &str) {
    if let Some(place) = stack.place(id)
        && let Some(replaced) = stack.resources[place].replaced.take()
    {
        let newer = std::mem::replace(&mut stack.resources[place], *replaced);
        stack.leftovers.push(Leftover {
            owned: newer,
            keep: false,
        });
    }
}

/// Adds a resource that is to be made.
fn own(stack: &mut Stack, wanted: &Wanted, now: Moment) -> usize {
    if let Some(place) = stack.place(&wanted.id) {
        return place;
    }
    stack.resources.retain(|owned| owned.id != wanted.id);
    stack.resources.push(Owned {
        id: wanted.id.clone(),
        kind: wanted.kind.clone(),
        created: None,
        properties: wanted.properties.clone(),
        tags: wanted.tags.clone(),
        policies: wanted.policies,
        status: CREATE_IN_PROGRESS,
        reason: None,
        at: now,
        replaced: None,
    });
    stack.resources.len() - 1
}

fn create_resource(world: &mut World, index: usize, wanted: &Wanted) -> Went {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let place = own(stack, wanted, now);
    stack.set_resource(place, CREATE_IN_PROGRESS, None, now);
    let created = if wanted.kind == STACK {
        nested::create(world, index, wanted)
    } else {
        provide(world, index, wanted)
    };
    match created {
        Ok(created) => {
            let stack = &mut world.cloudformation.stacks[index];
            stack.resources[place].created = Some(created);
            let reason = Some("Resource creation Initiated".to_owned());
            stack.set_resource(place, CREATE_IN_PROGRESS, reason, now);
            tag(world, index, place);
            Went::On(What::Create)
        }
        Err(reason) => Went::Failed(What::Create, reason),
    }
}

/// What is wanted, as whoever makes or changes it takes it.
fn resource<'a>(stack: &'a str, wanted: &'a Wanted) -> Resource<'a> {
    Resource {
        stack,
        logical_id: &wanted.id,
        kind: &wanted.kind,
        properties: &wanted.properties,
    }
}

fn provide(world: &mut World, index: usize, wanted: &Wanted) -> Result<Created, String> {
    let stack = world.cloudformation.stacks[index].name.clone();
    let resource = resource(&stack, wanted);
    let token = world.uuid();
    if let Some(name) = provision::in_the_way(world, &resource) {
        let message = format!(
            "Resource of type '{}' with identifier '{name}' already exists.",
            wanted.kind
        );
        return Err(handler(&message, &token, "AlreadyExists"));
    }
    Provisioner { world }
        .create(&resource)
        .map_err(|why| refused(&why, &token))
}

fn change(world: &mut World, index: usize, place: usize, wanted: &Wanted, goal: Goal) -> Went {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let before = stack.resources[place].clone();
    let name = stack.name.clone();
    stack.set_resource(place, UPDATE_IN_PROGRESS, None, now);
    let changed = match before.existing() {
        None => provide(world, index, wanted).map(Updated::Replaced),
        Some(_) if wanted.kind != before.kind => {
            provide(world, index, wanted).map(Updated::Replaced)
        }
        Some(_) if wanted.kind == STACK => {
            nested::update(world, index, &before, wanted, goal).map(Updated::InPlace)
        }
        // Tags alone.
        Some(_) if wanted.properties == before.properties => {
            let created = before.created.clone().unwrap_or_default();
            Ok(Updated::InPlace(created))
        }
        Some(existing) => {
            let resource = resource(&name, wanted);
            let token = world.uuid();
            Provisioner { world }
                .update(&resource, &existing)
                .map_err(|why| refused(&why, &token))
        }
    };
    let (created, replaced) = match changed {
        Ok(Updated::InPlace(created)) => (created, before.replaced),
        Ok(Updated::Replaced(created)) => {
            (created, before.created.is_some().then(|| Box::new(before)))
        }
        Err(reason) => return Went::Failed(What::Update, reason),
    };
    let owned = &mut world.cloudformation.stacks[index].resources[place];
    owned.kind.clone_from(&wanted.kind);
    owned.properties.clone_from(&wanted.properties);
    owned.tags.clone_from(&wanted.tags);
    owned.policies = wanted.policies;
    owned.created = Some(created);
    owned.replaced = replaced;
    tag(world, index, place);
    Went::On(What::Update)
}

/// The tagging API hears of a resource's tags.
fn tag(world: &mut World, index: usize, place: usize) {
    let owned = &world.cloudformation.stacks[index].resources[place];
    let arn = owned.existing().and_then(|existing| {
        if existing.kind == STACK {
            return Some(existing.reference.to_owned());
        }
        provision::tagged_arn(world, &existing)
    });
    if let Some(arn) = arn {
        let tags = owned.tags.clone();
        tagging::set(world, &arn, tags);
    }
}

/// Whether a resource is ready.
pub(super) fn made(world: &mut World, index: usize, goal: Goal, id: &str) -> Settled {
    let stack = &world.cloudformation.stacks[index];
    let Some(place) = stack.place(id) else {
        return Settled::Yes;
    };
    let owned = stack.resources[place].clone();
    if owned.kind == STACK {
        return nested::settle(world, index, place, goal);
    }
    match owned.existing() {
        Some(existing) => match provision::is_ready(world, &existing) {
            Settled::Failed(message) => {
                let token = world.uuid();
                Settled::Failed(handler(&message, &token, "GeneralServiceException"))
            }
            settled => settled,
        },
        None => Settled::Yes,
    }
}
