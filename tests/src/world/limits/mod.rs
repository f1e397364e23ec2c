//! How many calls of an API AWS takes, from everybody in an account and Region together.
//!
//! Each group of operations has a bucket of tokens that fills by itself; a call without a token is throttled. Only calls
//! over the wire take tokens: what AWS's services call for themselves has buckets of its own (Elastic Load Balancing user
//! guide, "Request throttling for the Elastic Load Balancing API").

mod groups;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, SERVICES, World, service};
use crate::clock::Moment;

pub use groups::Group;

/// Millionths of a token: what a thousandth a second makes in a millisecond.
const TOKEN: i64 = 1_000_000;

/// The buckets.
#[derive(Debug)]
pub struct Limits {
    /// Services whose calls are counted, by their names in the `SigV4` credential scope; all that document their limits,
    /// unless a story takes one out.
    pub counted: BTreeSet<&'static str>,
    others: Vec<Others>,
    buckets: BTreeMap<Key, Bucket>,
}

/// A service, the place of the group among its own, and the Region.
type Key = (&'static str, usize, String);

/// Somebody else in the account's Region: a console, another tool.
#[derive(Debug)]
struct Others {
    service: String,
    operation: String,
    per_second: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In millionths of a token.
    level: i64,
    at: Moment,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            counted: SERVICES
                .iter()
                .filter(|service| !service.limits.is_empty())
                .map(|service| service.name)
                .collect(),
            others: Vec::new(),
            buckets: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// Millionths of a token that a millisecond adds to a bucket, or takes from it.
    fn flow(&self, service: &str, group: &Group) -> i64 {
        let others = self.others.iter();
        let theirs: i64 = others
            .filter(|it| it.service == service && group.has(&it.operation))
            .map(|it| i64::from(it.per_second) * 1000)
            .sum();
        i64::from(group.refill) - theirs
    }
}

/// From now on somebody else in the account calls an operation so often, in place of what was said of it before; 0 for no
/// longer. They are always first: who takes as much as comes back leaves nothing for others once the bucket is empty.
pub fn others_call(world: &mut World, service: &str, operation: &str, per_second: u32) {
    for (name, index, group) in groups_of(service, operation) {
        let key = (name, index, world.identity.region.clone());
        let until_now = filled(world, &key, group);
        world.limits.buckets.insert(key, until_now);
    }
    let others = &mut world.limits.others;
    others.retain(|it| it.service != service || it.operation != operation);
    others.push(Others {
        service: service.to_owned(),
        operation: operation.to_owned(),
        per_second,
    });
}

/// The groups of an operation, with the name of the service and their places among its own.
fn groups_of(
    service: &str,
    operation: &str,
) -> impl Iterator<Item = (&'static str, usize, &'static Group)> {
    let groups = service::find(service).into_iter().flat_map(|service| {
        let groups = service.limits.iter().enumerate();
        groups.map(|(index, group)| (service.name, index, group))
    });
    groups.filter(move |(.., group)| group.has(operation))
}

/// Takes the tokens of a call.
///
/// # Errors
/// [`throttled`]; then it has taken none.
pub fn take(world: &mut World, region: &str, service: &str, operation: &str) -> Result<(), Fault> {
    if !world.limits.counted.contains(service) {
        return Ok(());
    }
    let mut taken = Vec::new();
    for (name, index, group) in groups_of(service, operation) {
        let key = (name, index, region.to_owned());
        let bucket = filled(world, &key, group);
        if bucket.level < TOKEN {
            return Err(throttled(service));
        }
        let level = bucket.level - TOKEN;
        taken.push((key, Bucket { level, ..bucket }));
    }
    world.limits.buckets.extend(taken);
    Ok(())
}

/// A bucket as it is now. One that nobody has taken from is full.
fn filled(world: &World, key: &Key, group: &Group) -> Bucket {
    let full = i64::from(group.burst) * TOKEN;
    let now = world.now;
    let level = world.limits.buckets.get(key).map_or(full, |bucket| {
        let passed = now.since(bucket.at) * world.pace;
        let passed = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        let change = passed.saturating_mul(world.limits.flow(key.0, group));
        bucket.level.saturating_add(change).clamp(0, full)
    });
    Bucket { level, at: now }
}

/// Too many calls, in the service's own word.
#[must_use]
pub fn throttled(service: &str) -> Fault {
    let (code, status) = service::of(service).throttled;
    Fault::with_status(code, "Rate exceeded", status)
}
