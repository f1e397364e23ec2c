//! The candidate's share: as attained, and as measured.

use std::time::Duration;

use super::{Bin, Story, Tasks};
use crate::{clock::Moment, stage::Traffic};

/// The weights of the pair's target groups at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weights {
    /// Of the primary's group.
    pub primary: u32,
    /// Of the canary's group.
    pub canary: u32,
}

/// The health of a target group's targets at one time, those that drain left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Targets that take requests.
    pub healthy: u32,
    /// New targets, not checked to the end yet.
    pub initial: u32,
    /// Targets that should take requests and do not.
    pub ailing: u32,
}

impl Health {
    /// All targets.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.healthy + self.initial + self.ailing
    }
}

impl Story {
    /// The candidate's share in the last [`WINDOW`](super::WINDOW), in percent: of the messages processed, or of
    /// the requests answered.
    #[must_use]
    pub fn measured(&self) -> Option<f64> {
        self.measured_at(self.elapsed().as_secs())
    }

    /// The same at a second since the beginning, of the version that was released then.
    #[must_use]
    pub fn measured_at(&self, second: u64) -> Option<f64> {
        let then = self.began + Duration::from_secs(second);
        let candidate = self.candidates.at(then).unwrap_or(&self.cast.candidate);
        self.traffic.share(candidate, second, self.done())
    }

    /// What a version has done with what it got: a failed message is for the next who takes it, a failed request
    /// is answered.
    #[must_use]
    pub fn done(&self) -> fn(Bin) -> u32 {
        match self.cast.traffic {
            Traffic::Queue => |bin| bin.processed,
            Traffic::Alb => |bin| bin.processed + bin.failed,
        }
    }

    /// The health of a target group's targets as it is.
    #[must_use]
    pub fn health(&self, group: &str) -> Health {
        let steps = self.targets.get(group);
        steps
            .and_then(|steps| steps.last().copied())
            .unwrap_or_default()
    }

    pub(super) fn note_weights(&mut self, at: Moment, groups: &[(String, u32)]) {
        let of = |name: &str| {
            groups
                .iter()
                .find(|(group, _)| group == name)
                .map(|(_, weight)| *weight)
        };
        let (primary, canary) = (of(&self.cast.primary_group), of(&self.cast.canary_group));
        if let (Some(primary), Some(canary)) = (primary, canary) {
            self.weights.push(at, Weights { primary, canary });
            self.note_attained(at);
            self.note_reached(at);
        }
    }

    pub(super) fn note_attained(&mut self, at: Moment) {
        let shares = match self.cast.traffic {
            Traffic::Queue => Some(self.shares_of_tasks()),
            Traffic::Alb => self.shares_of_weights(),
        };
        let Some(shares) = shares else { return };
        let all: f64 = shares.iter().map(|(share, _)| share).sum();
        let candidate: f64 = shares
            .iter()
            .map(|(share, candidate)| share * candidate)
            .sum();
        self.attained
            .push(at, (all > 0.0).then(|| 100.0 * candidate / all));
    }

    /// For each service its share of the tasks, and which part of that is the candidate's.
    fn shares_of_tasks(&self) -> [(f64, f64); 2] {
        let pair = self.pair();
        pair.map(|tasks| (f64::from(tasks.total()), self.candidates_part(&tasks)))
    }

    /// The same of the weights, if there are any; within a target group, every task gets as many requests as the
    /// others.
    fn shares_of_weights(&self) -> Option<[(f64, f64); 2]> {
        let Weights { primary, canary } = *self.weights.last()?;
        let parts = self.pair().map(|tasks| self.candidates_part(&tasks));
        Some([
            (f64::from(primary), parts[0]),
            (f64::from(canary), parts[1]),
        ])
    }

    /// Which part of a service's tasks run the candidate, from 0 to 1.
    fn candidates_part(&self, tasks: &Tasks) -> f64 {
        f64::from(tasks.of(self.candidate())) / f64::from(tasks.total().max(1))
    }
}
