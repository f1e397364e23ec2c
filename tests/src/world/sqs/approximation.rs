//! Counts of messages that are off, as SQS's are.

use std::collections::BTreeSet;

use super::Depth;
use crate::world::chance::Chance;

/// One look in so many is off. AWS states no rate: a choice.
const ONE_IN: u32 = 4;

/// How far off the counts are that `GetQueueAttributes` answers. AWS: API reference, `GetQueueAttributes`: the counts
/// "are approximate because of the distributed architecture of Amazon SQS", and settle "at least 1 minute after the
/// producers stop sending". That a queue is never off at two looks in a row is a choice.
#[derive(Debug)]
pub struct Approximation {
    chance: Chance,
    most: u32,
    /// Queues whose last look was off.
    off: BTreeSet<String>,
}

impl Approximation {
    /// Counts that are too high or too low by up to `most` at a look now and then, the same ones for the same seed.
    #[must_use]
    pub fn seeded(seed: u64, most: u32) -> Self {
        Self {
            chance: Chance::seeded(seed),
            most,
            off: BTreeSet::new(),
        }
    }

    /// What a look at a queue shows.
    pub(super) fn look(&mut self, queue: &str, depth: Depth) -> Depth {
        let was_off = self.off.remove(queue);
        if was_off || self.chance.below(ONE_IN) > 0 {
            return depth;
        }
        self.off.insert(queue.to_owned());
        Depth {
            visible: self.about(depth.visible),
            in_flight: self.about(depth.in_flight),
            delayed: self.about(depth.delayed),
        }
    }

    fn about(&mut self, count: u32) -> u32 {
        let least = count.saturating_sub(self.most);
        let range = count.saturating_add(self.most) - least;
        least + self.chance.below(range.saturating_add(1))
    }
}
