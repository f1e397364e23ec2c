//! A release that is being rolled back comes nearer to what was found.

use canary::{
    aws::AwsError,
    decision::{Decision, Move, Step},
    reconcile::{self, Actor, trigger::Trigger},
    record::{Record, RollingBack},
    trouble::Trouble,
    words::Shared,
};

use super::books::keep_books;
use crate::{
    decide::{self, Restoring},
    notice,
    seen::{self, Seen},
};

/// What a look has sent, and what of it failed.
pub(super) struct Sent {
    pub(super) all: Vec<Step>,
    pub(super) failed: Vec<(Step, AwsError)>,
}

/// Takes a release that is being rolled back nearer to what was found. `is_first` right behind the fence: then the
/// stopping call goes out beside everything else, and waits for nothing.
pub(super) async fn restore(
    actor: &Actor<'_>,
    record: &Record,
    why: &Trigger,
    is_first: bool,
) -> Result<Decision, Trouble> {
    let Some(rolling_back) = record.rollback() else {
        return Ok(Decision::wait(Shared::OtherInvocation));
    };
    let stopping = if is_first {
        let nothing = record.model().nothing();
        Step::of(record.open(actor.account.now(), &nothing).stop())
    } else {
        Vec::new()
    };
    let rest = async {
        let mut seen = seen::observe(actor.account, record).await;
        let mut restoring = decide::restore(&seen, record, rolling_back, why, is_first);
        if let Decision::Done(_) = &restoring.decision {
            seen.missed = Box::pin(record.missed(actor.account, seen.now)).await;
            restoring = decide::restore(&seen, record, rolling_back, why, is_first);
        }
        if let Decision::Take(taken) = &mut restoring.decision {
            taken.steps.retain(|step| !stopping.contains(step));
        }
        let failed = carry_out(actor, record, &seen, &restoring).await;
        (seen, restoring, failed)
    };
    let (stopped, (seen, restoring, failed)) = tokio::join!(actor.take_all(&stopping), rest);
    let Some(failed) = failed? else {
        return Ok(Decision::wait(Shared::OtherInvocation));
    };
    let failed: Vec<_> = stopped.into_iter().chain(failed).collect();
    let mut all = stopping;
    if let Decision::Take(taken) = &restoring.decision {
        all.extend(taken.steps.iter().cloned());
    }
    let written = restoring.decision.record().unwrap_or(record).clone();
    keep_books(actor, &written, &seen, restoring, &Sent { all, failed }).await
}

/// Carries out what is decided; answers the steps that failed, and `None` if somebody else wrote the record meanwhile. People hear
/// of the end.
async fn carry_out(
    actor: &Actor<'_>,
    record: &Record,
    seen: &Seen,
    restoring: &Restoring,
) -> Result<Option<Vec<(Step, AwsError)>>, Trouble> {
    let decision = &restoring.decision;
    if let Decision::Take(Move {
        record: None,
        steps,
        ..
    }) = decision
        && is_known(record.rollback(), steps)
    {
        return Ok(Some(actor.take_all(steps).await));
    }
    let decided = decided(decision);
    let entry = actor.entry(Some(&record.release), seen.to_string(), decided, seen.now);
    let failed = actor.carry_out(decision, entry).await?;
    if let (Decision::Done(_), Some(next), Some(_)) = (decision, decision.record(), &failed) {
        actor
            .account
            .tell(&notice::finished(record, next, seen))
            .await;
    }
    Ok(failed)
}

/// What the ledger says was decided, with every step.
fn decided(decision: &Decision) -> String {
    let steps = match decision {
        Decision::Take(taken) => taken.steps.as_slice(),
        _ => &[],
    };
    let words = steps.iter().map(ToString::to_string);
    let decided = std::iter::once(reconcile::in_words(decision));
    decided.chain(words).collect::<Vec<_>>().join("; ")
}

/// Whether a look only tries again what was refused before, which is no news.
fn is_known(rolling_back: Option<&RollingBack>, steps: &[Step]) -> bool {
    rolling_back.is_some_and(|rolling_back| {
        steps
            .iter()
            .all(|step| rolling_back.is_missing(&step.to_string()))
    })
}
