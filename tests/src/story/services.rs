//! The tasks of the two services.

use std::collections::BTreeMap;

use super::{Steps, Story};
use crate::clock::Moment;

/// A service's tasks at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    /// Desired count.
    pub desired: u32,
    /// Running tasks by version label.
    pub running: BTreeMap<String, u32>,
}

impl Tasks {
    /// Running tasks of one version.
    #[must_use]
    pub fn of(&self, version: &str) -> u32 {
        self.running.get(version).copied().unwrap_or_default()
    }

    /// All running tasks.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.running.values().sum()
    }
}

impl Story {
    /// The tasks of a service as they are.
    #[must_use]
    pub fn tasks(&self, service: &str) -> Tasks {
        self.services
            .get(service)
            .and_then(Steps::last)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn note_tasks(
        &mut self,
        at: Moment,
        service: &str,
        desired: u32,
        running: &[(String, u32)],
    ) {
        let mut tasks = Tasks {
            desired,
            running: BTreeMap::new(),
        };
        for (version, count) in running.iter().filter(|(_, count)| *count > 0) {
            *tasks.running.entry(version.clone()).or_default() += count;
        }
        self.services
            .entry(service.to_owned())
            .or_default()
            .push(at, tasks);

        self.note_attained(at);
        self.note_reached(at);
    }

    pub(super) fn pair(&self) -> [Tasks; 2] {
        [
            self.tasks(&self.cast.primary),
            self.tasks(&self.cast.canary),
        ]
    }
}
