//! A promoted HTTP service: the primary first, then its requests, and the canary's tasks once those are answered.

use std::time::Duration;

use super::{Alb, Set, View, share::targets};
use crate::{
    parts::{
        pair::{Promoting, Service},
        rules::{Gap, GivingBack, SetWeight, TargetHealth},
    },
    traffic::model::{Short, Takes, Toward},
    weight::{Drain, Weight},
    words::Shared,
};

/// No bound on the number of tasks.
const ROOM: u32 = u32::MAX;

/// How far the promotion is.
pub(super) fn toward(alb: &Alb, pace: Drain, over: bool, view: View<'_>) -> Toward<Alb> {
    let promotion: Promoting<'_> = alb.pair(view).promotion()?;
    if over {
        promotion.unfloored()?;
        return Ok(promotion.attained());
    }
    let Some(seen) = view.seen.rules.whole() else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let back = GivingBack {
        now: view.now,
        seen: &seen,
        found: &view.found.rules,
        set: view.set.weight,
    };
    let weigh = |to: Weight| alb.weigh(back.found.behind(&seen.forwards, to));
    promotion.updated(ROOM)?;
    promotion.counted(ROOM)?;
    promotion.proven(false)?;
    answers(promotion.primary, &seen.primary)?;
    back.weights(pace, weigh).map_err(|it| lifted(it, view))?;
    if promotion.has_surplus() {
        back.answered()?;
    }
    promotion.rests()?;
    promotion.settled()?;
    promotion.scaling_restored()?;
    Ok(promotion.attained())
}

/// What was approved is what the canary runs.
pub(super) fn approved(alb: &Alb, view: View<'_>) -> Result<(), Short<Alb>> {
    Ok(alb.pair(view).promotion()?.approved()?)
}

/// Each step that gives requests back takes its interval, and the time of the requests that are being finished. So each of them has
/// the action's timeout, and not all together.
pub(super) fn takes(pace: Drain, view: View<'_>) -> Takes {
    let step = view.set.weight.filter(|set| set.since >= view.since);
    step.map_or_else(Takes::default, |step| Takes {
        since: Some(step.since),
        time: pace.interval + Duration::from_secs(view.found.rules.drain_seconds),
    })
}

/// The primary can take every request.
fn answers(primary: &Service, health: &TargetHealth) -> Result<(), Short<Alb>> {
    if health.healthy >= primary.desired {
        return Ok(());
    }
    Err(targets(primary, health, primary.desired))
}

fn lifted(gap: Gap<SetWeight>, view: View<'_>) -> Short<Alb> {
    Short::of(gap, |weight| Set {
        weight: Some(weight),
        ..view.set.clone()
    })
}

#[cfg(test)]
mod tests;
