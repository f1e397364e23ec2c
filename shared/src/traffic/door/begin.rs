//! How a release begins, for whoever knows no model.

use crate::{
    artifact::Images,
    clock::Timestamp,
    decision::{Refusal, Step, WaitingOn},
    names::{ReleaseId, Version},
    observation::Observation,
    record::{Body, FoundInFull},
    target::Target,
    traffic::{
        Before,
        begin::{self, NotBegun as Why, Released},
        joined::Joined,
        sight::Sight,
    },
};

/// A release that is to begin.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// Where.
    pub target: &'a Target,
    /// What was seen.
    pub seen: &'a Observation,
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
    pub in_full: FoundInFull,
    /// The first changes, without an order among them.
    pub changes: Vec<Step>,
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
        /// The images that were asked for.
        images: Images,
    },
    /// There is nothing to begin on, or what is asked for does not fit it: whatever else is the case.
    BadRequest(Refusal),
    /// Something is on its way.
    Wait(WaitingOn),
    /// A release, or its rollback, would run into this.
    Refuse(Refusal),
}

impl Beginning<'_> {
    /// How the release begins, if everything is in order.
    ///
    /// # Errors
    /// It does not begin.
    pub fn begin(self) -> Result<Begins, NotBegun> {
        self.target.traffic.begin(self)
    }
}

/// How a release of one model begins.
pub(in crate::traffic) fn begin<M: Joined>(
    of: Beginning<'_>,
    traffic: &M::Traffic,
) -> Result<Begins, NotBegun> {
    let model = M::of(of.target, traffic);
    let seen = M::seen(&Sight::of(of.seen)).ok_or(NotBegun::Wait(WaitingOn::OtherInvocation))?;
    let begun = model.begin(begin::Beginning {
        now: of.now,
        release: of.release,
        seen: &seen,
        before: of.before.and_then(M::before),
    });
    let begun = begun.map_err(unbegun::<M>)?;
    Ok(Begins {
        body: body::<M>(&begun.found, &begun.set),
        released: begun.released,
        but: begun.but,
        in_full: FoundInFull {
            pair: of.target.pair(),
            release: of.release.clone(),
            definitions: begun.in_full.definitions,
            rules: begun.in_full.rules,
        },
        changes: begun.changes,
    })
}

fn unbegun<M: Joined>(why: Why<M::Found, M::Set>) -> NotBegun {
    match why {
        Why::NothingToDo { found, set, images } => NotBegun::NothingToDo {
            runs: M::versions(&found, &set).stable,
            body: body::<M>(&found, &set),
            images,
        },
        Why::BadRequest(refusal) => NotBegun::BadRequest(refusal),
        Why::Wait(waiting_on) => NotBegun::Wait(waiting_on),
        Why::Refuse(refusal) => NotBegun::Refuse(refusal),
    }
}

fn body<M: Joined>(found: &M::Found, set: &M::Set) -> Body {
    Body::of(found, set).unwrap_or_else(|error| {
        // Both have fields, and a name for each.
        tracing::error!("what is found is not stored: {error}");
        Body::default()
    })
}
