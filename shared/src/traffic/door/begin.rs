//! How a release begins, for whoever knows no model.

use crate::{
    clock::Timestamp,
    decision::{Step, WaitingOn},
    names::ReleaseId,
    observation::Observation,
    record::{Candidate, Found, FoundInFull},
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
    /// What it finds.
    pub found: Found,
    /// How far its candidate is.
    pub candidate: Candidate,
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
pub type NotBegun = Why<Found>;

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
    let seen = M::seen(&Sight::of(of.seen)).ok_or(WaitingOn::OtherInvocation)?;
    let begun = model.begin(begin::Beginning {
        now: of.now,
        release: of.release,
        seen: &seen,
        before: of.before.and_then(M::before),
    });
    let begun = begun.map_err(|why| why.of(M::store_found))?;
    Ok(Begins {
        found: M::store_found(begun.found),
        candidate: M::planned(begun.set).ok_or(WaitingOn::OtherInvocation)?,
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
