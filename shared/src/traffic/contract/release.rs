//! A release, driven from goal to goal as the functions drive it.

use std::time::Duration;

use super::{Admitted, Clause, Place, Violation, World};
use crate::{
    clock::Timestamp,
    fixtures::{at, release, weight},
    parts::{
        Begun, NotBegun,
        gate::When,
        release::{Missing, Promotion},
    },
    traffic::{
        begin::Beginning,
        model::{Attained, Goal, Short, View},
    },
    weight::{Drain, Weight},
};

/// Time between two looks.
const BETWEEN: Duration = Duration::from_secs(10);

/// More looks than any release takes.
pub(super) const MOST_LOOKS: usize = 400;

/// For so many looks in a row a share is held, and a promotion watched.
const BAKES: usize = 2;

/// How the changes of one look arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Once,
    Twice,
    Reversed,
}

/// How far a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Placing,
    /// At a share, and for how many looks it was held.
    Sharing(usize, usize),
    Shared,
    Promoting,
    /// The promotion is complete, and was seen so for so many looks.
    Watching(usize),
    Over,
}

/// What the record holds of a release.
#[derive(Debug, Clone)]
pub(super) struct Kept<M: Admitted> {
    pub(super) found: M::Found,
    pub(super) set: M::Set,
    pub(super) stage: Stage,
    /// The share last asked for, while the release is at shares.
    pub(super) asked: Option<Weight>,
    pub(super) began: Timestamp,
    pub(super) since: Timestamp,
    pub(super) refused: Vec<Missing>,
}

/// A release under way, in an account.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Run<'a, M: Admitted> {
    pub(super) place: &'a Place<M>,
    pub(in crate::traffic) world: M::World,
    pub(super) kept: Option<Kept<M>>,
    pub(super) now: Timestamp,
    pub(super) looks: usize,
    /// How many writes there were: of the record, and changes.
    pub(super) writes: usize,
    /// How many more get through before the function that makes them is killed.
    pub(super) lives: usize,
    /// What was under way when it was.
    pub(super) late: Vec<M::Change>,
    pub(super) delivery: Delivery,
    /// Whether everything is asked at every look that a look may be asked: a release that is told for something else is not.
    pub(super) is_examined: bool,
    pub(super) goes_back: bool,
}

/// What a look has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::traffic) enum Looked {
    On,
    Dead,
    Over,
}

pub(in crate::traffic) type Result<T> = std::result::Result<T, Violation>;

impl Stage {
    fn was_held(self) -> bool {
        matches!(self, Self::Sharing(_, held) if held > 0)
    }
}

impl<M: Admitted> Kept<M> {
    pub(super) fn promotion(&self) -> Promotion {
        match self.stage {
            Stage::Placing | Stage::Sharing(..) | Stage::Shared => Promotion::NotBegun,
            Stage::Promoting => Promotion::Begun,
            Stage::Watching(_) => Promotion::GivenBack,
            Stage::Over => Promotion::Complete,
        }
    }

    pub(super) fn view<'a>(
        &'a self,
        seen: &'a M::Seen,
        set: &'a M::Set,
        id: &'a crate::names::ReleaseId,
        now: Timestamp,
    ) -> View<'a, M> {
        View {
            now,
            release: id,
            began: self.began,
            since: self.since,
            asked: self.asked,
            promotion: self.promotion(),
            refused: &self.refused,
            seen,
            found: &self.found,
            set,
        }
    }
}

impl<'a, M: Admitted> Run<'a, M> {
    pub(in crate::traffic) fn new(place: &'a Place<M>) -> Self {
        Self {
            place,
            world: place.world.clone(),
            kept: None,
            now: at(1000),
            looks: 0,
            writes: 0,
            lives: usize::MAX,
            late: Vec::new(),
            delivery: Delivery::Once,
            is_examined: false,
            goes_back: false,
        }
    }

