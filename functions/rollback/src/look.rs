//! One look: the fence, the stopping call by itself, then whatever else is short of what the release found, at once.

mod books;
mod keep;
mod restore;

use canary::{
    aws::Account,
    clock::Timestamp,
    decision::{Decision, Done},
    reconcile::{Actor, Stage, trigger::Trigger},
    record::Record,
    target::Target,
    trouble::Trouble,
    words::{Code, Said, Shared},
};

use crate::{
    Rollback,
    call::{self, Besides, Call},
    idle::Idle,
    notice, over, seen,
    words::Reason,
};
use keep::{Kept, keep};
use restore::restore;

/// One look at one pair. It begins with the record: every minute there is nothing else for the schedule to look at, and where a
/// release is rolled back the place is the record's, whatever the function's environment says by now.
pub(crate) async fn look(
    account: &Account,
    target: &Target,
    why: &Trigger,
    caller: &str,
) -> Result<Decision, Trouble> {
    let record = account.record(&target.pair()).await?;
    let now = account.now();
    let besides = match record.as_ref() {
        Some(record) => besides(account, record, why, now).await,
        None => Besides::Nothing,
    };
    let actor = Actor {
        account,
        function: Rollback::NAME,
        caller,
        target: record.as_ref().map_or(target, |record| &record.target),
    };
    // What restores is most of a look, and on the heap.
    match (call::call(record.as_ref(), why, &besides, now), &record) {
        (Call::Idle(idle), record) => {
            Ok(leave_alone(&actor, idle, record.as_ref(), why, now).await)
        }
        (Call::Fence(doing, fence), Some(before)) => {
            begin(&actor, doing, before, &fence, why, now).await
        }
        (Call::GoOn, Some(record)) => Box::pin(restore(&actor, record, why, false)).await,
        (Call::Keep(keeping), Some(_)) => match keep(&actor, *keeping, now).await? {
            Kept::Done(decision) => Ok(decision),
            Kept::Fenced(record) => Box::pin(restore(&actor, &record, why, true)).await,
        },
        (Call::Fence(..) | Call::GoOn | Call::Keep(_), None) => {
            Ok(Decision::wait(Shared::OtherInvocation))
        }
    }
}

/// What a call has to look at before it is decided whether there is a rollback.
async fn besides(account: &Account, record: &Record, why: &Trigger, now: Timestamp) -> Besides {
    if call::is_watched(record, why, now) {
        // On the heap: it is a whole look.
        let watched = Box::pin(seen::watch(account, record, now)).await;
        return Besides::Watched(Box::new(watched));
    }
    if over::has_to_let_go(record, why, now) {
        let seen = Box::pin(seen::pair(account, record)).await;
        return Besides::Over(Box::new(seen));
    }
    match call::asks_whether_it_acts(record, why, now) {
        Some(alarm) => Besides::Alarm {
            is_silent: seen::is_silent(account, alarm).await,
        },
        None => Besides::Nothing,
    }
}

/// The ledger's line of a look at nothing but the record.
fn only_record(record: &Record) -> String {
    let (phase, since) = (&record.phase, record.phase_since);
    format!("{phase} since {since}; nothing else was looked at")
}

/// What is said of the look that began a rollback. It has begun: what keeps it from going on is for the next look.
fn begun_with(doing: Reason, stopped: Result<Decision, Trouble>) -> Decision {
    match stopped {
        Ok(Decision::Wait(waiting_on))
            if waiting_on.is(Code::Refused) || waiting_on.is(Code::Aws) =>
        {
            Decision::Wait(waiting_on)
        }
        Ok(_) => Decision::act(doing, Vec::new()),
        Err(trouble) => Decision::wait(Shared::Aws(trouble.to_string())),
    }
}

/// Nothing is to be rolled back. That the schedule finds this every minute is no news.
async fn leave_alone(
    actor: &Actor<'_>,
    idle: Idle,
    record: Option<&Record>,
    why: &Trigger,
    at: Timestamp,
) -> Decision {
    let outcome = Said::from(Reason::Idle(idle));
    if !matches!(why, Trigger::Schedule) {
        let release = record.map(|record| &record.release);
        let seen = record.map_or_else(|| "no release record".to_owned(), only_record);
        let entry = actor.entry(release, seen, outcome.to_string(), at);
        actor.note(entry).await;
    }
    Decision::Done(Done {
        outcome,
        record: None,
        variables: Vec::new(),
    })
}

/// A rollback begins, if nobody has written the record since: behind the fence everything that stops harm goes out.
async fn begin(
    actor: &Actor<'_>,
    doing: Reason,
    before: &Record,
    fence: &Record,
    why: &Trigger,
    now: Timestamp,
) -> Result<Decision, Trouble> {
    let entry = actor.entry(
        Some(&fence.release),
        only_record(before),
        doing.to_string(),
        now,
    );
    if actor.act(Some(fence), None, &[], entry).await?.is_none() {
        return Ok(Decision::wait(Shared::OtherInvocation));
    }
    tracing::warn!("{doing}");
    let begun = notice::begun(before, fence, why);
    let (stopped, ()) = tokio::join!(
        Box::pin(restore(actor, fence, why, true)),
        actor.account.tell(&begun)
    );
    Ok(begun_with(doing, stopped))
}
