//! Where requests go while a release is rolled back: to whoever answers, so that no target gets more than it can take.

use super::{Change, Forward, FoundRules, Seen, SetWeight, Weights};
use crate::{clock::Timestamp, known::Known, weight::Weight};

/// Requests that go back to where a release has found them.
#[derive(Debug, Clone, Copy)]
pub struct Returning<'a> {
    /// When.
    pub now: Timestamp,
    /// Since when they do.
    pub since: Timestamp,
    /// Whether the stable version's tasks may have been touched.
    pub has_begun: bool,
    /// What was seen of the load balancer.
    pub seen: &'a Seen,
    /// What the release found.
    pub found: &'a FoundRules,
    /// The weight that was set last.
    pub set: Option<SetWeight>,
    /// Whether nobody but the canary runs: then requests stay with it until targets are seen.
    pub is_alone: bool,
    /// How many tasks of the primary take all requests.
    pub needed: u32,
}

/// What becomes of the weights.
#[derive(Debug, Clone)]
pub struct Weighing {
    /// The weight that is set, or was set last.
    pub weight: Option<SetWeight>,
    /// Whether that is news.
    pub is_new: bool,
    /// Every rule that does not show it yet gets it.
    pub changes: Vec<Change>,
}

impl<'a> Returning<'a> {
    /// Sets the weights, or notes that they are there. `weigh` gives rules their weights.
    pub fn weighing(self, weigh: impl Fn(Vec<(&Forward, Weights)>) -> Vec<Change>) -> Weighing {
        let Self {
            seen: rules,
            found,
            set,
            ..
        } = self;
        let unchanged = Weighing {
            weight: set,
            is_new: false,
            changes: Vec::new(),
        };
        let Some(to) = self.goal() else {
            return unchanged;
        };
        let forwards: Vec<Forward> = rules.forwards().cloned().collect();
        match set {
            // Nothing was set, by anybody, and nothing is to be: the primary answers, or nobody has touched it.
            None if found.behind(&forwards, Weight::ZERO).next().is_none()
                && (to == Weight::ZERO || !self.has_begun) =>
            {
                unchanged
            }
            Some(set) if set.to == to && rules.is_live(found, to) => Weighing {
                weight: Some(set.seen(self.now)),
                is_new: set.live_since.is_none(),
                ..unchanged
            },
            Some(set) if set.to == to && set.live_since.is_none() => Weighing {
                changes: weigh(found.behind(&forwards, to).chain(self.unseen(to)).collect()),
                ..unchanged
            },
            // It was there, and the rule that is missing now is one that cannot be seen.
            Some(set) if set.to == to && found.behind(&forwards, to).next().is_none() => unchanged,
            // Also where it was there and is not any more: what began before the rollback has arrived since, and with it
            // requests that are to be finished.
            _ => {
                let healthy = rules.canary.get().map_or(0, |health| health.healthy);
                Weighing {
                    weight: Some(SetWeight::new(self.weight(), to, healthy, self.now)),
                    is_new: true,
                    changes: weigh(found.all(&forwards, to).chain(self.unseen(to)).collect()),
                }
            }
        }
    }

    fn weight(self) -> Weight {
        self.set.map_or(Weight::ZERO, |weight| weight.to)
    }

    /// Rules that cannot be seen are written as the release found them.
    fn unseen(self, to: Weight) -> impl Iterator<Item = (&'a Forward, Weights)> {
        let rules = self.seen.rules.iter();
        let recorded = rules
            .filter(|rule| rule.seen.unseen().is_some())
            .filter_map(|rule| rule.recorded.as_ref());
        recorded.filter_map(move |rule| Some((rule, self.found.weights(&rule.arn, to)?)))
    }

    /// The canary's share; `None` leaves it as it is.
    fn goal(self) -> Option<Weight> {
        let rules = self.seen;
        // What was decided with sight is not undone without.
        let decided = self.set.filter(|weight| weight.since >= self.since);
        let decided = decided.map(|weight| weight.to);
        let Some(primary) = rules.primary.get() else {
            if decided.is_some() {
                return decided;
            }
            // Who answers is not known: the stable group, unless nobody at all runs there.
            return (!self.is_alone).then_some(Weight::ZERO);
        };
        let canary = match &rules.canary {
            Known::Known(health) => health.healthy,
            Known::Gone => 0,
            Known::Unknown(_) if primary.healthy > 0 => 0,
            Known::Unknown(_) => return decided,
        };
        let share = share(primary.healthy, canary, self.needed.max(1), self.weight());
        Some(self.found.reachable(share))
    }
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