    /// The release goes on to its end; `false` if it is killed on its way.
    pub(in crate::traffic) fn release(&mut self) -> Result<bool> {
        let mut last = String::new();
        match self.release_for(MOST_LOOKS, &mut last)? {
            Looked::Over => Ok(true),
            Looked::Dead => Ok(false),
            Looked::On => {
                let stage = self.kept.as_ref().map(|kept| kept.stage);
                let what = format!("no end, in stage {stage:?}: {last}");
                Err(self.violation(Clause::Attains, what))
            }
        }
    }

    /// The release goes on for so many looks.
    pub(in crate::traffic) fn release_for(
        &mut self,
        looks: usize,
        last: &mut String,
    ) -> Result<Looked> {
        for _ in 0..looks {
            self.pass()?;
            match self.look(last)? {
                Looked::On => {}
                ended => return Ok(ended),
            }
        }
        Ok(Looked::On)
    }

    pub(super) fn violation(&self, clause: Clause, what: impl Into<String>) -> Violation {
        Violation::new(clause, what).at(format!("look {}, {} writes", self.looks, self.writes))
    }

    /// Time passes until the next look.
    pub(super) fn pass(&mut self) -> Result<()> {
        self.now = self.now + BETWEEN;
        self.looks += 1;
        self.world.pass(self.now);
        self.bears()
    }

    fn bears(&self) -> Result<()> {
        let bears = self.world.bears(self.goes_back);
        bears.map_err(|harm| Violation::of(harm).at(format!("look {}", self.looks)))
    }

    /// A write gets through, if the function is still alive.
    pub(super) fn write(&mut self) -> bool {
        let lives = self.lives > 0;
        if lives {
            self.lives -= 1;
            self.writes += 1;
        }
        lives
    }

    /// One look of whichever function is at it.
    fn look(&mut self, last: &mut String) -> Result<Looked> {
        let Some(kept) = &self.kept else {
            return self.begin(last);
        };
        let (stage, id) = (kept.stage, release());
        let seen = self.world.seen();
        if self.is_examined {
            self.examine(kept, stage)?;
        }
        let set = {
            let model = &self.place.model;
            model
                .noted(When::Action, kept.view(&seen, &kept.set, &id, self.now))
                .set
        };
        self.gates(kept, &set, &seen, When::Action, Clause::Attains)?;
        let view = kept.view(&seen, &set, &id, self.now);
        if self.place.model.undecided(When::Action, view).is_some() {
            return Ok(Looked::On);
        }
        if stage == Stage::Shared {
            let approved = self.place.model.approved(view);
            return match approved {
                Ok(()) => Ok(self.advance(Stage::Promoting)),
                Err(short) => self.short(short, last),
            };
        }
        let goal = self.goal(stage);
        let toward = self.place.model.toward(goal, view);
        let is_held = self.place.model.is_held(goal, stage.was_held(), view);
        match toward {
            Ok(_) => self.attained(goal, is_held, last),
            Err(short) => self.short(short, last),
        }
    }

    pub(super) fn goal(&self, stage: Stage) -> Goal {
        match stage {
            Stage::Placing => Goal::Placed,
            Stage::Sharing(at, _) => Goal::Share {
                asked: weight(self.place.shares[at]),
                tolerance: None,
            },
            Stage::Shared | Stage::Promoting | Stage::Watching(_) | Stage::Over => Goal::Promoted {
                drain: Drain {
                    step: 30,
                    ..Drain::default()
                },
                over: stage == Stage::Over,
            },
        }
    }

