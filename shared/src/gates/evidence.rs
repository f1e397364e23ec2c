//! What a look adds to what is known of both versions' work.

pub(super) mod words;

use std::time::Duration;

use super::verdict;
use crate::{
    evidence::{
        Verdict,
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
    // A share of the tasks alone rides with the next minute that is judged.
    let known = Evidence {
        tasks: before.tasks.clone(),
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
            attained: attained.unwrap_or_else(|| asked.percent().into()),
            since,
        });
    }
    if evidence.since.is_some() {
        return evidence.with_tasks(release.task_share(), seen.now);
    }
    evidence
}

/// What was counted is judged.
fn counted(seen: &Observation, record: &Record, mut evidence: Evidence) -> Evidence {
    match &seen.counted {
        Some(Known::Known(counted)) => {
            evidence.read = Some(read(counted, seen, record, &evidence));
            evidence.unseen = None;
        }
        Some(Known::Unknown(unseen)) => evidence.unseen = Some(unseen.why.clone()),
        // A metric is never gone: one that nobody has written has no data.
        Some(Known::Gone) | None => {}
    }
    evidence
}

fn read(counted: &Counted, seen: &Observation, record: &Record, evidence: &Evidence) -> Read {
    let Counted { span, series } = counted;
    let bounds = &record.target.evidence;
    let meters = record.model().meters();
    let settle: Duration = bounds.settle();
    let split = Split {
        tasks: &evidence.tasks,
        since: evidence.at.map(|at| at.since),
    };
    let minutes = Minutes::of(*span, series, &meters, split, settle, seen.now);
    let came_to = if let Some(doubt) = minutes.doubt {
        CameTo::Doubt(doubt)
    } else {
        let judged = verdict::judge(&minutes.early, &minutes.settled, bounds);
        CameTo::Verdict(Verdict {
            outlook: judged.outlook.map(|it| it.times(minutes.in_block)),
            ..judged
        })
    };
    Read {
        through: span.through,
        settled: span.settled,
        measured: minutes.measured,
        came_to,
    }
}

#[cfg(test)]
mod tests;
