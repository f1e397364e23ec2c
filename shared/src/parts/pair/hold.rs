//! What keeps automatic scaling from moving what is a release's, and leaves everything else to it.

use super::{FoundService, ScalableTarget, Service};
use crate::names::ServiceName;

/// What a release holds of a service's automatic scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// All of it: the service's count is the release's.
    Count,
    /// What takes tasks away, or moves the bounds: its tasks have to be able to take all work back at any moment.
    Tasks,
    /// The same, but the release may set a lower count: tasks are added where work asks for them.
    Growth,
    /// Nothing but the lower bound: the least of its tasks stay, where the release found that it keeps some.
    Floor,
}

/// What a release holds of both services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    /// Of the primary.
    pub primary: Hold,
    /// Of the canary.
    pub canary: Hold,
}

/// What is said of a primary that scales to zero and of which a task stays.
#[must_use]
pub fn keeps_a_task(primary: &ServiceName) -> String {
    format!(
        "{primary}, which scales to zero, keeps at least 1 task until the promotion (floorPrimary)"
    )
}

impl Hold {
    /// What the service's scaling has yet to become; `None` if nothing scales it, or if it is held already.
    #[must_use]
    pub fn missing(self, service: &Service, found: &FoundService) -> Option<ScalableTarget> {
        let to = match self {
            Self::Count => service.scaling_to_hold(),
            Self::Tasks => service.scaling_to_hold_up(),
            Self::Growth => service.scaling_to_let_grow(),
            Self::Floor => service.scaling_to_floor(found.floor),
        };
        found.holding(service, to?)
    }

    /// Whether the service's count is the release's.
    #[must_use]
    pub fn owns_count(self) -> bool {
        self == Self::Count
    }

    /// Whether scheduled actions of its scaling are suspended.
    #[must_use]
    pub fn suspends(self) -> bool {
        self != Self::Floor
    }

    /// Whether anything is changed for the length of a release that found the service so.
    #[must_use]
    pub fn changes(self, found: &FoundService) -> bool {
        self.suspends() || found.floor > 0
    }
}

#[cfg(test)]
mod tests;
