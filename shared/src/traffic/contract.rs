//! The contract that every model keeps, whatever it is like, told as whole releases in simulated accounts.
//!
//! A release is driven as the functions drive it, from goal to goal; it crashes at any write, is rolled back, and calls are denied.
//! What only a model can say is [`Admitted`] and [`World`], in its own folder. A model is admitted when every clause holds, and models
//! that are broken on purpose show that no account is so kind that a clause would hold by itself.

mod any;
mod back;
mod broken;
mod clauses;
mod examine;
mod over;
mod release;

use std::fmt;

use proptest::strategy::BoxedStrategy;

use super::model::Model;
use crate::{
    clock::Timestamp,
    fixtures::{Harm, Part, Speed},
};

pub(super) use any::assert_any_holds;
pub(super) use back::Obstacles;
pub(super) use broken::{Defect, Tried, assert_forgetting_is_refused, assert_refused};
pub(super) use clauses::{Trial, as_found, assert_holds};
pub(super) use release::{Looked, Run};

/// A model that is tried.
pub(super) trait Admitted: Model + Clone {
    /// An account in which its releases go on.
    type World: World<Seen = Self::Seen, Before = Self::Before, Change = Self::Change>;

    /// Whether tasks that go may have work to finish of which the model knows.
    const DRAINS: bool;

    /// Whether a rollback gives back more than what stops harm, so that one change may be forgotten, or wait for another.
    const GIVES_BACK_SEVERAL: bool = true;

    /// Accounts to release in: what matters to the model is different in each of them.
    fn places(speed: Speed) -> Vec<Place<Self>>;

    /// Any account of that speed.
    fn any(speed: Speed) -> BoxedStrategy<Place<Self>>;

    /// The same model of another target: what `TARGET` may say by the time of a rollback.
    fn elsewhere(&self) -> Self;
}

/// Where a release goes on.
#[derive(Debug, Clone)]
pub(super) struct Place<M: Admitted> {
    /// What is special about it.
    pub(super) name: &'static str,
    /// How fast its account is.
    pub(super) speed: Speed,
    /// The model of its target.
    pub(super) model: Tried<M>,
    /// The account.
    pub(super) world: M::World,
    /// The shares of the release, one after the other.
    pub(super) shares: Vec<u8>,
}

/// `Slow, constantTotal`
impl<M: Admitted> fmt::Display for Place<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}", self.speed, self.name)
    }
}

/// A simulated account.
pub(super) trait World: Clone + fmt::Debug {
    /// What a look sees.
    type Seen: Clone + fmt::Debug + PartialEq;
    /// What is read once, before a release begins.
    type Before;
    /// A change.
    type Change: Clone + fmt::Debug + fmt::Display + PartialEq;

    /// What is read before a release begins.
    fn before(&self) -> Self::Before;
    /// Everything, as a look sees it.
    fn seen(&self) -> Self::Seen;
    /// What could not be seen by itself, each in turn.
    fn hidden(&self) -> Vec<(&'static str, Self::Seen)>;
    /// The same as if everything that is on its way were there: what a hasty model takes it for.
    fn hasty(seen: Self::Seen) -> Self::Seen;
    /// The call that a change takes, and what of: it may be denied by itself.
    fn right(change: &Self::Change) -> String;
    /// Whether a change harms nobody.
    ///
    /// # Errors
    /// What it changes is not the release's, or is still at work.
    fn may(&self, change: &Self::Change) -> Result<(), Harm>;
    /// Does what it is told.
    fn take(&mut self, change: &Self::Change);
    /// Time passes until the next look.
    fn pass(&mut self, now: Timestamp);
    /// Somebody else changes what the canary runs.
    fn tamper(&mut self);
    /// A version gets work that its healthy tasks cannot take, in words. `goes_back` while a release is rolled back: then what harms
    /// goes first.
    ///
    /// # Errors
    /// It does.
    fn bears(&self, goes_back: bool) -> Result<(), Harm>;
    /// Whether the candidate gets no work.
    fn is_stopped(&self) -> bool;
    /// Whether it gets none from anything that a call can change which has seen nothing.
    fn is_stopped_blindly(&self) -> bool;
    /// The rights without which that cannot be.
    fn stops_by(&self) -> Vec<String>;
    /// What a release finds and gives back.
    fn parts(&self) -> Vec<Part>;
    /// Whether nothing but the release changes anything.
    fn is_still(&self) -> bool {
        true
    }
}

/// A clause of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// A release that nothing disturbs gets to every goal.
    Attains,
    /// Once a goal is attained, one more look changes nothing; changes that arrive twice, or in another order, come to the same.
    Settles,
    /// No version gets work that its healthy tasks cannot take.
    Bears,
    /// No task goes before it has finished its work.
    Drains,
    /// The record holds what is set before it is set: no gate takes the release's own changes for somebody else's.
    Records,
    /// Only what was approved is promoted.
    Approves,
    /// What was not seen is unknown: nothing goes on, no gate closes, and a rollback acts on what it knows.
    Knows,
    /// Wherever a release is, a rollback stops what harms first of all, and needs nothing for it that it has not.
    Stops,
    /// Wherever a release ends, a rollback gives back what it found.
    Restores,
    /// Whatever is denied, the rest is given back; and everything once it is allowed.
    Perseveres,
    /// Nothing is changed but what is the release's, whatever `TARGET` says by then.
    Keeps,
}

