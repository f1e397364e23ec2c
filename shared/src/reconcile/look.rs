//! One look of a stage that goes forward.

use std::{sync::Arc, time::Duration};

use super::{Actor, Forward, NoDecision, Stage, in_words};
use crate::{
    aws::{Account, AwsError, LookError},
    clock::Timestamp,
    decision::{Decision, Step},
    job::{Bookmark, Job},
    target::Target,
    trouble::Trouble,
    words::Shared,
};

/// For how long an action waits for a right: whoever deploys the suite may start a release before IAM knows its roles everywhere (IAM
/// user guide, "Changes that I make are not always immediately visible"; it names no time, this one is a choice).
const IAM_SETTLES: Duration = Duration::from_mins(2);

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

    /// What calls, as the ledger names it.
    #[must_use]
    pub fn caller(&self) -> String {
        format!("job {}", self.job.id)
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

/// Looks once: observes, decides, acts.
pub(super) async fn look<F: Forward>(
    account: Arc<Account>,
    look: Look<F>,
) -> Result<Decided, NoDecision> {
    let caller = look.caller();
    let actor = Actor {
        account: &account,
        function: F::NAME,
        caller: &caller,
        target: &look.target,
    };
    let acted = match F::observe(&account, &look).await {
        Ok(seen) => {
            let decided = F::decide(&look, &seen);
            act(&actor, &look, seen.to_string(), decided).await
        }
        Err(Trouble::Gate(refusal)) => {
            let decided = Decided {
                decision: Decision::Refuse(*refusal),
                bookmark: look.bookmark.clone(),
            };
            let seen = "not everything could be seen".to_owned();
            act(&actor, &look, seen, decided).await
        }
        // A release that has begun is held by what cannot be seen, also by a right that is missing since; but what is known not to
        // exist any more ends it.
        Err(Trouble::Look(LookError::Aws(unseen)))
            if !look.bookmark.blind && !unseen.is_missing() =>
        {
            return Err(NoDecision::Held(unseen.into()));
        }
        Err(trouble) => Err(trouble),
    };
    let is_new = look.now.since(look.bookmark.started) < IAM_SETTLES;
    match acted {
        Ok(Decided { decision, bookmark }) => Ok(Decided {
            decision,
            bookmark: bookmark.sighted(),
        }),
        Err(trouble) if is_new && trouble.is_denied() => Err(NoDecision::Held(trouble)),
        Err(trouble) => Err(trouble.into()),
    }
}

/// Carries out what is decided. The worst of what fails is the answer.
async fn act<F: Forward>(
    actor: &Actor<'_>,
    look: &Look<F>,
    seen: String,
    decided: Decided,
) -> Result<Decided, Trouble> {
    let release = F::release(&look.parameters);
    let entry = actor.entry(Some(release), seen, in_words(&decided.decision), look.now);
    match actor.carry_out(&decided.decision, entry).await? {
        None => Ok(Decided {
            decision: Decision::wait(Shared::OtherInvocation),
            bookmark: look.bookmark.clone(),
        }),
        Some(failed) => worst(failed).map_or(Ok(decided), |worst| Err(worst.into())),
    }
}

/// A failure that passes by itself is told only if there is no other.
fn worst(mut failed: Vec<(Step, AwsError)>) -> Option<AwsError> {
    failed.sort_by_key(|(_, failure)| failure.is_passing());
    failed.into_iter().next().map(|(_, failure)| failure)
}
