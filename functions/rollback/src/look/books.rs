//! What AWS has refused to a look: into the record, and told.

use canary::{
    aws::AwsError,
    clock::Timestamp,
    decision::{Decision, Step},
    known::Unseen,
    parts::{
        found,
        release::{Lacking, Missing},
    },
    reconcile::Actor,
    record::{Record, RollingBack},
    trouble::Trouble,
    words::{Code, Shared},
};

use super::restore::Sent;
use crate::{
    decide::Restoring,
    missing::{self, News},
    notice::{self, Incomplete},
    seen::Seen,
    words::Reason,
};

/// What was refused, what could not be seen for want of a permission, and whether the stopping call has got through.
pub(super) async fn keep_books(
    actor: &Actor<'_>,
    record: &Record,
    seen: &Seen,
    restoring: Restoring,
    sent: &Sent,
) -> Result<Decision, Trouble> {
    let Some(rolling_back) = record.rollback() else {
        return Ok(restoring.decision);
    };
    let unseen = seen.unseen(record);
    let lacking = lacking(&unseen, restoring.lacking, &sent.failed);
    let failed: Vec<Step> = sent.failed.iter().map(|(step, _)| step.clone()).collect();
    let after = record.open(seen.now, &seen.pair).sent(
        &Step::changes_among(&sent.all),
        &Step::changes_among(&failed),
    );
    let saw_everything = unseen.is_empty();
    let News {
        mut missing,
        is_new,
        is_first,
    } = missing::update(rolling_back, &lacking, saw_everything, seen.now);
    let is_due = rolling_back.is_due(record.phase_since, seen.now);
    let is_told = is_first || is_due;
    for missing in missing.iter_mut().filter(|_| is_told) {
        missing.told = seen.now;
    }
    if is_new || is_told || after != record.body {
        let next = RollingBack {
            missing: missing.clone(),
            told: is_due.then_some(seen.now).or(rolling_back.told),
            ..rolling_back.clone()
        };
        let next = record.with(after).rolling(next, seen.now);
        let entry = actor.entry(
            Some(&record.release),
            seen.to_string(),
            refused(&lacking),
            seen.now,
        );
        if actor.act(Some(&next), None, &[], entry).await?.is_none() {
            return Ok(Decision::wait(Shared::OtherInvocation));
        }
    }
    if is_told {
        // What has only begun is no news yet.
        let waits_for = if is_due {
            waits_for(&unseen, &restoring.decision, sent)
        } else {
            Vec::new()
        };
        tell_incomplete(actor, record, &missing, waits_for, seen.now).await;
    }
    Ok(said(restoring.decision, &missing, &sent.failed))
}

/// People hear that a rollback is not complete, and how to put back what AWS refuses.
async fn tell_incomplete(
    actor: &Actor<'_>,
    record: &Record,
    missing: &[Missing],
    waits_for: Vec<String>,
    now: Timestamp,
) {
    let found = if missing.is_empty() {
        None
    } else {
        let (pair, release) = (&record.pair, &record.release);
        found::in_full(actor.account, pair, release).await
    };
    let incomplete = Incomplete {
        missing,
        waits_for,
        now,
        found: found.as_ref(),
        table: actor.account.releases_table().unwrap_or_default(),
    };
    let notice = notice::incomplete(record, &incomplete);
    actor.account.tell(&notice).await;
}

/// What a rollback still waits for, in words: what could not be seen, what was sent and is not there yet, or what is awaited.
fn waits_for(unseen: &[&Unseen], decision: &Decision, sent: &Sent) -> Vec<String> {
    let unseen = unseen.iter().map(ToString::to_string);
    let of_step = |step: &Step| {
        let failure = sent.failed.iter().find(|(failed, _)| failed == step);
        failure.map_or_else(|| step.to_string(), |(_, why)| format!("{step}: {why}"))
    };
    let awaited = match decision {
        Decision::Wait(waiting_on) if waiting_on.is(Code::NotSeen) => None,
        Decision::Wait(waiting_on) => Some(waiting_on.to_string()),
        _ => None,
    };
    let steps = sent.all.iter().map(of_step);
    let mut waits: Vec<String> = unseen.chain(steps).chain(awaited).collect();
    waits.dedup();
    waits
}

fn refused(lacking: &[Lacking]) -> String {
    let words = lacking.iter().map(|it| format!("{} ({})", it.what, it.why));
    match words.collect::<Vec<_>>().as_slice() {
        [] => "nothing is refused".to_owned(),
        words => format!("AWS refuses: {}", words.join("; ")),
    }
}

/// What is missing for good, as far as this look can tell. What passes by itself is tried again and is no news.
fn lacking(unseen: &[&Unseen], known: Vec<Lacking>, failed: &[(Step, AwsError)]) -> Vec<Lacking> {
    // That one of the two ways to end an execution is denied is no news while the other is there.
    let is_stop = |step: &Step| matches!(step, Step::Stop { .. });
    let stop_fails = failed.iter().any(|(step, _)| is_stop(step));
    let is_told = |step: &Step| stop_fails || !matches!(step, Step::Reject { .. });
    let refused = failed.iter();
    let refused = refused.filter(|(step, error)| !error.is_passing() && is_told(step));
    let refused = refused.map(|(step, error)| Lacking {
        what: step.to_string(),
        why: error.to_string(),
    });
    let unseen = unseen.iter().filter(|unseen| !unseen.is_passing);
    let unseen = unseen.map(|unseen| Lacking {
        what: "rollback sees everything".to_owned(),
        why: unseen.to_string(),
    });
    let mut lacking: Vec<Lacking> = known.into_iter().chain(refused).chain(unseen).collect();
    lacking.dedup_by(|a, b| a.what == b.what);
    lacking
}

/// What is said of a look: first of all what AWS refuses.
fn said(decision: Decision, missing: &[Missing], failed: &[(Step, AwsError)]) -> Decision {
    match (missing, failed) {
        ([first, others @ ..], _) => Decision::wait(Reason::Missing {
            first: Box::new(first.clone()),
            others: others.len(),
        }),
        ([], [(_, error), ..]) => Decision::wait(Shared::Aws(error.to_string())),
        ([], []) => decision,
    }
}
