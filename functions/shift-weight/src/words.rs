//! What shift-weight does and waits for, in words.

use std::time::Duration;

use canary::{
    clock::Spoken,
    weight::Weight,
    words::{self, Said, Words, besides},
};

use crate::plan::Plan;

/// What shift-weight does or waits for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// All shares were held.
    #[error(
        "{asked} asked, {attained}; all shares held, no gate closed{}",
        besides(but)
    )]
    Shifted {
        /// The last share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// What is to be said besides.
        but: Vec<String>,
    },
    /// The first share, with what is to come.
    #[error("{first}. {plan}")]
    Planned {
        /// What is done about the first share.
        first: Said,
        /// When which share is to be there.
        plan: Plan,
    },
    /// The bake time of a share.
    #[error("{asked} asked, {attained}; baking {} of {}", Spoken(*held), Spoken(*bake))]
    Bake {
        /// The share asked for.
        asked: Weight,
        /// The share attained.
        attained: String,
        /// For how long it has been held.
        held: Duration,
        /// For how long it is to be held.
        bake: Duration,
    },
}

impl Words for Reason {
    fn percent(&self) -> Option<u8> {
        match self {
            Self::Bake { held, bake, .. } => words::percent(*held, *bake),
            Self::Planned { .. } | Self::Shifted { .. } => None,
        }
    }
}
