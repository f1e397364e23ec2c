//! What an operation comes to.

use super::{
    faults::list,
    stack::{
        CREATE_COMPLETE, CREATE_FAILED, DELETE_COMPLETE, DELETE_FAILED, Leftover, Owned, Stack,
        UPDATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, UPDATE_ROLLBACK_IN_PROGRESS,
    },
    work::{Goal, Step, Work, makes, removes},
};
use crate::{
    clock::Moment,
    template::Policy,
    world::{World, tagging},
};

/// A resource could not be made or changed: what was done until then is undone.
pub(super) fn fail(world: &mut World, index: usize, work: Work) {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let names = list(&work.failed);
    match work.goal {
        Goal::Create => {
            let reason = format!("The following resource(s) failed to create: {names}. ");
            // The root's own rollback deletes a nested stack.
            if stack.parent.is_some() {
                stack.set(CREATE_FAILED, Some(reason), now);
                return;
            }
            let reason = format!("{reason}Rollback requested by user.");
            stack.set("ROLLBACK_IN_PROGRESS", Some(reason), now);
            stack.work = Some(Work::new(Goal::RollBack, removes(stack), now));
        }
        Goal::Update => {
            let place = work.failed.first().and_then(|id| stack.place(id));
            let verb = match place.map(|place| stack.resources[place].status) {
                Some(CREATE_FAILED) => "create",
                _ => "update",
            };
            let reason = format!("The following resource(s) failed to {verb}: {names}. ");
            stack.set(UPDATE_ROLLBACK_IN_PROGRESS, Some(reason), now);
            if let Some(before) = work.before {
                stack.work = Some(Work::new(Goal::GoBack, makes(&before), now));
                stack.content = Some(before);
            }
        }
        _ => {
            let reason = format!("The following resource(s) failed to update: {names}. ");
            stack.set("UPDATE_ROLLBACK_FAILED", Some(reason), now);
        }
    }
}

/// An operation has done all that it could.
pub(super) fn finish(world: &mut World, index: usize, work: &Work) {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    match work.goal {
        Goal::Create => {
            if show_outputs(stack, now) {
                stack.set(CREATE_COMPLETE, None, now);
            }
        }
        Goal::Update | Goal::GoBack => clean_up(stack, work.goal == Goal::GoBack, now),
        Goal::CleanUp { undone } => {
            stack.leftovers.retain(|leftover| leftover.keep);
            let status = if undone {
                UPDATE_ROLLBACK_COMPLETE
            } else {
                UPDATE_COMPLETE
            };
            stack.set(status, None, now);
        }
        Goal::RollBack if work.failed.is_empty() => stack.set("ROLLBACK_COMPLETE", None, now),
        Goal::Delete if work.failed.is_empty() => {
            stack.deleted = Some(now);
            stack.set(DELETE_COMPLETE, None, now);
            let id = stack.id.clone();
            tagging::forget(world, &id);
        }
        Goal::RollBack | Goal::Delete => {
            let status = if work.goal == Goal::Delete {
                DELETE_FAILED
            } else {
                "ROLLBACK_FAILED"
            };
            let names = list(&work.failed);
            let reason = format!("The following resource(s) failed to delete: {names}. ");
            stack.set(status, Some(reason), now);
        }
    }
}

/// Outputs follow the resources. A failure here fails the stack as it would on AWS.
fn show_outputs(stack: &mut Stack, now: Moment) -> bool {
    let made = stack.made();
    let Some(content) = &stack.content else {
        return true;
    };
    match content.plan.outputs(&made) {
        Ok(outputs) => {
            stack.outputs = outputs;
            true
        }
        Err(error) => {
            stack.set(CREATE_FAILED, Some(format!("Template error: {error}")), now);
            false
        }
    }
}

/// Begins to delete what is not the stack's any more.
fn clean_up(stack: &mut Stack, undone: bool, now: Moment) {
    let made = stack.made();
    if let Some(content) = &stack.content {
        if let Ok(outputs) = content.plan.outputs(&made) {
            stack.outputs = outputs;
        }
        let kept: Vec<String> = content
            .plan
            .resources
            .iter()
            .map(|it| it.id.clone())
            .collect();
        let (stay, gone): (Vec<Owned>, Vec<Owned>) = std::mem::take(&mut stack.resources)
            .into_iter()
            .partition(|owned| kept.contains(&owned.id));
        stack.resources = stay;
        stack
            .leftovers
            .extend(gone.into_iter().rev().map(|owned| Leftover {
                keep: owned.policies.deletion == Policy::Retain
                    || owned.policies.deletion == Policy::RetainExceptOnCreate && !undone,
                owned,
            }));
    }
    for owned in &mut stack.resources {
        if let Some(replaced) = owned.replaced.take() {
            stack.leftovers.push(Leftover {
                keep: replaced.policies.replacement != Policy::Delete,
                owned: *replaced,
            });
        }
    }
    let status = if undone {
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    } else {
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    };
    stack.set(status, None, now);
    let steps: Vec<Step> = stack
        .leftovers
        .iter()
        .map(|_| Step::RemoveLeftover)
        .collect();
    stack.work = Some(Work::new(Goal::CleanUp { undone }, steps, now));
}
