//! Messages or requests by the version that took them, second by second.

use std::{collections::BTreeMap, ops::RangeInclusive};

/// Over how many seconds the measured share is taken: long enough that single messages do not make
/// it jump, short enough to see every step of a rehearsal.
pub const WINDOW: u64 = 10;

/// Messages or requests of one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bin {
    /// Processed.
    pub processed: u32,
    /// Failed.
    pub failed: u32,
}

impl Bin {
    fn plus(self, other: Bin) -> Bin {
        Bin {
            processed: self.processed + other.processed,
            failed: self.failed + other.failed,
        }
    }
}

/// Messages or requests by version label and second since the beginning.
#[derive(Debug, Clone, Default)]
pub struct Traffic(BTreeMap<String, BTreeMap<u64, Bin>>);

impl Traffic {
    /// Adds what happened in these seconds, as evenly as whole messages allow.
    pub(super) fn add(
        &mut self,
        seconds: RangeInclusive<u64>,
        version: &str,
        processed: u32,
        failed: u32,
    ) {
        let bins = self.0.entry(version.to_owned()).or_default();
        let length = seconds.end() - seconds.start() + 1;
        for (index, second) in seconds.enumerate() {
            let part = Bin {
                processed: part(processed, index as u64, length),
                failed: part(failed, index as u64, length),
            };
            let bin = bins.entry(second).or_default();
            *bin = bin.plus(part);
        }
    }

    /// Versions that have taken something.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What a version did in the seconds `from..until`.
    #[must_use]
    pub fn sum(&self, version: &str, from: u64, until: u64) -> Bin {
        self.0
            .get(version)
            .into_iter()
            .flat_map(|bins| bins.range(from..until.max(from)))
            .fold(Bin::default(), |sum, (_, bin)| sum.plus(*bin))
    }

    /// All that a version did.
    #[must_use]
    pub fn total(&self, version: &str) -> Bin {
        self.sum(version, 0, u64::MAX)
    }

    /// A version's share of what `done` counts in the [`WINDOW`] that ends with `second`, in percent; `None` if
    /// there was nothing.
    #[must_use]
    pub fn share(&self, version: &str, second: u64, done: impl Fn(Bin) -> u32) -> Option<f64> {
        let from = (second + 1).saturating_sub(WINDOW);
        let done = |version: &str| f64::from(done(self.sum(version, from, second + 1)));
        let all: f64 = self.versions().map(done).sum();
        (all > 0.0).then(|| 100.0 * done(version) / all)
    }
}

/// The `index`-th of `of` parts of a count; together they are the count.
fn part(count: u32, index: u64, of: u64) -> u32 {
    let until = |index: u64| u64::from(count) * index / of;
    u32::try_from(until(index + 1) - until(index)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_several_seconds_are_spread_and_none_is_added_or_left_out() {
        let mut traffic = Traffic::default();
        traffic.add(3..=7, "v1", 12, 1);
        let per_second: Vec<u32> = (3..8)
            .map(|s| traffic.sum("v1", s, s + 1).processed)
            .collect();
        assert_eq!(per_second, [2, 2, 3, 2, 3]);
        assert_eq!(
            traffic.total("v1"),
            Bin {
                processed: 12,
                failed: 1
            }
        );
    }
}
