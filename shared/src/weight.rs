//! Shares of the work, in percent.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// The share that is asked for: 0 to 100 percent, to a hundredth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "Stored")]
pub struct Weight(u16);

/// A weight outside of 0 to 100, or finer than hundredths.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0} is not a weight; allowed are 0 to 100 percent, with two decimals at most")]
pub struct NoWeight(f64);

/// As it is stored: whole numbers without a decimal point.
#[derive(Serialize)]
#[serde(untagged)]
enum Stored {
    Whole(u16),
    Decimal(f64),
}

impl Weight {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The least that is more than nothing.
    pub const LEAST: Self = Self(1);
    /// Everything.
    pub const ALL: Self = Self(10_000);

    /// So many percent, and everything where that is more.
    #[must_use]
    pub fn up_to_all(percent: u64) -> Self {
        u16::try_from(percent.min(100)).map_or(Self::ALL, |percent| Self(percent * 100))
    }

    /// So much less, at least nothing.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So much more, at most everything.
    #[must_use]
    pub fn more(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0)).min(Self::ALL)
    }

    /// In percent, 0 to 100.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// In hundredths of a percent, 0 to 10000.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// From 0 to 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// Whether it is a whole number of percent.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0.is_multiple_of(100)
    }

    /// To the digit what is asked for.
    #[must_use]
    pub fn share(self) -> Share {
        let (part, whole) = (u32::from(self.0), 10_000);
        if self.is_whole() {
            Share {
                part: part / 100,
                whole: whole / 100,
            }
        } else {
            Share { part, whole }
        }
    }
}

impl TryFrom<f64> for Weight {
    type Error = NoWeight;

    fn try_from(percent: f64) -> Result<Self, NoWeight> {
        const NEAR: f64 = 1e-6;
        let hundredths = percent * 100.0;
        let is_fine = (hundredths - hundredths.round()).abs() < NEAR;
        if !(0.0..=100.0).contains(&percent) || !is_fine {
            return Err(NoWeight(percent));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 10000"
        )]
        let hundredths = hundredths.round() as u16;
        Ok(Self(hundredths))
    }
}

impl From<Weight> for Stored {
    fn from(weight: Weight) -> Self {
        if weight.is_whole() {
            Self::Whole(weight.0 / 100)
        } else {
            Self::Decimal(weight.percent())
        }
    }
}

/// `25 %`, `0.5 %`.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

/// The share that is had: `part` of `whole`.
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
        (self.percent() - asked.percent()).abs()
    }
}

/// `25 %`, `33.3 %`, `0.25 %`: to a tenth, less than one to a hundredth.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.percent();
        let digits = if percent < 1.0 { 100.0 } else { 10.0 };
        write!(f, "{} %", (percent * digits).round() / digits)
    }
}

/// A share and what it is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attained {
    /// Of what takes work.
    Counted {
        /// The share.
        share: Share,
        /// What is counted: `tasks`.
        of: &'static str,
    },
    /// Of what weights add up to.
    Weight(Share),
}

/// `25 % attained: 1 of 4 tasks`, `10 % attained: weight 10 of 100`
impl fmt::Display for Attained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Counted { share, .. } | Self::Weight(share)) = self;
        write!(f, "{share} attained: {}", self.of())
    }
}

impl Attained {
    /// `1 of 4 tasks`, `weight 10 of 100`
    #[must_use]
    pub fn of(self) -> String {
        match self {
            Self::Counted {
                share: Share { part, whole },
                of,
            } => format!("{part} of {whole} {of}"),
            Self::Weight(Share { part, whole }) => format!("weight {part} of {whole}"),
        }
    }

    /// The share.
    #[must_use]
    pub fn share(self) -> Share {
        let (Self::Counted { share, .. } | Self::Weight(share)) = self;
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
            error.starts_with("120 is not a weight; allowed are 0 to 100 percent"),
            "{error}"
        );
        for none in ["-1", "100.01", "0.005", "\"10\"", "null"] {
            assert!(serde_json::from_str::<Weight>(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_weight_is_stored_as_it_was_written() {
        for text in ["0", "1", "25", "100", "0.5", "0.01", "33.33", "99.99"] {
            let weight: Weight = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&weight).unwrap(), text);
            assert_eq!(weight.to_string(), format!("{text} %"));
        }
        let whole: Weight = serde_json::from_str("10.0").unwrap();
        assert_eq!(serde_json::to_string(&whole).unwrap(), "10");
    }

    #[test]
    fn a_share_is_told_to_a_tenth_of_a_percent_and_less_than_one_to_a_hundredth() {
        let told = [(1, 4), (1, 3), (0, 0), (2, 3), (1, 200), (1, 1500)]
            .map(|(part, whole)| Share { part, whole }.to_string());
        assert_eq!(told, ["25 %", "33.3 %", "0 %", "66.7 %", "0.5 %", "0.07 %"]);
    }
}
