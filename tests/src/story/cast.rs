//! Who plays what.

use std::collections::BTreeMap;

use crate::stage;

/// The names that have a part in the story.
#[derive(Debug, Clone)]
pub struct Cast {
    /// How work reaches the versions.
    pub traffic: stage::Traffic,
    /// The pipeline.
    pub pipeline: String,
    /// The primary service.
    pub primary: String,
    /// The canary service.
    pub canary: String,
    /// The version label that the pair ran at the beginning.
    pub stable: String,
    /// The version label that is released first.
    pub candidate: String,
    /// Version labels by image, or by the digest of a function's package.
    pub labels: BTreeMap<String, String>,
    /// The target group of the primary, if there is a load balancer.
    pub primary_group: String,
    /// The target group of the canary, if there is a load balancer.
    pub canary_group: String,
    /// The queue that the services consume.
    pub queue: String,
    /// Its dead-letter queue.
    pub dead_letters: String,
    /// The rollback function, which calls AWS under its own name.
    pub rollback: String,
}
