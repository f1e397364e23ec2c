//! The failures of a block, drawn from its attempts without order: the hypergeometric distribution.

use libm::lgamma;

use super::number;
use crate::evidence::Block;

/// Terms that are as much smaller than the sum add nothing to it.
const NOTHING: f64 = 1e-17;

/// More terms to a side are left out. What is left out makes the mean smaller: it errs on the side of *not enough*.
const MOST_TERMS: u32 = 4096;

/// Larger numbers are of no use to logarithms of factorials; what has more attempts in a block is taken for its proportions.
const MOST_ATTEMPTS: u64 = 1_000_000_000;

/// How the failures of a block are shared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    canary: f64,
    primary: f64,
    failures: f64,
    of_canary: f64,
}

impl Draw {
    pub(super) fn of(block: &Block) -> Self {
        let Block {
            canary, primary, ..
        } = block;
        let most = canary.attempts.max(primary.attempts);
        let scaled = |count: u64| number(count / most.div_ceil(MOST_ATTEMPTS).max(1));
        let of_canary = scaled(canary.failures);
        Self {
            canary: scaled(canary.attempts),
            primary: scaled(primary.attempts),
            failures: of_canary + scaled(primary.failures),
            of_canary,
        }
    }

    /// The logarithm of `E[ψ^J] / ψ^k`: how much likelier it is that as few failures are the canary's if it fails as the primary does
    /// than if it has `ratio` times the odds to fail. Here the exact distribution is needed: the binomial bounds it from the wrong side.
    pub(super) fn ln_factor(self, ratio: f64) -> f64 {
        self.ln_mean_of_power(ratio) - self.of_canary * ratio.ln()
    }

    /// `ln E[ψ^J]`, where J is how many of the failures are the canary's. The terms are summed from about the largest one to both sides,
    /// each from its neighbour.
    fn ln_mean_of_power(self, ratio: f64) -> f64 {
        let least = (self.failures - self.primary).max(0.0);
        let most = self.failures.min(self.canary);
        let mode = self.mode(ratio).clamp(least, most);
        let mut sum = 1.0;
        let (mut at, mut term) = (mode, 1.0);
        for _ in 0..MOST_TERMS {
            if at >= most || term < sum * NOTHING {
                break;
            }
            term *= self.step(at, ratio);
            sum += term;
            at += 1.0;
        }
        (at, term) = (mode, 1.0);
        for _ in 0..MOST_TERMS {
            if at <= least || term < sum * NOTHING {
                break;
            }
            at -= 1.0;
            term /= self.step(at, ratio);
            sum += term;
        }
        self.ln_chance(mode) + mode * ratio.ln() + sum.ln()
    }

    /// How many times the term at `at` the next one is.
    fn step(self, at: f64, ratio: f64) -> f64 {
        let left = (self.canary - at) * (self.failures - at);
        ratio * left / ((at + 1.0) * (self.primary - self.failures + at + 1.0))
    }

    /// Where a term is as large as the next one.
    fn mode(self, ratio: f64) -> f64 {
        let well = self.primary - self.failures + 1.0;
        let a = ratio - 1.0;
        let b = ratio * (self.canary + self.failures) + well + 1.0;
        let c = ratio * self.canary * self.failures - well;
        // The smaller root of a·x² − b·x + c, in the form that loses no digits.
        (2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())).ceil()
    }

    /// The logarithm of the chance that so many of the failures are the canary's.
    fn ln_chance(self, of_canary: f64) -> f64 {
        ln_choose(self.canary, of_canary) + ln_choose(self.primary, self.failures - of_canary)
            - ln_choose(self.canary + self.primary, self.failures)
    }
}

fn ln_choose(all: f64, some: f64) -> f64 {
    lgamma(all + 1.0) - lgamma(some + 1.0) - lgamma(all - some + 1.0)
}
