//! All that can be asked about a release, whatever its model.

use crate::{
    parts::{
        body::Body,
        gate::{Gate, When},
        release::{Lacking, Release},
    },
    traffic::{
        Change,
        line::Listed,
        model::{Attained, Goal, News, Noted, Short, Takes, View},
    },
    weight::Attained as Share,
    words::{Said, Shared},
};

/// What is between what is seen and a goal.
#[derive(Debug, Clone, PartialEq)]
pub enum Between {
    /// Something is to be changed; or, without changes, to be noted.
    Change {
        /// What this is.
        doing: Said,
        /// What the record is to hold before the changes go out, if it does not yet.
        set: Option<Body>,
        /// The changes, without an order among them.
        changes: Vec<Change>,
    },
    /// Something is on its way.
    Wait(Said),
    /// The goal cannot be reached.
    Refuse(Said),
}

/// Why a gate is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shut {
    /// It.
    pub why: Said,
    /// The part of the pair that somebody else has changed, by its name, if that is why.
    pub changed: Option<String>,
}

/// All that can be asked about a release, whatever its model.
pub trait Asked {
    /// What is between what was seen and a goal.
    ///
    /// # Errors
    /// Something is.
    fn toward(&self, goal: Goal) -> Result<Attained, Between>;

    /// Whether the canary runs exactly what was approved, so that a promotion may begin.
    ///
    /// # Errors
    /// It runs something else, which is refused; or it does not run for now.
    fn approved(&self) -> Result<(), Between>;

    /// Time that work needs to finish on the way to a goal; it is added to the action's timeout.
    fn takes(&self, goal: Goal) -> Takes;

    /// Whether a goal is really held, as a bake counts it; `was` if the look before saw it held.
    fn is_held(&self, goal: Goal, was: bool) -> bool;

    /// Whether the candidate was put where it may get a share. How well it runs is another question.
    fn is_placed(&self) -> bool;

    /// The share that there is, as counts or weights give it, if it was seen.
    fn share(&self) -> Option<Share>;

    /// The canary's share of what takes work, 0 to 1, where work is split by that.
    fn capacity_share(&self) -> Option<f64>;

    /// The first of the model's gates that is seen closed, of those that count then.
    fn closed(&self, when: When) -> Option<(Gate, Shut)>;

    /// What nobody can tell yet: nothing goes further until somebody can.
    fn undecided(&self, when: When) -> Option<Said>;

    /// What is stored, with what this look has seen that counts only together with other looks; and what of that later looks need.
    fn noted(&self, when: When) -> (Body, Option<News>);

    /// What takes work from the candidate, and needs nothing else to succeed.
    fn stop(&self) -> Vec<Change>;

    /// What is stored after the look of a rollback that has sent these changes, of which these have failed.
    fn sent(&self, sent: &[Change], failed: &[Change]) -> Body;

    /// What is stored where somebody else has changed this part: what they have written stays.
    fn spared(&self, changed: &str) -> Body;

    /// What a rollback cannot do, so that it is not tried.
    fn lacking(&self) -> Vec<Lacking>;

    /// What a rollback puts back, one line each.
    fn restores(&self) -> Vec<String>;
}

/// What a model decides on.
pub(super) struct Told<'a, M: Listed> {
    of: Release<'a>,
    seen: &'a M::Seen,
    found: M::Found,
    set: M::Set,
}

impl<'a, M: Listed> Told<'a, M> {
    /// Of a release; `None` where what is stored cannot be read.
    pub(super) fn new(of: Release<'a>, seen: &'a M::Seen) -> Option<Self> {
        let (found, set) = read::<M>(of.body, of.is_newer).ok()?;
        Some(Self {
            of,
            seen,
            found,
            set,
        })
    }

    pub(super) fn view(&self) -> View<'_, M> {
        let of = self.of;
        View {
            now: of.now,
            release: of.id,
            began: of.began,
            since: of.since,
            asked: of.asked,
            promotion: of.promotion,
            refused: of.refused,
            seen: self.seen,
            found: &self.found,
            set: &self.set,
        }
    }
}

/// A model and what it decides on.
pub(super) struct Joint<'a, M: Listed> {
    pub(super) model: &'a M,
    pub(super) told: Told<'a, M>,
}

impl<M: Listed> Joint<'_, M> {
    fn view(&self) -> View<'_, M> {
        self.told.view()
    }

    fn with(&self, set: &M::Set) -> Body {
        let before = self.told.of.body;
        Body {
            found: before.found.clone(),
            set: before.set.with(&self.told.set, set),
        }
    }

    pub(super) fn let_go(&self) -> Result<(), Between> {
        let let_go = self.model.let_go(self.view());
        let_go.map_err(|short| self.between(short))
    }

    fn between(&self, short: Short<M>) -> Between {
        match short {
            Short::Change {
                doing,
                set,
                changes,
            } => Between::Change {
                doing: doing.into(),
                set: set.map(|set| self.with(&set)),
                changes: all::<M>(changes),
            },
            Short::Wait(waiting_on) => Between::Wait(waiting_on.into()),
            Short::Refuse(why) => Between::Refuse(why.into()),
        }
    }
}

