//! A fence is kept, stops the candidate, and comes to an end.

mod invocations;
mod messages;
mod requests;
mod tasks;

use canary::{parts::pair, record::RollingBack};
use rehearsal_core::{clock::Moment, stage, world::journal::Call};

use super::{seconds, time};
use crate::random::{
    event::Service,
    story::Target,
    told::{Deed, Did, Told, Written},
};

/// How long a look of the schedule may be away.
const SCHEDULE: u64 = 60;

/// How long the candidate may get work.
const WORK: u64 = 60;

pub(super) fn is_kept(told: &Told) -> Option<String> {
    told.records().windows(2).find_map(|pair| {
        let [fence, next] = pair else { return None };
        let is_fenced = fence.record.rollback().is_some();
        let is_kept = next.is_of(&fence.record)
            && ["RollingBack", "RolledBack"].contains(&next.record.phase.to_string().as_str());
        (is_fenced && !is_kept).then(|| {
            format!(
                "{} {} wrote {} of {} over the fence of {}",
                time(next.at),
                next.by,
                next.record.phase,
                next.record.release,
                fence.record.release
            )
        })
    })
}

pub(super) fn is_over(told: &Told) -> Option<String> {
    let records = told.records();
    let last = records.last()?;
    let rolling_back = last.record.rollback()?;
    let missing: Vec<_> = rolling_back
        .missing
        .iter()
        .map(|it| format!("{} ({})", it.what, it.why))
        .collect();
    Some(format!(
        "{} is still being rolled back an hour after {}; missing: {missing:?}",
        last.record.release,
        time(told.over)
    ))
}

/// What the candidate works on.
struct Work {
    /// Whether a call of rollback takes it from the candidate.
    stops: fn(&Call) -> bool,
    /// How the candidate still got some after a moment.
    gets: fn(&Rollback<'_>, Moment) -> Option<String>,
}

fn work(target: Target) -> Work {
    match target {
        Target::QueueAdditive | Target::QueueConstantTotal => messages::MESSAGES,
        Target::Alb | Target::SetsAlb => requests::REQUESTS,
        Target::SetsAdditive | Target::SetsConstantTotal => tasks::TASKS,
        Target::Alias => invocations::INVOCATIONS,
    }
}

/// A rollback, from its fence until its release is begun again or another one is.
struct Rollback<'a> {
    told: &'a Told,
    fence: &'a Written,
    rolling_back: &'a RollingBack,
    /// When it was over, and when the next release began.
    rolled_back: Moment,
    until: Moment,
}

pub(super) fn work_ends(told: &Told) -> Option<String> {
    let records = told.records();
    let end = told.journal.last()?.at + seconds(1);
    rollbacks(told, &records, end).find_map(|it| it.works_on())
}

/// Every rollback of a candidate.
fn rollbacks<'a>(
    told: &'a Told,
    records: &'a [Written],
    end: Moment,
) -> impl Iterator<Item = Rollback<'a>> {
    records
        .iter()
        .enumerate()
        .filter_map(move |(index, fence)| {
            let rolling_back = fence.record.rollback()?;
            let before = records[..index].last();
            let is_first =
                before.is_none_or(|it| it.record.rollback().is_none() || !it.is_of(&fence.record));
            let is_meant = fence.record.candidate().is_some();
            let after = &records[index..];
            let first = |is_it: &dyn Fn(&Written) -> bool| {
                after.iter().find(|it| is_it(it)).map_or(end, |it| it.at)
            };
            (is_first && is_meant).then(|| Rollback {
                told,
                fence,
                rolling_back,
                rolled_back: first(&|it| it.record.rollback().is_none()),
                until: first(&|it| !it.is_of(&fence.record)),
            })
        })
}

impl Rollback<'_> {
    /// How the candidate still got work.
    fn works_on(&self) -> Option<String> {
        let deadline = self.deadline();
        let what = (work(self.told.target).gets)(self, deadline)?;
        Some(format!(
            "{what}; the fence came at {}, and the candidate was to get nothing from {} on",
            time(self.fence.at),
            time(deadline)
        ))
    }

    /// Whether the canary was seen to run nothing of the release.
    fn spares_canary(&self) -> bool {
        let set = self.fence.record.body.set.read::<pair::Set>();
        set.is_ok_and(|set| set.restoring.spares_canary)
    }

    /// From when on the candidate gets nothing. A stopping call that nothing hinders is let through.
    fn deadline(&self) -> Moment {
        let stopped = self.stopping_call().map(|at| at + seconds(WORK));
        let unhindered = self.unhindered();
        let deadline = stopped.map_or(unhindered, |at| {
            at.min(unhindered).max(self.fence.at + seconds(WORK))
        });
        let beside = self
            .spares_canary()
            .then(|| self.fence.at + seconds(30 + SCHEDULE + WORK));
        beside.map_or(deadline, |beside| deadline.max(beside))
    }

    /// Whether the candidate is to get nothing any more, and nobody has just changed the canary: that has the next look of the
    /// schedule to answer it.
    fn is_late(&self, at: Moment, deadline: Moment) -> bool {
        let excuses = |deed: &Deed| {
            let is_of_canary = match deed.what {
                Did::Count(service, _) | Did::Version(service, _) => service == Service::Canary,
                Did::Weights(..)
                | Did::ScaledSet(..)
                | Did::MadePrimary(_)
                | Did::DeletedSet(_) => true,
                _ => false,
            };
            is_of_canary && (deed.at..deed.at + seconds(SCHEDULE + WORK)).contains(&at)
        };
        at > deadline && !self.told.deeds.iter().any(excuses)
    }

    fn stopping_call(&self) -> Option<Moment> {
        let stops = work(self.told.target).stops;
        let mut calls = self.told.calls(|call| {
            call.principal.0 == stage::ROLLBACK && call.fault.is_none() && stops(call)
        });
        let call = calls.find(|(at, ..)| *at >= self.fence.place)?;
        (call.1 < self.rolled_back).then_some(call.1)
    }

    /// By when a rollback that is hindered for a while has stopped the candidate.
    fn unhindered(&self) -> Moment {
        let begun = self.fence.at;
        let from = self.told.unhindered(&[stage::ROLLBACK], begun, SCHEDULE);
        let look = if from > begun { SCHEDULE } else { 0 };
        from + seconds(look + WORK)
    }
}
