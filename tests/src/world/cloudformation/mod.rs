//! AWS `CloudFormation`: stacks, change sets, and the resources that they make in the account.
//!
//! What a template is, [`template`](crate::template) knows; what a resource is,
//! [`provision`](crate::provision). Here is what happens to stacks: an operation goes on by itself, one resource after the
//! other, each taking [`CloudFormation::step`]; a service is ready in its steady state. On AWS what does not depend on
//! each other is made at the same time.
//!
//! Different from AWS: whoever deploys acts with all rights, there are no service roles, stack policies, drift, imports,
//! exports, macros, and a stack that cannot be created is always rolled back. Members of a call that ask for such things
//! are refused by name.

mod calls;
mod change_set;
mod changes;
mod describe;
mod ending;
mod faults;
mod making;
mod needs;
mod nested;
mod ownership;
mod removing;
mod stack;
mod templates;
#[cfg(test)]
mod tests;
mod values;
mod work;

use std::time::Duration;

use serde_json::Value;

use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};
use crate::template::Environment;
use stack::Stack;

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/cloudformation.json")),
    call: |world, it| call(world, it.operation, it.input),
    tick,
    needs: |it| Some(needs::needs(it)),
    ..Service::new("cloudformation")
};

/// Stacks, also the deleted ones.
#[derive(Debug)]
pub struct CloudFormation {
    /// How long a resource takes to be made, changed or deleted, and a change set to be ready, in AWS time.
    pub step: Duration,
    /// In the order of their creation.
    stacks: Vec<Stack>,
}

impl Default for CloudFormation {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(1),
            stacks: Vec::new(),
        }
    }
}

/// Calls one API operation.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "CreateChangeSet" => change_set::create(world, input),
        "DeleteChangeSet" => change_set::delete(world, input),
        "DescribeChangeSet" => change_set::describe(world, input),
        "ExecuteChangeSet" => change_set::execute(world, input),
        "DeleteStack" => calls::delete_stack(world, input),
        "UpdateTerminationProtection" => calls::protect(world, input),
        "DescribeStacks" => describe::stacks(world, input),
        "DescribeStackEvents" => describe::events(world, input),
        "DescribeStackResources" => describe::resources(world, input),
        "ListStackResources" => describe::resource_summaries(world, input),
        "ListStacks" => describe::summaries(world, input),
        "GetTemplate" => describe::template(world, input),
        "GetTemplateSummary" => templates::summary(world, input),
        "ValidateTemplate" => templates::validate(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// Lets operations go on.
pub fn tick(world: &mut World) {
    for index in 0..world.cloudformation.stacks.len() {
        if world.cloudformation.stacks[index].parent.is_none() {
            work::advance(world, index);
        }
    }
}

/// The index of a stack, by its id, or by its name unless it is deleted.
fn find(world: &World, name: &str) -> Option<usize> {
    let mut stacks = world.cloudformation.stacks.iter();
    stacks.rposition(|stack| {
        stack.id == name || stack.name == name && stack.status != stack::DELETE_COMPLETE
    })
}

fn environment(world: &World) -> Environment {
    Environment {
        account: world.identity.account.clone(),
        region: world.identity.region.clone(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
    }
}

/// A string member; empty if it was left out.
fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}