/// Changes of a model, as everybody else has them.
pub(super) fn all<M: Listed>(changes: Vec<M::Change>) -> Vec<Change> {
    let changes = changes.into_iter();
    changes.map(|it| M::change(it)).collect()
}

/// The other way: those that are the model's.
fn own<M: Listed>(changes: &[Change]) -> Vec<M::Change> {
    let own = changes.iter().filter_map(|it| M::of_change(it).cloned());
    own.collect()
}

/// What is stored, as far as its model knows it.
pub(super) fn known<M: Listed>(body: &Body) -> Option<(M::Found, M::Set)> {
    read::<M>(body, true).ok()
}

/// What is stored, as its model reads it. What a later version of the suite has set in another form is not known.
pub(super) fn read<M: Listed>(
    body: &Body,
    is_newer: bool,
) -> Result<(M::Found, M::Set), serde_json::Error> {
    let Body { found, set } = body;
    let set = if is_newer {
        set.read_what_is_known()
    } else {
        set.read()
    };
    Ok((found.read()?, set?))
}

impl<M: Listed> Asked for Joint<'_, M> {
    fn toward(&self, goal: Goal) -> Result<Attained, Between> {
        let toward = self.model.toward(goal, self.view());
        toward.map_err(|short| self.between(short))
    }

    fn approved(&self) -> Result<(), Between> {
        let approved = self.model.approved(self.view());
        approved.map_err(|short| self.between(short))
    }

    fn takes(&self, goal: Goal) -> Takes {
        self.model.takes(goal, self.view())
    }

    fn is_held(&self, goal: Goal, was: bool) -> bool {
        self.model.is_held(goal, was, self.view())
    }

    fn is_placed(&self) -> bool {
        self.model.is_placed(self.view())
    }

    fn share(&self) -> Option<Share> {
        self.model.share(self.view())
    }

    fn capacity_share(&self) -> Option<f64> {
        self.model.capacity_share(self.view())
    }

    fn closed(&self, when: When) -> Option<(Gate, Shut)> {
        let (gate, why) = self.model.closed(when, self.view())?;
        let changed = M::changed(&why).map(str::to_owned);
        let why = why.into();
        Some((gate, Shut { why, changed }))
    }

    fn undecided(&self, when: When) -> Option<Said> {
        self.model.undecided(when, self.view()).map(Into::into)
    }

    fn noted(&self, when: When) -> (Body, Option<News>) {
        let Noted { set, news } = self.model.noted(when, self.view());
        (self.with(&set), news)
    }

    fn stop(&self) -> Vec<Change> {
        all::<M>(self.model.stop(self.view()))
    }

    fn sent(&self, sent: &[Change], failed: &[Change]) -> Body {
        let (sent, failed) = (own::<M>(sent), own::<M>(failed));
        self.with(&self.model.sent(&sent, &failed, self.view()))
    }

    fn spared(&self, changed: &str) -> Body {
        self.with(&self.model.spared(changed, self.view()))
    }

    fn lacking(&self) -> Vec<Lacking> {
        self.model.lacking(self.view())
    }

    fn restores(&self) -> Vec<String> {
        self.model.restores(self.view())
    }
}

/// A release that says nothing that its model could decide on: nothing is done, and nothing is held.
pub(super) struct Mute<'a>(pub(super) &'a Body);

impl Asked for Mute<'_> {
    fn toward(&self, _goal: Goal) -> Result<Attained, Between> {
        Err(Between::Wait(Shared::OtherInvocation.into()))
    }

    fn approved(&self) -> Result<(), Between> {
        Err(Between::Wait(Shared::OtherInvocation.into()))
    }

    fn takes(&self, _goal: Goal) -> Takes {
        Takes::default()
    }

    fn is_held(&self, _goal: Goal, _was: bool) -> bool {
        false
    }

    fn is_placed(&self) -> bool {
        false
    }

    fn share(&self) -> Option<Share> {
        None
    }

    fn capacity_share(&self) -> Option<f64> {
        None
    }

    fn closed(&self, _when: When) -> Option<(Gate, Shut)> {
        None
    }

    fn undecided(&self, _when: When) -> Option<Said> {
        Some(Shared::OtherInvocation.into())
    }

    fn noted(&self, _when: When) -> (Body, Option<News>) {
        (self.0.clone(), None)
    }

    fn stop(&self) -> Vec<Change> {
        Vec::new()
    }

    fn sent(&self, _sent: &[Change], _failed: &[Change]) -> Body {
        self.0.clone()
    }

    fn spared(&self, _changed: &str) -> Body {
        self.0.clone()
    }

    fn lacking(&self) -> Vec<Lacking> {
        Vec::new()
    }

    fn restores(&self) -> Vec<String> {
        Vec::new()
    }
}
