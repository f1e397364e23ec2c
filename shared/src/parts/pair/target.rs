//! What of a target its two services are.

use serde::{Deserialize, Serialize};

use super::{Named, ProtectedTasks};
use crate::{
    input::BadInput,
    names::{ClusterName, PairId, ServiceName},
};

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
    #[serde(default, skip_serializing_if = "ProtectedTasks::are_stopped")]
    pub protected_tasks: ProtectedTasks,
    /// How many tasks of the candidate may end by themselves, however the stable version does.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub max_task_exits: u32,
}

/// A target of two services less what all targets have, as people write it; each field is that of the same name of [`Pair`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input<Traffic> {
    cluster: ClusterName,
    primary: ServiceName,
    canary: ServiceName,
    #[serde(default = "one")]
    resting_tasks: u32,
    #[serde(default)]
    protected_tasks: ProtectedTasks,
    #[serde(default = "two")]
    max_task_exits: u32,
    /// How work is split.
    pub traffic: Traffic,
}

impl<Traffic> Input<Traffic> {
    /// The services, and how work is split between them.
    pub fn split(self) -> (Pair, Traffic) {
        let pair = Pair {
            cluster: self.cluster,
            primary: self.primary,
            canary: self.canary,
            resting_tasks: self.resting_tasks,
            protected_tasks: self.protected_tasks,
            max_task_exits: self.max_task_exits,
        };
        (pair, self.traffic)
    }
}

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_two(many: &u32) -> bool {
    *many == two()
}

impl Pair {
    /// Fields of which a release keeps those that it began with.
    pub const LIMITS: [&str; 3] = ["restingTasks", "protectedTasks", "maxTaskExits"];

    /// Where both services are, and their names.
    #[must_use]
    pub fn named(&self) -> Named<'_> {
        Named {
            cluster: &self.cluster,
            primary: &self.primary,
            canary: &self.canary,
        }
    }

    /// Key of its release record.
    #[must_use]
    pub fn id(&self) -> PairId {
        PairId::new(self.cluster.as_str(), self.primary.as_str())
    }

    /// Checks what one field cannot know.
    ///
    /// # Errors
    /// Both services are the same.
    pub fn check(&self, source: &'static str) -> Result<(), BadInput> {
        if self.primary == self.canary {
            let problem = format!(
                "{:?} is the primary service too; the pair is two services of one cluster",
                self.canary.as_str()
            );
            return Err(BadInput::field(source, "canary", problem));
        }
        Ok(())
    }
}
