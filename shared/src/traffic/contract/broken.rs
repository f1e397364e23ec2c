//! Models that are broken on purpose. Each of them has to fail the contract: otherwise its accounts are too kind.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use super::{
    Admitted, Clause, Place, World,
    clauses::{Trial, rights},
};
use crate::{
    fixtures::Speed,
    traffic::model::{Attained, Goal, Model, Short, Toward, View},
};

/// What is wrong with a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::traffic) enum Defect {
    /// Its stopping call is empty.
    StopsNothing,
    /// It takes what is on its way for there: work comes before tasks are healthy.
    IsHasty,
    /// It takes work for finished before it is: tasks go before their work.
    IsImpatient,
    /// It takes what was not seen for healthy.
    TrustsTheUnseen,
    /// It rolls back what `TARGET` names by then, in place of what the record holds.
    FollowsTarget,
    /// It does not give back what takes this right.
    Forgets(String),
    /// It changes something at every look.
    IsRestless,
    /// It promotes whatever runs.
    ApprovesAnything,
    /// Its changes go out before the record holds them.
    RecordsLate,
    /// It makes one change after the other: what is denied keeps the rest from being made.
    MakesOneChangeAtATime,
}

impl Defect {
    /// The clause that does not hold for it.
    fn breaks(&self) -> Clause {
        match self {
            Self::StopsNothing => Clause::Stops,
            Self::IsHasty => Clause::Bears,
            Self::IsImpatient => Clause::Drains,
            Self::TrustsTheUnseen => Clause::Knows,
            Self::FollowsTarget => Clause::Keeps,
            Self::Forgets(_) => Clause::Restores,
            Self::IsRestless => Clause::Settles,
            Self::ApprovesAnything => Clause::Approves,
            Self::RecordsLate => Clause::Records,
            Self::MakesOneChangeAtATime => Clause::Perseveres,
        }
    }
}

impl Defect {
    /// The releases in which that shows.
    fn shows_in(&self) -> Trial {
        match self {
            Self::StopsNothing | Self::FollowsTarget | Self::Forgets(_) => Trial::Crashes,
            Self::MakesOneChangeAtATime => Trial::Denied,
            _ => Trial::Whole,
        }
    }
}

/// What a restless model has changed last, and whether it rests since.
#[derive(Debug)]
struct Restless<M: Model> {
    last: Option<(M::Reason, Vec<M::Change>)>,
    rests: bool,
}

/// A model that is tried: as it is, or with something wrong.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Tried<M: Model> {
    model: M,
    defect: Option<Defect>,
    restless: Arc<Mutex<Restless<M>>>,
}

/// What is not said here the model answers itself.
impl<M: Model> Deref for Tried<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.model
    }
}

/// The contract says what is wrong with a broken model.
pub(in crate::traffic) fn assert_refused<M: Admitted>(defect: &Defect) {
    let places = || [Speed::Fast, Speed::Slow].into_iter().flat_map(M::places);
    let broken = places().map(|place| Place {
        name: place.name,
        speed: place.speed,
        world: place.world,
        shares: place.shares,
        model: place.model.broken(defect),
    });
    let broken: Vec<_> = broken.collect();
    let mut results = broken.iter().map(|place| defect.shows_in().holds(place));
    let violation = results.find_map(Result::err);
    match violation {
        Some(violation) => assert_eq!(violation.clause, defect.breaks(), "{violation}"),
        None => {
            panic!("a model that is broken ({defect:?}) is admitted: its accounts are too kind")
        }
    }
}

/// So is a model that forgets to give back what takes a right, whichever that is.
pub(in crate::traffic) fn assert_forgetting_is_refused<M: Admitted>() {
    let places = M::places(Speed::Fast).into_iter();
    let parts: Vec<_> = places.flat_map(|place| place.world.parts()).collect();
    for right in rights(&parts) {
        assert_refused::<M>(&Defect::Forgets(right));
    }
}

impl<M: Admitted> Tried<M> {
    /// A model as it is.
    pub(in crate::traffic) fn new(model: M) -> Self {
        Self {
            model,
            defect: None,
            restless: Arc::new(Mutex::new(Restless {
                last: None,
                rests: false,
            })),
        }
    }

