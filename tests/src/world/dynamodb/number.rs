//! Numbers: exact decimals of up to 38 digits.
//!
//! AWS: developer guide, "Naming rules and data types"; the wording of refusals as recorded from AWS in
//! `paritysuite/dynamodb-conformance`, `valueLayers.test.ts` and `numberExponent.test.ts` (October 2026).

use std::{cmp::Ordering, fmt};

const MOST_DIGITS: usize = 38;
/// The powers of ten that the first digit may stand for.
const MAGNITUDES: std::ops::RangeInclusive<i64> = -130..=125;

/// `digits` times ten to the power of `exponent`. The last digit is not zero, so equal numbers look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: u128,
    exponent: i32,
}

impl Number {
    const ZERO: Self = Self {
        negative: false,
        digits: 0,
        exponent: 0,
    };

    /// Reads a number as it stands in a request.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let no_number = || format!("The parameter cannot be converted to a numeric value: {text}");
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse().map_err(|_| no_number())?;
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(no_number());
        }
        let exponent = exponent.saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX));
        Self::of_digits(mantissa.starts_with('-'), &all, exponent)
    }

    fn of_digits(negative: bool, digits: &str, exponent: i64) -> Result<Self, String> {
        let leading = digits.trim_start_matches('0');
        let significant = leading.trim_end_matches('0');
        // Zero has the magnitude that it is written with.
        let places = i64::try_from(leading.len().max(1) - 1).unwrap_or(i64::MAX);
        within(exponent.saturating_add(places))?;
        if significant.len() > MOST_DIGITS {
            return Err(
                "Attempting to store more than 38 significant digits in a Number".to_owned(),
            );
        }
        let zeros = i64::try_from(leading.len() - significant.len()).unwrap_or(i64::MAX);
        Ok(significant.parse().map_or(Self::ZERO, |digits| Self {
            negative,
            digits,
            exponent: i32::try_from(exponent.saturating_add(zeros)).unwrap_or(i32::MAX),
        }))
    }

    /// The sum. A choice: where AWS's is not exact in 38 digits, it is refused.
    ///
    /// # Errors
    /// As [`Number::parse`].
    pub(super) fn plus(self, other: Self) -> Result<Self, String> {
        let (high, low) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        if high.digits == 0 || low.digits == 0 {
            return Ok(if high.digits == 0 { low } else { high });
        }
        let too_long =
            || "Attempting to store more than 38 significant digits in a Number".to_owned();
        let scaled = 10_u128
            .checked_pow(high.exponent.abs_diff(low.exponent))
            .and_then(|scale| high.digits.checked_mul(scale))
            .ok_or_else(too_long)?;
        let (negative, digits) = if high.negative == low.negative {
            let sum = scaled.checked_add(low.digits).ok_or_else(too_long)?;
            (high.negative, sum)
        } else if scaled >= low.digits {
            (high.negative, scaled - low.digits)
        } else {
            (low.negative, low.digits - scaled)
        };
        Self::of_digits(negative, &digits.to_string(), low.exponent.into())
    }

    /// The difference.
    ///
    /// # Errors
    /// As [`Number::plus`].
    pub(super) fn minus(self, other: Self) -> Result<Self, String> {
        self.plus(Self {
            negative: !other.negative,
            ..other
        })
    }

    /// How many bytes of an item it takes: one, and one for every two digits before and after the point each, and one for the
    /// minus sign (`numberByteSize.test.ts`, as measured on AWS; the developer guide says it roughly).
    pub(super) fn size(self) -> usize {
        if self.digits == 0 {
            return 1;
        }
        let length = self.length() as usize;
        let fraction = usize::try_from(-self.exponent).unwrap_or(0).min(length);
        1 + (length - fraction).div_ceil(2) + fraction.div_ceil(2) + usize::from(self.negative)
    }

    fn length(self) -> u32 {
        self.digits.checked_ilog10().map_or(1, |log| log + 1)
    }

    fn sign(self) -> i8 {
        match (self.digits, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    /// Compares without the signs.
    fn compare_absolute(self, other: Self) -> Ordering {
        let top = |number: Self| i64::from(number.exponent) + i64::from(number.length());
        // With the same top, the digits differ in number by less than 38.
        let lowest = self.exponent.min(other.exponent);
        let scaled = |number: Self| number.digits * 10_u128.pow(number.exponent.abs_diff(lowest));
        top(self)
            .cmp(&top(other))
            .then_with(|| scaled(self).cmp(&scaled(other)))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let absolute = self.compare_absolute(*other);
            if self.negative {
                absolute.reverse()
            } else {
                absolute
            }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Without an exponent, as AWS answers.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let fraction = usize::try_from(-self.exponent).unwrap_or(0);
        let zeros = usize::try_from(self.exponent).unwrap_or(0);
        let digits = format!("{:0>1$}{2}", self.digits, fraction + 1, "0".repeat(zeros));
        let (whole, fraction) = digits.split_at(digits.len() - fraction);
        f.write_str(whole)?;
        if fraction.is_empty() {
            Ok(())
        } else {
            write!(f, ".{fraction}")
        }
    }
}

fn within(magnitude: i64) -> Result<(), String> {
    if magnitude > *MAGNITUDES.end() {
        Err("Number overflow. Attempting to store a number with magnitude larger than supported range".to_owned())
    } else if magnitude < *MAGNITUDES.start() {
        Err("Number underflow. Attempting to store a number with magnitude smaller than supported range".to_owned())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn a_number_comes_back_without_exponent_and_needless_zeros() {
        for (written, read) in [
            ("0042.1200", "42.12"),
            ("-1.5e3", "-1500"),
            ("+7", "7"),
            ("-0", "0"),
            ("0e125", "0"),
            (".5", "0.5"),
            ("12e-4", "0.0012"),
        ] {
            assert_eq!(number(written).to_string(), read, "{written}");
        }
        assert_eq!(number("1E125").to_string(), format!("1{}", "0".repeat(125)));
    }

    #[test]
    fn what_is_no_number_or_out_of_range_is_refused_in_awss_words() {
        const OVERFLOW: &str = "Number overflow. Attempting to store a number with magnitude larger than supported range";
        const UNDERFLOW: &str = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
        for (text, wanted) in [
            ("1e126", OVERFLOW),
            ("0e126", OVERFLOW),
            ("1e99999999999", OVERFLOW),
            ("1e-131", UNDERFLOW),
            ("0e-131", UNDERFLOW),
            (
                "1234567890123456789012345678901234567890123",
                "Attempting to store more than 38 significant digits in a Number",
            ),
        ] {
            assert_eq!(Number::parse(text).unwrap_err(), wanted, "{text}");
        }
        let none = [
            "",
            " 1",
            "1 ",
            "1.2.3",
            "0x10",
            "1e",
            "NaN",
            "Infinity",
            "1e9223372036854775808",
        ];
        for text in none {
            let wanted = format!("The parameter cannot be converted to a numeric value: {text}");
            assert_eq!(Number::parse(text).unwrap_err(), wanted);
        }
    }

    #[test]
    fn a_number_takes_a_byte_for_two_digits_on_each_side_of_the_point() {
        for (text, bytes) in [
            ("0", 1),
            ("1", 2),
            ("-1", 3),
            ("123456", 4),
            ("3.14159", 5),
            ("1E125", 2),
            ("0.0012", 2),
        ] {
            assert_eq!(number(text).size(), bytes, "{text}");
        }
    }

    #[test]
    fn a_sum_that_needs_more_digits_than_there_are_is_refused() {
        assert!(number("1e38").plus(number("1")).is_err());
        let nines = "9".repeat(38);
        assert_eq!(
            number("1e38").minus(number("1")).unwrap().to_string(),
            nines
        );
        assert!(number(&nines).plus(number("0.1")).is_err());
    }

    proptest! {
        #[test]
        fn numbers_are_added_and_compared_like_integers(a in -10_i64.pow(15)..10_i64.pow(15), b in -10_i64.pow(15)..10_i64.pow(15), scale in -60_i32..60) {
            let at = |n: i64| number(&format!("{n}e{scale}"));
            prop_assert_eq!(at(a).plus(at(b)).unwrap(), at(a + b));
            prop_assert_eq!(at(a).minus(at(b)).unwrap(), at(a - b));
            prop_assert_eq!(at(a).cmp(&at(b)), a.cmp(&b));
        }

        #[test]
        fn what_is_written_is_read(negative: bool, digits in "[1-9][0-9]{0,37}", exponent in -130_i32..88) {
            let sign = if negative { "-" } else { "" };
            let number = number(&format!("{sign}{digits}e{exponent}"));
            prop_assert_eq!(number, self::number(&number.to_string()));
        }
    }
}
