//! Nested stacks: resources that are stacks themselves.

use super::{
    ending, environment,
    faults::of_template,
    find,
    ownership::{self, Wanted},
    stack::{
        CREATE_COMPLETE, CREATE_FAILED, Content, DELETE_COMPLETE, DELETE_FAILED, Owned, Stack,
        UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
    },
    templates, text, values,
    work::{self, Goal, Went, What},
};
use crate::{
    provision::Settled,
    template::{Created, new_stack_id, physical_name},
    world::{Fault, World},
};

const PROPERTIES: [&str; 3] = ["TemplateURL", "Parameters", "Tags"];

/// Begins to create a nested stack.
///
/// # Errors
/// Why it cannot even be begun.
pub(super) fn create(world: &mut World, parent: usize, wanted: &Wanted) -> Result<Created, String> {
    let outer = &world.cloudformation.stacks[parent];
    let (outer_id, root) = (outer.id.clone(), outer.root.clone());
    let name = physical_name(&outer.name, &wanted.id);
    let id = new_stack_id(&environment(world), &name, &world.uuid());
    let content = content(world, parent, (&name, &id), wanted).map_err(|fault| fault.message)?;
    let mut stack = Stack::new(&id, &name, world.now);
    stack.root = Some(root.unwrap_or_else(|| outer_id.clone()));
    stack.parent = Some(outer_id);
    world.cloudformation.stacks.push(stack);
    let index = world.cloudformation.stacks.len() - 1;
    work::create(world, index, content);
    Ok(Created {
        reference: id,
        ..Created::default()
    })
}

/// Begins to update a nested stack, or to undo that.
///
/// # Errors
/// As [`create`].
pub(super) fn update(
    world: &mut World,
    parent: usize,
    before: &Owned,
    wanted: &Wanted,
    goal: Goal,
) -> Result<Created, String> {
    let created = before.created.clone().unwrap_or_default();
    let Some(index) = find(world, &created.reference) else {
        return Err(format!("Stack [{}] does not exist", created.reference));
    };
    let stack = &world.cloudformation.stacks[index];
    let (name, id) = (stack.name.clone(), stack.id.clone());
    let content = content(world, parent, (&name, &id), wanted).map_err(|fault| fault.message)?;
    work::update(world, index, content, goal);
    Ok(created)
}

fn content(
    world: &World,
    parent: usize,
    named: (&str, &str),
    wanted: &Wanted,
) -> Result<Content, Fault> {
    let properties = &wanted.properties;
    let unknown = properties.as_object().into_iter().flatten();
    if let Some((property, _)) = unknown
        .into_iter()
        .find(|(name, _)| !PROPERTIES.contains(&name.as_str()))
    {
        return Err(super::faults::unsupported(&format!(
            "{property} of a nested stack"
        )));
    }
    let (sheet, body) = templates::at(world, text(properties, "TemplateURL"))?;
    let values = values::complete(&sheet, values::of_nested(properties))?;
    let outer = world.cloudformation.stacks[parent].content.as_ref();
    let capabilities = outer.map_or_else(Vec::new, |outer| outer.capabilities.clone());
    values::check_capabilities(&sheet, &capabilities)?;
    let plan = sheet
        .plan(&environment(world), named, &values)
        .map_err(|error| of_template(&error))?;
    Ok(Content {
        plan,
        body,
        values,
        tags: wanted.handed_down(),
        capabilities,
    })
}

/// Goes on with a nested stack; once it is done, its outputs are known.
pub(super) fn settle(world: &mut World, parent: usize, place: usize, goal: Goal) -> Settled {
    let physical = world.cloudformation.stacks[parent].resources[place]
        .physical()
        .to_owned();
    let Some(index) = find(world, &physical) else {
        return Settled::Failed(format!("Stack [{physical}] does not exist"));
    };
    work::advance(world, index);
    let stack = &world.cloudformation.stacks[index];
    let (status, reason) = (stack.status, stack.reason.clone().unwrap_or_default());
    match status {
        _ if stack.work.is_some() => Settled::NotYet,
        CREATE_COMPLETE | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS => show(world, parent, place, index),
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS if goal == Goal::GoBack => {
            show(world, parent, place, index)
        }
        CREATE_FAILED => Settled::Failed(format!(
            "Embedded stack {physical} was not successfully created: {reason}"
        )),
        _ => {
            let reason = undone_because(stack);
            Settled::Failed(format!(
                "Embedded stack {physical} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: {reason}"
            ))
        }
    }
}

/// Why the newest update of a stack was undone.
fn undone_because(stack: &Stack) -> String {
    let mut events = stack.events.iter().rev();
    let undone = events
        .find(|event| event.physical == stack.id && event.status == "UPDATE_ROLLBACK_IN_PROGRESS");
    undone
        .and_then(|event| event.reason.clone())
        .unwrap_or_default()
}

fn show(world: &mut World, parent: usize, place: usize, index: usize) -> Settled {
    let outputs = ownership::outputs(&world.cloudformation.stacks[index].outputs);
    let owned = &mut world.cloudformation.stacks[parent].resources[place];
    if let Some(created) = &mut owned.created {
        created.attributes = outputs;
    }
    Settled::Yes
}

/// Begins to delete what an update, or its undoing, has left over in a nested stack.
///
/// AWS: Knowledge Center, "Why is my `CloudFormation` stack stuck in the `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS` state?": a nested stack does
/// not clean up as long as a sibling is not updated. That it waits for the outermost is a choice.
pub(super) fn begin_clean_up(world: &mut World, parent: usize, id: &str) -> Went {
    let now = world.now;
    let Some(index) = find_nested(world, parent, id) else {
        return Went::Skipped;
    };
    let stack = &mut world.cloudformation.stacks[index];
    let undone = match stack.status {
        UPDATE_COMPLETE_CLEANUP_IN_PROGRESS => false,
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS => true,
        _ => return Went::Skipped,
    };
    ending::clean_up(stack, undone, now);
    Went::On(What::Update)
}

/// Goes on with that.
pub(super) fn cleaned_up(world: &mut World, parent: usize, id: &str) -> Settled {
    let Some(index) = find_nested(world, parent, id) else {
        return Settled::Yes;
    };
    work::advance(world, index);
    match world.cloudformation.stacks[index].work {
        Some(_) => Settled::NotYet,
        None => Settled::Yes,
    }
}

fn find_nested(world: &World, parent: usize, id: &str) -> Option<usize> {
    let outer = &world.cloudformation.stacks[parent];
    find(world, outer.resources[outer.place(id)?].physical())
}

/// Begins to delete a nested stack.
pub(super) fn delete(world: &mut World, id: &str) {
    if let Some(index) = find(world, id)
        && world.cloudformation.stacks[index].status != DELETE_COMPLETE
    {
        work::delete(world, index);
    }
}

/// Goes on deleting a nested stack.
pub(super) fn is_gone(world: &mut World, id: &str) -> Settled {
    let Some(index) = find(world, id) else {
        return Settled::Yes;
    };
    work::advance(world, index);
    let stack = &world.cloudformation.stacks[index];
    match stack.status {
        DELETE_COMPLETE => Settled::Yes,
        DELETE_FAILED => Settled::Failed(format!(
            "Embedded stack {id} was not successfully deleted: {}",
            stack.reason.as_deref().unwrap_or_default()
        )),
        _ => Settled::NotYet,
    }
}
