//! The journal, folded into what people want to see of a release.
//!
//! A [`Story`] grows with the journal: [`Story::add`] takes the entries in order, each once. It knows
//! nothing of how it is shown.

mod calls;
mod cast;
mod evidence;
#[cfg(test)]
pub(crate) mod fixture;
mod pipeline;
mod record;
mod rollback;
mod services;
mod sets;
mod share;
mod steps;
mod traffic;

use std::{collections::BTreeMap, time::Duration};

pub use calls::{Calls, telling_members};
pub use cast::Cast;
pub(crate) use evidence::stored;
pub use evidence::{Compared, Evidence, Minute};
pub use pipeline::{Action, Execution};
pub use record::Record;
pub use rollback::{Invocation, Rollback, Write, changes_what_serves};
pub use services::Tasks;
pub use share::{Drawn, Health, Held, Invoked};
pub use steps::Steps;
pub use traffic::{Bin, Traffic, WINDOW};

use crate::{
    clock::Moment,
    live::load::NO_VERSION,
    world::journal::{Entry, Set, Share, What},
};

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
    /// What the counts of both versions say, as the release record keeps it; `None` while no canary has a share.
    pub evidence: Steps<Option<Evidence>>,
    /// What was counted of both versions while they were compared, minute by minute.
    pub minutes: Vec<Minute>,
    /// How often versions were invoked while they shared an alias, by label, as `CloudWatch` has counted.
    pub invocations: BTreeMap<String, Invoked>,
    /// The version that a release found, one release after the other.
    stables: Steps<String>,
    /// The version that is released, one release after the other.
    candidates: Steps<String>,
    /// The share asked for, in percent; `None` when no longer anything is asked.
    pub asked: Steps<Option<u8>>,
    /// The candidate's share in percent: of the running tasks, of the weights of both target groups, or of the alias; `None` while there are none.
    pub attained: Steps<Option<f64>>,
    /// Messages or requests by the version that took them.
    pub traffic: Traffic,
    /// Depth by queue.
    pub depths: BTreeMap<String, Steps<Depth>>,
    /// The weights of both target groups.
    pub weights: Steps<[u32; 2]>,
    /// The service's task sets, the oldest first.
    pub sets: Steps<Vec<Set>>,
    /// The versions behind the function's alias, the one with the weight last.
    pub shares: Steps<Vec<Share>>,
    /// The health of targets by target group.
    pub targets: BTreeMap<String, Steps<Health>>,
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
            evidence: Steps::default(),
            minutes: Vec::new(),
            invocations: BTreeMap::new(),
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
            weights: Steps::default(),
            sets: Steps::default(),
            shares: Steps::default(),
            targets: BTreeMap::new(),
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
            What::Weights { groups, .. } => self.note_weights(at, groups),
            What::Shares { shares, .. } => self.note_shares(at, shares),
            What::Sets { service, sets } if *service == self.cast.primary => {
                self.note_sets(at, sets);
            }
            What::Targets {
                group,
                healthy,
                initial,
                ailing,
            } => self.targets.entry(group.clone()).or_default().push(
                at,
                Health {
                    healthy: *healthy,
                    initial: *initial,
                    ailing: *ailing,
                },
            ),
            What::Sets { .. }
            | What::ServiceEvent { .. }
            | What::Task { .. }
            | What::Notified { .. } => {}
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

    /// All version labels: stable, candidate, then the others by name. Requests without a version have none.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        let mut versions = vec![self.cast.stable.as_str(), self.cast.candidate.as_str()];
        let of_tasks = self
            .services
            .values()
            .flat_map(Steps::iter)
            .flat_map(|(_, tasks)| tasks.running.keys());
        let behind = self.shares.iter().flat_map(|(_, shares)| shares);
        let mut others: Vec<&str> = of_tasks
            .chain(behind.map(|share| &share.label))
            .map(String::as_str)
            .chain(self.traffic.versions())
            .filter(|version| !versions.contains(version) && *version != NO_VERSION)
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

    /// A release that ended or is being rolled back asks for nothing any more.
    fn stop_asking(&mut self, at: Moment) {
        if self.asked.last().is_some() {
            self.asked.push(at, None);
        }
    }
}

#[cfg(test)]
mod tests;
