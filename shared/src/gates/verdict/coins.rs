//! Coins that may be loaded, and bets that they are.

use super::number;
use crate::evidence::{Block, Counts};

/// More evidence of one kind rests on the mean of several bets than on a single one, which loses if it is wrong.
const RATIOS: [f64; 6] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

/// What fell in a block: every failure on the canary or not, or every attempt of the canary on failure or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coins {
    /// How many there were.
    pub(super) thrown: f64,
    /// How many fell on the canary, or on failure.
    pub(super) hits: f64,
    /// The chance of a fair one to do so.
    pub(super) chance: f64,
}

impl Coins {
    /// Each failure of a block falls on the canary or on the primary.
    pub(super) fn failures(block: &Block) -> Self {
        let [canary, primary] = [block.canary, block.primary].map(|it| number(it.attempts));
        let measured = canary / (canary + primary);
        let hits = number(block.canary.failures);
        Self {
            thrown: hits + number(block.primary.failures),
            hits,
            // Of a number and NaN, the number is the larger one.
            chance: measured.max(block.capacity.unwrap_or(measured)),
        }
    }

    /// Each attempt of a canary fails or does not; so many percent of them may.
    pub(super) fn attempts(canary: Counts, percent: f64) -> Self {
        Self {
            thrown: number(canary.attempts),
            hits: number(canary.failures),
            chance: percent / 100.0,
        }
    }

    /// The logarithm of `ψ^k / (1 + s(ψ − 1))^n`: how much likelier it is that they fall as they did if the odds are `ratio` times those
    /// of fair ones.
    pub(super) fn ln_factor(self, ratio: f64) -> f64 {
        self.hits * ratio.ln() - self.thrown * (self.chance * (ratio - 1.0)).ln_1p()
    }
}

/// The logarithms of what bets on several ratios have come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bets([f64; RATIOS.len()]);

impl Bets {
    /// Bets on another block that the odds are so many times those of fair coins. None is multiplied by more than `cap`, also a logarithm.
    pub(super) fn more_often(&mut self, coins: Coins, cap: f64) {
        self.add(|ratio| coins.ln_factor(ratio).min(cap));
    }

    /// The same, that they are so many times smaller.
    pub(super) fn less_often(&mut self, coins: Coins, cap: f64) {
        self.add(|ratio| coins.ln_factor(1.0 / ratio).min(cap));
    }

    fn add(&mut self, ln_factor: impl Fn(f64) -> f64) {
        for (bet, ratio) in self.0.iter_mut().zip(RATIOS) {
            *bet += ln_factor(ratio);
        }
    }

    /// The evidence: the logarithm of their mean, had everything happened so many `times`.
    pub(super) fn ln_evidence(&self, times: f64) -> f64 {
        ln_mean(self.0.map(|bet| bet * times))
    }
}

/// The logarithm of the mean of values that are given by theirs.
pub(super) fn ln_mean<const N: usize>(logarithms: [f64; N]) -> f64 {
    let most = logarithms.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let (sum, many) = logarithms.into_iter().fold((0.0, 0.0), |(sum, many), ln| {
        (sum + (ln - most).exp(), many + 1.0)
    });
    most + (sum / many).ln()
}
