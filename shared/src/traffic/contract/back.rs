//! A rollback, driven as the function drives it: the fence, the stopping call by itself, then everything else, look by look.

use super::{
    Admitted, Clause, World,
    release::{Kept, Result, Run},
};
use crate::{
    clock::FUNCTION_TIMEOUT,
    fixtures::release,
    parts::release::{Lacking, Missing},
    traffic::model::{Goal, Short, Toward},
};

/// More looks than any rollback takes.
const MOST_LOOKS: usize = 150;

/// What is in the way of one look of a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Nothing is seen.
    Blind,
    /// Something is not seen, by its place.
    Hidden(usize),
    /// A right is denied.
    Denied(String),
}

/// What is in a rollback's way.
#[derive(Debug, Clone, Default)]
pub(in crate::traffic) struct Obstacles {
    /// After how many looks what was under way arrives; never if it got lost.
    pub(super) late_after: Option<usize>,
    /// Look by look, from the first one.
    pub(super) ahead: Vec<Option<Obstacle>>,
    /// Whether what goes out with the fence is seen before that, or behind it.
    pub(super) sees_before: bool,
}

impl Obstacles {
    /// One and the same for so many looks.
    pub(super) fn lasting(obstacle: Obstacle, looks: usize) -> Self {
        Self {
            ahead: vec![Some(obstacle); looks],
            ..Self::default()
        }
    }

    fn at(&self, look: usize) -> Option<&Obstacle> {
        self.ahead.get(look)?.as_ref()
    }
}

/// What a look has sent, and what of that AWS has refused.
struct Sent<Change> {
    all: Vec<Change>,
    failed: Vec<Change>,
}