    fn broken(self, defect: &Defect) -> Self {
        Self {
            defect: Some(defect.clone()),
            ..self
        }
    }

    pub(super) fn toward(&self, goal: Goal, view: View<'_, M>) -> Toward<M> {
        let toward = self.answer(goal, view);
        let goes_back = matches!(goal, Goal::AsFound { .. });
        match &self.defect {
            Some(Defect::IsRestless) => self.restless(toward),
            Some(Defect::TrustsTheUnseen) if *view.seen == self.model.nothing() => {
                Ok(nothing_is_wrong())
            }
            Some(Defect::Forgets(right)) if goes_back => {
                forgetting(toward, |change| M::World::right(change) == *right)
            }
            Some(Defect::RecordsLate) => unrecorded(toward),
            Some(Defect::MakesOneChangeAtATime) if goal == (Goal::AsFound { fenced: true }) => {
                one_at_a_time(toward)
            }
            _ => toward,
        }
    }

    /// What the model answers to what it takes for what is seen.
    fn answer(&self, goal: Goal, view: View<'_, M>) -> Toward<M> {
        let goes_back = matches!(goal, Goal::AsFound { .. });
        match &self.defect {
            Some(Defect::FollowsTarget) if goes_back => self.model.elsewhere().toward(goal, view),
            Some(Defect::IsHasty) if !goes_back => {
                let seen = &M::World::hasty(view.seen.clone());
                self.model.toward(goal, View { seen, ..view })
            }
            Some(Defect::IsImpatient) => {
                let now = view.began + view.now.since(view.began) * 100;
                self.model.toward(goal, View { now, ..view })
            }
            _ => self.model.toward(goal, view),
        }
    }

    pub(super) fn stop(&self, view: View<'_, M>) -> Vec<M::Change> {
        match self.defect {
            Some(Defect::StopsNothing) => Vec::new(),
            Some(Defect::FollowsTarget) => self.model.elsewhere().stop(view),
            _ => self.model.stop(view),
        }
    }

    pub(super) fn approved(&self, view: View<'_, M>) -> Result<(), Short<M>> {
        match self.defect {
            Some(Defect::ApprovesAnything) => Ok(()),
            _ => self.model.approved(view),
        }
    }

    /// What it changed last it changes again, every other time that nothing is to be changed.
    fn restless(&self, toward: Toward<M>) -> Toward<M> {
        let mut restless = self.restless.lock().expect("nobody else");
        if let Err(Short::Change { doing, changes, .. }) = &toward {
            restless.last = Some((doing.clone(), changes.clone()));
        }
        let rested = std::mem::replace(&mut restless.rests, toward.is_ok());
        match restless.last.clone().filter(|_| rested && toward.is_ok()) {
            Some((doing, changes)) => Err(changing(doing, changes)),
            None => toward,
        }
    }
}

fn nothing_is_wrong() -> Attained {
    Attained {
        said: "nothing is seen to be wrong".to_owned(),
        share: None,
        but: Vec::new(),
    }
}

/// Some changes are never made, and do not count.
fn forgetting<M: Model>(toward: Toward<M>, is_forgotten: impl Fn(&M::Change) -> bool) -> Toward<M> {
    let Err(Short::Change {
        doing,
        set,
        mut changes,
    }) = toward
    else {
        return toward;
    };
    let had = changes.len();
    changes.retain(|change| !is_forgotten(change));
    if set.is_none() && changes.is_empty() && had > 0 {
        return Ok(nothing_is_wrong());
    }
    Err(Short::Change {
        doing,
        set,
        changes,
    })
}

/// Changes go out before the record holds them.
fn unrecorded<M: Model>(toward: Toward<M>) -> Toward<M> {
    match toward {
        Err(Short::Change { doing, changes, .. }) if !changes.is_empty() => {
            Err(changing(doing, changes))
        }
        toward => toward,
    }
}

fn one_at_a_time<M: Model>(mut toward: Toward<M>) -> Toward<M> {
    if let Err(Short::Change { changes, .. }) = &mut toward {
        changes.truncate(1);
    }
    toward
}

fn changing<M: Model>(doing: M::Reason, changes: Vec<M::Change>) -> Short<M> {
    Short::Change {
        doing,
        set: None,
        changes,
    }
}
