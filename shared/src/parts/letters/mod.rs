//! Dead letters: an approximate count counts when two looks in a row have seen it.
//!
//! `ApproximateNumberOfMessages` is eventually consistent (Amazon SQS, API reference, `GetQueueAttributes`).

mod bound;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

pub use bound::{Counted, DeadLetters, Reason};

/// How far two looks are apart at least to be two.
const APART: Duration = Duration::from_secs(20);

/// How far they are apart at most to be two in a row: the schedule looks every minute. What was seen before that may have passed since,
/// and nobody has looked, or a look could not see everything.
const IN_A_ROW: Duration = Duration::from_secs(85);

/// How soon after the first look one is taken for the second, in which the candidate begins to be deployed.
const SOON: Duration = Duration::from_secs(50);

/// What looks have seen of a dead-letter queue since a release began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letters {
    /// What newer ones are counted from: the least that two looks in a row saw. Messages expire, and people take some away.
    pub mark: u64,
    /// When the first of two looks in a row has seen more than the mark and the bound allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Timestamp>,
    /// What the look before saw, if that was less than the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less: Option<Less>,
    /// When the release began, as long as its first look alone has seen the mark, which may be too low.
    #[serde(skip)]
    pub begun: Option<Timestamp>,
}

/// A look that saw less than the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Less {
    /// When.
    pub at: Timestamp,
    /// How many.
    pub count: u64,
}

impl Letters {
    /// What two looks have seen.
    #[must_use]
    pub fn found(mark: u64) -> Self {
        Self {
            mark,
            beyond: None,
            less: None,
            begun: None,
        }
    }

    /// What the first look of a release has seen. The one after it may see more: until then no task of the candidate runs.
    #[must_use]
    pub fn begun(mark: u64, began: Timestamp) -> Self {
        Self {
            begun: Some(began),
            ..Self::found(mark)
        }
    }

    /// After one more look. The same look twice is one.
    #[must_use]
    pub fn seeing(self, count: u64, allowed: u64, now: Timestamp) -> Self {
        if let Some(began) = self.begun {
            let since = now.since(began);
            if since < APART {
                return self;
            }
            let mark = if since < SOON {
                self.mark.max(count)
            } else {
                self.mark
            };
            return Self::found(mark).seeing(count, allowed, now);
        }
        if count > self.mark.saturating_add(allowed) {
            let before = self.beyond.filter(|since| now.since(*since) <= IN_A_ROW);
            let beyond = before.or(Some(now));
            return Self {
                beyond,
                less: None,
                ..self
            };
        }
        if count >= self.mark {
            return Self::found(self.mark);
        }
        match self.less {
            Some(before) if now.since(before.at) >= APART => Self::found(before.count.max(count)),
            Some(before) => Self {
                beyond: None,
                less: Some(before),
                ..self
            },
            None => Self {
                beyond: None,
                less: Some(Less { at: now, count }),
                ..self
            },
        }
    }

    /// Whether two looks in a row have seen more than is allowed, the last of them now.
    #[must_use]
    pub fn are_too_many(&self, now: Timestamp) -> bool {
        self.beyond.is_some_and(|since| now.since(since) >= APART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    /// When, and how many.
    type Looks = &'static [(u64, u64)];

    /// What looks of so many seconds after the beginning make of what they see: how many seconds later the gate closes, and the mark.
    fn told(allowed: u64, looks: &[(u64, u64)]) -> (Option<u64>, u64) {
        let mut letters = Letters::found(4);
        for (second, count) in looks {
            letters = letters.seeing(*count, allowed, at(*second));
            assert_eq!(
                letters,
                letters.seeing(*count, allowed, at(*second)),
                "the same look"
            );
            if letters.are_too_many(at(*second)) {
                return (Some(*second), letters.mark);
            }
        }
        (None, letters.mark)
    }

    #[test]
    fn the_first_look_of_a_release_may_have_seen_too_few() {
        for (second, count, expected) in [
            (10, 9, (4, true)),
            (30, 9, (9, false)),
            (30, 3, (4, false)),
            (300, 9, (4, false)),
        ] {
            let letters = Letters::begun(4, at(0)).seeing(count, 0, at(second));
            assert_eq!(
                (letters.mark, letters.begun.is_some()),
                expected,
                "{count} after {second} s"
            );
        }
        assert!(
            Letters::begun(4, at(0))
                .seeing(9, 0, at(300))
                .beyond
                .is_some(),
            "later it counts"
        );
    }

    #[test]
    fn a_count_counts_when_two_looks_in_a_row_have_seen_it() {
        let rows: [(&str, u64, Looks, Option<u64>, u64); 11] = [
            ("as found", 0, &[(0, 4), (30, 4)], None, 4),
            ("one that passes", 0, &[(0, 4), (30, 5), (60, 4)], None, 4),
            (
                "one that stays",
                0,
                &[(0, 4), (30, 5), (60, 5)],
                Some(60),
                4,
            ),
            (
                "again and again, never twice",
                0,
                &[(0, 9), (30, 4), (60, 9), (90, 4), (120, 9)],
                None,
                4,
            ),
            (
                "two looks of one moment are one",
                0,
                &[(0, 5), (5, 5), (19, 6)],
                None,
                4,
            ),
            (
                "and the next is the second",
                0,
                &[(0, 5), (5, 5), (20, 6)],
                Some(20),
                4,
            ),
            (
                "two looks between which nobody could look",
                0,
                &[(0, 5), (120, 5)],
                None,
                4,
            ),
            ("within the bound", 2, &[(0, 6), (30, 6)], None, 4),
            ("beyond it", 2, &[(0, 7), (30, 7)], Some(30), 4),
            (
                "a reading that is too low is none",
                0,
                &[(0, 1), (30, 4), (60, 4)],
                None,
                4,
            ),
            (
                "old ones expire while new ones come",
                0,
                &[(0, 4), (30, 1), (60, 2), (90, 3), (120, 3)],
                Some(120),
                2,
            ),
        ];
        for (situation, allowed, looks, closes, mark) in rows {
            assert_eq!(told(allowed, looks), (closes, mark), "{situation}");
        }
    }
}
