//! Models that are broken on purpose. Each of them has to fail the contract: otherwise its accounts are too kind.

use std::cell::{Cell, RefCell};

use proptest::strategy::BoxedStrategy;

use super::{
    Admitted, Clause, Place, World,
    clauses::{Trial, rights},
};
use crate::{
    decision::{Doing, Refusal, Step, WaitingOn},
    fixtures::Speed,
    gates::{Gate, When},
    names::ServiceName,
    record::Lacking,
    traffic::{
        begin::{Begin, Beginning},
        model::{Attained, Goal, Model, Noted, Short, Takes, Toward, Versions, View},
    },
    weight,
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

/// A model with something wrong.
#[derive(Debug, Clone)]
struct Broken<M> {
    model: M,
    defect: Defect,
    /// What it has changed last, and whether that was asked for since.
    last: RefCell<Option<(Doing, Vec<Step>)>>,
    is_awake: Cell<bool>,
}

/// The contract says what is wrong with a broken model.
pub(in crate::traffic) fn assert_refused<M: Admitted>(defect: &Defect) {
    let places = || [Speed::Fast, Speed::Slow].into_iter().flat_map(M::places);
    let broken = places().map(|place| Place {
        name: place.name,
        speed: place.speed,
        world: place.world,
        shares: place.shares,
        model: Broken::new(place.model, defect.clone()),
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

impl<M: Admitted> Broken<M> {
    fn new(model: M, defect: Defect) -> Self {
        Self {
            model,
            defect,
            last: RefCell::new(None),
            is_awake: Cell::new(false),
        }
    }

    /// What it changed last it changes again, every other time that nothing is to be changed.
    fn restless(&self, toward: Toward<M::Set>) -> Toward<M::Set> {
        if let Err(Short::Change { doing, changes, .. }) = &toward {
            *self.last.borrow_mut() = Some((doing.clone(), changes.clone()));
        }
        let is_awake = self.is_awake.replace(toward.is_ok());
        match self
            .last
            .borrow()
            .clone()
            .filter(|_| is_awake && toward.is_ok())
        {
            Some((doing, changes)) => Err(Short::change(doing, changes)),
            None => toward,
        }
    }

    /// What the model that is wrapped decides on.
    fn of(view: View<'_, Self>) -> View<'_, M> {
        View {
            now: view.now,
            release: view.release,
            began: view.began,
            since: view.since,
            asked: view.asked,
            promotion: view.promotion,
            refused: view.refused,
            seen: view.seen,
            found: view.found,
            set: view.set,
        }
    }

    /// What the model answers to what it takes for what is seen.
    fn answer(&self, goal: Goal, view: View<'_, M>) -> Toward<M::Set> {
        let goes_back = matches!(goal, Goal::AsFound { .. });
        match &self.defect {
            Defect::FollowsTarget if goes_back => self.model.elsewhere().toward(goal, view),
            Defect::IsHasty if !goes_back => {
                let seen = &M::World::hasty(view.seen.clone());
                self.model.toward(goal, View { seen, ..view })
            }
            Defect::IsImpatient => {
                let now = view.began + view.now.since(view.began) * 100;
                self.model.toward(goal, View { now, ..view })
            }
            _ => self.model.toward(goal, view),
        }
    }
}

impl<M: Admitted> Admitted for Broken<M> {
    type World = M::World;

    const DRAINS: bool = M::DRAINS;

    fn places(_speed: Speed) -> Vec<Place<Self>> {
        Vec::new()
    }

    fn any(_speed: Speed) -> BoxedStrategy<Place<Self>> {
        unreachable!("a broken model has the places of the one that is broken")
    }

    fn elsewhere(&self) -> Self {
        Self::new(self.model.elsewhere(), self.defect.clone())
    }
}

impl<M: Admitted> Model for Broken<M> {
    type Found = M::Found;
    type Set = M::Set;
    type Seen = M::Seen;
    type Before = M::Before;

    fn versions(found: &M::Found, set: &M::Set) -> Versions {
        M::versions(found, set)
    }

    fn is_placed(&self, view: View<'_, Self>) -> bool {
        self.model.is_placed(Self::of(view))
    }

    fn begin(&self, of: Beginning<'_, Self>) -> Begin<M::Found, M::Set> {
        self.model.begin(Beginning {
            now: of.now,
            release: of.release,
            seen: of.seen,
            before: of.before,
        })
    }

    fn toward(&self, goal: Goal, view: View<'_, Self>) -> Toward<M::Set> {
        let toward = self.answer(goal, Self::of(view));
        let goes_back = matches!(goal, Goal::AsFound { .. });
        let is_unseen = || M::World::unseen(view.seen) == *view.seen;
        match &self.defect {
            Defect::IsRestless => self.restless(toward),
            Defect::TrustsTheUnseen if is_unseen() => Ok(nothing_is_wrong()),
            Defect::Forgets(right) if goes_back => {
                forgetting(toward, |change| M::World::right(change) == *right)
            }
            Defect::RecordsLate => unrecorded(toward),
            Defect::MakesOneChangeAtATime if goal == (Goal::AsFound { fenced: true }) => {
                one_at_a_time(toward)
            }
            _ => toward,
        }
    }

    fn ask(&self, gate: Gate, when: When, view: View<'_, Self>) -> Result<(), Refusal> {
        self.model.ask(gate, when, Self::of(view))
    }

    fn undecided(&self, when: When, view: View<'_, Self>) -> Option<WaitingOn> {
        self.model.undecided(when, Self::of(view))
    }

    fn noted(&self, when: When, view: View<'_, Self>) -> Noted<M::Set> {
        self.model.noted(when, Self::of(view))
    }

    fn stop(&self, view: View<'_, Self>) -> Vec<Step> {
        match self.defect {
            Defect::StopsNothing => Vec::new(),
            Defect::FollowsTarget => self.model.elsewhere().stop(Self::of(view)),
            _ => self.model.stop(Self::of(view)),
        }
    }

    fn sent(&self, sent: &[Step], failed: &[Step], view: View<'_, Self>) -> M::Set {
        self.model.sent(sent, failed, Self::of(view))
    }

    fn lacking(&self, view: View<'_, Self>) -> Vec<Lacking> {
        self.model.lacking(Self::of(view))
    }

    fn restores(&self, view: View<'_, Self>) -> Vec<String> {
        self.model.restores(Self::of(view))
    }

    fn held_schedules(&self, view: View<'_, Self>) -> Vec<ServiceName> {
        self.model.held_schedules(Self::of(view))
    }

    fn spared(&self, changed: &ServiceName, view: View<'_, Self>) -> M::Set {
        self.model.spared(changed, Self::of(view))
    }

    fn share(&self, view: View<'_, Self>) -> Option<weight::Attained> {
        self.model.share(Self::of(view))
    }

    fn is_held(&self, goal: Goal, was: bool, view: View<'_, Self>) -> bool {
        self.model.is_held(goal, was, Self::of(view))
    }

    fn approved(&self, view: View<'_, Self>) -> Result<(), Short<M::Set>> {
        if self.defect == Defect::ApprovesAnything {
            return Ok(());
        }
        self.model.approved(Self::of(view))
    }

    fn takes(&self, goal: Goal, view: View<'_, Self>) -> Takes {
        self.model.takes(goal, Self::of(view))
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
fn forgetting<Set>(toward: Toward<Set>, is_forgotten: impl Fn(&Step) -> bool) -> Toward<Set> {
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
fn unrecorded<Set>(toward: Toward<Set>) -> Toward<Set> {
    match toward {
        Err(Short::Change { doing, changes, .. }) if !changes.is_empty() => {
            Err(Short::change(doing, changes))
        }
        toward => toward,
    }
}

fn one_at_a_time<Set>(mut toward: Toward<Set>) -> Toward<Set> {
    if let Err(Short::Change { changes, .. }) = &mut toward {
        changes.truncate(1);
    }
    toward
}
