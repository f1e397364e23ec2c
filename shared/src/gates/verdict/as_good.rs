//! Whether the canary does not fail so many times as often as the primary, or keeps within an objective.

use super::{coins::Coins, draw::Draw, is_comparison};
use crate::evidence::{Block, Bounds};

/// What is bet on a canary within its objective: that it fails a quarter as often. On nothing at all, one failure would end it.
const PART_OF_OBJECTIVE: f64 = 0.25;

/// The logarithm of the evidence that it is. Each block's part is capped here, too: a host of the primary that is bad for a minute does
/// not pass a canary alone.
pub(super) fn ln_evidence(blocks: &[Block], bounds: &Bounds) -> f64 {
    let cap = bounds.max_minute_factor.ln();
    let factors = blocks.iter().map(|block| match bounds.objective {
        Some(percent) => within(block, percent).min(cap),
        None if is_comparison(block) => Draw::of(block).ln_factor(bounds.ratio).min(cap),
        None => 0.0,
    });
    factors.sum()
}

/// How much likelier the canary's failures are if it fails a part as often as it may than if it fails as often.
fn within(block: &Block, percent: f64) -> f64 {
    let attempts = Coins::attempts(block.canary, percent);
    let allowed = attempts.chance;
    let odds = PART_OF_OBJECTIVE * (1.0 - allowed) / (1.0 - PART_OF_OBJECTIVE * allowed);
    attempts.ln_factor(odds)
}
