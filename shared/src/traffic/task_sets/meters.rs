//! What either version counts of its work, or the load balancer of its requests: both sets run under one service name, and the version
//! tells them apart.

use super::{BalancedSets, Found, QueueSets, Set, TaskSets, Way};
use crate::{
    evidence::meter::{Meter, Meters},
    names::TaskDefinitionArn,
    parts::{
        rules::Place,
        work::{self, VersionMetrics, WorkMetrics},
    },
};

/// Both versions, once there are two.
pub(super) fn compared(model: &TaskSets, found: &Found, set: &Set) -> Option<Meters> {
    let candidate = set.registered()?;
    match &model.traffic.task_sets {
        Way::Consumers(queue) => {
            let stable = &found.task_definition;
            Some(of_queue(model, queue, Some(candidate), stable))
        }
        Way::Balanced(balanced) => {
            let place = of_release(balanced, found)?;
            let (stable, candidate) = place.groups();
            Some(of_balancer(
                Some(place.meter(candidate)),
                place.meter(stable),
            ))
        }
    }
}

/// What was promoted.
pub(super) fn promoted(model: &TaskSets, found: &Found, set: &Set) -> Option<Meters> {
    let candidate = set.registered()?;
    match &model.traffic.task_sets {
        Way::Consumers(queue) => Some(of_queue(model, queue, None, candidate)),
        Way::Balanced(balanced) => {
            let place = of_release(balanced, found)?;
            Some(of_balancer(None, place.meter(&place.canary_target_group)))
        }
    }
}

fn of_release(balanced: &BalancedSets, found: &Found) -> Option<Place> {
    let stable = &found.balancer.as_ref()?.stable;
    Some(balanced.place(balanced.is_swapped(stable.as_str())))
}

fn of_balancer(canary: Option<Meter>, primary: Meter) -> Meters {
    Meters {
        canary,
        primary,
        ended: None,
        // One publisher: AWS, once a minute, all of it.
        together: true,
        called: None,
    }
}

fn of_queue(
    model: &TaskSets,
    queue: &QueueSets,
    canary: Option<&TaskDefinitionArn>,
    primary: &TaskDefinitionArn,
) -> Meters {
    let usual = || VersionMetrics {
        work: WorkMetrics::of_sample_app(),
        version_dimension: "Version".to_owned(),
        dimensions: [("ServiceName".to_owned(), model.service.to_string())].into(),
    };
    let metrics = queue.metrics.clone().unwrap_or_else(usual);
    // AWS: the task metadata has the family and the revision, and nothing of the set.
    let meter = |version: &TaskDefinitionArn| metrics.meter(version.short(), work::LONGEST);
    Meters {
        canary: canary.map(meter),
        primary: meter(primary),
        ended: Some(work::ended(&queue.url)),
        together: metrics.work.together,
        called: None,
    }
}
