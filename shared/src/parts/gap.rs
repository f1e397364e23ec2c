//! What a kit answers: what is between what is seen and what is wanted, and what else it has to tell.

use std::convert::Infallible;

use crate::{names::Version, weight};

/// What is between what is seen and what is wanted of a kit. `Part` is what the kit owns of what the record keeps.
#[derive(Debug, Clone, PartialEq)]
pub enum Gap<Change, Reason, Part = Infallible> {
    /// Something is to be changed; or, without changes, to be noted.
    Change {
        /// What this is.
        doing: Reason,
        /// What the record is to hold before the changes go out, where it does not yet.
        set: Option<Part>,
        /// The changes, without an order among them.
        changes: Vec<Change>,
    },
    /// Something is on its way.
    Wait(Reason),
    /// The goal cannot be reached.
    Refuse(Reason),
}

impl<Change, Reason, Part> Gap<Change, Reason, Part> {
    /// A change that sets nothing that the record keeps.
    #[must_use]
    pub fn change(doing: Reason, changes: Vec<Change>) -> Self {
        Self::Change {
            doing,
            set: None,
            changes,
        }
    }
}

/// What a goal has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Attained {
    /// It, in words.
    pub said: String,
    /// The canary's share, where the goal is one.
    pub share: Option<weight::Attained>,
    /// What is to be said besides, each in words: what stays otherwise because it is somebody else's, or what the goal is worth.
    pub but: Vec<String>,
}

impl Attained {
    /// A share.
    #[must_use]
    pub fn share(share: weight::Attained) -> Self {
        Self {
            said: share.to_string(),
            share: Some(share),
            but: Vec::new(),
        }
    }
}

/// Something that later looks need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// It in words, to be told before what else there is to say; nothing where it is no news to people.
    pub said: String,
    /// Whether the candidate was seen to fail: a share is not held then.
    pub is_setback: bool,
}

/// The versions that a release is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// What ran before it.
    pub stable: Version,
    /// What is released, once it exists.
    pub candidate: Option<Version>,
}
