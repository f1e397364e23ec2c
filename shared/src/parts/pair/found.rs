//! What a service was like before the first change, and whether it is so again.

use serde::{Deserialize, Serialize};

use super::{ScalableTarget, Service};
use crate::names::TaskDefinitionArn;

/// What a service was like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundService {
    /// What it ran.
    pub task_definition: TaskDefinitionArn,
    /// How many tasks it should have had.
    pub desired: u32,
    /// How it was scaled automatically, if it was.
    pub scaling: Option<ScalableTarget>,
    /// As many tasks it keeps at least until the promotion, whatever scales it to fewer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub floor: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(tasks: &u32) -> bool {
    *tasks == 0
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

    /// The same for a primary that may be one that `is_kept` beside the candidate: where nothing else keeps a task of it, the release
    /// does.
    #[must_use]
    pub fn floored(self, is_kept: bool) -> Self {
        let scales_to_zero = |it: ScalableTarget| it.min == 0 && !it.is_as_held();
        let may_be_empty = self.scaling.is_none_or(scales_to_zero);
        let is_floored = may_be_empty && is_kept;
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
