//! Where requests go while a release is rolled back: to whoever answers, so that no target gets more than it can take.

use super::{Alb, View};
use crate::{
    known::Known,
    parts::{
        pair::Service,
        rules::{Change, Forward, SetWeight, Weights},
    },
    weight::Weight,
};

/// What becomes of the weights.
pub(super) struct Weighing {
    /// The weight that is set, or was set last.
    pub(super) weight: Option<SetWeight>,
    /// Whether that is news.
    pub(super) is_new: bool,
    /// Every rule that does not show it yet gets it.
    pub(super) changes: Vec<Change>,
}

impl Alb {
    /// Sets the weights, or notes that they are there.
    pub(super) fn weighing(&self, view: View<'_>) -> Weighing {
        let (rules, found, set) = (&view.seen.rules, &view.found.rules, view.set.weight);
        let unchanged = Weighing {
            weight: set,
            is_new: false,
            changes: Vec::new(),
        };
        let Some(to) = goal(view) else {
            return unchanged;
        };
        let forwards: Vec<Forward> = rules.forwards().cloned().collect();
        match set {
            // Nothing was set, by anybody, and nothing is to be: the primary answers, or nobody has touched it.
            None if found.behind(&forwards, Weight::ZERO).next().is_none()
                && (to == Weight::ZERO || !view.promotion.has_begun()) =>
            {
                unchanged
            }
            Some(set) if set.to == to && rules.is_live(found, to) => Weighing {
                weight: Some(set.seen(view.now)),
                is_new: set.live_since.is_none(),
                ..unchanged
            },
            Some(set) if set.to == to && set.live_since.is_none() => Weighing {
                changes: self.weigh(found.behind(&forwards, to).chain(unseen(view, to))),
                ..unchanged
            },
            // It was there, and the rule that is missing now is one that cannot be seen.
            Some(set) if set.to == to && found.behind(&forwards, to).next().is_none() => unchanged,
            // Also where it was there and is not any more: what began before the rollback has arrived since, and with it
            // requests that are to be finished.
            _ => {
                let healthy = rules.canary.get().map_or(0, |health| health.healthy);
                let from = view.set.weight();
                Weighing {
                    weight: Some(SetWeight::new(from, to, healthy, view.now)),
                    is_new: true,
                    changes: self.weigh(found.all(&forwards, to).chain(unseen(view, to))),
                }
            }
        }
    }
}

/// Rules that cannot be seen are written as the release found them.
fn unseen(view: View<'_>, to: Weight) -> impl Iterator<Item = (&Forward, Weights)> {
    let rules = view.seen.rules.rules.iter();
    let recorded = rules
        .filter(|rule| rule.seen.unseen().is_some())
        .filter_map(|rule| rule.recorded.as_ref());
    recorded.filter_map(move |rule| Some((rule, view.found.rules.weights(&rule.arn, to)?)))
}

/// The canary's share; `None` leaves it as it is.
fn goal(view: View<'_>) -> Option<Weight> {
    let (pair, rules) = (&view.seen.pair, &view.seen.rules);
    let running = |service: &Known<Service>| service.get().map(|service| service.running);
    // What was decided with sight is not undone without.
    let set = view.set.weight;
    let decided = set.filter(|weight| weight.since >= view.since);
    let decided = decided.map(|weight| weight.to);
    let Some(primary) = rules.primary.get() else {
        if decided.is_some() {
            return decided;
        }
        // Who answers is not known: the stable group, unless nobody at all runs there.
        let is_empty = running(&pair.primary) == Some(0);
        let is_alone = is_empty && running(&pair.canary).is_some_and(|running| running > 0);
        return (!is_alone).then_some(Weight::ZERO);
    };
    let canary = match &rules.canary {
        Known::Known(health) => health.healthy,
        Known::Gone => 0,
        Known::Unknown(_) if primary.healthy > 0 => 0,
        Known::Unknown(_) => return decided,
    };
    let needed = pair.primary.get().map(|primary| primary.desired);
    let needed = needed.unwrap_or(view.found.pair.primary.desired).max(1);
    let share = share(primary.healthy, canary, needed, view.set.weight());
    Some(view.found.rules.reachable(share))
}

/// What share of the requests the canary is to have, so that no target gets more than it can take.
///
/// A target is taken to bear twice its even part of what `needed` tasks do: the usual scaling policies keep targets half busy.
/// So the primary takes everything while at least half of its targets are healthy. With fewer it takes what they can, and the
/// canary keeps the rest, never more than it had; with none, the canary gets what its own can.
fn share(primary: u32, canary: u32, needed: u32, set: Weight) -> Weight {
    let able = |healthy: u32| Weight::up_to_all(200 * u64::from(healthy) / u64::from(needed));
    if canary == 0 {
        Weight::ZERO
    } else if primary == 0 {
        able(canary)
    } else {
        Weight::ALL.less(able(primary)).min(able(canary)).min(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::weight;

    #[test]
    fn the_canary_gives_back_what_healthy_stable_targets_can_take() {
        // primary, canary, needed, the share that is set, what the canary is to have
        let rows = [
            (4, 2, 4, 50, 0),
            (2, 2, 4, 50, 0),
            (1, 2, 4, 50, 50),
            (1, 2, 4, 10, 10),
            (1, 1, 8, 50, 25),
            (1, 0, 8, 50, 0),
            (0, 1, 4, 10, 50),
            (0, 2, 4, 10, 100),
            (0, 4, 4, 0, 100),
            (0, 0, 4, 50, 0),
        ];
        for (primary, canary, needed, set, expected) in rows {
            assert_eq!(
                share(primary, canary, needed, weight(set)),
                weight(expected),
                "{primary} and {canary} of {needed} at {set} %"
            );
        }
    }
}
