//! Whether somebody else has written: versions, weights, counts.

use super::When;
use crate::{
    decision::Refusal,
    names::TaskDefinitionArn,
    parts::{pair::Service, rules::Alb},
    record::{Candidate, Phase, Record},
};

/// Both services run what this release last set.
pub(super) fn versions(
    primary: &Service,
    canary: &Service,
    record: &Record,
) -> Result<(), Refusal> {
    let (of_primary, of_canary) = expected(record);
    version(canary, &of_canary)?;
    version(primary, &of_primary)
}

/// What the primary and the canary may run in a phase: what we last set, and while a change is being
/// made also what was there before.
fn expected(record: &Record) -> (Vec<&TaskDefinitionArn>, Vec<&TaskDefinitionArn>) {
    let (primary, canary) = (
        &record.found.primary.task_definition,
        &record.found.canary.task_definition,
    );
    match &record.phase {
        Phase::Deploying {
            candidate: Candidate::Registered {
                task_definition, ..
            },
        } => (vec![primary], vec![task_definition, canary]),
        Phase::Deploying { .. } | Phase::RollingBack(_) | Phase::RolledBack { .. } => {
            (vec![primary], vec![canary])
        }
        Phase::Shifting { candidate, .. } => (vec![primary], vec![candidate]),
        Phase::Promoting { candidate, .. } => (vec![candidate, primary], vec![candidate]),
        Phase::Promoted { candidate, .. } => (vec![candidate], vec![candidate]),
    }
}

fn version(service: &Service, expected: &[&TaskDefinitionArn]) -> Result<(), Refusal> {
    let newest = service.newest();
    if newest.is_some_and(|newest| expected.contains(&&newest.task_definition)) {
        return Ok(());
    }
    Err(Refusal::ForeignWrite {
        service: service.name.clone(),
        found: newest.map_or_else(
            || "nothing".to_owned(),
            |newest| newest.task_definition.short().to_owned(),
        ),
        expected: expected
            .first()
            .map_or_else(String::new, |expected| expected.short().to_owned()),
        reason: newest.and_then(|newest| newest.reason.clone()),
    })
}

/// Further groups and stickiness are what was found. The weights are what this release last set, and until that was seen once also what was there before. After the promotion they
/// are what the release found.
pub(super) fn weights(alb: &Alb, record: &Record) -> Result<(), Refusal> {
    let Some(found) = &record.found.alb else {
        return Ok(());
    };
    if let Some((forward, expected)) = found.changed(&alb.forwards) {
        return Err(Refusal::ForeignRule {
            forward: forward.arn.clone(),
            found: forward.rest.clone(),
            expected: expected.clone(),
        });
    }
    let expected = record.weight();
    let before = record
        .weight
        .filter(|weight| weight.live_since.is_none())
        .map(|weight| weight.from);
    for (forward, wanted) in found.behind(&alb.forwards, expected) {
        if before.and_then(|before| found.weights(&forward.arn, before)) != Some(forward.weights) {
            return Err(Refusal::ForeignWeight {
                forward: forward.arn.clone(),
                found: forward.weights,
                expected: wanted,
            });
        }
    }
    Ok(())
}

/// The counts that are the release's are what it last set, and until that was seen once also what was there before.
///
/// While an action deploys or promotes, it changes them itself.
pub(super) fn counts(
    when: When,
    primary: &Service,
    canary: &Service,
    record: &Record,
) -> Result<(), Refusal> {
    let (of_canary, of_primary) = match (&record.phase, record.counts) {
        (Phase::Shifting { .. }, Some(set)) => {
            let from = |from| (!set.seen).then_some(from);
            (
                (set.to.canary, from(set.from.canary)),
                (set.to.primary, from(set.from.primary)),
            )
        }
        (Phase::Deploying { .. }, _) if when == When::Approval => {
            // Until its scaling is held, the primary's count is not the release's.
            return count(canary, (record.first_tasks(primary), None), record);
        }
        _ => return Ok(()),
    };
    count(canary, of_canary, record)?;
    if record.owns_primary_count() {
        count(primary, of_primary, record)?;
    }
    Ok(())
}

fn count(
    service: &Service,
    (to, from): (u32, Option<u32>),
    record: &Record,
) -> Result<(), Refusal> {
    let is_ours = service.desired == to || from == Some(service.desired);
    let least = from.map_or(to, |from| from.min(to));
    if is_ours || record.target.alb().is_some() && service.may_be_scaled_out_from(least) {
        return Ok(());
    }
    Err(Refusal::ForeignCount {
        service: service.name.clone(),
        found: service.desired,
        expected: to,
    })
}
