//! One look: the fence, the stopping call by itself, then whatever else is short of what the release found, at once.

mod books;

use canary::{
    aws::{
        Account, AwsError, Trouble,
        records::{Entry, Written},
    },
    clock::Timestamp,
    decision::{Decision, Doing, Done, Idle, Move, Outcome, Step, WaitingOn},
    names::ReleaseId,
    reconcile,
    record::{Record, RollingBack},
    target::Target,
    traffic::{door::Looked, sight::Sight},
    trigger::Trigger,
};

use crate::{
    NAME,
    call::{self, Besides, Call},
    decide::{self, Restoring},
    notice,
    seen::{self, Seen},
    watch::{self, Keeping},
};

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
    let ledger = Ledger {
        account,
        target,
        caller,
    };
    // On the heap: it is most of a look.
    let restore = |record: &Record, is_first| {
        let (ledger, record) = (&ledger, record.clone());
        Box::pin(async move { ledger.restore(&record, why, is_first).await })
    };
    match (call::call(record.as_ref(), why, &besides, now), record) {
        (Call::Idle(idle), record) => Ok(ledger.idle(idle, record.as_ref(), why, now).await),
        (Call::Fence(doing, fence), Some(before)) => {
            let seen = only_record(&before);
            let entry = ledger.entry(&fence, seen, doing.to_string(), now);
            if account.write(&fence, None, &entry).await? == Written::Overtaken {
                return Ok(Decision::Wait(WaitingOn::OtherInvocation));
            }
            tracing::warn!("{doing}");
            let begun = notice::begun(&before, &fence, why);
            let (stopped, ()) = tokio::join!(restore(&fence, true), account.tell(&begun));
            Ok(begun_with(doing, stopped))
        }
        (Call::GoOn, Some(record)) => restore(&record, false).await,
        (Call::Keep(keeping), Some(_)) => match ledger.keep(*keeping, now).await? {
            Kept::Done(decision) => Ok(decision),
            Kept::Fenced(record) => restore(&record, true).await,
        },
        (Call::Fence(..) | Call::GoOn | Call::Keep(_), None) => {
            Ok(Decision::Wait(WaitingOn::OtherInvocation))
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
fn begun_with(doing: Doing, stopped: Result<Decision, Trouble>) -> Decision {
    match stopped {
        Ok(waiting @ Decision::Wait(WaitingOn::Missing { .. } | WaitingOn::Aws(_))) => waiting,
        Ok(_) => Decision::act(doing, Vec::new()),
        Err(trouble) => Decision::Wait(WaitingOn::Aws(trouble.to_string())),
    }
}

/// What became of holding a release.
enum Kept {
    Done(Decision),
    /// A rollback has begun meanwhile: its record.
    Fenced(Box<Record>),
}

/// What a look has sent, and what of it failed.
struct Sent {
    all: Vec<Step>,
    failed: Vec<(Step, AwsError)>,
}

/// Who looks at what.
struct Ledger<'a> {
    account: &'a Account,
    target: &'a Target,
    caller: &'a str,
}

impl Ledger<'_> {
    fn entry(&self, record: &Record, seen: String, decided: String, at: Timestamp) -> Entry {
        self.entry_of(Some(&record.release), seen, decided, at)
    }

    fn entry_of(
        &self,
        release: Option<&ReleaseId>,
        seen: String,
        decided: String,
        at: Timestamp,
    ) -> Entry {
        Entry {
            pair: self.target.pair(),
            at,
            function: NAME,
            caller: self.caller.to_owned(),
            release: release.cloned(),
            seen,
            decided,
        }
    }

    /// Nothing is to be rolled back. That the schedule finds this every minute is no news.
    async fn idle(
        &self,
        idle: Idle,
        record: Option<&Record>,
        why: &Trigger,
        at: Timestamp,
    ) -> Decision {
        let outcome = Outcome::Idle(idle);
        if !matches!(why, Trigger::Schedule) {
            let release = record.map(|record| &record.release);
            let seen = record.map_or_else(|| "no release record".to_owned(), only_record);
            let entry = self.entry_of(release, seen, outcome.to_string(), at);
            reconcile::note(self.account, entry).await;
        }
        Decision::Done(Done {
            outcome,
            record: None,
            variables: Vec::new(),
        })
    }

    /// Holds a release that goes on. The record first, over the one that was looked at; and again after the steps: what a rollback
    /// has undone that began in between, they may have done again.
    async fn keep(&self, keeping: Keeping, now: Timestamp) -> Result<Kept, Trouble> {
        let Keeping {
            doing,
            record,
            steps,
            is_told,
        } = keeping;
        let seen = "everything, while no action is at work".to_owned();
        let entry = self.entry(&record, seen, doing.to_string(), now);
        if self.account.write(&record, None, &entry).await? == Written::Overtaken {
            return Ok(Kept::Done(Decision::Wait(WaitingOn::OtherInvocation)));
        }
        if is_told {
            self.account.tell(&notice::kept(&record, &doing)).await;
        }
        if steps.is_empty() {
            return Ok(Kept::Done(Decision::act(doing, Vec::new())));
        }
        // What failed is seen by the next look; that it fails again and again is told.
        let failed = reconcile::take_all(self.account, &record.target, &steps).await;
        let again = self.account.record(&record.pair).await?;
        let Some(again) = again.filter(|it| it.release == record.release) else {
            return Ok(Kept::Done(Decision::act(doing, Vec::new())));
        };
        if again.rollback().is_some() {
            return Ok(Kept::Fenced(Box::new(again)));
        }
        if let Some((step, why)) = failed.first()
            && let Some(failing) = watch::failing(&again, &format!("{step}: {why}"), now)
        {
            return Box::pin(self.keep(failing, now)).await;
        }
        Ok(Kept::Done(Decision::act(doing, Vec::new())))
    }

    /// Takes a release that is being rolled back nearer to what was found. `is_first` right behind the fence: then the
    /// stopping call goes out beside everything else, and waits for nothing.
    async fn restore(
        &self,
        record: &Record,
        why: &Trigger,
        is_first: bool,
    ) -> Result<Decision, Trouble> {
        let Some(rolling_back) = record.rollback() else {
            return Ok(Decision::Wait(WaitingOn::OtherInvocation));
        };
        let stopping = if is_first {
            looked(record, &Sight::nothing(&record.target), self.account.now())
                .open()
                .stop()
        } else {
            Vec::new()
        };
        let rest = async {
            let mut seen = seen::observe(self.account, record).await;
            let mut restoring = decide::restore(&seen, record, rolling_back, why, is_first);
            if let Decision::Done(_) = &restoring.decision {
                seen.missed = seen::missed(self.account, record, seen.now).await;
                restoring = decide::restore(&seen, record, rolling_back, why, is_first);
            }
            if let Decision::Take(taken) = &mut restoring.decision {
                taken.steps.retain(|step| !stopping.contains(step));
            }
            let done = self.carry_out(record, &seen, &restoring).await;
            (seen, restoring, done)
        };
        let (stopped, (seen, restoring, done)) = tokio::join!(
            reconcile::take_all(self.account, &record.target, &stopping),
            rest
        );
        let Some((written, failed)) = done? else {
            return Ok(Decision::Wait(WaitingOn::OtherInvocation));
        };
        let failed: Vec<_> = stopped.into_iter().chain(failed).collect();
        let mut sent = stopping;
        if let Decision::Take(taken) = &restoring.decision {
            sent.extend(taken.steps.iter().cloned());
        }
        let done = Sent { all: sent, failed };
        self.keep_books(&written, &seen, restoring, &done).await
    }

    /// The record first, where it changes, then all steps at once. `None`: somebody else wrote the record meanwhile.
    async fn carry_out(
        &self,
        record: &Record,
        seen: &Seen,
        restoring: &Restoring,
    ) -> Result<Option<(Record, Vec<(Step, AwsError)>)>, Trouble> {
        let (next, decided, steps) = match &restoring.decision {
            Decision::Take(Move {
                doing,
                record,
                steps,
                ..
            }) => (record, doing.to_string(), steps.as_slice()),
            Decision::Done(done) => (&done.record, done.outcome.to_string(), [].as_slice()),
            Decision::Wait(_) | Decision::Refuse(_) => {
                return Ok(Some((record.clone(), Vec::new())));
            }
        };
        let words = steps.iter().map(ToString::to_string);
        let decided: Vec<String> = std::iter::once(decided).chain(words).collect();
        let entry = self.entry(record, seen.to_string(), decided.join("; "), seen.now);
        let taking = reconcile::take_all(self.account, &record.target, steps);
        let Some(next) = next else {
            let noting = async {
                if !is_known(record.rollback(), steps) {
                    reconcile::note(self.account, entry).await;
                }
            };
            let ((), failed) = tokio::join!(noting, taking);
            return Ok(Some((record.clone(), failed)));
        };
        if self.account.write(next, None, &entry).await? == Written::Overtaken {
            return Ok(None);
        }
        if let Decision::Done(_) = &restoring.decision {
            self.account
                .tell(&notice::finished(record, next, seen))
                .await;
        }
        let (written, failed) = (*next.clone(), taking.await);
        Ok(Some((written, failed)))
    }
}

/// A release and what a look has seen of it.
fn looked<'a>(record: &'a Record, seen: &'a Sight, now: Timestamp) -> Looked<'a> {
    Looked { record, now, seen }
}

/// Whether a look only tries again what was refused before.
fn is_known(rolling_back: Option<&RollingBack>, steps: &[Step]) -> bool {
    rolling_back.is_some_and(|rolling_back| {
        steps
            .iter()
            .all(|step| rolling_back.is_missing(&step.to_string()))
    })
}
