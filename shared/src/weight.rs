//! Shares of the work, in percent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The share that is asked for: a whole number of percent from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u8")]
pub struct Weight(u8);

/// A weight outside of 0 to 100.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no weight; allowed is a whole number of percent from 0 to 100")]
pub struct WeightOutOfRange(i64);

impl Weight {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(100);

    /// From 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for Weight {
    type Error = WeightOutOfRange;

    fn try_from(percent: i64) -> Result<Self, WeightOutOfRange> {
        match u8::try_from(percent) {
            Ok(percent @ 0..=100) => Ok(Self(percent)),
            _ => Err(WeightOutOfRange(percent)),
        }
    }
}

impl From<Weight> for u8 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// The share that whole tasks allow: `part` of `whole` tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The canary's tasks.
    pub part: u32,
    /// All tasks of the pair.
    pub whole: u32,
}

impl Share {
    /// In percent; 0 of 0 tasks is 0 %.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.whole == 0 {
            0.0
        } else {
            f64::from(self.part) * 100.0 / f64::from(self.whole)
        }
    }

    /// How far this is from a weight, in percentage points.
    #[must_use]
    pub fn distance(self, asked: Weight) -> f64 {
        (self.percent() - f64::from(asked.percent())).abs()
    }
}

/// `25 %`, `33.3 %`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.percent() * 10.0).round() / 10.0;
        write!(f, "{tenths} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_out_of_range_says_what_is_allowed() {
        let error = serde_json::from_str::<Weight>("120")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("120 is no weight; allowed is a whole number"),
            "{error}"
        );
        assert!(serde_json::from_str::<Weight>("-1").is_err());
        assert!(serde_json::from_str::<Weight>("10.5").is_err());
        assert_eq!(serde_json::from_str::<Weight>("100").unwrap(), Weight::ALL);
    }

    #[test]
    fn a_share_is_told_to_a_tenth_of_a_percent() {
        let told =
            [(1, 4), (1, 3), (0, 0), (2, 3)].map(|(part, whole)| Share { part, whole }.to_string());
        assert_eq!(told, ["25 %", "33.3 %", "0 %", "66.7 %"]);
    }
}
