//! What blocks come to, one after the other.

use super::{
    coins::{Bets, Coins, ln_mean},
    is_comparison, number,
};
use crate::evidence::{Block, Bounds, Counts, Standard, Withheld};

/// Everything that blocks say, each of them added once. Evidence is kept as its logarithm.
#[derive(Debug, Clone)]
pub(super) struct Tally<'a> {
    pub(super) bounds: &'a Bounds,
    pub(super) canary: Counts,
    pub(super) primary: Counts,
    pub(super) blocks: u32,
    than_primary: Bets,
    than_objective: Bets,
    gap: Gap,
}

/// The differences of the blocks' failure rates, each with the weight that it tells with. The difference of the sums would say something
/// else where shares and rates change together (Simpson's paradox).
#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    sum: f64,
    weights: f64,
}

impl<'a> Tally<'a> {
    pub(super) fn new(bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            canary: Counts::default(),
            primary: Counts::default(),
            blocks: 0,
            than_primary: Bets::default(),
            than_objective: Bets::default(),
            gap: Gap::default(),
        }
    }

    pub(super) fn of(blocks: &[Block], bounds: &'a Bounds) -> Self {
        let mut tally = Self::new(bounds);
        for block in blocks {
            tally.add(block);
        }
        tally
    }

    /// No bet on a block is multiplied by more than [`Bounds::max_minute_factor`]. What is capped from above stays an e-value, and a task or
    /// host of the canary that is bad for a minute does not decide alone.
    pub(super) fn add(&mut self, block: &Block) {
        let Block {
            canary, primary, ..
        } = *block;
        self.blocks = self.blocks.saturating_add(1);
        self.canary = sum(self.canary, canary);
        self.primary = sum(self.primary, primary);
        let cap = self.bounds.max_minute_factor.ln();
        if let Some(percent) = self.bounds.objective {
            self.than_objective
                .more_often(Coins::attempts(canary, percent), cap);
        }
        if is_comparison(block) {
            self.than_primary.more_often(Coins::failures(block), cap);
            self.gap.add(canary, primary);
        }
    }

    /// Whether the canary is worse.
    pub(super) fn is_worse(&self) -> bool {
        self.says_worse() && self.withheld().is_none()
    }

    /// Whether the evidence is enough to say so.
    pub(super) fn says_worse(&self) -> bool {
        self.ln_worse(1.0) >= self.bounds.needed().ln()
    }

    /// The evidence that the canary is worse, had everything happened so many `times`. Where there is an objective, half of it is bet
    /// against that: the mean of two e-values is one, whatever they have to do with each other, so the chance to be wrong stays α.
    pub(super) fn ln_worse(&self, times: f64) -> f64 {
        let than_primary = self.than_primary.ln_evidence(times);
        match self.bounds.objective {
            None => than_primary,
            Some(_) => ln_mean([than_primary, self.than_objective.ln_evidence(times)]),
        }
    }

    /// The evidence that the canary fails more often than its objective allows, by itself.
    pub(super) fn ln_beyond_objective(&self) -> f64 {
        self.than_objective.ln_evidence(1.0)
    }

    /// What there is most evidence against.
    pub(super) fn than(&self) -> Standard {
        let [primary, objective] =
            [&self.than_primary, &self.than_objective].map(|bets| bets.ln_evidence(1.0));
        if self.bounds.objective.is_some() && objective > primary {
            Standard::Objective
        } else {
            Standard::Primary
        }
    }

    /// By how many percentage points the canary fails more often than that.
    pub(super) fn gap_points(&self) -> Option<f64> {
        match (self.than(), self.bounds.objective) {
            (Standard::Objective, Some(percent)) => Some(rate(self.canary) * 100.0 - percent),
            _ => self.gap.points(),
        }
    }

    /// What keeps it from being called worse, whatever the evidence: this only takes answers away, so the chance to be wrong stays.
    pub(super) fn withheld(&self) -> Option<Withheld> {
        if self.canary.failures < self.bounds.min_canary_failures {
            return Some(Withheld::CanaryFailures);
        }
        let is_gap = |points| points >= self.bounds.min_gap_points;
        (!self.gap_points().is_some_and(is_gap)).then_some(Withheld::Gap)
    }
}

impl Gap {
    fn add(&mut self, canary: Counts, primary: Counts) {
        let (of_canary, of_primary) = (number(canary.attempts), number(primary.attempts));
        let weight = of_canary * of_primary / (of_canary + of_primary);
        self.sum += weight * (rate(canary) - rate(primary));
        self.weights += weight;
    }

    fn points(self) -> Option<f64> {
        (self.weights > 0.0).then(|| self.sum / self.weights * 100.0)
    }
}

pub(super) fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        attempts: one.attempts.saturating_add(other.attempts),
        failures: one.failures.saturating_add(other.failures),
    }
}

fn rate(counts: Counts) -> f64 {
    number(counts.failures) / number(counts.attempts.max(1))
}
