//! The loop, once: observe, decide, act, report.
//!
//! **Goal.** One invocation is one look: it observes once, decides once, acts at most once and reports once.
//!
//! **Guarantees.** After a job's id is known, every outcome is reported, also a panic and a look
//! that takes longer than the function may. An error leaves the handler of a job only if the report itself could
//! not be delivered; then Lambda runs the same look again.
//!
//! **Assumptions.** The function's timeout is [`FUNCTION_TIMEOUT`](crate::clock::FUNCTION_TIMEOUT). Steps are absolute, so a look that runs twice
//! does nothing twice.
//!
//! All four functions are stages of it. Three go forward, and only jobs call them: [`handle`]. Rollback also has other callers, and
//! writes its fence before it looks further: its looks are made of the same parts, an [`answer`] for the job and an [`Actor`] for
//! whoever calls.

mod act;
mod job;
mod look;
mod report;
pub mod trigger;

use std::{fmt, future::Future, time::Duration};

use crate::{aws::Account, names::ReleaseId, parameters::Raw, trouble::Trouble};

pub use act::{Actor, in_words};
pub use job::{NoDecision, answer, handle};
pub use look::{Decided, Look};

/// A function that may be an action of a pipeline.
pub trait Stage: Sized + Send + Sync + 'static {
    /// Its name in messages.
    const NAME: &'static str;
    /// Its parameters as users write them.
    type Raw: Raw<Meaning = Self::Parameters>;
    /// Its parameters.
    type Parameters: fmt::Debug + Send + Sync + 'static;

    /// For how long AWS itself may keep the action from going on.
    fn patience(parameters: &Self::Parameters) -> Duration;
}

/// A stage that takes a release forward.
pub trait Forward: Stage {
    /// What it sees in one look; `Display` is the ledger's line.
    type Seen: fmt::Display + Send + Sync;

    /// The release that the action is for.
    fn release(parameters: &Self::Parameters) -> &ReleaseId;

    /// Why the action is to go on although the canary is worse, if it was told so.
    fn despite(_parameters: &Self::Parameters) -> Option<&str> {
        None
    }

    /// Looks. At most two round trips, and one where a decision may both write the record and act.
    fn observe(
        account: &Account,
        look: &Look<Self>,
    ) -> impl Future<Output = Result<Self::Seen, Trouble>> + Send;

    /// Decides. Pure.
    fn decide(look: &Look<Self>, seen: &Self::Seen) -> Decided;
}

#[cfg(test)]
mod tests;
