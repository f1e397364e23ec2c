//! How a release begins, for whoever knows no model.

use crate::{
    clock::Timestamp,
    item::Item,
    names::{ReleaseId, Version},
    parts::{
        NotBegun as Why, Released,
        body::{Body, Part},
    },
    traffic::{Before, Change, Seen, begin, line::Listed},
    words::{Said, Shared},
};

use super::asked::all;

/// A release that is to begin.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// What was seen.
    pub seen: &'a Seen,
    /// What was read for the beginning; `None` if there was nothing to begin on.
    pub before: Option<&'a Before>,
}

/// A release that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Begins {
    /// What it finds, and sets first.
    pub body: Body,
    /// What is released.
    pub released: Released,
    /// What is to be said besides, each in words.
    pub but: Vec<String>,
    /// What a rollback may have to give back without being able to read it.
    pub in_full: Part,
    /// The first changes, without an order among them.
    pub changes: Vec<Change>,
}

/// Why it does not begin.
#[derive(Debug, Clone, PartialEq)]
pub enum NotBegun {
    /// What is asked for runs already.
    NothingToDo {
        /// It.
        runs: Version,
        /// What is to be recorded of it.
        body: Body,
        /// As it was asked for.
        item: Item,
    },
    /// There is nothing to begin on, or what is asked for does not fit it: whatever else is the case.
    BadRequest(Said),
    /// Something is on its way.
    Wait(Said),
    /// A release, or its rollback, would run into this.
    Refuse(Said),
}

/// How a release of one model begins.
pub(super) fn begin<M: Listed>(model: &M, of: Beginning<'_>) -> Result<Begins, NotBegun> {
    let unseen = NotBegun::Wait(Shared::OtherInvocation.into());
    let begun = model.begin(begin::Beginning {
        now: of.now,
        release: of.release,
        seen: M::of_seen(of.seen).ok_or(unseen)?,
        before: of.before.and_then(M::of_before),
    });
    let begun = begun.map_err(unbegun::<M>)?;
    Ok(Begins {
        body: Body::of(&begun.found, &begun.set),
        released: begun.released,
        but: begun.but,
        in_full: begun.in_full,
        changes: all::<M>(begun.changes),
    })
}

fn unbegun<M: Listed>(why: Why<M::Found, M::Set, M::Reason>) -> NotBegun {
    match why {
        Why::NothingToDo { found, set, item } => NotBegun::NothingToDo {
            runs: M::versions(&found, &set).stable,
            body: Body::of(&found, &set),
            item,
        },
        Why::BadRequest(why) => NotBegun::BadRequest(why.into()),
        Why::Wait(waiting_on) => NotBegun::Wait(waiting_on.into()),
        Why::Refuse(why) => NotBegun::Refuse(why.into()),
    }
}
