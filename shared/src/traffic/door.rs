//! Joins the models, which decide on types of their own, to what knows no model.

mod asked;
mod begin;

use std::pin::Pin;

use super::{
    Before, Change, Request, Seen,
    line::Listed,
    model::{Goal, Versions},
};
use crate::{
    aws::{Account, AwsError, LookError},
    evidence::meter::Meters,
    input::BadInput,
    job::Artifact,
    known::Unseen,
    names::PairId,
    parts::{
        body::{Body, Part},
        focus::Focus,
        release::{Kept, Missing, Release},
    },
    schedule::Window,
};

pub use asked::{Asked, Between, Shut};
use asked::{Joint, Mute, Told, known, read};
pub use begin::{Beginning, Begins, NotBegun};

/// Something that AWS is asked for.
pub type Reading<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A model of a target, whatever it is: all that every function asks. What only some of them ask is apart, so that the others have no code
/// for it.
pub trait Opened: Send + Sync {
    /// Key of the pair's release record.
    fn id(&self) -> PairId;

    /// What people call the pair.
    fn name(&self) -> String;

    /// Checks what one field of the target cannot know.
    ///
    /// # Errors
    /// What people have written makes no sense.
    fn check(&self, source: &'static str) -> Result<(), BadInput>;

    /// What an action may ask of the model.
    ///
    /// # Errors
    /// Why it may not, in words.
    fn admits(&self, goal: Goal) -> Result<(), &'static str>;

    /// Whether work goes back to a promoted primary in steps that an action may choose.
    ///
    /// # Errors
    /// Why it does not, in words.
    fn drains(&self) -> Result<(), &'static str>;

    /// Whether the model reads what is stored.
    ///
    /// # Errors
    /// It does not.
    fn reads(&self, body: &Body, is_newer: bool) -> Result<(), serde_json::Error>;

    /// The versions that a release is about; `None` where what is stored cannot be read.
    fn versions(&self, body: &Body) -> Option<Versions>;

    /// What a version of it is called in the output variables of the actions.
    fn version_variable(&self) -> &'static str;

    /// By which metrics its versions are compared, once there are two.
    fn meters(&self, body: &Body) -> Option<Meters>;

    /// By which metrics what was promoted is counted, in minutes that lie after its promotion.
    fn meters_in_guard(&self, body: &Body) -> Option<Meters>;

    /// Nothing was looked at.
    fn nothing(&self) -> Seen;

    /// What could not be seen of all that a look depends on, in the order in which it is told.
    fn unseen<'a>(&self, seen: &'a Seen, focus: Focus) -> Vec<&'a Unseen>;

    /// What of the pair is known not to exist any more, if something is.
    fn gone<'a>(&self, seen: &'a Seen) -> Option<&'a Unseen>;

    /// Reads everything at once, for a release that goes on or begins: one round trip.
    fn observe<'a>(&'a self, account: &'a Account, focus: Focus) -> Reading<'a, Seen>;

    /// Reads what the first round calls for, of a release that goes on.
    fn closer<'a>(
        &'a self,
        account: &'a Account,
        focus: Focus,
        of: Release<'a>,
        seen: &'a Seen,
    ) -> Reading<'a, Result<Seen, LookError>>;

    /// Makes a change of the model's.
    fn apply<'a>(
        &'a self,
        account: &'a Account,
        change: &'a Change,
    ) -> Reading<'a, Result<(), AwsError>>;

    /// What the model says of a release of which this was seen.
    fn open<'a>(&'a self, of: Release<'a>, seen: &'a Seen) -> Box<dyn Asked + 'a>;
}

impl<M: Listed> Opened for M {
    fn id(&self) -> PairId {
        M::id(self)
    }

    fn name(&self) -> String {
        M::name(self)
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        M::check(self, source)
    }

    fn admits(&self, goal: Goal) -> Result<(), &'static str> {
        M::admits(self, goal)
    }

    fn drains(&self) -> Result<(), &'static str> {
        M::drains(self)
    }

    fn reads(&self, body: &Body, is_newer: bool) -> Result<(), serde_json::Error> {
        read::<M>(body, is_newer).map(|_| ())
    }

    fn versions(&self, body: &Body) -> Option<Versions> {
        let (found, set) = known::<M>(body)?;
        Some(M::versions(&found, &set))
    }

    fn version_variable(&self) -> &'static str {
        M::VERSION
    }

    fn meters(&self, body: &Body) -> Option<Meters> {
        let (found, set) = known::<M>(body)?;
        M::meters(self, &found, &set)
    }

    fn meters_in_guard(&self, body: &Body) -> Option<Meters> {
        let (found, set) = known::<M>(body)?;
        M::meters_in_guard(self, &found, &set)
    }

    fn nothing(&self) -> Seen {
        M::seen(M::nothing(self))
    }

    fn unseen<'a>(&self, seen: &'a Seen, focus: Focus) -> Vec<&'a Unseen> {
        M::of_seen(seen).map_or_else(Vec::new, |seen| M::unseen(seen, focus))
    }

    fn gone<'a>(&self, seen: &'a Seen) -> Option<&'a Unseen> {
        M::gone(M::of_seen(seen)?)
    }

    fn observe<'a>(&'a self, account: &'a Account, focus: Focus) -> Reading<'a, Seen> {
        Box::pin(async move { M::seen(M::observe(self, account, focus).await) })
    }

    fn closer<'a>(
        &'a self,
        account: &'a Account,
        focus: Focus,
        of: Release<'a>,
        seen: &'a Seen,
    ) -> Reading<'a, Result<Seen, LookError>> {
        Box::pin(async move {
            let told = M::of_seen(seen).and_then(|seen| Told::<M>::new(of, seen));
            match told {
                Some(told) => Ok(M::seen(M::closer(self, account, focus, told.view()).await?)),
                None => Ok(seen.clone()),
            }
        })
    }

    fn apply<'a>(
        &'a self,
        account: &'a Account,
        change: &'a Change,
    ) -> Reading<'a, Result<(), AwsError>> {
        Box::pin(async move {
            match M::of_change(change) {
                Some(change) => M::apply(self, account, change).await,
                None => Ok(()),
            }
        })
    }

    fn open<'a>(&'a self, of: Release<'a>, seen: &'a Seen) -> Box<dyn Asked + 'a> {
        let told = M::of_seen(seen).and_then(|seen| Told::new(of, seen));
        match told {
            Some(told) => Box::new(Joint { model: self, told }),
            None => Box::new(Mute(of.body)),
        }
    }
}

