//! What a service was like, and whether it is so again.

use serde::{Deserialize, Serialize};

use super::FoundService;
use crate::{
    names::{ForwardArn, PairId, ReleaseId, TaskDefinitionArn},
    observation::{ScalableTarget, Service},
    target::Target,
    traffic::alb::Actions,
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

impl FoundService {
    /// Whether the count is left to automatic scaling again: it is as it was found, and not suspended.
    ///
    /// A count outside of the bounds is nothing that scaling does: if it was found so it was somebody's own and
    /// stays so, and if it is so now it has to be put right. Scaling that was found as a release holds it is never given back, so
    /// nobody can tell.
    #[must_use]
    pub fn is_scaled_again(&self, service: &Service) -> bool {
        self.scaling.is_some_and(|found| {
            service.scaling == Some(found)
                && !found.is_as_held()
                && [self.desired, service.desired]
                    .iter()
                    .all(|desired| (found.min..=found.max).contains(desired))
        })
    }

    /// The count that was found, where that is outside of the bounds of its scaling and giving those back has pulled it into
    /// them (AWS: `RegisterScalableTarget`). Scaling that was found as a release holds it is never given back: what has moved
    /// its count is somebody else.
    #[must_use]
    pub fn pulled(&self, service: &Service) -> Option<u32> {
        let found = self.scaling.filter(|it| service.scaling == Some(*it))?;
        let was_held = found.suspended.scale_in && found.suspended.scheduled;
        let pulled = self.desired.clamp(found.min, found.max.max(found.min));
        let is_pulled = !was_held && pulled != self.desired && service.desired == pulled;
        is_pulled.then_some(self.desired)
    }

    /// What a service is like now; `None` before its first deployment.
    #[must_use]
    pub fn of(service: &Service) -> Option<Self> {
        Some(Self {
            task_definition: service.newest()?.task_definition.clone(),
            desired: service.desired,
            scaling: service.scaling,
            floor: 0,
        })
    }

    /// The same for a primary of a model that needs a stable version beside the candidate: where nothing else keeps a task of it, the
    /// release does.
    #[must_use]
    pub fn floored(self, target: &Target) -> Self {
        let scales_to_zero = |it: ScalableTarget| it.min == 0 && !it.is_as_held();
        let may_be_empty = self.scaling.is_none_or(scales_to_zero);
        let is_floored = may_be_empty && target.floors_primary();
        Self {
            floor: u32::from(is_floored),
            ..self
        }
    }

    /// The count that was found, where that was none and still is what the release has made of it, and nothing scales the service.
    #[must_use]
    pub fn unfloored(&self, service: &Service) -> Option<u32> {
        let is_ours = self.desired < self.floor && service.desired == self.floor;
        let is_scaled = self.scaling.is_some() || service.scaling.is_some();
        (is_ours && !is_scaled).then_some(self.desired)
    }
}
