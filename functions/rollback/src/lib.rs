#![doc = include_str!("../README.md")]

pub mod call;
mod callers;
pub mod decide;
mod execution;
pub mod idle;
mod look;
pub mod missing;
pub mod notice;
mod over;
mod seen;
pub mod watch;
pub mod words;

use std::{sync::Arc, time::Duration};

use canary::{
    aws::Account,
    clock::Timestamp,
    decision::Decision,
    parameters::{self, RawRollback},
    reconcile::{
        self, Decided, Look, NoDecision, Stage,
        trigger::{self, Caller, Trigger},
    },
    trouble::Trouble,
    words::Code,
};
use serde_json::{Value, json};

use look::look;

pub use seen::Seen;

/// For how long an action of a pipeline is kept waiting by what AWS refuses, before it says so by failing; the schedule goes on.
const REFUSED_FOR: Duration = Duration::from_mins(10);

/// The stage.
#[derive(Debug)]
pub struct Rollback;

impl Stage for Rollback {
    const NAME: &'static str = "rollback";
    type Raw = RawRollback;
    type Parameters = parameters::Rollback;

    fn patience(_: &Self::Parameters) -> Duration {
        parameters::LONGEST_ACTION
    }
}

/// Handles one event of any kind: every caller gets the same look, and hears of it in its own way.
///
/// # Errors
/// The report of a job could not be delivered. Any other call was not begun: the release record could not be read or written.
/// Lambda tries again, and after that the schedule does.
pub async fn handle(
    account: Arc<Account>,
    event: Value,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let caller = match trigger::read(&event) {
        Ok(caller) => caller,
        Err(ignored) => {
            tracing::warn!("ignored: {ignored}");
            return Ok(json!({"ignored": ignored.to_string()}));
        }
    };
    drop(event);
    match caller {
        // On the heap: it holds a whole look.
        Caller::Job(job) => Box::pin(reconcile::answer(account, job, deadline, as_action)).await,
        Caller::Person(parameters) => callers::by_hand(&account, &parameters, deadline).await,
        Caller::Event(why) => callers::on_event(&account, &why, deadline).await,
    }
}

/// As a pipeline action: goes on until the rollback is complete.
async fn as_action(account: Arc<Account>, asked: Look<Rollback>) -> Result<Decided, NoDecision> {
    let caller = asked.caller();
    let (why, bookmark) = (Trigger::Action(asked.parameters), asked.bookmark);
    let decision = look(&account, &asked.target, &why, &caller).await?;
    let patience = match &decision {
        Decision::Wait(waiting_on) if waiting_on.is(Code::Refused) => REFUSED_FOR,
        _ => parameters::LONGEST_ACTION,
    };
    Ok(Decided {
        decision: decision.bounded(bookmark.started, asked.now, patience),
        bookmark,
    })
}

#[cfg(test)]
mod any_point;
#[cfg(test)]
mod looked;
