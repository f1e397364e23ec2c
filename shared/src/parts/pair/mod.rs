//! Two services of Amazon ECS: the primary and the canary.

mod anew;
mod begin;
mod counts;
mod found;
mod gates;
mod hold;
mod left;
pub mod left_over;
mod observe;
mod place;
mod preflight;
mod promote;
mod restore;
mod scaling;
mod seen;
mod service;
mod stop;
mod view;
#[cfg(test)]
pub(crate) mod world;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    exits::Exits,
    names::{ClusterName, ServiceName},
    record::{Candidate, Forced, Kept},
    target::ProtectedTasks,
};

pub use anew::{has_failed, rest};
pub use begin::{Asked, Before, Beginning, Planned};
pub use counts::{Counts, SetCounts};
pub use found::FoundService;
pub use hold::{Hold, Holds, keeps_a_task};
pub use observe::placing;
pub use place::Placing;
pub use promote::Promoting;
pub use restore::Back;
pub use scaling::{ScalableTarget, Suspended};
pub use seen::Seen;
pub use service::{Deployment, Protection, Rollout, Service, Settings, Task};
pub use view::{Both, View};

/// The two services of a target, and what a release may do with their tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// The cluster of both services.
    pub cluster: ClusterName,
    /// The service with the high capacity.
    pub primary: ServiceName,
    /// The service with the low capacity.
    pub canary: ServiceName,
    /// Tasks of the canary service between releases.
    pub resting_tasks: u32,
    /// What a rollback does with tasks of the candidate that are protected from scale-in.
    pub protected_tasks: ProtectedTasks,
    /// How many tasks of the candidate may end by themselves, however the stable version does.
    pub max_task_exits: u32,
}

/// What both services were like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The primary service.
    pub primary: FoundService,
    /// The canary service.
    pub canary: FoundService,
}

/// What a release has made of two services, and set last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// How far the candidate is; `None` once everything runs what was found again.
    pub candidate: Option<Candidate>,
    /// The task counts that were set last.
    pub counts: Option<SetCounts>,
    /// Tasks that ended by themselves.
    pub exits: Exits,
    /// What a rollback has found out.
    pub restoring: Restoring,
}

/// What a rollback has found out about two services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restoring {
    /// Whether the stopping call has got through.
    pub stopped: bool,
    /// Whether the canary was seen to run nothing of the release as the rollback began.
    pub spares_canary: bool,
    /// Counts and scaling that are not the release's any more.
    pub kept: Kept,
    /// How often failed deployments of the stable version were made anew.
    pub forced: Forced,
    /// Since when no task of the candidate is wanted on the canary any more.
    pub unwanted_since: Option<Timestamp>,
}

impl Set {
    /// The counts that are set with a change, `to` where the change is one of counts; the first change of a share sets what there is.
    #[must_use]
    pub fn counting(
        &self,
        both: Both<'_>,
        to: Option<Counts>,
        is_new: bool,
        now: Timestamp,
    ) -> Option<SetCounts> {
        let to = to.or(is_new.then(|| both.counts()));
        let to = to.filter(|to| is_new || self.counts.map(|it| it.to) != Some(*to));
        to.map(|to| SetCounts::new(both.counts(), to, now))
            .or(self.counts)
    }
}
