//! A job of CodePipeline: one look, in time for its report, and the report, whatever happens.

use std::{future::Future, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Decided, Forward, Look, Stage, look::look, report, trigger};
use crate::{
    aws::Account,
    clock::Timestamp,
    input::USER_PARAMETERS,
    job::{Bookmark, FailureType, Job, Report},
    parameters,
    trouble::Trouble,
};

/// What is left of an invocation for its report: one SDK operation with its retries.
const FOR_THE_REPORT: Duration = Duration::from_secs(11);

/// What keeps a look from coming to a decision.
#[derive(Debug)]
pub enum NoDecision {
    /// The look is taken again, until that has been so for too long.
    Held(Trouble),
    /// The action fails.
    Failed(Trouble),
}

/// What passes by itself holds a look; anything else fails it.
impl From<Trouble> for NoDecision {
    fn from(trouble: Trouble) -> Self {
        if trouble.is_passing() {
            Self::Held(trouble)
        } else {
            Self::Failed(trouble)
        }
    }
}

/// Handles one event of a function that only jobs call.
///
/// The answer is for people who invoke the function by hand; CodePipeline does not see it.
///
/// # Errors
/// The report could not be delivered, and a repetition may deliver it.
pub async fn handle<F: Forward>(
    account: Arc<Account>,
    event: Value,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let Some(job) = Job::read(&event) else {
        let keys = trigger::keys(&event);
        tracing::error!(
            function = F::NAME,
            keys,
            "rejected: this is not a CodePipeline job event"
        );
        let refused = format!(
            "{} takes CodePipeline jobs; the keys of this event are {keys}",
            F::NAME
        );
        return Ok(json!({"refused": refused}));
    };
    drop(event);
    answer(account, job, deadline, look::<F>).await
}

/// Answers a job with what one look comes to.
///
/// # Errors
/// The report could not be delivered, and a repetition may deliver it.
pub async fn answer<S: Stage, L>(
    account: Arc<Account>,
    job: Job,
    deadline: Timestamp,
    look: impl FnOnce(Arc<Account>, Look<S>) -> L,
) -> Result<Value, Trouble>
where
    L: Future<Output = Result<Decided, NoDecision>> + Send + 'static,
{
    let id = job.id.clone();
    let now = account.now();
    let text = job.user_parameters.as_deref();
    let report = match parameters::read::<S::Raw>(USER_PARAMETERS, text, account.target()) {
        Ok((target, parameters)) => {
            let (bookmark, patience) = (Bookmark::read(&job, now), S::patience(&parameters));
            let from = bookmark.clone();
            let looking = look(
                Arc::clone(&account),
                Look {
                    now,
                    target,
                    parameters,
                    bookmark: bookmark.clone(),
                    job,
                },
            );
            let in_time = async move { report::of_look(looking.await, &from, now, patience) };
            let late = |why| report::held_up(why, &bookmark, now, patience);
            guarded(S::NAME, deadline.since(now), in_time, late).await
        }
        Err(bad) => Report::misconfigured(&bad),
    };
    report::deliver(&account, S::NAME, &id, report).await
}

/// A look that ends in a report whatever happens, in time to deliver it; `late` says what is reported of one that takes too
/// long.
pub(super) async fn guarded(
    function: &'static str,
    left: Duration,
    look: impl Future<Output = Report> + Send + 'static,
    late: impl FnOnce(String) -> Report,
) -> Report {
    let time = left
        .saturating_sub(FOR_THE_REPORT)
        .max(Duration::from_secs(1));
    // A task of its own, because only a task's panic comes back as a value.
    let look = tokio::spawn(look);
    let abort = look.abort_handle();
    match tokio::time::timeout(time, look).await {
        Ok(Ok(report)) => report,
        Ok(Err(_panicked)) => {
            // The panic hook has logged where; what it says may quote an event and goes nowhere else.
            let message = format!(
                "{function} has a defect: a look panicked. Its log says where; please report it"
            );
            Report::Failed {
                kind: FailureType::JobFailed,
                message,
            }
        }
        Err(_late) => {
            abort.abort();
            late(format!(
                "AWS took longer than {} s to answer",
                time.as_secs()
            ))
        }
    }
}
