//! What rules did when a release began, in full; secrets are never described.

use serde::{Deserialize, Serialize};

use super::Actions;
use crate::names::ForwardArn;

/// What rules did, in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFull {
    /// Each of them.
    #[serde(default)]
    pub rules: Vec<FoundRule>,
}

/// A rule, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRule {
    /// Which.
    pub forward: ForwardArn,
    /// All its actions.
    pub actions: Actions,
}

impl InFull {
    /// What a rule did.
    #[must_use]
    pub fn actions(&self, which: &ForwardArn) -> Option<&Actions> {
        let mut found = self.rules.iter().filter(|found| found.forward == *which);
        found.next().map(|found| &found.actions)
    }
}
