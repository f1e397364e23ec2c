//! A release that goes on is held as it is.

use canary::{
    clock::Timestamp, decision::Decision, reconcile::Actor, record::Record, trouble::Trouble,
    words::Shared,
};

use crate::watch::{self, Keeping};

/// What became of holding a release.
pub(super) enum Kept {
    Done(Decision),
    /// A rollback has begun meanwhile: its record.
    Fenced(Box<Record>),
}

/// Holds a release that goes on. The record first, over the one that was looked at; and again after the steps: what a rollback
/// has undone that began in between, they may have done again.
pub(super) async fn keep(
    actor: &Actor<'_>,
    keeping: Keeping,
    now: Timestamp,
) -> Result<Kept, Trouble> {
    let Keeping {
        doing,
        record,
        steps,
        notice,
    } = keeping;
    let seen = "everything, while no action is at work".to_owned();
    let entry = actor.entry(Some(&record.release), seen, doing.to_string(), now);
    let Some(failed) = actor.act(Some(&record), None, &steps, entry).await? else {
        return Ok(Kept::Done(Decision::wait(Shared::OtherInvocation)));
    };
    if let Some(notice) = notice {
        actor.account.tell(&notice).await;
    }
    let done = Kept::Done(Decision::act(doing, Vec::new()));
    if steps.is_empty() {
        return Ok(done);
    }
    let again = actor.account.record(&record.pair).await?;
    let Some(again) = again.filter(|it| it.release == record.release) else {
        return Ok(done);
    };
    if again.rollback().is_some() {
        return Ok(Kept::Fenced(Box::new(again)));
    }
    // What failed is seen by the next look; that it fails again and again is told.
    if let Some((step, why)) = failed.first()
        && let Some(failing) = watch::failing(&again, &format!("{step}: {why}"), now)
    {
        return Box::pin(keep(actor, failing, now)).await;
    }
    Ok(done)
}
