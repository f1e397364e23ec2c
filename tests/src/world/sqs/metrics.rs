//! What SQS tells `CloudWatch` and the journal about its queues.
//!
//! AWS publishes the metrics of a queue every minute while it is active, which it is for up to six
//! hours after its last use (SQS developer guide, "Available `CloudWatch` metrics"). The minutes here
//! are those of metric time: `pace` times shorter than a minute.

use std::time::Duration;

use super::{Depth, queue::Traffic};
use crate::world::{World, cloudwatch, journal::What};

/// AWS: a queue without messages publishes metrics for this long after its last use.
const ACTIVE: Duration = Duration::from_hours(6);
/// How often at most a depth is noted.
const NOTED_EVERY: Duration = Duration::from_secs(1);

/// Publishes the minute that has just ended, once.
pub(super) fn publish(world: &mut World) {
    let minute = cloudwatch::minute(world, world.now);
    let Some(published) = world.sqs.published_minute.replace(minute) else {
        return;
    };
    if published == minute {
        return;
    }
    let now = world.now;
    let active = world.paced(ACTIVE);
    let mut data = Vec::new();
    for (name, queue) in &mut world.sqs.queues {
        let Traffic {
            sent,
            received,
            deleted,
        } = std::mem::take(&mut queue.traffic);
        let depth = queue.depth(now);
        if depth == Depth::default() && now.since(queue.last_used) > active {
            continue;
        }
        let values = [
            (
                "ApproximateNumberOfMessagesVisible",
                f64::from(depth.visible),
            ),
            (
                "ApproximateNumberOfMessagesNotVisible",
                f64::from(depth.in_flight),
            ),
            (
                "ApproximateNumberOfMessagesDelayed",
                f64::from(depth.delayed),
            ),
            (
                "ApproximateAgeOfOldestMessage",
                queue.age_of_oldest(now).as_secs_f64().floor(),
            ),
            ("NumberOfMessagesSent", f64::from(sent)),
            ("NumberOfMessagesReceived", f64::from(received)),
            ("NumberOfMessagesDeleted", f64::from(deleted)),
        ];
        data.push((name.clone(), values));
    }
    let at = cloudwatch::minute_start(world, minute - 1);
    for (queue, values) in data {
        for (metric, value) in values {
            let dimensions = [("QueueName", queue.as_str())];
            cloudwatch::publish(world, "AWS/SQS", metric, &dimensions, value, at);
        }
    }
}

/// Notes every depth that changed, at most once a second for each queue.
pub(super) fn note_depths(world: &mut World) {
    let now = world.now;
    let mut changed = Vec::new();
    for (name, queue) in &mut world.sqs.queues {
        let (noted, at) = queue.noted;
        let depth = Depth {
            delayed: 0,
            ..queue.depth(now)
        };
        if depth != noted && now.since(at) >= NOTED_EVERY {
            queue.noted = (depth, now);
            changed.push(What::Depth {
                queue: name.clone(),
                visible: depth.visible,
                in_flight: depth.in_flight,
            });
        }
    }
    for what in changed {
        world.note(what);
    }
}
