//! Whether the canary does not fail so many times as often as the primary, or keeps within an objective.

use super::{
    coins::{Bets, Coins},
    draw::Draw,
    is_comparison,
};
use crate::evidence::{Block, Bounds};

/// The evidence that it is, from blocks that are added one after the other.
#[derive(Debug, Clone)]
pub(super) struct AsGood<'a> {
    bounds: &'a Bounds,
    than_ratio: f64,
    /// On several rates: of the failures of a busy minute, a bet on a rate that is far from the canary's may lose much, and wins no more
    /// than the cap.
    within_objective: Bets,
}

impl<'a> AsGood<'a> {
    pub(super) fn new(bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            than_ratio: 0.0,
            within_objective: Bets::default(),
        }
    }

    pub(super) fn of(blocks: &[Block], bounds: &'a Bounds) -> Self {
        let mut as_good = Self::new(bounds);
        for block in blocks {
            as_good.add(block);
        }
        as_good
    }

    /// Capped like the evidence that it is worse: a host of the primary that is bad for a minute does not pass a canary alone.
    pub(super) fn add(&mut self, block: &Block) {
        let cap = self.bounds.max_minute_factor.ln();
        match self.bounds.objective {
            Some(percent) => {
                let attempts = Coins::attempts(block.canary, percent);
                self.within_objective.less_often(attempts, cap);
            }
            None if is_comparison(block) => {
                let factor = Draw::of(block).ln_factor(self.bounds.ratio);
                self.than_ratio += factor.min(cap);
            }
            None => {}
        }
    }

    /// Its logarithm, had everything happened so many `times`.
    pub(super) fn ln_evidence(&self, times: f64) -> f64 {
        match self.bounds.objective {
            Some(_) => self.within_objective.ln_evidence(times),
            None => self.than_ratio * times,
        }
    }
}
