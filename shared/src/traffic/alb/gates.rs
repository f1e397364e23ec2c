//! Safety questions about two HTTP services and the rules that send them requests.

use super::{Alb, Noted, Reason, Set, View};
use crate::{
    parts::{
        gate::{Gate, When},
        pair::Service,
        release::Promotion,
        rules::{self, Targets},
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

/// After the promotion the weights are what the release found.
fn weights(view: View<'_>) -> Result<(), rules::Reason> {
    let seen = view.seen.rules.whole();
    let unchanged = |seen| view.found.rules.unchanged(view.set.weight, &seen);
    seen.map_or(Ok(()), unchanged)
}

/// The canary's targets answer, from when shares are set.
fn targets(alb: &Alb, primary: &Service, view: View<'_>) -> Result<(), Reason> {
    let is_promoting = matches!(view.promotion, Promotion::Begun | Promotion::GivenBack);
    let has_share = view.asked.is_some() || is_promoting;
    let Some(seen) = view.seen.rules.whole().filter(|_| has_share) else {
        return Ok(());
    };
    let traffic = &alb.traffic.alb;
    let targets = Targets {
        group: &traffic.place.canary_target_group,
        max_unhealthy: traffic.max_unhealthy,
        proven: match &view.set.weight {
            Some(weight) => weight.healthy,
            None => rules::tasks(traffic.min_tasks, Weight::ZERO.share(), primary),
        },
    };
    Ok(targets.ask(seen)?)
}
