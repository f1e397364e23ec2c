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
    /// The primary service, or the one whose task sets are released.
    pub primary: String,
    /// The canary service, if there are two.
    pub canary: String,
    /// The version label that the pair ran at the beginning.
    pub stable: String,
    /// The version label that is released first.
    pub candidate: String,
    /// Version labels by image, or by the digest of a function's package.
    pub labels: BTreeMap<String, String>,
    /// The target groups, if there is a load balancer: the primary's and the canary's, or both that task sets use by turns.
    pub groups: [String; 2],
    /// The queue that is consumed.
    pub queue: String,
    /// Its dead-letter queue.
    pub dead_letters: String,
    /// The rollback function, which calls AWS under its own name.
    pub rollback: String,
}

impl Cast {
    /// What people call the target groups.
    #[must_use]
    pub fn names_of_groups(&self) -> [&str; 2] {
        match self.traffic.runs() {
            stage::Runs::TaskSets => self.groups.each_ref().map(String::as_str),
            stage::Runs::Services | stage::Runs::Function => ["primary", "canary"],
        }
    }
}
