//! What the schedule makes of a release that goes on, or is guarded after its promotion. Pure.
//!
//! Events get lost, and what they tell of does not: every minute somebody looks. While no action of the pipeline is at work, the
//! gates are asked here, and the share is held.

mod keeping;

use canary::{
    aws::{
        alarms::Alarm,
        pipeline::{Execution, ExecutionStatus},
    },
    clock::Timestamp,
    gates::{self, AlarmFiring, Closed, Effect, Gate, Gone, When, Why},
    known::{Known, Unseen},
    observation::{Looker, Observation},
    observe,
    parts::focus::Focus,
    record::{Cause, Phase, Reason, Record},
    traffic::door::Shut,
    trouble::Trouble,
};

use crate::{
    call::{self, Call, Verdict},
    idle::Idle,
    notice, words,
};
use keeping::{goes_on, keep, note, watched_again};

pub use keeping::Keeping;
pub(crate) use keeping::failing;

/// What the schedule saw.
#[derive(Debug)]
pub struct Watched {
    /// How the release's execution stands; not asked after the promotion.
    pub status: Option<Known<ExecutionStatus>>,
    /// What the pipeline is doing for the release; not asked after the promotion.
    pub execution: Option<Known<Execution>>,
    /// What was seen of the pair.
    pub pair: Sight,
}

/// How much of a pair the schedule saw.
#[derive(Debug)]
pub enum Sight {
    /// The alarms: an action is at work, and looks at everything else.
    Alarms(Known<Vec<Alarm>>),
    /// Everything, and the record once more.
    Everything(Box<(Result<Option<Record>, Trouble>, Observation)>),
}

impl Sight {
    fn everything(&self) -> Option<&Observation> {
        match self {
            Self::Everything(all) => Some(&all.1),
            Self::Alarms(_) => None,
        }
    }

    /// The alarms, and nothing else.
    fn alarms(&self, record: &Record, now: Timestamp) -> Observation {
        let alarms = match self {
            Self::Alarms(alarms) => alarms,
            Self::Everything(all) => &all.1.alarms,
        };
        Observation {
            now,
            alarms: alarms.clone(),
            pair: record.model().nothing(),
            counted: None,
            by: Looker::Schedule,
        }
    }

    /// Why something of it could not be seen.
    fn unseen(&self, record: &Record) -> Option<Unseen> {
        match self {
            Self::Everything(all) => match &**all {
                (Err(trouble), _) => Some(Unseen {
                    why: trouble.to_string(),
                    is_passing: trouble.is_passing(),
                    error: None,
                }),
                (Ok(_), seen) => observe::unseen(&record.target, seen, Focus::Share).cloned(),
            },
            Self::Alarms(alarms) => alarms.unseen().cloned(),
        }
    }
}

/// Which gates are to be asked while the pipeline is at this; none while an action is at work, which asks them itself.
#[must_use]
pub fn when(execution: &Execution) -> Option<When> {
    match (execution.at_work.is_empty(), execution.approvals.is_empty()) {
        (true, _) => Some(When::Approval),
        // What works beside the approval may be an action of the release.
        (false, false) => Some(When::Action),
        (false, true) => None,
    }
}

impl Watched {
    /// What the look comes to.
    pub(crate) fn call(&self, record: &Record, now: Timestamp) -> Call {
        if let Some(verdict) = self.verdict_of_execution(record) {
            return call::fence(record, verdict, now);
        }
        if !self.is_current(record) {
            return Call::Idle(Idle::Overtaken(record.release.clone()));
        }
        let execution = self.execution.as_ref().and_then(Known::get);
        let when = if record.is_active() {
            execution.and_then(when)
        } else {
            Some(When::Guard)
        };
        let seen = self.pair.everything();
        let asked = when.filter(|_| !record.is_newer());
        let (noted, news) = match (asked, seen) {
            (Some(asked), Some(seen)) => gates::noted(asked, seen, record),
            _ => (record.clone(), None),
        };
        if let Some(closed) = self.closed(asked, &noted, now) {
            return self.on(closed, when, &noted, now);
        }
        if let Some(unseen) = self.unseen(record) {
            return match failing(record, &unseen.why, now) {
                Some(keeping) => Call::Keep(Box::new(keeping)),
                None => Call::Idle(Idle::NotSeen {
                    release: record.release.clone(),
                    phase: Box::new(record.phase.clone()),
                    why: unseen.why,
                }),
            };
        }
        let undecided = asked.and_then(|asked| gates::undecided(asked, seen?, &noted));
        let holds = asked == Some(When::Approval)
            && execution.is_some_and(|it| !it.approvals.is_empty())
            && undecided.is_none();
        let keeping = seen
            .filter(|_| holds)
            .and_then(|seen| keep(&noted, seen, now));
        let keeping = keeping
            .or_else(|| watched_again(&noted, now))
            .or_else(|| goes_on(&noted, now));
        match keeping.or_else(|| Some(note(&noted, news?, now))) {
            Some(keeping) => Call::Keep(Box::new(keeping)),
            None if record.is_active() => Call::Idle(Idle::UnderWay {
                release: record.release.clone(),
                phase: Box::new(record.phase.clone()),
            }),
            None => Call::Idle(Idle::Finished(record.release.clone())),
        }
    }

