//! What blocks come to, one after the other.

use super::{
    coins::{Bets, Coins, ln_mean},
    draw::Draw,
    number,
};
use crate::evidence::{Block, Bounds, Counts, Standard, Withheld};

/// What is bet on a canary within its objective: that it fails a quarter as often. On nothing at all, one failure would end it.
const PART_OF_OBJECTIVE: f64 = 0.25;

/// Everything that blocks say, each of them added once. Evidence is kept as its logarithm.
#[derive(Debug, Clone)]
pub(super) struct Tally<'a> {
    pub(super) bounds: &'a Bounds,
    pub(super) canary: Counts,
    pub(super) primary: Counts,
    pub(super) blocks: u32,
    than_primary: Bets,
    than_objective: Bets,
    as_good: f64,
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
            as_good: 0.0,
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

    /// No factor of a block is larger than [`Bounds::max_minute_factor`]. What is capped from above stays an e-value, and a task or host
    /// that is bad for a minute does not decide alone: neither the canary's, that it is worse, nor the primary's, that it is as good.
    pub(super) fn add(&mut self, block: &Block) {
        let [canary, primary] = [block.canary, block.primary].map(clamped);
        self.blocks = self.blocks.saturating_add(1);
        self.canary = sum(self.canary, canary);
        self.primary = sum(self.primary, primary);
        let cap = self.bounds.max_minute_factor.ln();
        if let Some(percent) = self.bounds.objective {
            let attempts = attempts(canary, percent);
            self.than_objective.add(attempts, cap);
            self.as_good += attempts.ln_factor(odds_within(attempts.chance)).min(cap);
        }
        // Where only one version has worked, there is nothing to compare.
        if canary.attempts == 0 || primary.attempts == 0 {
            return;
        }
        self.than_primary
            .add(failures(canary, primary, block.tasks), cap);
        if self.bounds.objective.is_none() {
            let draw = Draw::of(canary, primary);
            self.as_good += draw.ln_factor(self.bounds.ratio).min(cap);
        }
        self.gap.add(canary, primary);
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

    /// The evidence that it is as good.
    pub(super) fn ln_as_good(&self) -> f64 {
        self.as_good
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

/// Each failure of a block falls on the canary or on the primary.
pub(super) fn failures(canary: Counts, primary: Counts, tasks: Option<f64>) -> Coins {
    let measured = number(canary.attempts) / (number(canary.attempts) + number(primary.attempts));
    Coins {
        thrown: number(canary.failures) + number(primary.failures),
        hits: number(canary.failures),
        // The larger one: NaN is none.
        chance: measured.max(tasks.unwrap_or(measured)).min(1.0),
    }
}

/// Each attempt of the canary fails or does not.
fn attempts(canary: Counts, percent: f64) -> Coins {
    Coins {
        thrown: number(canary.attempts),
        hits: number(canary.failures),
        chance: percent / 100.0,
    }
}

/// How many times the odds of a chance are those of its [`PART_OF_OBJECTIVE`].
fn odds_within(chance: f64) -> f64 {
    PART_OF_OBJECTIVE * (1.0 - chance) / (1.0 - PART_OF_OBJECTIVE * chance)
}

/// Metrics may say anything.
fn clamped(counts: Counts) -> Counts {
    Counts {
        failures: counts.failures.min(counts.attempts),
        ..counts
    }
}

fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        attempts: one.attempts.saturating_add(other.attempts),
        failures: one.failures.saturating_add(other.failures),
    }
}

fn rate(counts: Counts) -> f64 {
    number(counts.failures) / number(counts.attempts.max(1))
}
