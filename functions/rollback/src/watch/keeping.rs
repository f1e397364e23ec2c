//! What is done, or only noted, for a release that goes on. Pure.

use canary::{
    clock::Timestamp,
    decision::Step,
    gates::Told,
    notice::Notice,
    observation::Observation,
    record::{Failing, Phase, Record},
    traffic::{
        door::Between,
        model::{Goal, News},
    },
    words::Said,
};

use crate::{notice, over, words::Reason};

/// What is done for a release that goes on. The record comes first; after the steps it is read again.
#[derive(Debug, Clone, PartialEq)]
pub struct Keeping {
    /// What this is.
    pub doing: Said,
    /// The record that is written first.
    pub record: Record,
    /// What brings the pair back to what the release wants of it.
    pub steps: Vec<Step>,
    /// What people are to hear of it.
    pub notice: Option<Notice>,
}

/// What a failure of the watch, or of what follows it, comes to: a note of when it began, and of when people were told.
pub(crate) fn failing(record: &Record, why: &str, now: Timestamp) -> Option<Keeping> {
    let before = record.failing.as_deref();
    let mut failing = Failing::again(before, why.to_owned(), now);
    let is_told = failing.is_due(now);
    if before.is_some() && !is_told {
        return None;
    }
    let (release, since, why) = (record.release.clone(), failing.since, why.to_owned());
    let why = if over::is_over(record, now) {
        Reason::StillKept {
            release,
            since,
            why,
        }
    } else {
        Reason::Failing {
            release,
            phase: Box::new(record.phase.clone()),
            since,
            why,
        }
    };
    failing.told = is_told.then_some(now);
    let mut next = record.again(now);
    next.failing = Some(Box::new(failing));
    Some(Keeping {
        notice: is_told.then(|| notice::kept(&next, &why)),
        doing: why.into(),
        record: next,
        steps: Vec::new(),
    })
}

/// The watch does not fail any more: everything was seen, and there was nothing to do.
pub(super) fn watched_again(record: &Record, now: Timestamp) -> Option<Keeping> {
    record.failing.as_ref()?;
    let mut next = record.again(now);
    next.failing = None;
    Some(Keeping {
        doing: Reason::Watched(record.release.clone()).into(),
        record: next,
        steps: Vec::new(),
        notice: None,
    })
}

/// The candidate is seen to be worse, and the release goes on, or stays: people hear of that once.
pub(super) fn goes_on(noted: &Record, now: Timestamp) -> Option<Keeping> {
    let told = Told::of(noted).filter(Told::is_worse_and_goes_on)?;
    let mut record = noted.again(now);
    if told.heard(&mut record.evidence).replace(now).is_some() {
        return None;
    }
    let (release, told) = (noted.release.clone(), Box::new(told));
    let doing = if noted.is_active() {
        Reason::GoesOn { release, told }
    } else {
        Reason::Stays { release, told }
    };
    Some(Keeping {
        notice: Some(notice::kept(&record, &doing)),
        doing: doing.into(),
        record,
        steps: Vec::new(),
    })
}

/// What this look has seen counts only together with the next.
pub(super) fn note(noted: &Record, news: News, now: Timestamp) -> Keeping {
    let release = noted.release.clone();
    let told = Told::of(noted).filter(|_| news.said.is_empty());
    let doing = match told.map(Box::new) {
        Some(told) => Reason::Judged { release, told },
        None => Reason::Noted {
            release,
            said: news.said,
        },
    };
    Keeping {
        doing: doing.into(),
        record: noted.again(now),
        steps: Vec::new(),
        notice: None,
    }
}

/// What holds the share that a release has, with every gate open and everything seen.
pub(super) fn keep(record: &Record, seen: &Observation, now: Timestamp) -> Option<Keeping> {
    let Phase::Shifting { asked: weight, .. } = &record.phase else {
        return None;
    };
    let release = record.open(now, &seen.pair);
    let goal = Goal::Share {
        asked: *weight,
        tolerance: None,
    };
    match release.toward(goal) {
        Err(Between::Change {
            doing,
            set,
            changes,
        }) => Some(Keeping {
            doing,
            record: record
                .written(set, None, now)
                .unwrap_or_else(|| record.again(now)),
            steps: Step::of(changes),
            notice: None,
        }),
        Ok(_) | Err(Between::Wait(_)) => None,
        Err(Between::Refuse(_)) if record.drifted.is_some() => None,
        Err(Between::Refuse(why)) => {
            let mut next = record.again(now);
            next.drifted = Some(now);
            let drift = Reason::Drift {
                asked: *weight,
                now: release
                    .share()
                    .map_or_else(|| "no share is seen".to_owned(), |share| share.to_string()),
                why,
            };
            Some(Keeping {
                notice: Some(notice::kept(&next, &drift)),
                doing: drift.into(),
                record: next,
                steps: Vec::new(),
            })
        }
    }
}
