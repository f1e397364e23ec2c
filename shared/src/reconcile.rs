//! The loop, once: observe, decide, act, report.
//!
//! **Goal.** One invocation is one look for one job: it observes once, decides once, acts at most
//! once and reports once.
//!
//! **Guarantees.** After the job's id is known, every outcome is reported, also a panic and a look
//! that takes longer than the function may. An error leaves the handler only if the report itself could
//! not be delivered; then Lambda runs the same look again.
//!
//! **Assumptions.** The function's timeout is [`FUNCTION_TIMEOUT`]. Steps are absolute, so a look that runs twice
//! does nothing twice.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    aws::{
        Account, AwsError, Trouble,
        pipeline::Delivered,
        records::{Entry, Written},
    },
    clock::Timestamp,
    decision::{Decision, Move, Step, WaitingOn},
    job::{Bookmark, FailureType, Job, Report},
    names::ReleaseId,
    parameters::{self, Raw, USER_PARAMETERS},
    target::Target,
    trigger,
};

/// The timeout that the functions are deployed with.
///
/// It is also the window of the fence: what began before a rollback is over after it.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// What is left of an invocation for its report: one SDK operation with its retries.
const FOR_THE_REPORT: Duration = Duration::from_secs(11);

/// For how long an action waits for a right: whoever deploys the suite may start a release before IAM knows its roles everywhere (IAM
/// user guide, "Changes that I make are not always immediately visible"; it names no time, this one is a choice).
const IAM_SETTLES: Duration = Duration::from_mins(2);

/// A function that is a pipeline action.
pub trait Stage: Sized + Send + Sync + 'static {
    /// Its name in messages.
    const NAME: &'static str;
    /// Its parameters as users write them.
    type Raw: Raw<Meaning = Self::Parameters>;
    /// Its parameters.
    type Parameters: fmt::Debug + Send + Sync + 'static;
    /// What it sees in one look; `Display` is the ledger's line.
    type Seen: fmt::Display + Send + Sync;

    /// The release that the action is for.
    fn release(parameters: &Self::Parameters) -> &ReleaseId;

    /// For how long AWS itself may keep the action from going on.
    fn patience(parameters: &Self::Parameters) -> Duration;

    /// Looks. At most two round trips, and one where a decision may both write the record and act.
    fn observe(
        account: &Account,
        look: &Look<Self>,
    ) -> impl Future<Output = Result<Self::Seen, Trouble>> + Send;

    /// Decides. Pure.
    fn decide(look: &Look<Self>, seen: &Self::Seen) -> Decided;
}

/// What one look knows before it looks.
#[derive(Debug)]
pub struct Look<S: Stage> {
    /// When it is.
    pub now: Timestamp,
    /// The pair.
    pub target: Target,
    /// What the action asks for.
    pub parameters: S::Parameters,
    /// What the last look left.
    pub bookmark: Bookmark,
    /// The job.
    pub job: Job,
}

impl<S: Stage> Look<S> {
    /// Whether this is the action's first look.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.job.continuation_token.is_none()
    }
}

/// A decision and the bookmark for the look after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Where the next look begins.
    pub bookmark: Bookmark,
}

/// Handles one event of a function that is a pipeline action.
///
/// The answer is for people who invoke the function by hand; CodePipeline does not see it.
///
/// # Errors
/// The report could not be delivered, and a repetition may deliver it.
pub async fn handle<S: Stage>(
    account: Arc<Account>,
    event: Value,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let Some(job) = Job::read(&event) else {
        let keys = trigger::keys(&event);
        tracing::error!(
            function = S::NAME,
            keys,
            "refused: this event is no CodePipeline job"
        );
        let refused = format!(
            "{} takes CodePipeline jobs; the keys of this event are {keys}",
            S::NAME
        );
        return Ok(json!({"refused": refused}));
    };
    drop(event);
    let id = job.id.clone();
    let now = account.now();
    let text = job.user_parameters.as_deref();
    let report = match parameters::read::<S::Raw>(USER_PARAMETERS, text, account.target()) {
        Ok((target, parameters)) => {
            let look = Look::<S> {
                now,
                target,
                parameters,
                bookmark: Bookmark::read(&job, now),
                job,
            };
            look_in_time(&account, look, deadline).await
        }
        Err(bad) => Report::misconfigured(&bad),
    };
    deliver(&account, S::NAME, &id, report).await
}

/// Looks, in time for the report.
async fn look_in_time<S: Stage>(
    account: &Arc<Account>,
    look: Look<S>,
    deadline: Timestamp,
) -> Report {
    let (now, patience) = (look.now, S::patience(&look.parameters));
    let bookmark = look.bookmark.clone();
    let looking = Arc::clone(account);
    let in_time = async move { self::look::<S>(&looking, look).await };
    let late = |why| held_up(why, &bookmark, now, patience);
    guarded(S::NAME, deadline.since(now), in_time, late).await
}

/// What CodePipeline is told of a look that AWS itself keeps from going on: that it is taken again, until that has been so for
/// too long.
#[must_use]
pub fn held_up(why: String, bookmark: &Bookmark, now: Timestamp, patience: Duration) -> Report {
    let waiting = Decision::Wait(WaitingOn::Aws(why));
    report(waiting.bounded(bookmark.started, now, patience), bookmark)
}