/// The same, on which a release is to begin.
pub trait Starting: Send + Sync {
    /// Reads what a release begins with, and what the action asks for, at the same time; `None` if there is nothing to begin on.
    fn before<'a>(
        &'a self,
        account: &'a Account,
        seen: &'a Seen,
        request: &'a Request,
        inputs: &'a [Artifact],
    ) -> Reading<'a, Result<Option<Before>, LookError>>;

    /// How a release begins, if everything is in order.
    ///
    /// # Errors
    /// It does not begin.
    fn begin(&self, of: Beginning<'_>) -> Result<Begins, NotBegun>;
}

impl<M: Listed> Starting for M {
    fn before<'a>(
        &'a self,
        account: &'a Account,
        seen: &'a Seen,
        request: &'a Request,
        inputs: &'a [Artifact],
    ) -> Reading<'a, Result<Option<Before>, LookError>> {
        Box::pin(async move {
            let Some((seen, request)) = M::of_seen(seen).zip(M::of_request(request)) else {
                return Ok(None);
            };
            let before = M::before(self, account, seen, request, inputs).await?;
            Ok(before.map(M::begins))
        })
    }

    fn begin(&self, of: Beginning<'_>) -> Result<Begins, NotBegun> {
        begin::begin(self, of)
    }
}

/// The same, of which a release ends.
pub trait Ending: Send + Sync {
    /// Reads what people are to hear of scheduled actions that fell into a release as it ends.
    fn missed<'a>(
        &'a self,
        account: &'a Account,
        of: Release<'a>,
        held: Window,
    ) -> Reading<'a, Vec<String>>;
}

impl<M: Listed> Ending for M {
    fn missed<'a>(
        &'a self,
        account: &'a Account,
        of: Release<'a>,
        held: Window,
    ) -> Reading<'a, Vec<String>> {
        Box::pin(async move {
            let nothing = M::nothing(self);
            match Told::<M>::new(of, &nothing) {
                Some(told) => M::missed(self, account, told.view(), held).await,
                None => Vec::new(),
            }
        })
    }
}

/// The same, of which a release is rolled back.
pub trait Restoring: Send + Sync {
    /// Reads everything at once, each part by itself, in time, and none that only gates would need.
    fn each<'a>(&'a self, account: &'a Account) -> Reading<'a, Seen>;

    /// Reads what that calls for.
    fn closer<'a>(
        &'a self,
        account: &'a Account,
        of: Release<'a>,
        seen: &'a Seen,
    ) -> Reading<'a, Seen>;

    /// What people can do where AWS refuses this, from what the release found in full, which is in this table: lines for a notice.
    fn by_hand(&self, missing: &[Missing], found: &Part, table: &str) -> Vec<String>;

    /// What is kept after a promotion for a rollback alone; nothing where what is stored cannot be read.
    fn kept(&self, body: &Body) -> Kept;

    /// What is between what was seen and nothing being kept for a rollback any more.
    ///
    /// # Errors
    /// Something is.
    fn let_go(&self, of: Release<'_>, seen: &Seen) -> Result<(), Between>;
}

impl<M: Listed> Restoring for M {
    fn each<'a>(&'a self, account: &'a Account) -> Reading<'a, Seen> {
        Box::pin(async move { M::seen(M::each(self, account).await) })
    }

    fn closer<'a>(
        &'a self,
        account: &'a Account,
        of: Release<'a>,
        seen: &'a Seen,
    ) -> Reading<'a, Seen> {
        Box::pin(async move {
            let told = M::of_seen(seen).and_then(|seen| Told::<M>::new(of, seen));
            match told {
                Some(told) => M::seen(M::each_closer(self, account, told.view()).await),
                None => seen.clone(),
            }
        })
    }

    fn by_hand(&self, missing: &[Missing], found: &Part, table: &str) -> Vec<String> {
        M::by_hand(self, missing, found, table)
    }

    fn kept(&self, body: &Body) -> Kept {
        known::<M>(body).map_or(Kept::Nothing, |(_, set)| M::kept(&set))
    }

    fn let_go(&self, of: Release<'_>, seen: &Seen) -> Result<(), Between> {
        let told = M::of_seen(seen).and_then(|seen| Told::new(of, seen));
        told.map_or(Ok(()), |told| Joint { model: self, told }.let_go())
    }
}