impl<M: Admitted> Run<'_, M> {
    /// The record says that the release is rolled back.
    pub(super) fn fence(&mut self) {
        self.goes_back = true;
        if let Some(kept) = &mut self.kept {
            (kept.since, kept.asked) = (self.now, None);
            self.writes += 1;
        }
    }

    /// Until everything is as found, behind the fence.
    pub(in crate::traffic) fn roll_back(&mut self, obstacles: &Obstacles) -> Result<()> {
        if self.kept.is_none() {
            return Ok(());
        }
        self.pass()?;
        self.fence();
        for n in 0..MOST_LOOKS {
            if n > 0 {
                self.pass()?;
            }
            if self.look_back(n, obstacles)? {
                return Ok(());
            }
        }
        Err(self.violation(Clause::Restores, "a rollback without an end"))
    }

    /// A rollback to which something was denied goes on, with nothing in its way.
    pub(super) fn finish_back(&mut self) -> Result<()> {
        for _ in 0..MOST_LOOKS {
            self.pass()?;
            if self.look_back(usize::MAX, &Obstacles::default())? {
                return Ok(());
            }
        }
        Err(self.violation(Clause::Perseveres, "a rollback without an end"))
    }

    /// So many looks of a rollback, whatever they come to.
    pub(super) fn look_back_for(&mut self, looks: usize, obstacles: &Obstacles) -> Result<()> {
        for n in 0..looks {
            if n > 0 {
                self.pass()?;
            }
            self.look_back(n, obstacles)?;
        }
        Ok(())
    }

    /// One look; whether everything is as found.
    pub(super) fn look_back(&mut self, n: usize, obstacles: &Obstacles) -> Result<bool> {
        let obstacle = obstacles.at(n);
        let denied = match obstacle {
            Some(Obstacle::Denied(right)) => Some(right),
            _ => None,
        };
        let before = self.seen_with(obstacle);
        let mut sent = Sent {
            all: Vec::new(),
            failed: Vec::new(),
        };
        if n == 0 && !self.send(self.stopping(), denied, &mut sent)? {
            return Ok(false);
        }
        let stopping = sent.all.clone();
        let seen = if obstacles.sees_before {
            before
        } else {
            self.seen_with(obstacle)
        };
        let toward = self.toward(&seen)?;
        if obstacles.late_after == Some(n) {
            for change in std::mem::take(&mut self.late) {
                self.world.take(&change);
            }
        } else if obstacles.late_after.is_none() {
            self.late.clear();
        }
        let is_over = match toward {
            Ok(attained) => {
                if obstacle == Some(&Obstacle::Blind) {
                    let what = format!(
                        "nothing was seen, and a rollback is over ({})",
                        attained.said
                    );
                    return Err(self.violation(Clause::Knows, what));
                }
                self.is_fenced()
            }
            Err(Short::Wait(_)) => false,
            Err(Short::Refuse(refusal)) => {
                let what = format!("a rollback is refused: {refusal}");
                return Err(self.violation(Clause::Restores, what));
            }
            Err(Short::Change {
                set, mut changes, ..
            }) => {
                changes.retain(|change| !stopping.contains(change));
                if let Some(set) = set {
                    if !self.write() {
                        self.lives = usize::MAX;
                        return Ok(false);
                    }
                    self.set(&set)?;
                }
                if !self.send(changes, denied, &mut sent)? {
                    return Ok(false);
                }
                false
            }
        };
        self.keep_books(&seen, &sent, obstacle.is_none() || denied.is_some())?;
        Ok(is_over)
    }

    fn is_fenced(&self) -> bool {
        let since = self.kept.as_ref().map(|kept| kept.since);
        since.is_some_and(|since| self.now > since + FUNCTION_TIMEOUT)
    }

    fn seen_with(&self, obstacle: Option<&Obstacle>) -> M::Seen {
        match obstacle {
            None | Some(Obstacle::Denied(_)) => self.world.seen(),
            Some(Obstacle::Blind) => self.place.model.nothing(),
            Some(Obstacle::Hidden(at)) => {
                let mut hidden = self.world.hidden();
                hidden.swap_remove(at % hidden.len()).1
            }
        }
    }

    /// The stopping call, decided on nothing but the record.
    pub(super) fn stopping(&self) -> Vec<M::Change> {
        let (unseen, id) = (self.place.model.nothing(), release());
        let stop = |kept: &Kept<M>| {
            let view = kept.view(&unseen, &kept.set, &id, self.now);
            self.place.model.stop(view)
        };
        self.kept.as_ref().map_or_else(Vec::new, stop)
    }

    fn toward(&self, seen: &M::Seen) -> Result<Toward<M>> {
        let (goal, id) = (
            Goal::AsFound {
                fenced: self.is_fenced(),
            },
            release(),
        );
        let Some(kept) = &self.kept else {
            return Err(self.violation(Clause::Restores, "there is no release"));
        };
        let view = kept.view(seen, &kept.set, &id, self.now);
        Ok(self.place.model.toward(goal, view))
    }

    fn set(&mut self, set: &M::Set) -> Result<()> {
        if self.kept.as_ref().is_some_and(|kept| kept.set == *set) {
            return Ok(());
        }
        let set = self.stored(set)?;
        if let Some(kept) = &mut self.kept {
            kept.set = set;
        }
        Ok(())
    }

    /// All changes at once, whatever fails; `false` if the function is killed.
    fn send(
        &mut self,
        changes: Vec<M::Change>,
        denied: Option<&String>,
        sent: &mut Sent<M::Change>,
    ) -> Result<bool> {
        for change in changes {
            if !self.write() {
                self.lives = usize::MAX;
                return Ok(false);
            }
            sent.all.push(change.clone());
            if denied == Some(&M::World::right(&change)) {
                sent.failed.push(change);
            } else {
                self.change(&change)?;
            }
        }
        Ok(true)
    }

    /// What AWS has refused, and whether the stopping call has got through.
    fn keep_books(
        &mut self,
        seen: &M::Seen,
        sent: &Sent<M::Change>,
        saw_everything: bool,
    ) -> Result<()> {
        let Some(kept) = &mut self.kept else {
            return Ok(());
        };
        let (id, now, model) = (release(), self.now, &self.place.model);
        let refused = sent.failed.iter().map(|change| Lacking {
            what: change.to_string(),
            why: "not allowed".to_owned(),
        });
        let view = kept.view(seen, &kept.set, &id, now);
        let lacking: Vec<Lacking> = model.lacking(view).into_iter().chain(refused).collect();
        let after = model.sent(&sent.all, &sent.failed, view);
        kept.refused
            .retain(|it| !saw_everything || lacking.iter().any(|new| new.what == it.what));
        for new in lacking {
            if !kept.refused.iter().any(|it| it.what == new.what) {
                kept.refused.push(Missing {
                    what: new.what,
                    why: new.why,
                    since: now,
                    told: now,
                });
            }
        }
        self.set(&after)
    }
}
