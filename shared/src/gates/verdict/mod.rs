//! Whether the canary is worse than the primary, as good, or nobody can tell yet: from the counts of both, asked as often as one likes.
//!
//! Every failure is a coin: where both versions fail alike, it falls on the canary as often as the canary attempts. What the counts say
//! against that is an e-value, the product of one factor for each block, and a canary that is as good ever reaches `1/α` with a chance of
//! at most α, whatever its failure rate, and however often one looks (Ville's inequality). What it rests on, what breaks it, and its
//! figures: `shared/docs/verdict.md`.

mod as_good;
mod objective;
mod worse;

use crate::evidence::{Answer, Block, Bounds, Counts, Outlook, Standard, Verdict, Withheld};

/// More evidence than this is told as this: no reader needs more digits, and a record holds no infinity.
const MOST: f64 = 1e9;

/// Longer outlooks are none: an approval waits for seven days at most.
const LONGEST_OUTLOOK: f64 = 10_080.0;

/// Judges. *worse* is asked of all blocks that can be read, `as good` of those of which all is there.
#[must_use]
pub fn judge(early: &[Block], settled: &[Block], bounds: &Bounds) -> Verdict {
    let early: Vec<_> = early.iter().map(clamped).collect();
    let settled: Vec<_> = settled.iter().map(clamped).collect();
    let (worse, as_good) = (ln_worse(&early, bounds), ln_as_good(&settled, bounds));
    let needed = -bounds.alpha.ln();
    let canary = total(early.iter().map(|block| block.canary));
    let gap = gap_points(&early);
    let is_gap = gap.is_some_and(|points| points >= bounds.min_gap_points);
    let withheld = if canary.failures < bounds.min_canary_failures {
        Some(Withheld::CanaryFailures)
    } else {
        (!is_gap).then_some(Withheld::Gap)
    };
    let answer = if worse >= needed && withheld.is_none() {
        Answer::Worse
    } else if as_good >= needed {
        Answer::AsGood
    } else {
        Answer::NotEnough
    };
    Verdict {
        answer,
        canary,
        primary: total(early.iter().map(|block| block.primary)),
        worse: told(worse),
        as_good: told(as_good),
        than: Standard::Primary,
        withheld: withheld.filter(|_| worse >= needed),
        gap_points: gap.map(|points| (points * 1000.0).round() / 1000.0),
        outlook: outlook((worse, early.len()), (as_good, settled.len()), needed)
            .filter(|_| answer == Answer::NotEnough),
    }
}

/// The logarithm of the evidence that the canary is worse. Where there is an objective, half of the bet is against that: the mean of two
/// e-values is one, whatever they have to do with each other.
fn ln_worse(blocks: &[Block], bounds: &Bounds) -> f64 {
    let cap = bounds.max_minute_factor.ln();
    let than_primary = worse::ln_evidence(blocks, cap);
    match bounds.objective {
        None => than_primary,
        Some(percent) => ln_mean(&[than_primary, objective::ln_beyond(blocks, percent, cap)]),
    }
}

/// The same, that it is as good.
fn ln_as_good(blocks: &[Block], bounds: &Bounds) -> f64 {
    let cap = bounds.max_minute_factor.ln();
    match bounds.objective {
        None => as_good::ln_evidence(blocks, bounds.ratio, cap),
        Some(percent) => objective::ln_within(blocks, percent, cap),
    }
}

/// Metrics may say anything.
fn clamped(block: &Block) -> Block {
    let counts = |it: Counts| Counts {
        failures: it.failures.min(it.attempts),
        ..it
    };
    Block {
        canary: counts(block.canary),
        primary: counts(block.primary),
        tasks: block
            .tasks
            .filter(|share| share.is_finite())
            .map(|share| share.clamp(0.0, 1.0)),
    }
}

fn total(counts: impl Iterator<Item = Counts>) -> Counts {
    counts.fold(Counts::default(), |sum, it| Counts {
        attempts: sum.attempts.saturating_add(it.attempts),
        failures: sum.failures.saturating_add(it.failures),
    })
}

/// By how many percentage points the canary fails more often: the differences of the blocks, each with the weight that it tells with. The
/// difference of the sums would say something else where shares and rates change together (Simpson's paradox).
fn gap_points(blocks: &[Block]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for block in blocks.iter().filter(|block| compares(block)) {
        let (canary, primary) = (count(block.canary.attempts), count(block.primary.attempts));
        let weight = canary * primary / (canary + primary);
        let rate = |counts: Counts| count(counts.failures) / count(counts.attempts);
        sum += weight * (rate(block.canary) - rate(block.primary));
        weights += weight;
    }
    (weights > 0.0).then(|| sum / weights * 100.0)
}

/// Whether both versions have attempted something: otherwise a block says nothing.
fn compares(block: &Block) -> bool {
    block.canary.attempts > 0 && block.primary.attempts > 0
}

/// In about how many more blocks the evidence is enough, at its rate so far.
fn outlook(worse: (f64, usize), as_good: (f64, usize), needed: f64) -> Option<Outlook> {
    let more = |(evidence, blocks): (f64, usize)| {
        let rate = evidence / count(blocks.try_into().unwrap_or(u64::MAX));
        let more = ((needed - evidence) / rate).ceil();
        (evidence > 0.0 && more <= LONGEST_OUTLOOK).then_some(more)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 10080"
    )]
    let minutes = |more: f64| more.max(1.0) as u32;
    match (more(worse), more(as_good)) {
        (Some(worse), None) => Some(Outlook::Worse(minutes(worse))),
        (None, Some(as_good)) => Some(Outlook::AsGood(minutes(as_good))),
        // What tells both ways tells nothing yet.
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// An e-value for people and records: three significant digits, nothing beyond what a record holds.
fn told(ln: f64) -> f64 {
    let value = ln.exp().clamp(1.0 / MOST, MOST);
    let scale = 10_f64.powf(2.0 - value.log10().floor());
    (value * scale).round() / scale
}

/// The logarithm of the mean of values that are given by theirs.
fn ln_mean(logarithms: &[f64]) -> f64 {
    let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logarithms.iter().map(|ln| (ln - most).exp()).sum();
    most + (sum / count(logarithms.len().try_into().unwrap_or(u64::MAX))).ln()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is beyond 2^53 is no count of anything"
)]
fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
