//! What every look at a pair begins with: one round trip, all reads at once; and a second one where a release calls for it.

use crate::{
    aws::{Account, LookError},
    clock::Timestamp,
    decision::Refusal,
    gates::{self, NotOwned, When},
    known::{Known, Unseen, in_time},
    observation::{Counted, Looker, Observation, Sight},
    parts::focus::Focus,
    reconcile::{Forward, Look},
    record::{Phase, Record},
    target::Target,
    trouble::Trouble,
};

/// Reads the record and what both versions of its release have counted since, the alarms, and what the traffic model reads. Each may have
/// failed by itself.
pub async fn parts(
    account: &Account,
    target: &Target,
    focus: Focus,
    now: Timestamp,
) -> (Result<Option<Record>, Trouble>, Observation) {
    let (pair, model) = (target.pair(), target.model());
    // On the heap: the SDK's futures are large.
    let reads = Box::pin(async {
        let counted = async {
            let record = account.record(&pair).await;
            let counted = match &record {
                Ok(Some(record)) => Box::pin(counted(account, record, now)).await,
                Ok(None) | Err(_) => None,
            };
            (record, counted)
        };
        tokio::join!(
            counted,
            account.alarms(&target.alarms),
            model.observe(account, focus),
        )
    });
    let ((record, counted), alarms, pair) = reads.await;
    let seen = Observation {
        now,
        alarms: Known::needed(alarms),
        pair,
        counted,
        by: Looker::Schedule,
    };
    (record.map_err(Into::into), seen)
}

/// Why something that a look depends on could not be seen.
#[must_use]
pub fn unseen<'a>(target: &Target, seen: &'a Observation, focus: Focus) -> Option<&'a Unseen> {
    let of_pair = target.model().unseen(&seen.pair, focus);
    of_pair.into_iter().chain(seen.alarms.unseen()).next()
}

/// Reads everything for an action of a release, and then what that calls for.
///
/// What cannot be seen keeps the look from going on, but not from seeing that a gate of this release has closed. Nor does an action
/// begin anything more once somebody stops the execution, but for a promotion, which is finished: a stop that waits for what is in
/// progress waits for this action, too.
///
/// # Errors
/// Something could not be seen, or a gate of the release has closed.
pub async fn observe<S: Forward>(
    account: &Account,
    look: &Look<S>,
    focus: Focus,
) -> Result<Sight, Trouble> {
    let (target, release, now) = (&look.target, S::release(&look.parameters), look.now);
    let status = async {
        match focus {
            Focus::Promoted => Ok(None),
            _ => account.execution_status(&target.pipeline, release).await,
        }
    };
    let ((record, mut seen), status) = tokio::join!(parts(account, target, focus, now), status);
    let record = record?;
    seen.by = Looker::Action {
        despite: S::despite(&look.parameters).map(str::to_owned),
    };
    let own = record.as_ref().filter(|it| it.release == *release);
    let unseen = unseen(target, &seen, focus);
    if let Some(why) = own
        .filter(|_| unseen.is_some())
        .and_then(|own| closed(own, target, &seen))
    {
        return Err(Trouble::Gate(Box::new(why)));
    }
    // What rollback has begun says more: it may be what stops the execution.
    let goes_on = own.is_some_and(|it| it.is_active() && it.rollback().is_none());
    let is_stopping = matches!(&status, Ok(Some(status)) if status.is_stopping());
    if goes_on && is_stopping {
        return Err(Trouble::Gate(Box::new(
            NotOwned::Stopped(release.clone()).into(),
        )));
    }
    if let Some(unseen) = unseen {
        return Err(LookError::from(unseen.clone()).into());
    }
    if goes_on {
        status?;
    }
    if let Some(own) = own.filter(|own| is_closer(own, focus)) {
        let model = own.model();
        seen.pair = model
            .closer(account, focus, own.facts(now), &seen.pair)
            .await?;
    }
    Ok(Sight { record, seen })
}

/// What both versions of a release have counted, where minutes are due. It keeps nothing from going on: what cannot be seen of it is no
/// evidence, and that is said.
async fn counted(account: &Account, record: &Record, now: Timestamp) -> Option<Known<Counted>> {
    let span = record.due(now)?;
    let metrics = record.meters_in(&span)?.metrics();
    let minutes = account.minutes(&metrics, span.from, span.through);
    let series = in_time("cloudwatch:GetMetricData", minutes).await;
    Some(series.map(|series| Counted { span, series }))
}

/// Whether a release calls for a closer look.
fn is_closer(record: &Record, focus: Focus) -> bool {
    match focus {
        Focus::Placed { .. } => matches!(record.phase, Phase::Deploying),
        Focus::Promoted => record.is_active() && record.rollback().is_none(),
        Focus::Share | Focus::AsFound => false,
    }
}

/// Why a release that goes on must not, as far as that was seen.
fn closed(record: &Record, target: &Target, seen: &Observation) -> Option<Refusal> {
    if record.rollback().is_some() {
        return NotOwned::of_rollback(record).map(Into::into);
    }
    if !record.is_active() {
        return None;
    }
    let not_owned = NotOwned::of_schema(record).or_else(|| NotOwned::of_target(record, target));
    let closed = || {
        let (noted, news) = gates::noted(When::Action, seen, record);
        let closed = gates::closed(When::Action, seen, &noted)?;
        Some(Refusal::from(closed.why).noting(&noted, news.as_ref(), seen.now))
    };
    not_owned.map(Into::into).or_else(closed)
}
