//! How many calls of an API AWS takes, from everybody in an account and Region together.
//!
//! Each group of operations has a bucket of tokens that fills by itself; a call without a token is throttled. Only calls
//! over the wire take tokens: what AWS's services call for themselves has buckets of its own (Elastic Load Balancing user
//! guide, "Request throttling for the Elastic Load Balancing API").

mod groups;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::groups::{GROUPS, Group};
use super::{Fault, World};
use crate::clock::Moment;

/// Millionths of a token: what a thousandth a second makes in a millisecond.
const TOKEN: i64 = 1_000_000;

/// The buckets.
#[derive(Debug)]
pub struct Limits {
    /// Services whose calls are counted, by their names in the `SigV4` credential scope; all that document their limits,
    /// unless a story takes one out.
    pub counted: BTreeSet<&'static str>,
    others: Vec<Others>,
    /// By group and Region.
    buckets: BTreeMap<(usize, String), Bucket>,
}

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
            counted: BTreeSet::from(["ecs", "elasticloadbalancing"]),
            others: Vec::new(),
            buckets: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// Millionths of a token that a millisecond adds to a bucket, or takes from it.
    fn flow(&self, group: &Group) -> i64 {
        let others = self.others.iter();
        let theirs: i64 = others
            .filter(|it| group.has(&it.service, &it.operation))
            .map(|it| i64::from(it.per_second) * 1000)
            .sum();
        i64::from(group.refill) - theirs
    }
}

/// From now on somebody else in the account calls an operation so often, in place of what was said of it before; 0 for no
/// longer. They are always first: who takes as much as comes back leaves nothing for others once the bucket is empty.
pub fn others_call(world: &mut World, service: &str, operation: &str, per_second: u32) {
    for (index, group) in groups_of(service, operation) {
        let key = (index, world.identity.region.clone());
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

fn groups_of(service: &str, operation: &str) -> impl Iterator<Item = (usize, &'static Group)> {
    let groups = GROUPS.iter().enumerate();
    groups.filter(move |(_, group)| group.has(service, operation))
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
    for (index, group) in groups_of(service, operation) {
        let key = (index, region.to_owned());
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
fn filled(world: &World, key: &(usize, String), group: &Group) -> Bucket {
    let full = i64::from(group.burst) * TOKEN;
    let now = world.now;
    let level = world.limits.buckets.get(key).map_or(full, |bucket| {
        let passed = now.since(bucket.at) * world.pace;
        let passed = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        let change = passed.saturating_mul(world.limits.flow(group));
        bucket.level.saturating_add(change).clamp(0, full)
    });
    Bucket { level, at: now }
}

/// Too many calls. Each service has its own word (botocore 1.43: the services' models, and `_retry.json` for those that do
/// not model it).
#[must_use]
pub fn throttled(service: &str) -> Fault {
    let (code, status) = match service {
        "dynamodb" => ("ProvisionedThroughputExceededException", 400),
        "elasticloadbalancing" | "monitoring" => ("Throttling", 400),
        "sns" => ("ThrottledException", 429),
        "sqs" => ("RequestThrottled", 403),
        _ => ("ThrottlingException", 400),
    };
    Fault::with_status(code, "Rate exceeded", status)
}
