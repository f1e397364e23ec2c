//! What goes again, and what of a target group changes: as `CloudFormation` does it.

use serde_json::Value;

use super::{association, faults::no_target_group, group::HealthCheck};
use crate::world::{Fault, World};

/// Deletes a load balancer with its listeners, a listener with its rules, a rule, or a target group, by its ARN. What is
/// not there is passed over.
///
/// # Errors
/// `ResourceInUse`: a target group that a rule forwards to.
pub fn delete(world: &mut World, arn: &str) -> Result<(), Fault> {
    let group = world.elb.target_groups.get(arn);
    if group.is_some_and(|group| group.load_balancer.is_some()) {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Fault::new("ResourceInUse", message));
    }
    let elb = &mut world.elb;
    elb.target_groups.remove(arn);
    elb.rules.remove(arn);
    elb.load_balancers.remove(arn);
    elb.listeners
        .retain(|listener, it| listener != arn && it.load_balancer != arn);
    let listeners = &elb.listeners;
    elb.rules
        .retain(|_, rule| listeners.contains_key(&rule.listener));
    association::settle(world);
    Ok(())
}

/// `ModifyTargetGroup`: how targets are checked, all of it, from input as `CreateTargetGroup` takes it.
///
/// # Errors
/// `TargetGroupNotFound`, and what a health check cannot be.
pub fn modify_target_group(world: &mut World, arn: &str, input: &Value) -> Result<(), Fault> {
    let check = HealthCheck::parse(input)?;
    let group = world.elb.target_groups.get_mut(arn);
    group.ok_or_else(|| no_target_group(arn))?.check = check;
    Ok(())
}
