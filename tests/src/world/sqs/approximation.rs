//! Counts of messages that are off, as SQS's are.

use std::{collections::BTreeMap, time::Duration};

use super::Depth;
use crate::{clock::Moment, world::chance::Chance};

/// One look in so many is off. AWS states no rate: a choice.
const ONE_IN: u32 = 4;

/// For so long after a look that was off a queue's counts are right: whoever looks every minute, beside others, is never wrong twice in a row.
const RIGHT: Duration = Duration::from_secs(90);

/// How far off the counts are that `GetQueueAttributes` answers. AWS: API reference, `GetQueueAttributes`: the counts
/// "are approximate because of the distributed architecture of Amazon SQS", and settle "at least 1 minute after the
/// producers stop sending". For how long they are right again is a choice.
#[derive(Debug)]
pub struct Approximation {
    chance: Chance,
    most: u32,
    /// When which queue's counts were off last.
    off: BTreeMap<String, Moment>,
}

impl Approximation {
    /// Counts that are too high or too low by up to `most` at a look now and then, the same ones for the same seed.
    #[must_use]
    pub fn seeded(seed: u64, most: u32) -> Self {
        Self {
            chance: Chance::seeded(seed),
            most,
            off: BTreeMap::new(),
        }
    }

    /// What a look at a queue shows.
    pub(super) fn look(&mut self, queue: &str, depth: Depth, now: Moment) -> Depth {
        let was_off = self.off.get(queue);
        let is_right = was_off.is_some_and(|was_off| now.since(*was_off) < RIGHT);
        if is_right || self.chance.below(ONE_IN) > 0 {
            return depth;
        }
        self.off.insert(queue.to_owned(), now);
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
