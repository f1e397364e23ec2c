//! What two services ran when a release began, in full.

use serde::{Deserialize, Serialize};

use crate::names::TaskDefinitionArn;

/// What two services ran, in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFull {
    /// Each of their task definitions.
    #[serde(default)]
    pub definitions: Vec<FoundDefinition>,
}

/// A task definition, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundDefinition {
    /// Which.
    pub task_definition: TaskDefinitionArn,
    /// The JSON input of `RegisterTaskDefinition`.
    pub input: String,
}
