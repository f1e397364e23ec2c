//! Which load balancer uses which target group.

use std::collections::BTreeMap;

use super::{
    action::Actions,
    faults::{bad_action, no_target_group},
    target,
};
use crate::world::{Fault, World};

/// Whether rules of a load balancer may forward so. AWS: API reference, `CreateRule`; ALB user guide,
/// "Target groups": a group is used with one load balancer.
pub(super) fn check(world: &World, load_balancer: &str, actions: &Actions) -> Result<(), Fault> {
    let several = actions.target_groups().count() > 1;
    for arn in actions.target_groups() {
        let group = world.elb.target_groups.get(arn);
        let group = group.ok_or_else(|| no_target_group(arn))?;
        let other = group.load_balancer.as_ref();
        if other.is_some_and(|other| other != load_balancer) {
            return Err(Fault::new(
                "TargetGroupAssociationLimitException",
                format!(
                    "The following target groups cannot be associated with more than one load \
                     balancer: {arn}"
                ),
            ));
        }
        // AWS: ALB user guide, "Sticky sessions for your Application Load Balancer".
        if several && group.has_sticky_targets() && !actions.are_sticky() {
            return Err(bad_action(
                "You must enable group stickiness on a rule if you enabled target stickiness on \
                 one of its target groups",
            ));
        }
    }
    Ok(())
}

/// Brings the groups up to the rules. The targets of a group that comes into use are checked from now
/// on.
pub(super) fn settle(world: &mut World) {
    let mut users = BTreeMap::new();
    let (elb, now) = (&mut world.elb, world.now);
    for rule in elb.rules.values() {
        let Some(listener) = elb.listeners.get(&rule.listener) else {
            continue;
        };
        for group in rule.content.newest().actions.target_groups() {
            users.insert(group.to_owned(), listener.load_balancer.clone());
        }
    }
    for (arn, group) in &mut elb.target_groups {
        let user = users.remove(arn);
        if group.load_balancer.is_none() && user.is_some() {
            target::begin_checks(group, now);
        }
        group.load_balancer = user;
    }
}
