//! What a pipeline remembers: its executions and the actions that they have run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::declaration::{Action, Declaration};
use crate::clock::Moment;

/// A pipeline.
#[derive(Debug)]
pub(super) struct Pipeline {
    /// The declaration as it came in.
    pub(super) declared: Value,
    pub(super) declaration: Declaration,
    /// The stages that no execution may enter.
    pub(super) closed: BTreeMap<usize, Closed>,
    pub(super) created: Moment,
    /// In the order in which they started; never removed, so that an index stays valid.
    pub(super) executions: Vec<Execution>,
    /// Action executions in the order in which they started; never removed.
    pub(super) runs: Vec<ActionRun>,
}

/// A transition that is disabled.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) reason: String,
    pub(super) at: Moment,
}

/// Where an execution, or a stage of it, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Superseded,
    Failed,
}

impl Status {
    /// As the API spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Superseded => "Superseded",
            Self::Failed => "Failed",
        }
    }
}

/// Where an action execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActionStatus {
    InProgress,
    Abandoned,
    Succeeded,
    Failed,
}

impl ActionStatus {
    /// As the API spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Abandoned => "Abandoned",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// One run through the pipeline.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) place: Place,
    pub(super) started: Moment,
    pub(super) updated: Moment,
    /// From 1; each retry of a stage is one more.
    pub(super) attempt: u32,
    /// Pipeline-level variables, resolved.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) trigger: Trigger,
    pub(super) stop: Option<Stop>,
    pub(super) client_token: Option<String>,
    /// Put out so far, by name.
    pub(super) artifacts: BTreeMap<String, Artifact>,
    /// Output variables so far, by namespace.
    pub(super) outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// The stages entered so far, by index.
    pub(super) stages: BTreeMap<usize, StageRun>,
}

/// What started an execution. AWS: `CodePipeline` API reference, `ExecutionTrigger`.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    /// For example `StartPipelineExecution`.
    pub(super) kind: &'static str,
    /// Who or what: the ARN of a user or of a rule.
    pub(super) detail: String,
}

/// Where an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before a stage, waiting for it to be free.
    Before(usize),
    /// In a stage, holding its lock.
    Inside(usize),
    /// Nowhere: it has ended.
    Ended,
}

/// A request to stop.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub(super) abandon: bool,
    pub(super) reason: Option<String>,
}

/// An execution's way through one stage.
#[derive(Debug, Clone)]
pub(super) struct StageRun {
    pub(super) status: Status,
    pub(super) started: Moment,
    /// From 1; each retry is one more.
    pub(super) attempt: u32,
    /// The attempt from which on a success counts: actions that succeeded in it or later are not
    /// run again.
    pub(super) counts_from: u32,
}

/// One run of an action.
#[derive(Debug)]
pub(super) struct ActionRun {
    pub(super) id: String,
    /// Index of the execution.
    pub(super) execution: usize,
    /// Index of the stage.
    pub(super) stage: usize,
    /// Index of the action in the stage.
    pub(super) action: usize,
    /// Attempt of the stage that it belongs to.
    pub(super) attempt: u32,
    pub(super) started: Moment,
    pub(super) updated: Moment,
    pub(super) status: ActionStatus,
    pub(super) summary: Option<String>,
    pub(super) percent: Option<u64>,
    pub(super) error: Option<ErrorDetails>,
    pub(super) external_id: Option<String>,
    /// Variables resolved.
    pub(super) configuration: BTreeMap<String, String>,
    pub(super) inputs: Vec<Artifact>,
    pub(super) outputs: Vec<Artifact>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) work: Work,
}

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErrorDetails {
    pub(super) code: String,
    pub(super) message: String,
}

/// What an action waits for.
#[derive(Debug)]
pub(super) enum Work {
    /// Whoever drives the world.
    Played,
    /// A person.
    Approval(Approval),
    /// A function.
    Lambda(Lambda),
}

/// A request for approval.
#[derive(Debug)]
pub(super) struct Approval {
    pub(super) token: String,
    pub(super) expires: Moment,
    /// Whether somebody answered it, rather than it having expired or been abandoned.
    pub(super) answered: bool,
}

/// The jobs of one Lambda action, oldest first.
#[derive(Debug, Default)]
pub(super) struct Lambda {
    pub(super) jobs: Vec<Job>,
    /// The next job, asked for with a continuation token.
    pub(super) again: Option<Again>,
}

/// One job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) issued: Moment,
    /// The token that the job before it ended with.
    pub(super) continuation: Option<String>,
    /// Whether a result is still awaited.
    pub(super) open: bool,
}

/// A continuation.
#[derive(Debug, Clone)]
pub(super) struct Again {
    pub(super) at: Moment,
    pub(super) token: String,
}

/// An artifact and where it is.
#[derive(Debug, Clone)]
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) revision: Option<String>,
}

impl Pipeline {
    /// How an action is declared.
    pub(super) fn declared(&self, run: &ActionRun) -> &Action {
        &self.declaration.stages[run.stage].actions[run.action]
    }

    /// The index of an execution.
    pub(super) fn execution_named(&self, id: &str) -> Option<usize> {
        self.executions.iter().position(|one| one.id == id)
    }

    /// The execution that entered a stage last. Stages are entered in the order in which executions
    /// started, and only the latest may be retried.
    pub(super) fn latest_in(&self, stage: usize) -> Option<usize> {
        self.executions
            .iter()
            .rposition(|execution| execution.stages.contains_key(&stage))
    }

    /// The latest run of an action, in whichever execution.
    pub(super) fn latest_run(&self, stage: usize, action: usize) -> Option<&ActionRun> {
        self.runs
            .iter()
            .rfind(|run| run.stage == stage && run.action == action)
    }

    /// The indexes of an execution's runs that are in progress.
    pub(super) fn in_progress(&self, execution: usize) -> Vec<usize> {
        (0..self.runs.len())
            .filter(|&run| {
                let run = &self.runs[run];
                run.execution == execution && run.status == ActionStatus::InProgress
            })
            .collect()
    }

    /// For each action of a stage the run that counts now: one of the current attempt, or a success
    /// that a retry has left alone.
    pub(super) fn current_runs(&self, execution: usize, stage: usize) -> Vec<Option<&ActionRun>> {
        let attempt = self.executions[execution].stages.get(&stage);
        (0..self.declaration.stages[stage].actions.len())
            .map(|action| {
                let attempt = attempt?;
                self.runs.iter().rfind(|run| {
                    (run.execution, run.stage, run.action) == (execution, stage, action)
                        && (run.attempt == attempt.attempt
                            || run.status == ActionStatus::Succeeded
                                && run.attempt >= attempt.counts_from)
                })
            })
            .collect()
    }
}
