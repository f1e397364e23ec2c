//! What the rollback function did, and what came of it.

use super::{Story, calls};
use crate::{
    clock::Moment,
    stage::{Runs, Work},
    world::journal::Call,
};

/// An attempt to run the rollback function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// When.
    pub at: Moment,
    /// The same for every attempt at one event.
    pub id: String,
    /// From 1.
    pub attempt: u8,
    /// Who asked: `codepipeline`, `alarm`, `events`, `schedule`, `hand`.
    pub source: String,
    /// Whether it has ended.
    pub returned: bool,
    /// The error, if it ended with one.
    pub error: Option<String>,
}

/// A rollback that changed something.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// When the function was invoked that made the first change.
    pub invoked: Moment,
    /// Who invoked it.
    pub source: String,
    /// The reason it gave to the pipeline.
    pub reason: Option<String>,
    /// Its changes in order.
    pub writes: Vec<Write>,
    /// Since when no task of the candidate runs, or its version has no share of the alias.
    pub candidate_gone: Option<Moment>,
    /// Since when the services run the stable version alone, with as many tasks as they should, behind a load
    /// balancer with the weights from before, too; or since when it has the alias to itself.
    pub restored: Option<Moment>,
}

/// A change that the rollback made.
#[derive(Debug, Clone)]
pub struct Write {
    /// When.
    pub at: Moment,
    /// `service:Operation`
    pub operation: String,
    /// What was asked for, in a few words.
    pub brief: String,
    /// The fault's code, if it was refused.
    pub fault: Option<String>,
}

impl Story {
    pub(super) fn note_invoked(
        &mut self,
        at: Moment,
        function: &str,
        id: &str,
        attempt: u8,
        source: &str,
    ) {
        if function == self.cast.rollback {
            self.rollback_invocations.push(Invocation {
                at,
                id: id.to_owned(),
                attempt,
                source: source.to_owned(),
                returned: false,
                error: None,
            });
        }
    }

    pub(super) fn note_returned(&mut self, id: &str, error: Option<&str>) {
        let last = self
            .rollback_invocations
            .iter_mut()
            .rfind(|invocation| invocation.id == id);
        if let Some(invocation) = last {
            invocation.returned = true;
            invocation.error = error.map(str::to_owned);
        }
    }

    /// The invocation that began the rollback. Of several at a time, the ledger says which.
    fn deciding_invocation(&self) -> Option<&Invocation> {
        let record = self.record().filter(|record| record.phase == "RollingBack");
        let source = record.and_then(|record| record.caller.as_deref().map(source_of));
        self.rollback_invocations
            .iter()
            .rfind(|invocation| source.is_none_or(|source| invocation.source == source))
    }

    pub(super) fn note_rollback_call(&mut self, at: Moment, call: &Call) {
        if call.principal.0 != self.cast.rollback || !changes_what_serves(call) {
            return;
        }
        if self.rollback.is_none() {
            let Some(invocation) = self.deciding_invocation() else {
                return;
            };
            self.rollback = Some(Rollback {
                invoked: invocation.at,
                source: invocation.source.clone(),
                reason: None,
                writes: Vec::new(),
                candidate_gone: None,
                restored: None,
            });
            self.stop_asking(at);
        }
        self.note_reached(at);
        let Some(rollback) = &mut self.rollback else {
            return;
        };
        if rollback.reason.is_none() {
            rollback.reason = calls::reason(call).map(str::to_owned);
        }
        rollback.writes.push(Write {
            at,
            operation: format!("{}:{}", call.service, call.operation),
            brief: calls::telling_members(call),
            fault: call.fault.clone(),
        });
    }

    /// Notes what the rollback has come to.
    pub(super) fn note_reached(&mut self, at: Moment) {
        let (gone, steady) = match self.cast.traffic.runs() {
            Runs::Services | Runs::TaskSets => self.reached_by_tasks(),
            Runs::Function => self.reached_by_alias(),
        };
        if let Some(rollback) = &mut self.rollback {
            rollback.candidate_gone = gone.then(|| rollback.candidate_gone.unwrap_or(at));
            let restored = gone && steady;
            rollback.restored = restored.then(|| rollback.restored.unwrap_or(at));
        }
    }

    /// Whether no task of the candidate runs, and whether everything is as it was.
    fn reached_by_tasks(&self) -> (bool, bool) {
        let pair = self.pair();
        let (stable, candidate) = (self.stable(), self.candidate());
        let gone = pair.iter().all(|tasks| tasks.of(candidate) == 0);
        let steady = pair
            .iter()
            .all(|tasks| tasks.of(stable) == tasks.desired && tasks.total() == tasks.desired);
        let found = self.weights.iter().next().map(|(_, weights)| weights);
        let is_primary = self.primary_version().is_none_or(|it| it == stable);
        (gone, steady && is_primary && self.weights.last() == found)
    }

    /// The same of a function.
    fn reached_by_alias(&self) -> (bool, bool) {
        let shares = self.shares.last().map_or(&[][..], Vec::as_slice);
        let gone = shares.iter().all(|share| share.label != self.candidate());
        let alone = matches!(shares, [only] if only.label == self.stable());
        (gone, alone)
    }

    /// Behind a load balancer: since when the candidate has no weight any more, at the earliest when the rollback
    /// was invoked.
    #[must_use]
    pub fn weight_back(&self) -> Option<Moment> {
        let rollback = self.rollback.as_ref()?;
        // Not the share that was attained: without any target that is none whatever the weight.
        let since = match self.weights.iter().last()? {
            (at, weights) if self.candidates_weight(weights) == 0 => *at,
            _ => return None,
        };
        (self.cast.traffic.work() == Work::Requests).then(|| since.max(rollback.invoked))
    }
}

/// The journal's name for what the ledger calls a caller.
fn source_of(caller: &str) -> &str {
    match caller.split(' ').next().unwrap_or_default() {
        "pipeline" => "events",
        "job" => "codepipeline",
        same => same,
    }
}

/// Whether a call is a change. The release record, the report to `CodePipeline` and a notice to people
/// change nothing that serves.
#[must_use]
pub fn changes_what_serves(call: &Call) -> bool {
    call.is_write()
        && !["dynamodb", "sns"].contains(&call.service.as_str())
        && !call.operation.starts_with("PutJob")
}
