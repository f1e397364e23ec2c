//! What ECS remembers of the tasks that it has started for a deployment or for a task set.

use super::{consistency::Pin, service::Service};
use crate::clock::Moment;

/// The launches of one deployment or task set.
#[derive(Debug, Clone)]
pub(super) struct Launches {
    /// Which image its tasks run.
    pub(super) pin: Pin,
    /// Tasks that never reached RUNNING, in a row.
    pub(super) unstartable: u32,
    /// Set while the scheduler holds back launches.
    pub(super) held_until: Option<Moment>,
}

impl Launches {
    /// Those of something that is to begin with so many tasks.
    pub(super) fn begin(tasks: u32) -> Self {
        Self {
            pin: Pin::of(tasks),
            unstartable: 0,
            held_until: None,
        }
    }

    /// Forgets failures: launches are no longer held back.
    pub(super) fn free(&mut self) {
        self.unstartable = 0;
        self.held_until = None;
    }

    /// Whether tasks may be started now.
    pub(super) fn may_start(&self, now: Moment) -> bool {
        self.held_until.is_none_or(|until| now >= until)
    }
}

impl Service {
    /// The launches of a deployment or a task set by its id.
    pub(super) fn launches(&self, id: &str) -> Option<&Launches> {
        let deployments = self.deployments.iter().map(|it| (&it.id, &it.launches));
        let sets = self.task_sets.iter().map(|it| (&it.id, &it.launches));
        let mut all = deployments.chain(sets);
        all.find(|(it, _)| *it == id).map(|(_, launches)| launches)
    }

    /// The same to be changed, also of what the circuit breaker would go back to.
    pub(super) fn launches_mut<'a>(
        &'a mut self,
        id: &'a str,
    ) -> impl Iterator<Item = &'a mut Launches> {
        let deployments = self.deployments.iter_mut().chain(&mut self.completed);
        let deployments = deployments.map(|it| (&it.id, &mut it.launches));
        let sets = self.task_sets.iter_mut();
        let sets = sets.map(|it| (&it.id, &mut it.launches));
        let found = deployments.chain(sets).filter(move |(it, _)| *it == id);
        found.map(|(_, launches)| launches)
    }
}
