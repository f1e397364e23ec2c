//! The journal, folded into what people want to see of a release.
//!
//! A [`Story`] grows with the journal: [`Story::add`] takes the entries in order, each once. It knows
//! nothing of how it is shown.

mod calls;
#[cfg(test)]
pub(crate) mod fixture;
mod pipeline;
mod record;
mod rollback;
mod steps;
mod traffic;

use std::{collections::BTreeMap, time::Duration};

pub use calls::{Calls, telling_members};
pub use pipeline::{Action, Execution};
pub use record::Record;
pub use rollback::{Invocation, Rollback, Write, changes_what_serves};
pub use steps::Steps;
pub use traffic::{Bin, Traffic, WINDOW};

use crate::{
    clock::Moment,
    world::journal::{Entry, What},
};

/// The names that have a part in the story.
#[derive(Debug, Clone)]
pub struct Cast {
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
    /// Version labels by image.
    pub labels: BTreeMap<String, String>,
    /// The queue that the services consume.
    pub queue: String,
    /// Its dead-letter queue.
    pub dead_letters: String,
    /// The rollback function, which calls AWS under its own name.
    pub rollback: String,
}

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

/// A queue's depth at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Visible messages.
    pub visible: u32,
    /// Messages in flight.
    pub in_flight: u32,
}

/// A state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState {
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: String,
    /// Why.
    pub reason: String,
}

impl AlarmState {
    /// Whether the alarm fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.state == "ALARM"
    }
}

/// What became of the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing has been decided yet.
    Open,
    /// The pipeline's last execution succeeded and nothing was rolled back.
    Released,
    /// A rollback has begun.
    RollingBack,
    /// A rollback put everything back.
    RolledBack,
    /// The execution ended otherwise and nothing was rolled back.
    Ended,
}

/// A release so far.
#[derive(Debug, Clone)]
pub struct Story {
    /// Who plays what.
    pub cast: Cast,
    /// When it began; all times are shown relative to it.
    pub began: Moment,
    /// How far it is told.
    pub now: Moment,
    /// Pipeline executions in the order in which they were first seen.
    pub executions: Vec<Execution>,
    /// Tasks by service.
    pub services: BTreeMap<String, Steps<Tasks>>,
    /// The release record, as it was written.
    pub records: Steps<Record>,
    /// The version that a release found, one release after the other.
    stables: Steps<String>,
    /// The version that is released, one release after the other.
    candidates: Steps<String>,
    /// The share asked for, in percent; `None` when no longer anything is asked.
    pub asked: Steps<Option<u8>>,
    /// The candidate's share of the running tasks of both services, in percent; `None` while no
    /// task runs.
    pub attained: Steps<Option<f64>>,
    /// Messages by consumer version.
    pub traffic: Traffic,
    /// Depth by queue.
    pub depths: BTreeMap<String, Steps<Depth>>,
    /// States by alarm.
    pub alarms: BTreeMap<String, Steps<AlarmState>>,
    /// What people and the producer did.
    pub told: Vec<(Moment, String)>,
    /// Invocations of the rollback function, whether they did something or not.
    pub rollback_invocations: Vec<Invocation>,
    /// The rollback, once one has changed something.
    pub rollback: Option<Rollback>,
    /// API calls by principal.
    pub calls: BTreeMap<String, Calls>,
}

impl Story {
    /// A story that begins.
    #[must_use]
    pub fn new(cast: Cast, began: Moment) -> Self {
        let from_beginning = |label: &String| {
            let mut steps = Steps::default();
            steps.push(began, label.clone());
            steps
        };
        Self {
            records: Steps::default(),
            stables: from_beginning(&cast.stable),
            candidates: from_beginning(&cast.candidate),
            cast,
            began,
            now: began,
            executions: Vec::new(),
            services: BTreeMap::new(),
            asked: Steps::default(),
            attained: Steps::default(),
            traffic: Traffic::default(),
            depths: BTreeMap::new(),
            alarms: BTreeMap::new(),
            told: Vec::new(),
            rollback_invocations: Vec::new(),
            rollback: None,
            calls: BTreeMap::new(),
        }
    }

    /// Takes the journal's next entry.
    pub fn add(&mut self, entry: &Entry) {
        let at = entry.at;
        self.until(at);
        match &entry.what {
            What::Called(call) => {
                self.calls
                    .entry(call.principal.0.clone())
                    .or_default()
                    .add(call);
                self.note_record(at, call);
                self.note_rollback_call(at, call);
            }
            What::Execution {
                pipeline,
                execution,
                state,
            } => self.note_execution(at, pipeline, execution, state),
            What::Action {
                execution,
                stage,
                action,
                status,
                summary,
            } => pipeline::execution(&mut self.executions, at, execution).note(
                at,
                stage,
                action,
                status,
                summary.as_deref(),
            ),
            What::Invoked {
                function,
                invocation,
                attempt,
                source,
            } => self.note_invoked(at, function, invocation, *attempt, source),
            What::Returned {
                invocation, error, ..
            } => self.note_returned(invocation, error.as_deref()),
            What::Service {
                service,
                desired,
                running,
            } => self.note_tasks(at, service, *desired, running),
            What::Alarm {
                alarm,
                state,
                reason,
            } => self.alarms.entry(alarm.clone()).or_default().push(
                at,
                AlarmState {
                    state: state.clone(),
                    reason: reason.clone(),
                },
            ),
            What::Messages {
                version,
                processed,
                failed,
                over,
            } => {
                let until = at.since(self.began);
                // The second in which the window began was the last of the one before.
                let from = (until.saturating_sub(*over).as_secs() + 1).min(until.as_secs());
                self.traffic
                    .add(from..=until.as_secs(), version, *processed, *failed);
            }
            What::Depth {
                queue,
                visible,
                in_flight,
            } => self.depths.entry(queue.clone()).or_default().push(
                at,
                Depth {
                    visible: *visible,
                    in_flight: *in_flight,
                },
            ),
            What::Told(text) => self.told.push((at, text.clone())),
            What::ServiceEvent { .. } | What::Task { .. } | What::Notified { .. } => {}
        }
    }

