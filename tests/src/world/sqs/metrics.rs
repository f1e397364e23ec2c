//! What SQS tells `CloudWatch` and the journal about its queues.
//!
//! AWS publishes the metrics of a queue every minute while it is active, which it is for up to six
//! hours after its last use (SQS developer guide, "Available `CloudWatch` metrics"). The minutes here
//! are those of metric time: `pace` times shorter than a minute.

use std::time::Duration;

use super::{
    Depth,
    queue::{Queue, Traffic},
};
use crate::{
    clock::Moment,
    world::{World, cloudwatch, journal::What},
};

/// AWS: a queue without messages publishes metrics for this long after its last use.
const ACTIVE: Duration = Duration::from_hours(6);
/// How often at most a depth is noted.
const NOTED_EVERY: Duration = Duration::from_secs(1);

/// The metrics of one minute, on their way to `CloudWatch`.
#[derive(Debug)]
pub(super) struct Minute {
    begins: Moment,
    measured: Moment,
    /// By queue.
    data: Vec<(String, Values)>,
}

/// Metrics of a queue, by name.
type Values = [(&'static str, f64); 7];

/// Measures the minute that has just ended, once.
pub(super) fn measure(world: &mut World) {
    let minute = cloudwatch::minute(world, world.now);
    let Some(measured) = world.sqs.published_minute.replace(minute) else {
        return;
    };
    if measured == minute {
        return;
    }
    let now = world.now;
    let active = world.paced(ACTIVE);
    let mut data = Vec::new();
    for (name, queue) in &mut world.sqs.queues {
        let values = values(queue, now);
        if queue.depth(now) != Depth::default() || now.since(queue.last_used) <= active {
            data.push((name.clone(), values));
        }
    }
    let begins = cloudwatch::minute_start(world, minute - 1);
    world.sqs.underway.push_back(Minute {
        begins,
        measured: now,
        data,
    });
}

/// What a queue's minute came to; the next one begins.
fn values(queue: &mut Queue, now: Moment) -> Values {
    let Traffic {
        sent,
        received,
        deleted,
    } = std::mem::take(&mut queue.traffic);
    let depth = queue.depth(now);
    [
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
    ]
}

/// Hands `CloudWatch` the minutes that have been underway for long enough. They count for the minute that they were
/// measured in, however late they come.
pub(super) fn deliver(world: &mut World) {
    let delay = world.paced(world.sqs.metrics_delay);
    let now = world.now;
    let has_come = |minute: &mut Minute| now.since(minute.measured) >= delay;
    while let Some(minute) = world.sqs.underway.pop_front_if(has_come) {
        for (queue, values) in minute.data {
            for (metric, value) in values {
                let dimensions = [("QueueName", queue.as_str())];
                cloudwatch::publish(world, "AWS/SQS", metric, &dimensions, value, minute.begins);
            }
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
