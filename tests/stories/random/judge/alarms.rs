//! Alarms are heeded: no function goes forward beside one, and its release is rolled back.

use std::ops::Range;

use rehearsal_core::{
    clock::Moment,
    stage,
    world::journal::{Entry, What},
};

use super::{seconds, time};
use crate::random::told::{Did, Told, Written};

/// How long a look takes at most that began before.
const LOOK: u64 = 30;

/// By when the schedule has seen it, or an action and after its failure the schedule.
pub(super) const SEEN: u64 = 240;

/// What changes how work is split.
const CHANGES: [&str; 5] = [
    "UpdateService",
    "ModifyRule",
    "UpdateAlias",
    "UpdateTaskSet",
    "UpdateServicePrimaryTaskSet",
];

pub(super) fn are_heeded(told: &Told) -> Option<String> {
    let records = told.records();
    let name = told.target.stage().traffic.alarm();
    let firing = firing(told, name);
    let mut targets = records.iter().map(|it| &it.record.target);
    // One of a group of task sets is none: which group the candidate will be in nobody knows.
    let is_gate = targets.all(|it| it.alarms.iter().any(|alarm| alarm.as_str() == name));
    if is_gate && let Some(beside) = beside(told, &firing) {
        return Some(beside);
    }
    let mut firing = firing.iter();
    firing.find_map(|it| {
        let is_seen = is_gate || has_called(told, it.start);
        overlooked(told, &records, it).filter(|_| is_seen)
    })
}

/// What a function did beside an alarm that closes its gate.
fn beside(told: &Told, firing: &[Range<Moment>]) -> Option<String> {
    let since = |at: Moment| firing.iter().find(|it| it.contains(&at)).map(|it| it.start);
    let forward = told.calls(|call| {
        CHANGES.contains(&call.operation.as_str())
            && call.fault.is_none()
            && stage::FUNCTIONS.contains(&call.principal.0.as_str())
            && call.principal.0 != stage::ROLLBACK
    });
    forward.into_iter().find_map(|(_, at, call)| {
        let since = since(at).filter(|since| at.since(*since) > seconds(LOOK))?;
        Some(format!(
            "{} {} called {} although the alarm was in ALARM since {}",
            time(at),
            call.principal.0,
            call.operation,
            time(since)
        ))
    })
}

/// Whether an alarm that nobody asks about has called rollback: its event was not lost, nor was rollback hindered more often than the
/// attempts of one invocation can bear.
fn has_called(told: &Told, at: Moment) -> bool {
    let by = at + seconds(SEEN);
    let is_lost = told.deeds.iter().any(|deed| match deed.what {
        Did::LostEvents(until) => (deed.at..until).contains(&at),
        _ => false,
    });
    let hindered = told.hindered(stage::ROLLBACK);
    let during = hindered.iter().filter(|it| it.start < by && it.end > at);
    !is_lost && during.count() <= 1
}

/// When the alarm that stories set off was in `ALARM`.
fn firing(told: &Told, name: &str) -> Vec<Range<Moment>> {
    let mut firing: Vec<Range<Moment>> = Vec::new();
    let end = told.journal.last().map_or(Moment(0), |entry| entry.at);
    let mut is_firing = false;
    for Entry { at, what } in &told.journal {
        let What::Alarm { alarm, state, .. } = what else {
            continue;
        };
        if alarm != name {
            continue;
        }
        if state == "ALARM" && !is_firing {
            firing.push(*at..end);
        } else if let Some(last) = firing.last_mut().filter(|_| is_firing && state != "ALARM") {
            last.end = *at;
        }
        is_firing = state == "ALARM";
    }
    firing
}

/// A release that went on, or stayed promoted, for long beside an alarm.
fn overlooked(told: &Told, records: &[Written], firing: &Range<Moment>) -> Option<String> {
    let from = told.unhindered(&stage::FUNCTIONS, firing.start, SEEN);
    let by = from + seconds(SEEN);
    if by >= firing.end {
        return None;
    }
    let current = records.iter().rfind(|it| it.at <= by)?;
    let is_of_then = current.record.began.to_string() <= firing.start.iso_seconds();
    let guarded_until = current.record.guarded_until();
    let is_guarded = guarded_until.is_some_and(|it| it.to_string() > by.iso_seconds());
    let goes_on = (current.record.is_active() || is_guarded) && current.record.rollback().is_none();
    (goes_on && is_of_then).then(|| {
        format!(
            "{} release {} is {} although the alarm is in ALARM since {}",
            time(by),
            current.record.release,
            current.record.phase,
            time(firing.start)
        )
    })
}