    /// Lets time pass without an entry.
    pub fn until(&mut self, now: Moment) {
        self.now = self.now.max(now);
    }

    /// Time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now.since(self.began)
    }

    /// The tasks of a service as they are.
    #[must_use]
    pub fn tasks(&self, service: &str) -> Tasks {
        self.services
            .get(service)
            .and_then(Steps::last)
            .cloned()
            .unwrap_or_default()
    }

    /// The depth of a queue as it is.
    #[must_use]
    pub fn depth(&self, queue: &str) -> Depth {
        self.depths
            .get(queue)
            .and_then(Steps::last)
            .copied()
            .unwrap_or_default()
    }

    /// The version that is released, or was last.
    #[must_use]
    pub fn candidate(&self) -> &str {
        self.candidates.last().unwrap_or(&self.cast.candidate)
    }

    /// Every version that was released, in order: `v2`, `v2, then v3`.
    #[must_use]
    pub fn candidates_in_words(&self) -> String {
        let labels = self.candidates.iter().map(|(_, label)| label.as_str());
        labels.collect::<Vec<_>>().join(", then ")
    }

    /// The version that the last release found.
    #[must_use]
    pub fn stable(&self) -> &str {
        self.stables.last().unwrap_or(&self.cast.stable)
    }

    /// The candidate's share of the messages processed in the last [`WINDOW`], in percent.
    #[must_use]
    pub fn measured(&self) -> Option<f64> {
        self.measured_at(self.elapsed().as_secs())
    }

    /// The same at a second since the beginning, of the version that was released then.
    #[must_use]
    pub fn measured_at(&self, second: u64) -> Option<f64> {
        let then = self.began + Duration::from_secs(second);
        let candidate = self.candidates.at(then).unwrap_or(&self.cast.candidate);
        self.traffic.share(candidate, second)
    }

    /// The execution of the release's pipeline that was last seen.
    #[must_use]
    pub fn execution(&self) -> Option<&Execution> {
        self.executions
            .iter()
            .rfind(|execution| execution.pipeline == self.cast.pipeline)
    }

    /// Alarms that fire.
    #[must_use]
    pub fn firing(&self) -> Vec<&str> {
        self.alarms
            .iter()
            .filter(|(_, states)| states.last().is_some_and(AlarmState::is_firing))
            .map(|(alarm, _)| alarm.as_str())
            .collect()
    }

    /// What became of the candidate.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if let Some(rollback) = &self.rollback {
            return match rollback.restored {
                Some(_) => Outcome::RolledBack,
                None => Outcome::RollingBack,
            };
        }
        match self.execution() {
            Some(execution) if execution.ended.is_none() => Outcome::Open,
            Some(execution) if execution.state == "SUCCEEDED" => Outcome::Released,
            Some(_) => Outcome::Ended,
            None => Outcome::Open,
        }
    }

    /// All version labels: stable, candidate, then the others by name.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        let mut versions = vec![self.cast.stable.as_str(), self.cast.candidate.as_str()];
        let of_tasks = self
            .services
            .values()
            .flat_map(Steps::iter)
            .flat_map(|(_, tasks)| tasks.running.keys());
        let mut others: Vec<&str> = of_tasks
            .map(String::as_str)
            .chain(self.traffic.versions())
            .filter(|version| !versions.contains(version))
            .collect();
        others.sort_unstable();
        others.dedup();
        versions.append(&mut others);
        versions
    }

    fn note_execution(&mut self, at: Moment, pipeline: &str, id: &str, state: &str) {
        let execution = pipeline::execution(&mut self.executions, at, id);
        pipeline.clone_into(&mut execution.pipeline);
        execution.enter(at, state);
        if execution.ended.is_some() && execution.pipeline == self.cast.pipeline {
            self.stop_asking(at);
        }
    }

    fn note_tasks(&mut self, at: Moment, service: &str, desired: u32, running: &[(String, u32)]) {
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
        let pair = self.pair();
        let versions = self.versions_at_stake();
        if let Some(rollback) = &mut self.rollback {
            rollback.note_pair(at, &pair, &versions);
        }
    }

    fn pair(&self) -> [Tasks; 2] {
        [
            self.tasks(&self.cast.primary),
            self.tasks(&self.cast.canary),
        ]
    }

    fn note_attained(&mut self, at: Moment) {
        let pair = self.pair();
        let all: u32 = pair.iter().map(Tasks::total).sum();
        let candidate: u32 = pair.iter().map(|tasks| tasks.of(self.candidate())).sum();
        let attained = (all > 0).then(|| 100.0 * f64::from(candidate) / f64::from(all));
        self.attained.push(at, attained);
    }

    /// The stable version and the candidate.
    fn versions_at_stake(&self) -> (String, String) {
        (self.stable().to_owned(), self.candidate().to_owned())
    }

    /// A release that ended or is being rolled back asks for nothing any more.
    fn stop_asking(&mut self, at: Moment) {
        if self.asked.last().is_some() {
            self.asked.push(at, None);
        }
    }
}

#[cfg(test)]
mod tests;
