//! How a release begins: what a model answers before anything is changed.

use super::model::Model;
use crate::{
    clock::Timestamp,
    names::ReleaseId,
    parts::{Begun, NotBegun},
};

/// What a model decides on before a release begins.
#[derive(Debug, Clone)]
pub struct Beginning<'a, M: Model> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// What the look has seen.
    pub seen: &'a M::Seen,
    /// What was read for the beginning; `None` if there was nothing to begin on.
    pub before: Option<&'a M::Before>,
}

/// The release can begin, or this is why it does not.
pub type Begin<M> = Result<
    Begun<<M as Model>::Found, <M as Model>::Set, <M as Model>::Change>,
    NotBegun<<M as Model>::Found, <M as Model>::Set, <M as Model>::Reason>,
>;

// By hand: a derived one would ask it of the model.
impl<M: Model> Copy for Beginning<'_, M> {}
