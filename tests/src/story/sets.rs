//! The task sets of a service.

use super::{Story, Tasks};
use crate::{clock::Moment, world::journal::Set};

impl Story {
    pub(super) fn note_sets(&mut self, at: Moment, sets: &[Set]) {
        self.sets.push(at, sets.to_vec());
        self.note_attained(at);
        self.note_reached(at);
    }

    /// The sets as they are, the oldest first.
    #[must_use]
    pub fn sets_now(&self) -> &[Set] {
        self.sets.last().map_or(&[], Vec::as_slice)
    }

    /// The version that the service shows as its own, if its tasks are in sets.
    #[must_use]
    pub fn primary_version(&self) -> Option<&str> {
        let primary = self.sets_now().iter().find(|set| set.is_primary())?;
        Some(&primary.label)
    }

    /// The candidate's set, if there is one that is not on its way out.
    #[must_use]
    pub fn candidates_set(&self) -> Option<&Set> {
        let candidate = self.candidate();
        let sets = self.sets_now().iter();
        let mut own = sets.filter(|set| set.label == candidate && set.status != "DRAINING");
        own.next()
    }

    /// The running tasks of the sets that register in a target group.
    pub(super) fn tasks_in(&self, group: &str) -> Tasks {
        let mut tasks = Tasks::default();
        for set in self.sets_now().iter().filter(|set| set.group == group) {
            tasks.desired += set.computed;
            *tasks.running.entry(set.label.clone()).or_default() += set.running;
        }
        tasks
    }

    /// The weight of the candidate's target group, wherever its task set is or was last; that of the canary's where there is no such set.
    #[must_use]
    pub fn candidates_weight(&self, weights: &[u32; 2]) -> u32 {
        let candidate = self.candidate();
        let sets = self.sets.iter().flat_map(|(_, sets)| sets);
        let last = sets.filter(|set| set.label == candidate).last();
        let is_in_first = last.is_some_and(|set| set.group == self.cast.groups[0]);
        weights[usize::from(!is_in_first)]
    }
}
