//! Whether the canary fails more often than the primary.

use super::{Block, compares, count, ln_mean};

/// How many times as often the canary is bet to fail. The evidence is the mean over all of them: a single bet that is wrong loses.
pub(super) const RATIOS: [f64; 6] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

/// The logarithm of the evidence. No block makes more of any bet than `cap`, also a logarithm: a task or a host that is bad for a minute
/// cannot decide alone, and what is capped from above stays an e-value.
pub(super) fn ln_evidence(blocks: &[Block], cap: f64) -> f64 {
    let bets = RATIOS.map(|ratio| {
        let factors = blocks.iter().map(|block| ln_factor(block, ratio).min(cap));
        factors.sum::<f64>()
    });
    ln_mean(&bets)
}

/// The logarithm of `ψ^k / (1 + s(ψ − 1))^(k + K)`: how much likelier the failures of a block are shared as they are, if the canary fails ψ
/// times as often. In place of the binomial the hypergeometric would be exact, and a little larger; this errs on the side of going on.
pub(super) fn ln_factor(block: &Block, ratio: f64) -> f64 {
    if !compares(block) {
        return 0.0;
    }
    let (canary, primary) = (count(block.canary.attempts), count(block.primary.attempts));
    let measured = canary / (canary + primary);
    let share = block.tasks.map_or(measured, |tasks| tasks.max(measured));
    let of_canary = count(block.canary.failures);
    let all = of_canary + count(block.primary.failures);
    of_canary * ratio.ln() - all * (share * (ratio - 1.0)).ln_1p()
}
