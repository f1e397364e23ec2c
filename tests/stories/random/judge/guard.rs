//! The guard of a promoted release: what somebody else writes within it ends it, and nothing else.

use canary::{
    parts::gate::Gate,
    record::{Phase, Reason},
};
use rehearsal_core::{
    stage,
    world::journal::{Entry, What},
};

use super::{alarms::SEEN, seconds, sets::candidate, theirs::LOOK, time};
use crate::random::told::{Deed, Did, Told, Written};

/// What people are told then.
const TOLD: &str = "alarms do not roll back any more";

pub(super) fn ends(told: &Told) -> Option<String> {
    let records = told.records();
    let rolled_back = records.windows(2).find_map(rolled_back);
    let mut deeds = told.deeds.iter();
    rolled_back
        .or_else(|| deeds.find_map(|deed| unseen(told, &records, deed)))
        .or_else(|| untold(told, &records))
}

/// A promoted release that is rolled back for what somebody else has written, or by anybody but a person once that has ended its guard.
fn rolled_back(pair: &[Written]) -> Option<String> {
    let [before, fence] = pair else { return None };
    let cause = &fence.record.rollback()?.cause;
    let reason = cause.reason.as_deref();
    let is_foreign = matches!(
        reason,
        Some(Reason::Gate {
            gate: Gate::ForeignWrite,
            ..
        })
    );
    let is_by_hand = matches!(reason, Some(Reason::Hand { .. }));
    let is_promoted = matches!(before.record.phase, Phase::Promoted { .. });
    let is_wrong = is_foreign || before.record.guard_ended.is_some() && !is_by_hand;
    (is_promoted && fence.is_of(&before.record) && is_wrong).then(|| {
        format!(
            "{} release {} was promoted and is rolled back: {}",
            time(fence.at),
            fence.record.release,
            cause.what
        )
    })
}

/// Another set that somebody makes PRIMARY, and the guard goes on.
fn unseen(told: &Told, records: &[Written], deed: &Deed) -> Option<String> {
    let Did::MadePrimary(id) = &deed.what else {
        return None;
    };
    let by = told.unhindered(&[stage::ROLLBACK], deed.at, SEEN) + seconds(SEEN);
    let before = records.iter().rfind(|it| it.at <= deed.at)?;
    let then = records.iter().rfind(|it| it.at <= by)?;
    let guarded_until = then.record.guarded_until()?;
    let is_guarded = guarded_until.to_string() > by.iso_seconds();
    let is_candidate = candidate(records, before).as_ref() == Some(id);
    let was_promoted = matches!(before.record.phase, Phase::Promoted { .. });
    (was_promoted && then.is_of(&before.record) && is_guarded && !is_candidate).then(|| {
        format!(
            "{} release {} is still guarded, although somebody has made {id} PRIMARY at {}",
            time(by),
            then.record.release,
            time(deed.at)
        )
    })
}

/// A guard that has ended, of which nobody was told.
fn untold(told: &Told, records: &[Written]) -> Option<String> {
    let ended = records.iter().find(|it| it.record.guard_ended.is_some())?;
    let hindered = told.hindered(stage::ROLLBACK);
    let is_hindered = hindered
        .iter()
        .any(|it| it.start <= ended.at + seconds(LOOK) && it.end > ended.at);
    let is_told = told.journal.iter().any(|Entry { at, what }| {
        *at >= ended.at && matches!(what, What::Notified { subject, .. } if subject.contains(TOLD))
    });
    (!is_told && !is_hindered).then(|| {
        format!(
            "{} nobody was told that the guard of release {} has ended",
            time(ended.at),
            ended.record.release
        )
    })
}
