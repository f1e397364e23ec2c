//! Whether a promoted version fails more often than its objective allows: nothing runs beside it that it could be compared with.

use super::{
    clamped,
    tally::{Tally, sum},
    told,
};
use crate::evidence::{AgainstObjective, Block, Bounds, Counts};

/// Judges what runs after a promotion, wherever it runs: *worse* is asked of all blocks that can be read early, everything of those that
/// are settled.
///
/// This is an e-process of its own, beside that of the comparison: a version that keeps within its objective ever reaches `1/α` with a
/// chance of at most α, once more.
#[must_use]
pub fn against_objective(early: &[Block], settled: &[Block], bounds: &Bounds) -> AgainstObjective {
    let early = Alone::of(early, bounds);
    if early.is_worse() {
        return early.answer();
    }
    Alone::of(settled, bounds).answer()
}

/// What blocks say of a version that runs alone, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Alone<'a>(Tally<'a>);

impl<'a> Alone<'a> {
    pub(super) fn new(bounds: &'a Bounds) -> Self {
        Self(Tally::new(bounds))
    }

    fn of(blocks: &[Block], bounds: &'a Bounds) -> Self {
        let mut alone = Self::new(bounds);
        for block in clamped(blocks) {
            alone.add(&block);
        }
        alone
    }

    /// Everything runs it.
    pub(super) fn add(&mut self, block: &Block) {
        self.0.add(&Block {
            canary: sum(block.canary, block.primary),
            primary: Counts::default(),
            capacity: None,
        });
    }

    pub(super) fn is_worse(&self) -> bool {
        self.says_worse() && self.0.withheld().is_none()
    }

    fn says_worse(&self) -> bool {
        self.0.ln_beyond_objective() >= self.0.bounds.needed().ln()
    }

    fn answer(&self) -> AgainstObjective {
        AgainstObjective {
            is_worse: self.is_worse(),
            counts: self.0.canary,
            worse: told(self.0.ln_beyond_objective()),
            withheld: self.0.withheld().filter(|_| self.says_worse()),
        }
    }
}
