//! Whether the canary does not fail so many times as often as the primary.

use libm::lgamma;

use super::{Block, compares, count};

/// Terms that are as much smaller than the sum add nothing to it.
const NOTHING: f64 = 1e-17;

/// The logarithm of the evidence. It is capped by the block, too: a host of the primary that is bad for a minute must not pass a canary
/// alone.
pub(super) fn ln_evidence(blocks: &[Block], ratio: f64, cap: f64) -> f64 {
    let factors = blocks.iter().map(|block| ln_factor(block, ratio).min(cap));
    factors.sum()
}

/// The logarithm of `E[ψ^J] / ψ^k`, where J is the canary's part of all failures of the block, drawn without order from all attempts.
/// Here the exact distribution is needed: its binomial bound holds in the other direction only.
pub(super) fn ln_factor(block: &Block, ratio: f64) -> f64 {
    if !compares(block) {
        return 0.0;
    }
    let failures = Failures {
        canary: count(block.canary.attempts),
        primary: count(block.primary.attempts),
        all: count(block.canary.failures) + count(block.primary.failures),
    };
    failures.ln_mean_of_power(ratio) - count(block.canary.failures) * ratio.ln()
}

/// The hypergeometric distribution of the failures among the attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    pub(super) canary: f64,
    pub(super) primary: f64,
    pub(super) all: f64,
}

impl Failures {
    /// `ln E[ψ^J]`. The terms are summed from the largest one to both sides, each from its neighbour.
    pub(super) fn ln_mean_of_power(self, ratio: f64) -> f64 {
        let (least, most) = (
            (self.all - self.primary).max(0.0),
            self.all.min(self.canary),
        );
        let mode = self.mode(ratio).clamp(least, most);
        let mut sum = 1.0;
        let (mut at, mut term) = (mode, 1.0);
        while at < most && term > sum * NOTHING {
            term *= self.next(at, ratio);
            sum += term;
            at += 1.0;
        }
        (at, term) = (mode, 1.0);
        while at > least && term > sum * NOTHING {
            at -= 1.0;
            term /= self.next(at, ratio);
            sum += term;
        }
        self.ln_ways(mode) + mode * ratio.ln() + sum.ln()
            - ln_choose(self.canary + self.primary, self.all)
    }

    /// What the term after this one is of it.
    fn next(self, at: f64, ratio: f64) -> f64 {
        ratio * (self.canary - at) * (self.all - at)
            / ((at + 1.0) * (self.primary - self.all + at + 1.0))
    }

    /// About where the terms are largest: where one is as large as the next.
    fn mode(self, ratio: f64) -> f64 {
        let a = ratio - 1.0;
        let b = ratio * (self.canary + self.all) + self.primary - self.all + 2.0;
        let c = ratio * self.canary * self.all - (self.primary - self.all + 1.0);
        // The smaller root of a·x² − b·x + c, in the form that loses no digits.
        (2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())).ceil()
    }

    /// The logarithm of in how many ways as many failures fall on the canary.
    fn ln_ways(self, of_canary: f64) -> f64 {
        ln_choose(self.canary, of_canary) + ln_choose(self.primary, self.all - of_canary)
    }
}

fn ln_choose(all: f64, some: f64) -> f64 {
    lgamma(all + 1.0) - lgamma(some + 1.0) - lgamma(all - some + 1.0)
}
