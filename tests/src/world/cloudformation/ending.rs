//! What an operation comes to.

use super::{
    faults::list,
    stack::{
        CREATE_COMPLETE, CREATE_FAILED, DELETE_COMPLETE, DELETE_FAILED, Leftover, Owned, STACK,
        Stack, UPDATE_COMPLETE, UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, UPDATE_ROLLBACK_COMPLETE,
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS, UPDATE_ROLLBACK_IN_PROGRESS,
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
        Goal::Update | Goal::GoBack => {
            refresh_outputs(stack);
            let undone = work.goal == Goal::GoBack;
            stack.set(cleaning(undone), None, now);
            // Of a nested one the outermost says when: until everything is updated it may have to go back.
            if stack.parent.is_none() {
                clean_up(stack, undone, now);
            }
        }
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

fn refresh_outputs(stack: &mut Stack) {
    let made = stack.made();
    if let Some(content) = &stack.content
        && let Ok(outputs) = content.plan.outputs(&made)
    {
        stack.outputs = outputs;
    }
}

/// What a stack is while it deletes, or waits to delete, what is not its any more.
fn cleaning(undone: bool) -> &'static str {
    if undone {
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS
    } else {
        UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
    }
}

/// Begins to delete what is not the stack's any more, and not its nested stacks'.
pub(super) fn clean_up(stack: &mut Stack, undone: bool, now: Moment) {
    if let Some(content) = &stack.content {
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
    let leftovers = stack.leftovers.iter().map(|_| Step::RemoveLeftover);
    let nested = stack.resources.iter().filter(|owned| owned.kind == STACK);
    let nested = nested.map(|owned| Step::CleanUpNested(owned.id.clone()));
    let steps: Vec<Step> = leftovers.chain(nested).collect();
    stack.work = Some(Work::new(Goal::CleanUp { undone }, steps, now));
}
