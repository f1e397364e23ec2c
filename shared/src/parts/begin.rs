//! How a release begins, as a kit answers it before anything is changed.

use crate::{item::Item, parts::body::Part};

/// A release that can begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun<Found, Set, Change> {
    /// What it was like before the first change.
    pub found: Found,
    /// What the release sets first.
    pub set: Set,
    /// What is released.
    pub released: Released,
    /// What is to be said besides, each in words.
    pub but: Vec<String>,
    /// What a rollback may have to give back without being able to read it.
    pub in_full: Part,
    /// The first changes, without an order among them.
    pub changes: Vec<Change>,
}

/// What is released, and in place of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// As it was asked for.
    pub asked: Item,
    /// The same so that it stays what it is: images by their digests, where those are known.
    pub item: Item,
    /// What runs now, in words.
    pub stable: String,
    /// What that changes, by name.
    pub changes: Vec<String>,
}

/// Why a release does not begin.
#[derive(Debug, Clone, PartialEq)]
pub enum NotBegun<Found, Set, Reason> {
    /// What is asked for runs already.
    NothingToDo {
        /// What it is like.
        found: Found,
        /// What a release would have set that has released that.
        set: Set,
        /// As it was asked for.
        item: Item,
    },
    /// There is nothing to begin on, or what is asked for does not fit it: whatever else is the case.
    BadRequest(Reason),
    /// Something is on its way.
    Wait(Reason),
    /// A release, or its rollback, would run into this.
    Refuse(Reason),
}

impl<OfFound, OfSet, OfChange> Begun<OfFound, OfSet, OfChange> {
    /// The same of a whole of which a kit has begun a part.
    pub fn of<Found, Set, Change: From<OfChange>>(
        self,
        found: impl FnOnce(OfFound) -> Found,
        set: impl FnOnce(OfSet) -> Set,
    ) -> Begun<Found, Set, Change> {
        Begun {
            found: found(self.found),
            set: set(self.set),
            released: self.released,
            but: self.but,
            in_full: self.in_full,
            changes: self.changes.into_iter().map(Into::into).collect(),
        }
    }
}

impl<OfFound, OfSet, OfReason> NotBegun<OfFound, OfSet, OfReason> {
    /// The same of a whole of which a kit has found a part.
    pub fn of<Found, Set, Reason: From<OfReason>>(
        self,
        of_found: impl FnOnce(OfFound) -> Found,
        of_set: impl FnOnce(OfSet) -> Set,
    ) -> NotBegun<Found, Set, Reason> {
        match self {
            Self::NothingToDo { found, set, item } => NotBegun::NothingToDo {
                found: of_found(found),
                set: of_set(set),
                item,
            },
            Self::BadRequest(why) => NotBegun::BadRequest(why.into()),
            Self::Wait(waiting_on) => NotBegun::Wait(waiting_on.into()),
            Self::Refuse(why) => NotBegun::Refuse(why.into()),
        }
    }
}

impl<Found, Set, Reason> NotBegun<Found, Set, Reason> {
    /// What is asked for does not fit what there is.
    pub fn bad_request(why: impl Into<Reason>) -> Self {
        Self::BadRequest(why.into())
    }

    /// Something is on its way.
    pub fn wait(waiting_on: impl Into<Reason>) -> Self {
        Self::Wait(waiting_on.into())
    }

    /// A release, or its rollback, would run into this.
    pub fn refuse(why: impl Into<Reason>) -> Self {
        Self::Refuse(why.into())
    }
}
