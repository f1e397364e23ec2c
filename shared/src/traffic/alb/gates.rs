//! Safety questions about two HTTP services and the rules that send them requests.

use super::{Alb, Noted, Reason, Set, View};
use crate::{
    parts::{
        gate::{Gate, When},
        pair::Service,
        release::Promotion,
        rules,
    },
    traffic::model::Question,
    weight::Weight,
};

/// In the order in which they are asked. The circuit breaker comes before foreign writes: what ECS takes back is its own doing.
pub(super) const GATES: [(Gate, Question<Alb>); 4] = [
    (Gate::CircuitBreaker, |alb, _, view| {
        Ok(alb.pair(view).unbroken()?)
    }),
    (Gate::ForeignWrite, |alb, when, view| {
        let (pair, asked) = (alb.pair(view), view.asked);
        pair.versions(asked)?;
        weights(view)?;
        Ok(pair.counts(when, asked, |primary| alb.first_tasks(primary))?)
    }),
    (Gate::Targets, |alb, _, view| {
        let both = alb.pair(view).services();
        both.map_or(Ok(()), |both| targets(alb, both.primary, view))
    }),
    (Gate::Exits, |alb, _, view| Ok(alb.pair(view).exits()?)),
];

/// What nobody can tell yet.
pub(super) fn undecided(alb: &Alb, when: When, view: View<'_>) -> Option<Reason> {
    let pair = alb.pair(view);
    let exits = pair.undecided_exits();
    exits.filter(|_| when != When::Guard).map(Reason::Pair)
}

/// What is set, with what this look has seen that counts only together with other looks.
pub(super) fn noted(alb: &Alb, when: When, view: View<'_>) -> Noted<Set> {
    let set = view.set.with(alb.pair(view).noted(when));
    Noted {
        news: set.pair.news(&view.set.pair),
        set,
    }
}

/// Further groups and stickiness are what was found. The weights are what this release last set, and until that was seen once also
/// what was there before. After the promotion they are what the release found.
fn weights(view: View<'_>) -> Result<(), rules::Reason> {
    let (found, set) = (&view.found.rules, view.set);
    let Some(seen) = view.seen.rules.whole() else {
        return Ok(());
    };
    if let Some((forward, expected)) = found.changed(&seen.forwards) {
        return Err(rules::Reason::ForeignRule {
            forward: forward.arn.clone(),
            found: forward.rest.clone(),
            expected: expected.clone(),
        });
    }
    let before = set.weight.filter(|weight| weight.live_since.is_none());
    let before = before.map(|weight| weight.from);
    for (forward, wanted) in found.behind(&seen.forwards, set.weight()) {
        if before.and_then(|before| found.weights(&forward.arn, before)) != Some(forward.weights) {
            return Err(rules::Reason::ForeignWeight {
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
fn targets(alb: &Alb, primary: &Service, view: View<'_>) -> Result<(), Reason> {
    let is_promoting = matches!(view.promotion, Promotion::Begun | Promotion::GivenBack);
    let has_share = view.asked.is_some() || is_promoting;
    let Some(rules::Whole {
        forwards,
        canary: health,
        ..
    }) = view.seen.rules.whole().filter(|_| has_share)
    else {
        return Ok(());
    };
    let (group, traffic) = (
        alb.traffic.alb.place.canary_target_group.clone(),
        &alb.traffic.alb,
    );
    let proven = match &view.set.weight {
        Some(weight) => weight.healthy,
        None => rules::tasks(traffic.min_tasks, Weight::ZERO.share(), primary),
    };
    if health.unhealthy > traffic.max_unhealthy && health.healthy < proven {
        return Err(Reason::Unhealthy {
            group,
            health,
            allowed: traffic.max_unhealthy,
        });
    }
    if health.healthy == 0 && forwards.iter().any(|it| it.weights.canary > 0) {
        return Err(Reason::NoHealthyTarget { group, health });
    }
    Ok(())
}
