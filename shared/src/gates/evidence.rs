//! What a look adds to what is known of both versions' work.

mod held;
pub(super) mod words;

use std::time::Duration;

use super::verdict;
use crate::{
    evidence::{
        AgainstObjective, Answer, Bounds, Verdict,
        minutes::{Minutes, Split},
    },
    known::Known,
    observation::{Counted, Looker, Observation},
    record::{AtShare, CameTo, Evidence, Phase, Read, Record},
    traffic::model::{Goal, News},
};

/// The evidence of a release with what this look has seen, and what of that is to be written.
pub(super) fn gathered(seen: &Observation, record: &Record) -> (Evidence, Option<News>) {
    let before: &Evidence = &record.evidence;
    let evidence = counted(seen, record, clocked(seen, record, before.clone()));
    // A share of what takes work alone rides with the next minute that is judged.
    let known = Evidence {
        capacity: before.capacity.clone(),
        ..evidence.clone()
    };
    let news = (known != *before).then(|| News {
        said: String::new(),
        is_setback: false,
    });
    (evidence, news)
}

/// It begins once a look has seen the canary at its first share.
fn clocked(seen: &Observation, record: &Record, mut evidence: Evidence) -> Evidence {
    if let Looker::Action { despite } = &seen.by
        && *despite != evidence.despite
    {
        evidence.despite.clone_from(despite);
        evidence.told = None;
    }
    let Phase::Shifting { asked, .. } = record.phase else {
        return evidence;
    };
    let release = record.open(seen.now, &seen.pair);
    let share = Goal::Share {
        asked,
        tolerance: None,
    };
    let is_new = evidence.at.is_none_or(|at| at.asked != asked);
    if is_new && release.toward(share).is_ok() {
        let since = seen.now;
        evidence.since = evidence.since.or(Some(since));
        let attained = release.share().map(|it| it.share().percent());
        evidence.at = Some(AtShare {
            asked,
            attained: attained.unwrap_or_else(|| asked.percent()),
            since,
        });
    }
    if evidence.since.is_some() {
        return evidence.with_capacity(release.capacity_share(), seen.now);
    }
    evidence
}

/// What was counted is judged.
fn counted(seen: &Observation, record: &Record, mut evidence: Evidence) -> Evidence {
    match &seen.counted {
        Some(Known::Known(counted)) => {
            if record.has_promoted_before(&counted.span) {
                evidence.guard = guarded(counted, seen, record).or(evidence.guard);
            } else {
                let read = compared(counted, seen, record, &evidence);
                evidence.read = read.or(evidence.read);
            }
            evidence.unseen = None;
        }
        Some(Known::Unknown(unseen)) => evidence.unseen = Some(unseen.why.clone()),
        // A metric is never gone: one that nobody has written has no data.
        Some(Known::Gone) | None => {}
    }
    evidence
}

/// Both versions, side by side.
fn compared(
    counted: &Counted,
    seen: &Observation,
    record: &Record,
    evidence: &Evidence,
) -> Option<Read<Verdict>> {
    let split = Split {
        capacity: &evidence.capacity,
        since: evidence.at.map(|at| at.since),
        with_canary: true,
    };
    read(counted, split, seen, record, |minutes, bounds| {
        let judged = verdict::judge(&minutes.early, &minutes.settled, bounds);
        let outlook = judged.outlook.map(|it| it.times(minutes.in_block));
        let is_worse = judged.answer == Answer::Worse;
        (Verdict { outlook, ..judged }, is_worse)
    })
}

/// What runs after the promotion, wherever.
fn guarded(
    counted: &Counted,
    seen: &Observation,
    record: &Record,
) -> Option<Read<AgainstObjective>> {
    let split = Split {
        capacity: &[],
        since: Some(counted.span.from),
        with_canary: false,
    };
    read(counted, split, seen, record, |minutes, bounds| {
        let judged = verdict::against_objective(&minutes.early, &minutes.settled, bounds);
        let is_worse = judged.is_worse;
        (judged, is_worse)
    })
}

/// What was counted comes to. `judge` says of minutes that can be compared what they come to, and whether that is worse.
fn read<V>(
    counted: &Counted,
    split: Split<'_>,
    seen: &Observation,
    record: &Record,
    judge: impl Fn(&Minutes, &Bounds) -> (V, bool),
) -> Option<Read<V>> {
    let Counted { span, series } = counted;
    let meters = record.meters_in(span)?;
    let bounds = &record.target.evidence;
    let settle: Duration = bounds.settle();
    let minutes = |meters| Minutes::of(*span, series, meters, split, settle, seen.now);
    let read = |measured, came_to, uncounted| Read {
        through: span.through,
        settled: span.settled,
        measured,
        came_to,
        uncounted,
    };
    let own = minutes(&meters);
    let Some(doubt) = own.doubt.clone() else {
        let (verdict, _) = judge(&own, bounds);
        return Some(read(own.measured, CameTo::Verdict(verdict), None));
    };
    // Calls that ended well say little of the work in them: only that they are worse is taken from them.
    let calls = meters.called.as_deref().map(minutes);
    let worse = calls.filter(|it| it.doubt.is_none()).and_then(|calls| {
        let (verdict, is_worse) = judge(&calls, bounds);
        is_worse.then_some((calls.measured, verdict))
    });
    Some(match worse {
        Some((measured, verdict)) => read(measured, CameTo::Verdict(verdict), Some(doubt)),
        None => read(own.measured, CameTo::Doubt(doubt), None),
    })
}

#[cfg(test)]
mod tests;