    fn begin(&mut self, last: &mut String) -> Result<Looked> {
        let (seen, before, id) = (self.world.seen(), self.world.before(), release());
        let begun = self.place.model.begin(Beginning {
            now: self.now,
            release: &id,
            seen: &seen,
            before: Some(&before),
        });
        let Begun {
            found,
            set,
            changes,
            ..
        } = match begun {
            Ok(begun) => begun,
            Err(NotBegun::Wait(waiting_on)) => {
                *last = waiting_on.to_string();
                return Ok(Looked::On);
            }
            Err(why) => {
                let why = format!("a release that is in order does not begin: {why:?}");
                return Err(self.violation(Clause::Attains, why));
            }
        };
        if !self.write() {
            return Ok(Looked::Dead);
        }
        self.kept = Some(Kept {
            found: self.stored(&found)?,
            set: self.stored(&set)?,
            stage: Stage::Placing,
            asked: None,
            began: self.now,
            since: self.now,
            refused: Vec::new(),
        });
        self.carry_out(None, changes)
    }

    /// What the record gives back of what is written into it.
    pub(super) fn stored<T: crate::traffic::model::Stored>(&self, what: &T) -> Result<T> {
        let text = serde_json::to_string(what);
        let read = text.and_then(|text| serde_json::from_str(&text));
        match read {
            Ok(read) if read == *what => Ok(read),
            other => Err(self.violation(
                Clause::Records,
                format!("{what:?} is stored, and {other:?} is read back"),
            )),
        }
    }

    /// A goal is attained; a share only counts where it is held.
    fn attained(&mut self, goal: Goal, is_held: bool, last: &mut String) -> Result<Looked> {
        "attained, but not held".clone_into(last);
        self.settles(goal)?;
        self.is_placed()?;
        let Some(kept) = &mut self.kept else {
            return Ok(Looked::On);
        };
        let shares = self.place.shares.len();
        match &mut kept.stage {
            Stage::Sharing(_, held) if !is_held => *held = 0,
            Stage::Sharing(_, held) | Stage::Watching(held) if *held < BAKES => *held += 1,
            Stage::Sharing(at, _) if *at + 1 < shares => {
                kept.stage = Stage::Sharing(*at + 1, 0);
            }
            Stage::Placing => kept.stage = Stage::Sharing(0, 0),
            Stage::Sharing(..) => kept.stage = Stage::Shared,
            Stage::Promoting => return Ok(self.advance(Stage::Watching(0))),
            Stage::Watching(_) => return Ok(self.advance(Stage::Over)),
            Stage::Shared | Stage::Over => return Ok(Looked::Over),
        }
        Ok(Looked::On)
    }

    /// Where the candidate is placed it may get a share.
    fn is_placed(&self) -> Result<()> {
        let (seen, id, model) = (self.world.seen(), release(), &self.place.model);
        let is_placed =
            |kept: &Kept<M>| model.is_placed(kept.view(&seen, &kept.set, &id, self.now));
        if self.kept.as_ref().is_none_or(is_placed) {
            return Ok(());
        }
        Err(self.violation(Clause::Attains, "a goal is attained, and nothing is placed"))
    }

    /// The record goes to another phase.
    fn advance(&mut self, stage: Stage) -> Looked {
        if !self.write() {
            return Looked::Dead;
        }
        if let Some(kept) = &mut self.kept {
            (kept.stage, kept.since, kept.asked) = (stage, self.now, None);
        }
        Looked::On
    }

    /// What is between what is seen and a goal goes out.
    pub(super) fn short(&mut self, short: Short<M>, last: &mut String) -> Result<Looked> {
        match short {
            Short::Change {
                doing,
                set,
                changes,
            } => {
                *last = doing.to_string();
                self.carry_out(set, changes)
            }
            Short::Wait(waiting_on) => {
                *last = waiting_on.to_string();
                Ok(Looked::On)
            }
            Short::Refuse(refusal) => {
                let why = format!("a release that is in order is refused: {refusal}");
                Err(self.violation(Clause::Attains, why))
            }
        }
    }

