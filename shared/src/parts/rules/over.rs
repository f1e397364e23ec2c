//! Requests that all go over to the canary: its weight goes up step by step, and the primary's targets answer the last of theirs.

use super::{Change, Drain, FoundRules, Gap, Reason, SetWeight, Whole, drain};
use crate::{
    clock::Timestamp,
    weight::{self, Attained, Weight},
};

/// Rules whose canary's weight goes up to everything.
#[derive(Debug, Clone, Copy)]
pub struct GoingOver<'a> {
    /// When.
    pub now: Timestamp,
    /// What was seen of the load balancer.
    pub seen: &'a Whole,
    /// What the release found.
    pub found: &'a FoundRules,
    /// The weight that was set last; `None` if none was.
    pub set: Option<SetWeight>,
}

impl GoingOver<'_> {
    /// Every rule sends the canary everything, and a look has seen that. `weigh` gives rules the weights of a share.
    ///
    /// # Errors
    /// One does not. Each step is held for its time, and gone on from only where it shows on every rule.
    pub fn weights(
        self,
        pace: weight::Drain,
        weigh: impl Fn(Weight) -> Vec<Change>,
    ) -> Result<(), Gap<SetWeight>> {
        let at = self.set.map_or(Weight::ZERO, |set| set.to);
        if !self.found.is_live(&self.seen.forwards, at) {
            return Err(Gap::change(self.doing(at), weigh(at)));
        }
        let Some(set) = self.set else {
            return Err(self.step(at, pace, weigh));
        };
        let until = set.since + pace.interval;
        match set.live_since {
            Some(_) if at == Weight::ALL => Ok(()),
            None if at == Weight::ALL => Err(Gap::Change {
                doing: Reason::Live {
                    asked: at,
                    attained: self.attained(at),
                },
                set: Some(set.seen(self.now)),
                changes: Vec::new(),
            }),
            _ if self.now < until => Err(Gap::Wait(Reason::Over { weight: at, until })),
            _ => Err(self.step(at, pace, weigh)),
        }
    }

    fn step(
        self,
        from: Weight,
        pace: weight::Drain,
        weigh: impl Fn(Weight) -> Vec<Change>,
    ) -> Gap<SetWeight> {
        let step = Weight::up_to_all(pace.step.into());
        let next = self.found.reachable_from(from.more(step));
        let healthy = self.seen.canary.healthy;
        Gap::Change {
            doing: self.doing(next),
            set: Some(SetWeight::new(from, next, healthy, self.now)),
            changes: weigh(next),
        }
    }

    /// The primary's targets have finished what they got under an earlier weight.
    ///
    /// # Errors
    /// Not yet.
    pub fn answered(self) -> Result<(), Gap> {
        match drain(self.set, self.found.drain_seconds, self.now) {
            Drain::Until(until) => Err(Gap::Wait(Reason::Answering { until })),
            Drain::Unseen | Drain::Over => Ok(()),
        }
    }

    fn doing(self, asked: Weight) -> Reason {
        Reason::Weigh {
            asked,
            attained: self.attained(asked),
        }
    }

    fn attained(self, asked: Weight) -> Attained {
        Attained::Weight(self.found.attained(asked))
    }
}
