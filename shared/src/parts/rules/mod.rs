//! Rules of a load balancer that forward to two target groups, and the health of those groups.

mod back;
mod change;
mod check;
mod gate;
mod in_full;
mod meter;
mod observe;
mod over;
mod preflight;
mod returning;
mod seen;
mod weight;
mod words;
#[cfg(test)]
pub(crate) mod world;

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::{
    aws::service::Service,
    names::ForwardArn,
    parts,
    weight::{Share, Weight},
};

pub use crate::aws::rule::{
    Actions, At, BadActions, Content, Element, Forward, Forwarding, Place, Rest, TargetHealth,
    Weights, Whole,
};
pub use back::GivingBack;
pub use change::Change;
pub use gate::Targets;
pub use in_full::{FoundRule, InFull};
pub use over::GoingOver;
pub use preflight::{Groups, Preflight};
pub use returning::{Returning, Weighing};
pub use seen::{Rule, Seen};
pub use weight::{Drain, SetWeight, drain, drain_time};
pub use words::Reason;

/// What is between what is seen of the rules and what is wanted of them.
pub type Gap<Part = Infallible> = parts::Gap<Change, Reason, Part>;

/// What the load balancer did before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundRules {
    /// The weights of every rule of the target.
    pub forwards: Vec<FoundForward>,
    /// The deregistration delay of the canary's group, in seconds: how long a target may take to finish its requests.
    pub drain_seconds: u64,
}

/// What a rule's groups had before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundForward {
    /// The rule.
    pub forward: ForwardArn,
    /// The weights.
    pub weights: Weights,
    /// Whether further groups have a weight too, which is theirs.
    pub shared: bool,
    /// Further groups and stickiness; `None` in records of versions of the suite that did not keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

/// Why no weights give the share.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreachable {
    /// The pair's weight is too small to be split.
    #[error(
        "a share of {asked} cannot be reached on {}: the pair's groups have a weight of {total} together, and further groups keep \
         theirs; multiply all weights of the rule by the same number, at most up to 999, and retry",
        forward.short()
    )]
    TooCoarse {
        /// The share asked for.
        asked: Weight,
        /// The rule.
        forward: ForwardArn,
        /// The pair's weight.
        total: u32,
    },
    /// Whole weights do not come near enough.
    #[error(
        "a share of {asked} cannot be reached within {tolerance} percentage points on {}: the nearest is {nearest} (weight {} of \
         {}), since further groups keep their weights",
        forward.short(), nearest.part, nearest.whole
    )]
    TooFar {
        /// The share asked for.
        asked: Weight,
        /// What is allowed.
        tolerance: f64,
        /// The rule.
        forward: ForwardArn,
        /// The nearest.
        nearest: Share,
    },
}

impl FoundForward {
    /// The weights that give the canary this share of the pair's requests.
    ///
    /// No share is what was found, to the digit. If no further group has a weight, others are percentages: only the ratio
    /// counts. Otherwise the pair's weight together stays what it is, so that the others keep their part.
    pub fn weights(&self, asked: Weight) -> Result<Weights, Unreachable> {
        if asked == Weight::ZERO {
            return Ok(self.weights);
        }
        let total = if self.shared {
            self.weights.primary
        } else {
            most(asked)
        };
        let exact = u32::from(total) * u32::from(asked.hundredths());
        let canary = u16::try_from((exact + 5000) / 10_000).unwrap_or(total);
        let split = (1..total).contains(&canary) || asked == Weight::ALL && total > 0;
        if !split {
            return Err(Unreachable::TooCoarse {
                asked,
                forward: self.forward.clone(),
                total: u32::from(total),
            });
        }
        Ok(Weights {
            primary: total - canary,
            canary,
        })
    }

    /// The same, refused where it is further from the asked share than the tolerance.
    pub fn weights_within(
        &self,
        asked: Weight,
        tolerance: Option<f64>,
    ) -> Result<Weights, Unreachable> {
        let weights = self.weights(asked)?;
        let nearest = weights.share();
        match tolerance.filter(|tolerance| nearest.distance(asked) > *tolerance) {
            None => Ok(weights),
            Some(tolerance) => {
                let forward = self.forward.clone();
                Err(Unreachable::TooFar {
                    asked,
                    tolerance,
                    forward,
                    nearest,
                })
            }
        }
    }
}

impl FoundRules {
    /// The share whose distance from the asked one is the largest of all rules.
    #[must_use]
    pub fn attained(&self, asked: Weight) -> Share {
        self.shares(asked)
            .max_by(|a, b| a.distance(asked).total_cmp(&b.distance(asked)))
            .unwrap_or(Share { part: 0, whole: 0 })
    }

