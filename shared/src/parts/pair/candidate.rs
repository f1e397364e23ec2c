//! How far the candidate's registration is.

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, names::TaskDefinitionArn};

/// How far the candidate's registration is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Candidate {
    /// Nothing has been changed yet.
    Planned {
        /// The input of `RegisterTaskDefinition`, as JSON.
        definition: String,
    },
    /// One invocation is registering it.
    Registering {
        /// The input of `RegisterTaskDefinition`, as JSON.
        definition: String,
        /// Since when; an invocation is over after the function's timeout.
        since: Timestamp,
    },
    /// It is registered and may be on the canary service.
    #[serde(rename_all = "camelCase")]
    Registered {
        /// Its ARN.
        task_definition: TaskDefinitionArn,
        /// When the canary service was allowed to change.
        at: Timestamp,
    },
}

impl Candidate {
    /// Its task definition, once it is registered.
    #[must_use]
    pub fn registered(&self) -> Option<&TaskDefinitionArn> {
        match self {
            Self::Registered {
                task_definition, ..
            } => Some(task_definition),
            Self::Planned { .. } | Self::Registering { .. } => None,
        }
    }
}
