//! A release whose guard is over: what was kept for its rollback goes, and nobody misses it.

use super::{
    Admitted, Clause, World,
    release::{MOST_LOOKS, Result, Run},
};
use crate::{fixtures::release, parts::release::Kept};

impl<M: Admitted> Run<'_, M> {
    /// The schedule takes away what is kept.
    pub(super) fn lets_go(&mut self) -> Result<()> {
        let mut last = String::new();
        for _ in 0..MOST_LOOKS {
            self.pass()?;
            let Some(kept) = &self.kept else {
                return Ok(());
            };
            let (seen, id) = (self.world.seen(), release());
            let view = kept.view(&seen, &kept.set, &id, self.now);
            match self.place.model.let_go(view) {
                Err(short) => self.short(short, &mut last)?,
                Ok(()) if M::kept(&kept.set) != Kept::There => return Ok(()),
                Ok(()) => return Err(self.violation(Clause::Attains, "something is kept for good")),
            };
        }
        let what = format!("what is kept does not go: {last}");
        Err(self.violation(Clause::Attains, what))
    }
}
