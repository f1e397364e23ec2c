//! Two services of Amazon ECS: the primary and the canary.

mod found;
mod scaling;
mod service;

pub use found::FoundService;
pub use scaling::{ScalableTarget, Suspended};
pub use service::{Deployment, Protection, Rollout, Service, Settings, Task};
