//! What two versions of a queue's consumer do, minute by minute.

use canary::evidence::{Block, Counts};
use fastrand::Rng;

/// Twelve hours.
pub(crate) const TWELVE_HOURS: usize = 12 * 60;

/// Messages that arrive in a minute.
pub(crate) const ARRIVE: u64 = 200;

/// Receives after which a message becomes a dead letter: the templates' default.
const MAX_RECEIVES: usize = 5;

/// A minute in which both versions worked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Minute {
    pub(crate) canary: Counts,
    pub(crate) primary: Counts,
    /// The canary's share of the tasks, 0 to 1.
    pub(crate) share: f64,
    pub(crate) dead_letters: u64,
}

impl Minute {
    /// As the verdict takes it.
    pub(crate) fn block(self) -> Block {
        Block {
            canary: self.canary,
            primary: self.primary,
            capacity: Some(self.share),
        }
    }

    /// What both did.
    pub(crate) fn add(&mut self, is_canary: bool, fails: bool) {
        let counts = if is_canary {
            &mut self.canary
        } else {
            &mut self.primary
        };
        counts.attempts += 1;
        counts.failures += u64::from(fails);
    }
}

/// A queue whose messages fail by chance, each attempt by itself, and pass at a later one: a minute later, at either version.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    rng: Rng,
    /// The chance of the primary and of the canary to fail.
    rates: [f64; 2],
    /// Messages that have failed, by how often but one.
    failed: [u64; MAX_RECEIVES - 1],
}

impl Queue {
    /// With rates in percent.
    pub(crate) fn new(seed: u64, rates: [u8; 2]) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            rates: rates.map(|percent| f64::from(percent) / 100.0),
            failed: [0; MAX_RECEIVES - 1],
        }
    }

    /// A minute in which the canary has this share, 0 to 1.
    pub(crate) fn minute(&mut self, share: f64) -> Minute {
        let mut minute = Minute {
            share,
            ..Minute::default()
        };
        let due = std::mem::take(&mut self.failed);
        for (receives, messages) in std::iter::once(ARRIVE).chain(due).enumerate() {
            for _ in 0..messages {
                let is_canary = self.rng.f64() < share;
                let fails = self.rng.f64() < self.rates[usize::from(is_canary)];
                minute.add(is_canary, fails);
                if fails {
                    let again = self.failed.get_mut(receives);
                    *again.unwrap_or(&mut minute.dead_letters) += 1;
                }
            }
        }
        minute
    }

    /// So many minutes with shares that each are held for as many, in percent.
    pub(crate) fn minutes(&mut self, steps: &[(u8, usize)]) -> Vec<Minute> {
        let shares = steps.iter().flat_map(|(percent, minutes)| {
            std::iter::repeat_n(f64::from(*percent) / 100.0, *minutes)
        });
        shares.map(|share| self.minute(share)).collect()
    }
}

/// Attempts of the candidate that failed beyond those that would have at the stable version, with its rate in percent.
pub(crate) fn failed_beyond(minutes: &[Minute], percent: u8) -> f64 {
    let excess = minutes.iter().map(|Minute { canary, .. }| {
        number(canary.failures) - number(canary.attempts) * f64::from(percent) / 100.0
    });
    excess.sum()
}

#[expect(clippy::cast_precision_loss, reason = "the attempts of a minute")]
fn number(count: u64) -> f64 {
    count as f64
}