/// Delivers a report and says in the log what became of it.
///
/// # Errors
/// It could not be delivered.
pub async fn deliver(
    account: &Account,
    function: &'static str,
    job: &str,
    report: Report,
) -> Result<Value, Trouble> {
    match &report {
        Report::Continue { summary, .. } => {
            tracing::info!(function, job, "job {job} goes on: {summary}");
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

/// A look that ends in a report whatever happens, in time to deliver it; `late` says what is reported of one that takes too
/// long.
pub async fn guarded(
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

async fn look<S: Stage>(account: &Account, look: Look<S>) -> Report {
    let decided = match S::observe(account, &look).await {
        Ok(seen) => act(account, &look, &seen).await,
        Err(Trouble::Gate(refusal)) => {
            let seen = "not everything could be seen".to_owned();
            let entry = entry(&look, seen, format!("refused: {refusal}"));
            note(account, entry).await;
            Ok(Decided {
                decision: Decision::Refuse(*refusal),
                bookmark: look.bookmark.clone(),
            })
        }
        // A release that has begun is held by what cannot be seen, also by a right that is missing since; but what is known not to
        // exist any more ends it.
        Err(Trouble::Aws(unseen)) if !look.bookmark.blind && !unseen.is_missing() => {
            return held::<S>(&look, &unseen.into());
        }
        Err(trouble) => Err(trouble),
    };
    let is_new = look.now.since(look.bookmark.started) < IAM_SETTLES;
    match decided {
        Ok(Decided { decision, bookmark }) => report(decision, &bookmark.sighted()),
        Err(trouble) if trouble.is_passing() || is_new && trouble.is_denied() => {
            held::<S>(&look, &trouble)
        }
        Err(trouble) => Report::Failed {
            kind: trouble.failure_type(),
            message: trouble.to_string(),
        },
    }
}

/// The look is taken again; once that has been so for too long, the action fails for what it is.
fn held<S: Stage>(look: &Look<S>, trouble: &Trouble) -> Report {
    let patience = S::patience(&look.parameters);
    match held_up(trouble.to_string(), &look.bookmark, look.now, patience) {
        Report::Failed { message, .. } => Report::Failed {
            kind: trouble.failure_type(),
            message,
        },
        report => report,
    }
}

fn entry<S: Stage>(look: &Look<S>, seen: String, decided: String) -> Entry {
    Entry {
        pair: look.target.pair(),
        at: look.now,
        function: S::NAME,
        caller: format!("job {}", look.job.id),
        release: Some(S::release(&look.parameters).clone()),
        seen,
        decided,
    }
}

/// Decides and carries out what is decided.
async fn act<S: Stage>(
    account: &Account,
    look: &Look<S>,
    seen: &S::Seen,
) -> Result<Decided, Trouble> {
    let decided = S::decide(look, seen);
    let entry = |decided: String| entry(look, seen.to_string(), decided);
    let written = match &decided.decision {
        Decision::Take(taken) => {
            let entry = entry(taken.doing.to_string());
            carry_out(account, &look.target, taken, entry).await?
        }
        Decision::Done(done) => match &done.record {
            Some(record) => {
                account
                    .write(record, None, &entry(done.outcome.to_string()))
                    .await?
            }
            None => Written::Yes,
        },
        Decision::Refuse(refusal) => {
            note(account, entry(format!("refused: {refusal}"))).await;
            Written::Yes
        }
        Decision::Wait(_) => Written::Yes,
    };
    Ok(match written {
        Written::Yes => decided,
        Written::Overtaken => Decided {
            decision: Decision::Wait(WaitingOn::OtherInvocation),
            bookmark: look.bookmark.clone(),
        },
    })
}

/// What CodePipeline is told of a decision.
#[must_use]
pub fn report(decision: Decision, bookmark: &Bookmark) -> Report {
    let token = bookmark.token();
    match decision {
        Decision::Take(Move { doing, .. }) => Report::Continue {
            token,
            summary: doing.to_string(),
            percent: None,
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
        Decision::Refuse(refusal) => Report::Failed {
            kind: refusal.failure_type(),
            message: refusal.to_string(),
        },
    }
}

/// Carries out a move: the record first, if it changes, then all steps at once.
///
/// Nothing is done if the record has changed since it was read. A step that fails does not keep the
/// others from being tried; the worst failure is the answer.
async fn carry_out(
    account: &Account,
    target: &Target,
    taken: &Move,
    entry: Entry,
) -> Result<Written, Trouble> {
    let steps = take_all(account, target, &taken.steps);
    let failures = if let Some(record) = &taken.record {
        let found = taken.found.as_deref();
        if account.write(record, found, &entry).await? == Written::Overtaken {
            return Ok(Written::Overtaken);
        }
        steps.await
    } else {
        let ((), failures) = tokio::join!(note(account, entry), steps);
        failures
    };
    let mut failures: Vec<_> = failures.into_iter().map(|(_, failure)| failure).collect();
    // A failure that passes by itself is told only if there is no other.
    failures.sort_by_key(AwsError::is_passing);
    match failures.into_iter().next() {
        None => Ok(Written::Yes),
        Some(worst) => Err(worst.into()),
    }
}

/// Takes steps, all at once; answers those that failed.
pub async fn take_all(account: &Account, target: &Target, steps: &[Step]) -> Vec<(Step, AwsError)> {
    let taking = steps.iter().map(|step| account.take(&target.cluster, step));
    let results = futures_util::future::join_all(taking).await;
    let failed = steps.iter().zip(results).filter_map(|(step, result)| {
        let failure = result.err()?;
        tracing::warn!("not done ({step}): {failure}");
        Some((step.clone(), failure))
    });
    failed.collect()
}

/// Adds to the ledger what changes no record. A ledger that cannot be written is no reason to leave
/// something undone.
pub async fn note(account: &Account, entry: Entry) {
    if let Err(trouble) = account.note(&entry).await {
        tracing::error!("the ledger could not be written: {trouble}");
    }
}

#[cfg(test)]
mod tests;
