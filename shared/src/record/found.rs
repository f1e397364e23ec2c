//! What a release found, in full.

use serde::{Deserialize, Serialize};

use crate::{
    names::{ForwardArn, PairId, ReleaseId, TaskDefinitionArn},
    parts::rules::Actions,
};

/// What the release found, in full: an item of its own beside the record, for a rollback that cannot read it any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundInFull {
    /// The pair.
    pub pair: PairId,
    /// The release that found it.
    pub release: ReleaseId,
    /// What the services ran, each as the JSON input of `RegisterTaskDefinition`.
    pub definitions: Vec<FoundDefinition>,
    /// Everything that the rules did; secrets are never described.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<FoundRule>,
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

/// A rule, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRule {
    /// Which.
    pub forward: ForwardArn,
    /// All its actions.
    pub actions: Actions,
}

impl FoundInFull {
    /// The JSON input of `RegisterTaskDefinition` that gives this definition once more.
    #[must_use]
    pub fn definition(&self, which: &TaskDefinitionArn) -> Option<&str> {
        let found = self.definitions.iter();
        let mut found = found.filter(|found| found.task_definition == *which);
        found.next().map(|found| found.input.as_str())
    }

    /// What a rule did.
    #[must_use]
    pub fn actions(&self, which: &ForwardArn) -> Option<&Actions> {
        let mut found = self.rules.iter().filter(|found| found.forward == *which);
        found.next().map(|found| &found.actions)
    }
}
