//! Safety questions, asked at every look at everything, before anything else. They answer with a reason and change
//! nothing.

use crate::{
    decision::Refusal,
    names::{ReleaseId, TaskDefinitionArn},
    observation::{Alarm, Observation, Service},
    record::{Candidate, Phase, Record},
    target::Target,
    traffic::alb,
    weight::Weight,
};

/// The record, if it is this release's, no rollback has taken it, and the target is still what it began with.
pub fn own<'a>(
    record: Option<&'a Record>,
    target: &Target,
    release: &ReleaseId,
) -> Result<&'a Record, Refusal> {
    let owned = record.filter(|record| record.release == *release);
    let Some(record) = owned else {
        return Err(Refusal::NotTheOwner {
            pair: target.pair().to_string(),
            owner: record.map(|record| record.release.clone()),
        });
    };
    let refusal = Refusal::of_rollback(record).or_else(|| Refusal::of_target(record, target));
    refusal.map_or(Ok(record), Err)
}

/// No alarm of the target is in `ALARM`.
pub fn alarms(seen: &[Alarm]) -> Result<(), Refusal> {
    match seen.iter().find(|alarm| alarm.firing) {
        None => Ok(()),
        Some(alarm) => Err(Refusal::AlarmFiring {
            alarm: alarm.name.clone(),
            reason: alarm.reason.clone(),
        }),
    }
}

/// Every gate of a release that has begun.
pub fn all(seen: &Observation, record: &Record) -> Result<(), Refusal> {
    alarms(&seen.alarms)?;
    dead_letters(seen.dead_letters, record)?;
    let (primary, canary) = expected(record);
    unbroken(&seen.canary)?;
    unbroken(&seen.primary)?;
    own_write(&seen.canary, &canary)?;
    own_write(&seen.primary, &primary)?;
    own_weights(seen, record)?;
    healthy(seen, record)
}

/// The weights are what this release last set, and until that was seen once also what was there before.
fn own_weights(seen: &Observation, record: &Record) -> Result<(), Refusal> {
    let (Some(alb), Some(found)) = (&seen.alb, &record.found.alb) else {
        return Ok(());
    };
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

/// The canary's targets answer, from when shares are set. While the candidate is deployed, ECS itself waits for them.
///
/// A target that has yet to become healthy for the first time is waited for as well: load balancers call one unhealthy that takes
/// longer to start than its health check allows. So unhealthy ones count where fewer are healthy than when the weight was set.
fn healthy(seen: &Observation, record: &Record) -> Result<(), Refusal> {
    let (Some(alb), Some(target)) = (&seen.alb, record.target.alb()) else {
        return Ok(());
    };
    if !matches!(
        record.phase,
        Phase::Shifting { .. } | Phase::Promoting { .. }
    ) {
        return Ok(());
    }
    let (group, health) = (target.canary_target_group.clone(), alb.canary.clone());
    let proven = match &record.weight {
        Some(weight) => weight.healthy,
        None => alb::tasks(target, Weight::ZERO.share(), &seen.primary),
    };
    if health.unhealthy > target.max_unhealthy && health.healthy < proven {
        let allowed = target.max_unhealthy;
        return Err(Refusal::Unhealthy {
            group,
            health,
            allowed,
        });
    }
    if health.healthy == 0
        && alb
            .forwards
            .iter()
            .any(|forward| forward.weights.canary > 0)
    {
        return Err(Refusal::NoHealthyTarget { group, health });
    }
    Ok(())
}

/// The dead-letter queue has not grown by more than the target allows.
pub fn dead_letters(seen: Option<u64>, record: &Record) -> Result<(), Refusal> {
    let (Some(now), Some(found)) = (seen, record.found.dead_letters) else {
        return Ok(());
    };
    let Some(queue) = record.target.queue() else {
        return Ok(());
    };
    let grown = now.saturating_sub(found);
    if grown <= queue.max_dead_letters {
        return Ok(());
    }
    Err(Refusal::DeadLetters {
        queue: queue
            .dead_letter_url
            .as_ref()
            .map_or_else(String::new, |url| url.queue().to_owned()),
        grown,
        allowed: queue.max_dead_letters,
        now,
    })
}

fn unbroken(service: &Service) -> Result<(), Refusal> {
    match service.broken() {
        None => Ok(()),
        Some(broken) => Err(Refusal::CircuitBreaker {
            service: service.name.clone(),
            task_definition: broken.task_definition.short().to_owned(),
            reason: broken.reason.clone(),
        }),
    }
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
        Phase::Promoted { candidate } => (vec![candidate], vec![candidate]),
    }
}

fn own_write(service: &Service, expected: &[&TaskDefinitionArn]) -> Result<(), Refusal> {
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

#[cfg(test)]
mod tests;