/// A clause that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// Which.
    pub(super) clause: Clause,
    /// What is wrong, at which look, in which account.
    pub(super) what: String,
}

impl Violation {
    fn new(clause: Clause, what: impl Into<String>) -> Self {
        Self {
            clause,
            what: what.into(),
        }
    }

    fn of(harm: Harm) -> Self {
        match harm {
            Harm::Overload(what) => Self::new(Clause::Bears, what),
            Harm::Unfinished(what) => Self::new(Clause::Drains, what),
            Harm::Elsewhere(what) => Self::new(
                Clause::Keeps,
                format!("{what} is not the release's to change"),
            ),
        }
    }

    /// With where that was, in front.
    fn at(self, place: impl fmt::Display) -> Self {
        Self {
            what: format!("{place}: {}", self.what),
            ..self
        }
    }
}

/// `Restores: Slow, constantTotal: killed after 12 writes: look 30, 19 writes: the count of orders is 2, and was 3`
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.clause, self.what)
    }
}

/// The tests of a model: every kind of releases, and every way to be broken.
macro_rules! tests {
    ($model:ty) => {
        use $crate::traffic::contract::{
            Admitted, Defect, Trial, assert_any_holds, assert_forgetting_is_refused, assert_holds,
            assert_refused,
        };

        #[test]
        fn a_whole_release_gets_to_its_end_back_and_there_again() {
            assert_holds::<$model>(Trial::Whole);
        }

        #[test]
        fn a_release_that_is_killed_after_any_write_is_rolled_back_to_what_it_found() {
            assert_holds::<$model>(Trial::Crashes);
        }

        #[test]
        fn a_rollback_that_is_killed_after_any_write_is_finished_by_the_next() {
            assert_holds::<$model>(Trial::CrashesTwice);
        }

        #[test]
        fn a_rollback_acts_on_what_it_sees() {
            assert_holds::<$model>(Trial::Unseen);
        }

        #[test]
        fn a_rollback_gives_back_whatever_is_not_denied() {
            assert_holds::<$model>(Trial::Denied);
        }

        #[test]
        fn any_release_in_any_account_is_rolled_back_to_what_it_found() {
            assert_any_holds::<$model>();
        }

        #[test]
        fn a_model_that_stops_nothing_is_refused() {
            assert_refused::<$model>(&Defect::StopsNothing);
        }

        #[test]
        fn a_model_that_gives_work_to_tasks_that_are_not_healthy_is_refused() {
            assert_refused::<$model>(&Defect::IsHasty);
        }

        #[test]
        fn a_model_that_takes_tasks_before_they_have_finished_is_refused() {
            if <$model as Admitted>::DRAINS {
                assert_refused::<$model>(&Defect::IsImpatient);
            }
        }

        #[test]
        fn a_model_that_takes_what_it_does_not_see_for_healthy_is_refused() {
            assert_refused::<$model>(&Defect::TrustsTheUnseen);
        }

        #[test]
        fn a_model_that_rolls_back_what_target_names_by_then_is_refused() {
            assert_refused::<$model>(&Defect::FollowsTarget);
        }

        #[test]
        fn a_model_that_does_not_give_back_all_that_it_found_is_refused() {
            if <$model as Admitted>::GIVES_BACK_SEVERAL {
                assert_forgetting_is_refused::<$model>();
            }
        }

        #[test]
        fn a_model_that_changes_something_at_every_look_is_refused() {
            assert_refused::<$model>(&Defect::IsRestless);
        }

        #[test]
        fn a_model_that_promotes_what_nobody_has_approved_is_refused() {
            assert_refused::<$model>(&Defect::ApprovesAnything);
        }

        #[test]
        fn a_model_whose_changes_go_out_before_they_are_recorded_is_refused() {
            assert_refused::<$model>(&Defect::RecordsLate);
        }

        #[test]
        fn a_model_that_makes_one_change_after_the_other_is_refused() {
            if <$model as Admitted>::GIVES_BACK_SEVERAL {
                assert_refused::<$model>(&Defect::MakesOneChangeAtATime);
            }
        }
    };
}

pub(super) use tests;
