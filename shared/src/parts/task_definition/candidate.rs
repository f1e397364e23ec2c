//! How far the candidate's registration is.

use serde::{Deserialize, Serialize};

use super::Definition;
use crate::{
    clock::{FUNCTION_TIMEOUT, Timestamp},
    names::{ReleaseId, TaskDefinitionArn},
};

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
    /// It is registered and may run.
    #[serde(rename_all = "camelCase")]
    Registered {
        /// Its ARN.
        task_definition: TaskDefinitionArn,
        /// Since when it may.
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

    /// One invocation registers it from now on: an event that is delivered twice registers once.
    #[must_use]
    pub fn registering(definition: &str, now: Timestamp) -> Self {
        Self::Registering {
            definition: definition.to_owned(),
            since: now,
        }
    }

    /// How far that is, now that this is the family's latest definition.
    #[must_use]
    pub fn registration<'a>(
        &'a self,
        latest: Option<&Definition>,
        (release, began): (&ReleaseId, Timestamp),
        now: Timestamp,
    ) -> Registration<'a> {
        match self {
            Self::Registered {
                task_definition,
                at,
            } => Registration::Done {
                task_definition,
                at: *at,
            },
            Self::Registering { definition, since } => {
                match latest.filter(|it| it.is_of(release, began)) {
                    Some(latest) => latest
                        .arn()
                        .map_or(Registration::UnderWay, Registration::Seen),
                    // Whoever claimed the registration may still be at it.
                    None if now.since(*since) < FUNCTION_TIMEOUT => Registration::UnderWay,
                    None => Registration::Open { definition },
                }
            }
            Self::Planned { definition } => Registration::Open { definition },
        }
    }
}

/// How far the candidate's registration is, as a look sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration<'a> {
    /// Nobody is at it.
    Open {
        /// The input of `RegisterTaskDefinition`, as JSON.
        definition: &'a str,
    },
    /// An invocation may be at it.
    UnderWay,
    /// It is seen to be registered, which the record does not hold yet.
    Seen(TaskDefinitionArn),
    /// It is registered.
    Done {
        /// Its ARN.
        task_definition: &'a TaskDefinitionArn,
        /// Since when it may run.
        at: Timestamp,
    },
}
