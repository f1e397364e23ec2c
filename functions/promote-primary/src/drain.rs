//! Giving requests back to the primary: the canary's weight goes down step by step, and its tasks stay until the last
//! request is answered.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::{Decision, Doing, Move, Step, WaitingOn},
    observation::Observation,
    parts::rules::Drain,
    reconcile::Look,
    record::Record,
    weight::{Attained, Weight},
};

use crate::PromotePrimary;

/// Since when the step has been at work that gives requests back now, and what it takes, which is no reason to give up. So each
/// step has the action's timeout, and not their sum.
pub(crate) fn step(
    look: &Look<PromotePrimary>,
    pair: &Observation,
) -> Option<(Timestamp, Duration)> {
    let record = pair.record.as_ref()?;
    let found = record.found.alb.as_ref()?;
    let set = record
        .weight
        .filter(|set| set.since >= record.phase_since)?;
    let finishing = Duration::from_secs(found.drain_seconds);
    Some((set.since, look.parameters.drain.interval + finishing))
}

/// What is missing until the primary can take every request.
pub(crate) fn unready(pair: &Observation) -> Option<WaitingOn> {
    let health = &pair.alb.as_ref()?.primary;
    (health.healthy < pair.primary.desired).then(|| WaitingOn::Targets {
        service: pair.primary.name.clone(),
        needed: pair.primary.desired,
        health: health.clone(),
    })
}

/// What is left to do until no request goes to the canary any more; `None` if nothing is.
pub(crate) fn requests(
    look: &Look<PromotePrimary>,
    pair: &Observation,
    record: &Record,
) -> Option<Decision> {
    let (alb, found) = (pair.alb.as_ref()?, record.found.alb.as_ref()?);
    // Without a weight there never was a request.
    let set = record.weight?;
    let attained = |asked| Attained::Weight(found.attained(asked));
    let doing = |asked| Doing::Weigh {
        asked,
        attained: attained(asked),
    };
    if !found.is_live(&alb.forwards, set.to) {
        let steps = Step::weigh(pair, record, set.to);
        return Some(Decision::act(doing(set.to), steps));
    }
    let drain = look.parameters.drain;
    if set.to > Weight::ZERO {
        let until = set.since + drain.interval;
        if look.now < until {
            return Some(Decision::Wait(WaitingOn::DrainStep {
                weight: set.to,
                until,
            }));
        }
        let next = found.reachable(set.to.less(drain.step));
        let healthy = alb.canary.healthy;
        let lower = record.again(look.now).weighing(next, healthy, look.now);
        return Some(Decision::Take(Move {
            doing: doing(next),
            found: None,
            steps: Step::weigh(pair, record, next),
            record: Some(Box::new(lower)),
        }));
    }
    match record.drain(look.now) {
        Drain::Unseen => Some(Decision::write(
            Doing::Live {
                asked: set.to,
                attained: attained(set.to),
            },
            record.again(look.now).weighed(look.now),
        )),
        Drain::Until(until) if pair.canary.desired > record.resting_tasks() => {
            Some(Decision::Wait(WaitingOn::Draining {
                weight: set.to,
                until,
            }))
        }
        Drain::Until(_) | Drain::Over => None,
    }
}