    /// Its execution has ended, or somebody is stopping it. What is being promoted then is left to its action, which is waited for.
    fn verdict_of_execution(&self, record: &Record) -> Option<Verdict> {
        let status = self.status.as_ref().and_then(Known::get)?;
        if !status.is_under_way() {
            let status = status.as_str().to_owned();
            return Some(Verdict::going_on(Reason::HasEnded { status }));
        }
        let execution = self.execution.as_ref().and_then(Known::get);
        let may_work = execution.is_none_or(|it| !it.at_work.is_empty());
        let is_left = matches!(record.phase, Phase::Promoting { .. }) && may_work;
        (status.is_stopping() && !is_left).then(|| Verdict::ending(Reason::Stopped))
    }

    /// Whether the record was still the same when the pair was looked at.
    fn is_current(&self, record: &Record) -> bool {
        let Sight::Everything(all) = &self.pair else {
            return true;
        };
        let again = all.0.as_ref().ok();
        again.is_none_or(|it| it.as_ref().is_some_and(|it| it.revision == record.revision))
    }

    /// The gate that is seen closed. Alarms are always asked; what a later version of the suite has set is not judged.
    fn closed(&self, asked: Option<When>, noted: &Record, now: Timestamp) -> Option<Closed> {
        let (Some(asked), Some(seen)) = (asked, self.pair.everything()) else {
            let alarms = self.pair.alarms(noted, now);
            return gates::closed(When::Approval, &alarms, noted);
        };
        gates::closed(asked, seen, noted).or_else(|| {
            let gone = noted.model().gone(&seen.pair)?.to_string();
            Some(Closed {
                gate: Gate::ForeignWrite,
                why: Gone(gone).into(),
            })
        })
    }

    /// What a closed gate comes to.
    fn on(&self, closed: Closed, when: Option<When>, record: &Record, now: Timestamp) -> Call {
        let Closed { gate, why } = closed;
        let (reason, changed) = match why {
            Why::Alarm(AlarmFiring { alarm, reason }) => (Reason::AlarmIs { alarm, reason }, None),
            Why::Worse(worse) => {
                let what = worse.to_string();
                (Reason::Gate { gate, what }, None)
            }
            Why::Pair(Shut { why, changed }) => {
                let what = why.to_string();
                (Reason::Gate { gate, what }, changed)
            }
        };
        if gate.effect(when.unwrap_or(When::Approval)) == Effect::EndsGuard {
            let cause = Cause::new(reason, now);
            let ended = words::Reason::EndGuard {
                release: record.release.clone(),
                cause: cause.clone(),
            };
            let mut record = record.again(now);
            record.guard_ended = Some(Box::new(cause));
            return Call::Keep(Box::new(Keeping {
                notice: Some(notice::kept(&record, &ended)),
                doing: ended.into(),
                record,
                steps: Vec::new(),
            }));
        }
        let mut call = call::fence(record, Verdict::ending(reason), now);
        if let (Call::Fence(_, fence), Some(changed)) = (&mut call, changed)
            && let Some(seen) = self.pair.everything()
        {
            let spared = fence.open(now, &seen.pair).spared(&changed);
            **fence = fence.with(spared);
        }
        call
    }

    /// Why something that counts could not be seen.
    fn unseen(&self, record: &Record) -> Option<Unseen> {
        let status = self.status.as_ref().and_then(Known::unseen).cloned();
        let execution = self.execution.as_ref().and_then(Known::unseen).cloned();
        let of_pair = || self.pair.unseen(record);
        status.or(execution).or_else(of_pair)
    }
}

#[cfg(test)]
mod tests;
