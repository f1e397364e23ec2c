//! Pipeline executions and their actions.

use std::time::Duration;

use crate::clock::Moment;

/// A pipeline execution.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The pipeline; empty until the execution's first state is told.
    pub pipeline: String,
    /// Its id.
    pub id: String,
    /// `STARTED`, `SUCCEEDED`, `FAILED`, ...
    pub state: String,
    /// When it was first seen.
    pub started: Moment,
    /// When it came to an end.
    pub ended: Option<Moment>,
    /// Its action executions; a retried action is there once per try.
    pub actions: Vec<Action>,
}

/// An action execution.
#[derive(Debug, Clone)]
pub struct Action {
    /// The stage.
    pub stage: String,
    /// The action's name.
    pub name: String,
    /// `InProgress`, `Succeeded`, `Failed`, `Abandoned`.
    pub status: String,
    /// The last summary or error message.
    pub summary: Option<String>,
    /// When it started.
    pub started: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
}

impl Action {
    /// How long it took, or has taken so far.
    #[must_use]
    pub fn duration(&self, now: Moment) -> Duration {
        self.ended.unwrap_or(now).since(self.started)
    }
}

/// The execution of that id, which begins now if it was not seen before.
pub(super) fn execution<'a>(
    executions: &'a mut Vec<Execution>,
    at: Moment,
    id: &str,
) -> &'a mut Execution {
    let index = executions
        .iter()
        .position(|execution| execution.id == id)
        .unwrap_or_else(|| {
            executions.push(Execution {
                pipeline: String::new(),
                id: id.to_owned(),
                state: "STARTED".to_owned(),
                started: at,
                ended: None,
                actions: Vec::new(),
            });
            executions.len() - 1
        });
    &mut executions[index]
}

impl Execution {
    pub(super) fn enter(&mut self, at: Moment, state: &str) {
        state.clone_into(&mut self.state);
        // AWS, EventBridge event detail "CodePipeline Pipeline Execution State Change": the other
        // states (STARTED, RESUMED, STOPPING) are on the way.
        let over = matches!(
            state,
            "SUCCEEDED" | "FAILED" | "STOPPED" | "SUPERSEDED" | "CANCELED"
        );
        self.ended = over.then_some(at);
    }

    pub(super) fn note(
        &mut self,
        at: Moment,
        stage: &str,
        name: &str,
        status: &str,
        summary: Option<&str>,
    ) {
        let over = status != "InProgress";
        // Only the last try can still change; when it has ended, the action is being retried.
        let last = self
            .actions
            .iter()
            .rposition(|action| action.stage == stage && action.name == name)
            .filter(|&index| over || self.actions[index].ended.is_none());
        let index = last.unwrap_or_else(|| {
            self.actions.push(Action {
                stage: stage.to_owned(),
                name: name.to_owned(),
                status: String::new(),
                summary: None,
                started: at,
                ended: None,
            });
            self.actions.len() - 1
        });
        let action = &mut self.actions[index];
        status.clone_into(&mut action.status);
        if summary.is_some() {
            action.summary = summary.map(str::to_owned);
        }
        action.ended = over.then_some(action.ended.unwrap_or(at));
    }
}