    /// The record first, then the changes; not to the end if the function is killed on the way.
    fn carry_out(&mut self, set: Option<M::Set>, changes: Vec<M::Change>) -> Result<Looked> {
        let asked = self.asks_anew();
        if set.is_some() || asked.is_some() {
            if !self.write() {
                return Ok(Looked::Dead);
            }
            let set = set.map(|set| self.stored(&set)).transpose()?;
            if let Some(kept) = &mut self.kept {
                kept.set = set.unwrap_or_else(|| kept.set.clone());
                if kept.asked.is_none() && asked.is_some() {
                    kept.since = self.now;
                }
                kept.asked = asked.or(kept.asked);
            }
        }
        let changes = self.delivered(changes);
        for (n, change) in changes.iter().enumerate() {
            if !self.write() {
                self.late = changes[n..].to_vec();
                return Ok(Looked::Dead);
            }
            self.change(change)?;
            self.recorded(change)?;
        }
        Ok(Looked::On)
    }

    /// The share that the record does not hold yet.
    fn asks_anew(&self) -> Option<Weight> {
        let kept = self.kept.as_ref()?;
        let Goal::Share { asked, .. } = self.goal(kept.stage) else {
            return None;
        };
        (kept.asked != Some(asked)).then_some(asked)
    }

    fn delivered(&self, mut changes: Vec<M::Change>) -> Vec<M::Change> {
        match self.delivery {
            Delivery::Once => {}
            Delivery::Twice => changes.extend(changes.clone()),
            Delivery::Reversed => changes.reverse(),
        }
        changes
    }

    /// One change arrives.
    pub(super) fn change(&mut self, change: &M::Change) -> Result<()> {
        let may = self.world.may(change);
        let at = || format!("look {}, {change}", self.looks);
        may.map_err(|harm| Violation::of(harm).at(at()))?;
        self.world.take(change);
        self.bears().map_err(|violation| violation.at(change))
    }

    /// Behind a change of the release's own every gate is as it was: also while an approval waits.
    fn recorded(&self, change: &M::Change) -> Result<()> {
        let Some(kept) = self.kept.as_ref().filter(|_| !self.goes_back) else {
            return Ok(());
        };
        let seen = self.world.seen();
        let shares = matches!(kept.stage, Stage::Sharing(..));
        let whens = [Some(When::Action), shares.then_some(When::Approval)];
        for when in whens.into_iter().flatten() {
            let gates = self.gates(kept, &kept.set, &seen, when, Clause::Records);
            gates.map_err(|violation| violation.at(format!("behind \"{change}\"")))?;
        }
        Ok(())
    }

    /// No gate is closed.
    pub(super) fn gates(
        &self,
        kept: &Kept<M>,
        set: &M::Set,
        seen: &M::Seen,
        when: When,
        clause: Clause,
    ) -> Result<()> {
        let id = release();
        let view = kept.view(seen, set, &id, self.now);
        if let Some((gate, refusal)) = self.place.model.closed(when, view) {
            let what = format!("the gate \"{gate}\" is closed ({when:?}): {refusal}");
            return Err(self.violation(clause, what));
        }
        Ok(())
    }

    /// One more look at what is attained changes nothing.
    pub(super) fn settles(&self, goal: Goal) -> Result<()> {
        let Some(kept) = self.kept.as_ref().filter(|_| self.world.is_still()) else {
            return Ok(());
        };
        let (mut later, id) = (self.world.clone(), release());
        let now = self.now + BETWEEN;
        later.pass(now);
        let seen = later.seen();
        let again = self
            .place
            .model
            .toward(goal, kept.view(&seen, &kept.set, &id, now));
        match again {
            Ok(Attained { .. }) | Err(Short::Wait(_)) => Ok(()),
            Err(Short::Change { doing, changes, .. }) => {
                let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
                let what = format!(
                    "{goal:?} is attained, and one more look changes something: {doing}: {}",
                    changes.join("; ")
                );
                Err(self.violation(Clause::Settles, what))
            }
            Err(Short::Refuse(refusal)) => {
                let what = format!("{goal:?} is attained, and one more look refuses it: {refusal}");
                Err(self.violation(Clause::Settles, what))
            }
        }
    }
}
