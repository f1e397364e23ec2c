//! Shares of the work, in percent.

use std::{fmt, time::Duration};

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
    /// The least that is more than nothing.
    pub const LEAST: Self = Self(1);
    /// Everything.
    pub const ALL: Self = Self(100);

    /// So many percentage points less, at least nothing.
    #[must_use]
    pub const fn less(self, points: u8) -> Self {
        Self(self.0.saturating_sub(points))
    }

    /// So many percent, and everything where that is more.
    #[must_use]
    pub fn up_to_all(percent: u64) -> Self {
        u8::try_from(percent.min(100)).map_or(Self::ALL, Self)
    }

    /// From 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// To the digit what is asked for.
    #[must_use]
    pub const fn share(self) -> Share {
        Share {
            part: self.0 as u32,
            whole: 100,
        }
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

/// The share that is had: `part` of `whole` tasks, or of the weight on a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The canary's.
    pub part: u32,
    /// The pair's.
    pub whole: u32,
}

impl Share {
    /// In percent; 0 of 0 is 0 %.
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

/// A share and what it is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Attained {
    /// Of the pair's tasks.
    Tasks(Share),
    /// Of the weight of the pair's target groups.
    Weight(Share),
}

/// `25 % attained: 1 of 4 tasks`, `10 % attained: weight 10 of 100`
impl fmt::Display for Attained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Tasks(share) | Self::Weight(share)) = self;
        write!(f, "{share} attained: {}", self.of())
    }
}

impl Attained {
    /// `1 of 4 tasks`, `weight 10 of 100`
    #[must_use]
    pub fn of(self) -> String {
        match self {
            Self::Tasks(Share { part, whole }) => format!("{part} of {whole} tasks"),
            Self::Weight(Share { part, whole }) => format!("weight {part} of {whole}"),
        }
    }

    /// The share.
    #[must_use]
    pub fn share(self) -> Share {
        let (Self::Tasks(share) | Self::Weight(share)) = self;
        share
    }
}

/// How the canary's weight is lowered to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain {
    /// By how many percentage points at a time, 1 to 100.
    pub step: u8,
    /// How long each weight is held.
    pub interval: Duration,
}

impl Drain {
    /// How long all steps from everything to nothing are held together.
    #[must_use]
    pub fn time(self) -> Duration {
        let steps = 100_u32.div_ceil(u32::from(self.step).max(1));
        self.interval.saturating_mul(steps)
    }
}

/// Five percentage points every ten seconds.
impl Default for Drain {
    fn default() -> Self {
        Self {
            step: 5,
            interval: Duration::from_secs(10),
        }
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
