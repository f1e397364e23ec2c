//! What either version counts of its work: both sets run under one service name, and the version tells them apart.

use super::{Found, Set, TaskSets};
use crate::{
    evidence::meter::{Meter, Meters},
    names::TaskDefinitionArn,
    parts::work::{self, VersionMetrics, WorkMetrics},
};

/// Both versions, once there are two.
pub(super) fn compared(model: &TaskSets, found: &Found, set: &Set) -> Option<Meters> {
    let candidate = set.registered()?;
    Some(meters(model, Some(candidate), &found.task_definition))
}

/// What was promoted.
pub(super) fn promoted(model: &TaskSets, set: &Set) -> Option<Meters> {
    Some(meters(model, None, set.registered()?))
}

fn meters(
    model: &TaskSets,
    canary: Option<&TaskDefinitionArn>,
    primary: &TaskDefinitionArn,
) -> Meters {
    let queue = model.queue();
    let usual = || VersionMetrics {
        work: WorkMetrics::of_sample_app(),
        version_dimension: "Version".to_owned(),
        dimensions: [("ServiceName".to_owned(), model.service.to_string())].into(),
    };
    let metrics = queue.metrics.clone().unwrap_or_else(usual);
    // AWS: the task metadata has the family and the revision, and nothing of the set.
    let meter =
        |version: &TaskDefinitionArn| -> Meter { metrics.meter(version.short(), work::LONGEST) };
    Meters {
        canary: canary.map(meter),
        primary: meter(primary),
        ended: Some(work::ended(&queue.url)),
        together: metrics.work.together,
    }
}
