//! Requests that go back to where they came from: the weight goes down step by step, and tasks stay until the last request is
//! answered.

use super::{Change, Drain, FoundRules, Gap, Reason, SetWeight, Whole, drain};
use crate::{
    clock::Timestamp,
    weight::{self, Attained, Weight},
};

/// Rules whose weight goes down.
#[derive(Debug, Clone, Copy)]
pub struct GivingBack<'a> {
    /// When.
    pub now: Timestamp,
    /// What was seen of the load balancer.
    pub seen: &'a Whole,
    /// What the release found.
    pub found: &'a FoundRules,
    /// The weight that was set last; `None` if none was, and then there never was a request.
    pub set: Option<SetWeight>,
}

impl GivingBack<'_> {
    /// No rule shows a weight any more, and a look has seen that. `weigh` gives rules the weights of a share.
    ///
    /// # Errors
    /// One still does. Each step is held for its time, and gone on from only where it shows on every rule.
    pub fn weights(
        self,
        pace: weight::Drain,
        weigh: impl Fn(Weight) -> Vec<Change>,
    ) -> Result<(), Gap<SetWeight>> {
        let Some(set) = self.set else {
            return Ok(());
        };
        let doing = |asked| Reason::Weigh {
            asked,
            attained: self.attained(asked),
        };
        if !self.found.is_live(&self.seen.forwards, set.to) {
            return Err(Gap::change(doing(set.to), weigh(set.to)));
        }
        if set.to == Weight::ZERO {
            return match set.live_since {
                Some(_) => Ok(()),
                None => Err(Gap::Change {
                    doing: Reason::Live {
                        asked: set.to,
                        attained: self.attained(set.to),
                    },
                    set: Some(set.seen(self.now)),
                    changes: Vec::new(),
                }),
            };
        }
        let until = set.since + pace.interval;
        if self.now < until {
            return Err(Gap::Wait(Reason::DrainStep {
                weight: set.to,
                until,
            }));
        }
        let next = self
            .found
            .reachable(set.to.less(Weight::up_to_all(pace.step.into())));
        let healthy = self.seen.canary.healthy;
        Err(Gap::Change {
            doing: doing(next),
            set: Some(SetWeight::new(set.to, next, healthy, self.now)),
            changes: weigh(next),
        })
    }

    /// The targets have finished what they got under an earlier weight.
    ///
    /// # Errors
    /// Not yet.
    pub fn answered(self) -> Result<(), Gap> {
        match (
            self.set,
            drain(self.set, self.found.drain_seconds, self.now),
        ) {
            (Some(set), Drain::Until(until)) => Err(Gap::Wait(Reason::Draining {
                weight: set.to,
                until,
            })),
            _ => Ok(()),
        }
    }

    fn attained(self, asked: Weight) -> Attained {
        Attained::Weight(self.found.attained(asked))
    }
}
