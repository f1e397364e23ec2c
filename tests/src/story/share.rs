//! The candidate's share: as attained, and as measured.

use std::time::Duration;

use super::{Bin, Story, Tasks};
use crate::{
    clock::Moment,
    stage::{Runs, Work},
    world::journal::Share,
};

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

/// Invocations of a version behind an alias.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invoked {
    /// All.
    pub all: u64,
    /// Those that failed as a whole.
    pub errors: u64,
}

/// While an alias had one weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The candidate's weight, in percent.
    pub asked: f64,
    /// Attempts at messages by the candidate.
    pub candidate: u32,
    /// Attempts by all.
    pub all: u32,
}

impl Drawn {
    /// The candidate's share of the attempts, in percent.
    #[must_use]
    pub fn measured(&self) -> f64 {
        100.0 * f64::from(self.candidate) / f64::from(self.all.max(1))
    }

    /// The standard deviation of that share, in percentage points, where a coin is thrown for each batch of at most so many messages.
    #[must_use]
    pub fn spread(&self, batch: u8) -> f64 {
        let share = self.asked / 100.0;
        let throws = f64::from(self.all.max(1)) / f64::from(batch);
        100.0 * (share * (1.0 - share) / throws).sqrt()
    }
}

/// While a share was asked for, and the nearest one to it was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// The share asked for, in percent.
    pub asked: u8,
    /// The one that was there for longest, in percent.
    pub attained: f64,
    /// Attempts by the candidate in that time.
    pub candidate: u32,
    /// Attempts by all.
    pub all: u32,
}

impl Held {
    /// The candidate's share of the attempts, in percent.
    #[must_use]
    pub fn measured(&self) -> f64 {
        100.0 * f64::from(self.candidate) / f64::from(self.all.max(1))
    }
}

impl Story {
    /// What became of the shares that were asked for before the promotion, one after the other.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let asked = self.asked.spans(self.now);
        let asked = asked.filter_map(|(from, until, asked)| Some((from, until, (*asked)?)));
        let asked = asked.filter(|(_, _, asked)| *asked < 100);
        let held = asked.filter_map(|(from, until, asked)| {
            let attained = self.attained.spans(self.now);
            let attained = attained.filter_map(|(begin, end, share)| {
                let (begin, end) = (begin.max(from), end.min(until));
                (begin < end).then_some((begin, end, (*share)?))
            });
            let longest = attained.max_by_key(|(begin, end, _)| end.since(*begin));
            let (begin, end, attained) = longest?;
            let second = |at: Moment| at.since(self.began).as_secs();
            let attempts = |label: &str| {
                let Bin { processed, failed } =
                    self.traffic.sum(label, second(begin) + 1, second(end));
                processed + failed
            };
            Some(Held {
                asked,
                attained,
                candidate: attempts(self.candidates.at(begin)?),
                all: self.traffic.versions().map(attempts).sum(),
            })
        });
        held.collect()
    }

    /// What became of the candidate's weights on the alias, one after the other, as long as there were two versions.
    #[must_use]
    pub fn drawn(&self) -> Vec<Drawn> {
        let spans = self.shares.spans(self.now);
        let shared = spans.filter_map(|(from, until, shares)| match shares.as_slice() {
            [_, second] => Some((from, until, second)),
            _ => None,
        });
        let second = |at: Moment| at.since(self.began).as_secs();
        let drawn = shared.map(|(from, until, share)| {
            let attempts = |label: &str| {
                let Bin { processed, failed } =
                    self.traffic.sum(label, second(from) + 1, second(until));
                processed + failed
            };
            let all = self.traffic.versions().map(attempts).sum();
            Drawn {
                asked: share.percent,
                candidate: attempts(&share.label),
                all,
            }
        });
        drawn.filter(|it| it.all > 0).collect()
    }

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
        match self.cast.traffic.work() {
            Work::Messages => |bin| bin.processed,
            Work::Requests => |bin| bin.processed + bin.failed,
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
        let of = |name: &String| {
            groups
                .iter()
                .find(|(group, _)| group == name)
                .map(|(_, weight)| *weight)
        };
        if let [Some(one), Some(other)] = self.cast.groups.each_ref().map(of) {
            self.weights.push(at, [one, other]);
            self.note_attained(at);
            self.note_reached(at);
        }
    }

    pub(super) fn note_shares(&mut self, at: Moment, shares: &[Share]) {
        self.shares.push(at, shares.to_vec());
        self.attained
            .push(at, Some(self.weight_of(self.candidate())));
        self.note_reached(at);
    }

    /// How many percent of the alias's invocations a version gets.
    #[must_use]
    pub fn weight_of(&self, label: &str) -> f64 {
        let shares = self.shares.last().into_iter().flatten();
        let own = shares.filter(|share| share.label == label);
        // The sum of nothing is -0.
        own.fold(0.0, |sum, share| sum + share.percent)
    }

    pub(super) fn note_attained(&mut self, at: Moment) {
        let traffic = self.cast.traffic;
        let shares = match (traffic.runs(), traffic.work()) {
            // An alias says itself what a version gets.
            (Runs::Function, _) => None,
            (_, Work::Messages) => Some(self.shares_of_tasks()),
            (_, Work::Requests) => self.shares_of_weights(),
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
        let [one, other] = *self.weights.last()?;
        let tasks = match self.cast.traffic.runs() {
            Runs::TaskSets => self.cast.groups.each_ref().map(|it| self.tasks_in(it)),
            Runs::Services | Runs::Function => self.pair(),
        };
        let parts = tasks.map(|tasks| self.candidates_part(&tasks));
        Some([(f64::from(one), parts[0]), (f64::from(other), parts[1])])
    }

    /// Which part of a service's tasks run the candidate, from 0 to 1.
    fn candidates_part(&self, tasks: &Tasks) -> f64 {
        f64::from(tasks.of(self.candidate())) / f64::from(tasks.total().max(1))
    }
}