    /// How many canary tasks a share takes: what the weights give, which may be more than what was asked for.
    #[must_use]
    pub fn tasks(&self, least: u32, asked: Weight, room: impl Into<Room>) -> u32 {
        let room = room.into();
        let of_rules = self.shares(asked).map(|share| tasks(least, share, room));
        of_rules.fold(tasks(least, asked.share(), room), u32::max)
    }

    /// What the weights of each rule give for a share.
    fn shares(&self, asked: Weight) -> impl Iterator<Item = Share> {
        let forwards = self.forwards.iter();
        forwards.filter_map(move |found| Some(found.weights(asked).ok()?.share()))
    }

    /// What a rule is to have for a share; `None` for one that the release did not find.
    #[must_use]
    pub fn weights(&self, forward: &ForwardArn, asked: Weight) -> Option<Weights> {
        let found = self
            .forwards
            .iter()
            .find(|found| found.forward == *forward)?;
        found.weights(asked).ok()
    }

    /// The rules that do not show a share's weights.
    pub fn behind<'a>(
        &'a self,
        forwards: &'a [Forward],
        asked: Weight,
    ) -> impl Iterator<Item = (&'a Forward, Weights)> {
        let wanted = self.all(forwards, asked);
        wanted.filter(|(forward, wanted)| forward.weights != *wanted)
    }

    /// What each rule is to have for a share, whatever it shows.
    pub fn all<'a>(
        &'a self,
        forwards: &'a [Forward],
        asked: Weight,
    ) -> impl Iterator<Item = (&'a Forward, Weights)> {
        let forwards = forwards.iter();
        forwards.filter_map(move |forward| Some((forward, self.weights(&forward.arn, asked)?)))
    }

    /// The first rule that has other further groups, or another stickiness, than it was found with.
    #[must_use]
    pub fn changed<'a>(&'a self, forwards: &'a [Forward]) -> Option<(&'a Forward, &'a Rest)> {
        self.forwards.iter().find_map(|found| {
            let shown = forwards.iter().find(|it| it.arn == found.forward)?;
            let rest = found.rest.as_ref()?;
            (shown.rest != *rest).then_some((shown, rest))
        })
    }

    /// Whether every rule that the release found shows a share's weights.
    #[must_use]
    pub fn is_live(&self, forwards: &[Forward], asked: Weight) -> bool {
        self.forwards.iter().all(|found| {
            let shown = forwards.iter().find(|forward| forward.arn == found.forward);
            shown.is_some_and(|shown| found.weights(asked) == Ok(shown.weights))
        })
    }

    /// The least share from the asked one on that every rule can be given; everything always can.
    #[must_use]
    pub fn reachable_from(&self, asked: Weight) -> Weight {
        let mut share = asked;
        while share < Weight::ALL
            && self
                .forwards
                .iter()
                .any(|found| found.weights(share).is_err())
        {
            share = share.more(Weight::up_to_all(1));
        }
        share
    }

    /// The largest share up to the asked one that every rule can be given; nothing always can.
    #[must_use]
    pub fn reachable(&self, asked: Weight) -> Weight {
        let mut share = asked;
        while self
            .forwards
            .iter()
            .any(|found| found.weights(share).is_err())
        {
            share = share.less(Weight::up_to_all(1));
        }
        share
    }
}

/// The weights of a pair together: percentages, or as fine as a load balancer takes them (API reference, `TargetGroupTuple`: 0 to 999).
const fn most(asked: Weight) -> u16 {
    if asked.is_whole() { 100 } else { 999 }
}

/// How many tasks take all requests, and how many the primary may have.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// So many it has.
    pub desired: u32,
    /// So many it may have.
    pub most: u32,
}

impl From<&Service> for Room {
    fn from(primary: &Service) -> Self {
        Self {
            desired: primary.desired,
            most: primary
                .scaling
                .map_or(u32::MAX, |scaling| scaling.max.max(1)),
        }
    }
}

/// How many canary tasks take a share of what the primary's tasks take alone.
///
/// `⌈primary × share⌉`, at least `least`, at most as many as the primary may have.
#[must_use]
pub fn tasks(least: u32, share: Share, room: impl Into<Room>) -> u32 {
    let room = room.into();
    let taken = u64::from(room.desired) * u64::from(share.part);
    let needed = taken.div_ceil(u64::from(share.whole).max(1));
    u32::try_from(needed)
        .unwrap_or(u32::MAX)
        .max(least)
        .min(room.most)
}

#[cfg(test)]
mod tests;
