//! Deleting resources.

use std::collections::BTreeSet;

use super::{
    faults::not_deleted,
    nested,
    stack::{DELETE_COMPLETE, DELETE_IN_PROGRESS, Owned, STACK},
    work::{Goal, Went, What, Work},
};
use crate::{
    provision::{self, Provisioner, Settled},
    template::{Plan, Policy},
    world::World,
};

const DELETE_SKIPPED: &str = "DELETE_SKIPPED";

/// Begins to delete a resource of a stack that is deleted, or whose creation is undone.
pub(super) fn begin(world: &mut World, index: usize, work: &Work, id: &str) -> Went {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let Some(place) = stack.place(id) else {
        return Went::Skipped;
    };
    let plan = stack.content.as_ref().map(|content| &content.plan);
    if plan.is_some_and(|plan| is_needed(plan, id, &work.failed)) {
        return Went::Skipped;
    }
    let owned = stack.resources[place].clone();
    let retains = match owned.policies.deletion {
        Policy::Delete | Policy::Snapshot => false,
        Policy::Retain => true,
        Policy::RetainExceptOnCreate => work.goal != Goal::RollBack,
    };
    if retains && owned.created.is_some() {
        stack.resources.remove(place);
        stack.tell(&owned, DELETE_SKIPPED, None, now);
        return Went::Skipped;
    }
    stack.set_resource(place, DELETE_IN_PROGRESS, None, now);
    delete(world, &owned)
}

/// Whether one that could not be deleted needs it: it is not even tried then.
fn is_needed(plan: &Plan, id: &str, failed: &[String]) -> bool {
    let mut needed: BTreeSet<&str> = failed.iter().map(String::as_str).collect();
    // The order of a plan is that of creation: what needs others comes later.
    for planned in plan.resources.iter().rev() {
        if needed.contains(planned.id.as_str()) {
            needed.extend(planned.needs.iter().map(String::as_str));
        }
    }
    needed.contains(id) && !failed.iter().any(|other| other == id)
}

/// Begins to delete the first of what is left over.
pub(super) fn begin_leftover(world: &mut World, index: usize) -> Went {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let Some(leftover) = stack.leftovers.first().cloned() else {
        return Went::Skipped;
    };
    if leftover.keep || leftover.owned.created.is_none() {
        stack.leftovers.remove(0);
        stack.tell(&leftover.owned, DELETE_SKIPPED, None, now);
        return Went::Skipped;
    }
    stack.tell(&leftover.owned, DELETE_IN_PROGRESS, None, now);
    delete(world, &leftover.owned)
}

fn delete(world: &mut World, owned: &Owned) -> Went {
    let Some(existing) = owned.existing() else {
        return Went::On(What::Delete);
    };
    if owned.kind == STACK {
        nested::delete(world, existing.reference);
        return Went::On(What::Delete);
    }
    match (Provisioner { world }).delete(&existing) {
        Ok(()) => Went::On(What::Delete),
        Err(fault) => {
            let token = world.uuid();
            Went::Failed(What::Delete, not_deleted(&existing, &fault, &token))
        }
    }
}

/// Whether a resource that was deleted is gone.
pub(super) fn removed(world: &mut World, index: usize, id: &str) -> Settled {
    let stack = &world.cloudformation.stacks[index];
    let Some(place) = stack.place(id) else {
        return Settled::Yes;
    };
    let settled = is_gone(world, &stack.resources[place].clone());
    if settled == Settled::Yes {
        let now = world.now;
        world.cloudformation.stacks[index].set_resource(place, DELETE_COMPLETE, None, now);
    }
    settled
}

/// Whether the first of what was left over is gone.
pub(super) fn removed_leftover(world: &mut World, index: usize) -> Settled {
    let stack = &world.cloudformation.stacks[index];
    let Some(leftover) = stack.leftovers.first().cloned() else {
        return Settled::Yes;
    };
    let settled = is_gone(world, &leftover.owned);
    if settled == Settled::Yes {
        let now = world.now;
        let stack = &mut world.cloudformation.stacks[index];
        stack.leftovers.remove(0);
        stack.tell(&leftover.owned, DELETE_COMPLETE, None, now);
    }
    settled
}

fn is_gone(world: &mut World, owned: &Owned) -> Settled {
    match owned.existing() {
        Some(existing) if owned.kind == STACK => nested::is_gone(world, existing.reference),
        Some(existing) if !provision::is_gone(world, &existing) => Settled::NotYet,
        _ => Settled::Yes,
    }
}
