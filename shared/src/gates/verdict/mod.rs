//! Whether the canary is worse than the primary, as good, or nobody can tell yet: from the counts of both, asked as often as one likes.
//!
//! Every failure is a coin: where both versions fail alike, it falls on the canary as often as the canary attempts. What the counts say
//! against that is an e-value, the product of one factor for each block, and a canary that is as good ever reaches `1/α` with a chance of
//! at most α, whatever its failure rate, and however often one looks (Ville's inequality). What it rests on, what breaks it, and its
//! figures: `shared/docs/verdict.md`.

mod as_good;
mod coins;
mod draw;
mod objective;
mod tally;

use crate::evidence::{Answer, Block, Bounds, Counts, Outlook, Verdict};
use as_good::AsGood;
use tally::Tally;

pub use objective::against_objective;

/// More evidence than this is told as this: a record holds no infinity, and nobody needs more.
const MOST: f64 = 1e9;

/// What the arithmetic of logarithms may take from a number.
const ARITHMETIC: f64 = 1e-6;

/// What takes more blocks is no outlook: an approval waits for seven days at most.
const LONGEST_OUTLOOK: u32 = 10_080;

/// Judges: *worse* is asked of all blocks that can be read early, everything of those that are settled.
///
/// What settled blocks have shown is not taken back by newer ones: a canary that is as good reaches `1/α` at any time at all with a chance
/// of at most α.
#[must_use]
pub fn judge(early: &[Block], settled: &[Block], bounds: &Bounds) -> Verdict {
    let early = clamped(early);
    let tally = Tally::of(&early, bounds);
    if tally.is_worse() {
        return verdict(&tally, &early);
    }
    let settled = clamped(settled);
    verdict(&Tally::of(&settled, bounds), &settled)
}

fn verdict(tally: &Tally, blocks: &[Block]) -> Verdict {
    let needed = tally.bounds.needed().ln();
    let as_good = AsGood::of(blocks, tally.bounds);
    let answer = if tally.is_worse() {
        Answer::Worse
    } else if as_good.ln_evidence(1.0) >= needed {
        Answer::AsGood
    } else {
        Answer::NotEnough
    };
    let rounded = |points: f64| (points * 1000.0).round() / 1000.0;
    Verdict {
        answer,
        canary: tally.canary,
        primary: tally.primary,
        worse: told(tally.ln_worse(1.0)),
        as_good: told(as_good.ln_evidence(1.0)),
        than: tally.than(),
        gap_points: tally.gap_points().map(rounded),
        withheld: tally.withheld().filter(|_| tally.says_worse()),
        outlook: outlook(tally, &as_good, needed).filter(|_| answer == Answer::NotEnough),
    }
}

/// What can be said first, if everything goes on like this.
fn outlook(tally: &Tally, as_good: &AsGood, needed: f64) -> Option<Outlook> {
    let worse = enough_in(tally.blocks, needed, |times| tally.ln_worse(times));
    let as_good = enough_in(tally.blocks, needed, |times| as_good.ln_evidence(times));
    match (worse, as_good) {
        (Some(worse), Some(as_good)) if as_good < worse => Some(Outlook::AsGood(as_good)),
        (Some(worse), _) => Some(Outlook::Worse(worse)),
        (None, as_good) => as_good.map(Outlook::AsGood),
    }
}

/// In how many more blocks evidence that is not enough will be, from what it is had everything happened so many times.
fn enough_in(blocks: u32, needed: f64, ln_evidence: impl Fn(f64) -> f64) -> Option<u32> {
    let is_enough = |more: u32| {
        let times = 1.0 + f64::from(more) / f64::from(blocks);
        ln_evidence(times) >= needed
    };
    if blocks == 0 || is_enough(0) || !is_enough(LONGEST_OUTLOOK) {
        return None;
    }
    (1..=LONGEST_OUTLOOK).find(|more| is_enough(*more))
}

/// Evidence for people and records: the digits that tell, cut so that what is not enough does not look so.
fn told(ln_evidence: f64) -> f64 {
    let evidence = ln_evidence.exp().clamp(1.0 / MOST, MOST);
    let scale = 10_f64.powf((2.0 - evidence.log10().floor()).max(0.0));
    (evidence * scale + ARITHMETIC).floor() / scale
}

/// Metrics may say anything.
fn clamped(blocks: &[Block]) -> Vec<Block> {
    let counts = |it: Counts| Counts {
        failures: it.failures.min(it.attempts),
        ..it
    };
    let blocks = blocks.iter().map(|block| Block {
        canary: counts(block.canary),
        primary: counts(block.primary),
        capacity: block.capacity.map(|share| share.clamp(0.0, 1.0)),
    });
    blocks.collect()
}

/// Whether both versions have worked: otherwise there is nothing to compare.
fn is_comparison(block: &Block) -> bool {
    block.canary.attempts > 0 && block.primary.attempts > 0
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 no digit tells")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
