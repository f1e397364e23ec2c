//! Whether the canary keeps within an objective: a percentage of its attempts that may fail.

use super::{Block, count, ln_mean, worse::RATIOS};

/// What is bet on a canary within its objective: that it fails a quarter as often. On nothing at all, one failure would end it.
const A_QUARTER: f64 = 0.25;

/// The logarithm of the evidence that it fails less often.
pub(super) fn ln_within(blocks: &[Block], percent: f64, cap: f64) -> f64 {
    let allowed = percent / 100.0;
    ln_evidence(blocks, allowed, allowed * A_QUARTER, cap)
}

/// The logarithm of the evidence that it fails more often, the mean over how much more.
pub(super) fn ln_beyond(blocks: &[Block], percent: f64, cap: f64) -> f64 {
    let allowed = percent / 100.0;
    let bets = RATIOS.map(|ratio| {
        // So many times the odds, so that it stays below one.
        let bet = ratio * allowed / (1.0 + allowed * (ratio - 1.0));
        ln_evidence(blocks, allowed, bet, cap)
    });
    ln_mean(&bets)
}

/// How much likelier its failures are at one rate than at the other.
fn ln_evidence(blocks: &[Block], allowed: f64, bet: f64, cap: f64) -> f64 {
    let factor = |block: &Block| {
        let failed = count(block.canary.failures);
        let well = count(block.canary.attempts) - failed;
        failed * (bet / allowed).ln() + well * ((-bet).ln_1p() - (-allowed).ln_1p())
    };
    blocks.iter().map(|block| factor(block).min(cap)).sum()
}
