//! What promote-primary does and waits for, in words.

use std::time::Duration;

use canary::{
    clock::Spoken,
    names::{ServiceName, Version},
    words::{self, Code, Words},
};

/// What promote-primary does or waits for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The promotion begins.
    #[error("promotion begins: {} is to run on {primary}", candidate.short())]
    Promote {
        /// What is promoted.
        candidate: Version,
        /// The primary service.
        primary: ServiceName,
    },
    /// The promotion is complete and watched.
    #[error("promotion complete; health is watched for {}", Spoken(*.0))]
    Watch(Duration),
    /// The bake time after a promotion.
    #[error("promotion complete; health watched for {} of {}", Spoken(*held), Spoken(*bake))]
    Watching {
        /// For how long it has been watched.
        held: Duration,
        /// For how long it is to be watched.
        bake: Duration,
    },
}

impl Words for Reason {
    fn percent(&self) -> Option<u8> {
        match self {
            Self::Watching { held, bake } => words::percent(*held, *bake),
            Self::Promote { .. } | Self::Watch(_) => None,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Watching { .. } | Self::Watch(_) => Some(Code::Held),
            Self::Promote { .. } => None,
        }
    }
}
