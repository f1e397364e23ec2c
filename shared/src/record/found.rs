//! What a service was like, and whether it is so again.

use super::FoundService;
use crate::observation::{Service, Suspended};

impl FoundService {
    /// Whether the count is left to automatic scaling again: it is as it was found, and not suspended.
    ///
    /// A count outside of the bounds is nothing that scaling does: if it was found so it was somebody's own and
    /// stays so, and if it is so now it has to be put right.
    #[must_use]
    pub fn is_scaled_again(&self, service: &Service) -> bool {
        self.scaling.is_some_and(|found| {
            service.scaling == Some(found)
                && found.suspended != Suspended::ALL
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
        })
    }
}
