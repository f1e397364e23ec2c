//! Calls about a stack as a whole.

use serde_json::{Value, json};

use super::{
    faults::{no_stack, validation},
    find,
    stack::{CREATE_IN_PROGRESS, DELETE_COMPLETE, DELETE_IN_PROGRESS, REVIEW_IN_PROGRESS},
    templates, text, work,
};
use crate::world::{Fault, World};

/// `DeleteStack`. Of a stack that is not there nothing is said, as on AWS.
pub(super) fn delete_stack(world: &mut World, input: &Value) -> Result<Value, Fault> {
    templates::refuse(input, &["RetainResources", "RoleARN", "DeploymentConfig"])?;
    if input["DeletionMode"] == "FORCE_DELETE_STACK" {
        return Err(super::faults::unsupported(
            "DeletionMode FORCE_DELETE_STACK",
        ));
    }
    let name = text(input, "StackName");
    let Some(index) = find(world, name) else {
        return Ok(json!({}));
    };
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    if stack.protected {
        return Err(validation(format!(
            "Stack [{name}] cannot be deleted while TerminationProtection is enabled"
        )));
    }
    match stack.status {
        DELETE_IN_PROGRESS | DELETE_COMPLETE => {}
        REVIEW_IN_PROGRESS => {
            stack.deleted = Some(now);
            stack.change_sets.clear();
            stack.set(DELETE_COMPLETE, None, now);
        }
        status if stack.is_busy() && status != CREATE_IN_PROGRESS => {
            return Err(validation(format!(
                "Stack [{}] cannot be deleted while in status {status}",
                stack.id
            )));
        }
        _ => work::delete(world, index),
    }
    Ok(json!({}))
}

/// `UpdateTerminationProtection`. AWS: `CloudFormation` user guide, "Protect `CloudFormation` stacks from being deleted": it
/// is the root stack's; for a nested one the words are made up here.
pub(super) fn protect(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let name = text(input, "StackName");
    let index = find(world, name).ok_or_else(|| no_stack(name))?;
    let stack = &mut world.cloudformation.stacks[index];
    if stack.parent.is_some() {
        return Err(validation(format!(
            "Stack [{}] is a nested stack: set termination protection on its root stack",
            stack.id
        )));
    }
    stack.protected = input["EnableTerminationProtection"] == true;
    Ok(json!({ "StackId": stack.id }))
}
