//! What CodePipeline is told of a look.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Decided, NoDecision};
use crate::{
    aws::{Account, pipeline::Delivered},
    clock::Timestamp,
    decision::{Decision, Move, Refusal},
    job::{Bookmark, Report},
    trouble::Trouble,
    words::Shared,
};

/// What CodePipeline is told of what a look came to. One that is held is taken again; once that has been so for too long, the action
/// fails for what it is.
pub(super) fn of_look(
    looked: Result<Decided, NoDecision>,
    from: &Bookmark,
    now: Timestamp,
    patience: Duration,
) -> Report {
    let (trouble, message) = match looked {
        Ok(Decided { decision, bookmark }) => return of_decision(decision, &bookmark),
        Err(NoDecision::Failed(trouble)) => {
            let message = trouble.to_string();
            (trouble, message)
        }
        Err(NoDecision::Held(trouble)) => match held_up(trouble.to_string(), from, now, patience) {
            Report::Failed { message, .. } => (trouble, message),
            report => return report,
        },
    };
    Report::Failed {
        kind: trouble.failure_type(),
        message,
    }
}

/// What CodePipeline is told of a look that AWS itself keeps from going on: that it is taken again, until that has been so for
/// too long.
pub(super) fn held_up(
    why: String,
    bookmark: &Bookmark,
    now: Timestamp,
    patience: Duration,
) -> Report {
    let waiting = Decision::wait(Shared::Aws(why));
    of_decision(waiting.bounded(bookmark.started, now, patience), bookmark)
}

/// What CodePipeline is told of a decision.
pub(super) fn of_decision(decision: Decision, bookmark: &Bookmark) -> Report {
    let token = bookmark.token();
    match decision {
        Decision::Take(Move { doing, .. }) => Report::Continue {
            token,
            percent: doing.percent(),
            summary: doing.to_string(),
        },
        Decision::Wait(waiting_on) => Report::Continue {
            token,
            summary: waiting_on.to_string(),
            percent: waiting_on.percent(),
        },
        Decision::Done(done) => Report::Succeeded {
            summary: done.outcome.to_string(),
            variables: done.variables,
        },
        Decision::Refuse(Refusal { why, .. }) => Report::Failed {
            kind: why.failure(),
            message: why.to_string(),
        },
    }
}

/// Delivers a report and says in the log what became of it.
///
/// # Errors
/// It could not be delivered.
pub(super) async fn deliver(
    account: &Account,
    function: &'static str,
    job: &str,
    report: Report,
) -> Result<Value, Trouble> {
    match &report {
        Report::Continue { summary, .. } => {
            tracing::info!(function, job, "job {job} continues: {summary}");
        }
        Report::Succeeded { summary, .. } => {
            tracing::info!(function, job, "job {job} succeeded: {summary}");
        }
        Report::Failed { kind, message } => {
            tracing::error!(function, job, ?kind, "job {job} failed: {message}");
        }
    }
    if account.report(job, &report).await? == Delivered::NotWanted {
        tracing::warn!(function, job, "CodePipeline no longer waits for job {job}");
    }
    Ok(match report {
        Report::Continue { summary, .. } => json!({"continues": summary}),
        Report::Succeeded { summary, .. } => json!({"succeeded": summary}),
        Report::Failed { message, .. } => json!({"failed": message}),
    })
}
