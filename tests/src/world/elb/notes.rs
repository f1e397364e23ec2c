//! What load balancers tell the journal: the weights of rules, and how many targets are healthy.

use std::collections::BTreeMap;

use super::TargetState;
use crate::world::{World, journal::What};

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Weights by target group's name, by rule.
    weights: BTreeMap<String, Vec<(String, u32)>>,
    /// Healthy targets, new ones, and those that are neither but should be healthy, by target group's name.
    targets: BTreeMap<String, (u32, u32, u32)>,
}

/// Notes what has changed since it was noted last.
pub(super) fn note(world: &mut World) {
    let (weights, targets) = (weights(world), targets(world));
    let mut news = Vec::new();
    for (rule, groups) in &weights {
        if world.elb.noted.weights.get(rule) != Some(groups) {
            news.push(What::Weights {
                rule: rule.clone(),
                groups: groups.clone(),
            });
        }
    }
    for (group, counts) in &targets {
        if world.elb.noted.targets.get(group) != Some(counts) {
            let (healthy, initial, ailing) = *counts;
            news.push(What::Targets {
                group: group.clone(),
                healthy,
                initial,
                ailing,
            });
        }
    }
    world.elb.noted = Noted { weights, targets };
    for what in news {
        world.note(what);
    }
}

/// Of every rule that has something to share out.
fn weights(world: &World) -> BTreeMap<String, Vec<(String, u32)>> {
    let rules = world.elb.rules.iter();
    rules
        .filter_map(|(arn, rule)| {
            let shares = rule.content.newest().actions.weights();
            let named: Vec<_> = shares
                .map(|(group, weight)| (name(group).to_owned(), weight))
                .collect();
            (named.len() > 1).then(|| (arn.clone(), named))
        })
        .collect()
}

fn targets(world: &World) -> BTreeMap<String, (u32, u32, u32)> {
    let groups = world.elb.target_groups.iter();
    groups
        .map(|(arn, group)| {
            let is_used = group.load_balancer.is_some();
            let states = || {
                let registrations = group.targets.values();
                registrations.filter_map(|registration| registration.state(is_used, world.now))
            };
            let count = |counted: &[TargetState]| {
                let number = states().filter(|state| counted.contains(state)).count();
                u32::try_from(number).unwrap_or(u32::MAX)
            };
            let counts = (
                count(&[TargetState::Healthy]),
                count(&[TargetState::Initial]),
                count(&[TargetState::Unhealthy, TargetState::Unused]),
            );
            (name(arn).to_owned(), counts)
        })
        .collect()
}

/// The name of a target group: the second part of what its ARN ends with.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
