//! What the release has set last, and whether that has been seen since.

use super::Record;
use crate::{
    clock::Timestamp,
    parts::{
        pair::{Counts, SetCounts},
        rules::{self, Drain, SetWeight},
    },
    weight::Weight,
};

impl Record {
    /// How far the canary's targets are with what they got before the weight was set last.
    #[must_use]
    pub fn drain(&self, now: Timestamp) -> Drain {
        let found = self.found.alb.as_ref();
        found.map_or(Drain::Over, |found| {
            rules::drain(self.weight, found.drain_seconds, now)
        })
    }

    /// With another weight being set, while so many of the canary's targets are healthy.
    #[must_use]
    pub fn weighing(mut self, to: Weight, healthy: u32, now: Timestamp) -> Self {
        self.weight = Some(SetWeight::new(self.weight(), to, healthy, now));
        self
    }

    /// With the weight that was set last seen on every rule.
    #[must_use]
    pub fn weighed(mut self, now: Timestamp) -> Self {
        self.weight = self.weight.map(|weight| weight.seen(now));
        self
    }

    /// With other task counts being set.
    #[must_use]
    pub fn counting(mut self, from: Counts, to: Counts, now: Timestamp) -> Self {
        self.counts = Some(SetCounts::new(from, to, now));
        self
    }

    /// With these task counts seen: what was set last, or what is right without it.
    #[must_use]
    pub fn counted(mut self, seen: Counts) -> Self {
        self.counts = self.counts.map(|counts| counts.seen(seen));
        self
    }
}
