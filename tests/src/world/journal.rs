//! What happened in the account, in order: the one source of transcripts, terminal and report.

use std::{fmt, time::Duration};

use serde_json::Value;

use super::Principal;
use crate::clock::Moment;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
}

/// The kinds of things that happen.
#[derive(Debug, Clone)]
pub enum What {
    /// An API call was answered (noted by the wire, once per attempt).
    Called(Call),
    /// A pipeline execution changed state.
    Execution {
        /// The pipeline.
        pipeline: String,
        /// The execution.
        execution: String,
        /// `STARTED`, `SUCCEEDED`, `FAILED`, `STOPPING`, `STOPPED`, `SUPERSEDED`, ...
        state: String,
    },
    /// An action execution changed state, or its summary changed.
    Action {
        /// The execution.
        execution: String,
        /// The stage.
        stage: String,
        /// The action.
        action: String,
        /// `InProgress`, `Succeeded`, `Failed`, `Abandoned`.
        status: String,
        /// The summary or error message that the console shows.
        summary: Option<String>,
    },
    /// A function was invoked (`attempt` counts from 1).
    Invoked {
        /// The function's name.
        function: String,
        /// The invocation's id, the same for every attempt.
        invocation: String,
        /// From 1.
        attempt: u8,
        /// Who asked: `codepipeline`, `alarm`, `events`, `schedule`, `sns`, `hand`.
        source: String,
    },
    /// An invocation ended.
    Returned {
        /// The function's name.
        function: String,
        /// The invocation's id.
        invocation: String,
        /// The error, if it ended with one.
        error: Option<String>,
    },
    /// A service's counts or task definitions changed.
    Service {
        /// The service's name.
        service: String,
        /// Desired count.
        desired: u32,
        /// Running tasks by the version label of their image, for example `[("v1", 4)]`.
        running: Vec<(String, u32)>,
    },
    /// ECS wrote a service event.
    ServiceEvent {
        /// The service's name.
        service: String,
        /// The event's text.
        message: String,
    },
    /// A task changed state.
    Task {
        /// The service's name.
        service: String,
        /// The task's id.
        task: String,
        /// The version label of its image.
        version: String,
        /// `PENDING`, `RUNNING`, `STOPPING`, `STOPPED`.
        state: String,
        /// Why it stopped.
        reason: Option<String>,
    },
    /// An alarm changed state.
    Alarm {
        /// The alarm's name.
        alarm: String,
        /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
        state: String,
        /// Why.
        reason: String,
    },
    /// A topic took a message.
    Notified {
        /// The topic's ARN.
        topic: String,
        /// The message's subject; empty if it has none.
        subject: String,
    },
    /// The weights of a rule's target groups changed.
    Weights {
        /// The rule's ARN.
        rule: String,
        /// Weights by target group's name, in the rule's order.
        groups: Vec<(String, u32)>,
    },
    /// Somebody wrote which versions an alias invokes.
    Shares {
        /// The alias as `FUNCTION:ALIAS`.
        alias: String,
        /// The versions, the one with the weight last; none once the alias is deleted.
        shares: Vec<Share>,
    },
    /// The health of a target group's targets changed.
    Targets {
        /// The group's name.
        group: String,
        /// Targets that take requests.
        healthy: u32,
        /// Targets that are registered, and not checked to the end yet.
        initial: u32,
        /// The other targets that do not, and are not on their way out.
        ailing: u32,
    },
    /// Messages or requests were processed or failed (noted by whoever runs the tasks, or sends the requests).
    Messages {
        /// The version label of the consumer.
        version: String,
        /// How many were processed since the last entry.
        processed: u32,
        /// How many failed since the last entry.
        failed: u32,
        /// Over how long.
        over: Duration,
    },
    /// Depth of a queue.
    Depth {
        /// The queue's name.
        queue: String,
        /// Visible messages.
        visible: u32,
        /// Messages in flight.
        in_flight: u32,
    },
    /// A person or the producer did something: approved, rejected, pushed a commit.
    Told(String),
}

/// A version behind an alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Its number.
    pub version: String,
    /// What people call its package; else its number.
    pub label: String,
    /// Of the alias's invocations.
    pub percent: f64,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            label,
            percent,
        } = self;
        write!(f, "{percent} % version {version} ({label})")
    }
}

/// One API call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id, which its answer says, too.
    pub request_id: String,
    /// Who.
    pub principal: Principal,
    /// In which Region.
    pub region: String,
    /// For example `ecs`.
    pub service: String,
    /// For example `UpdateService`.
    pub operation: String,
    /// The input as the model names it.
    pub input: Value,
    /// The fault's code, if it was refused.
    pub fault: Option<String>,
}

impl Call {
    /// Whether the operation changes something, judged by its verb.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !["Describe", "Get", "List", "Query", "Head", "Receive"]
            .iter()
            .any(|verb| self.operation.starts_with(verb))
    }
}
