//! What promote-primary does and waits for, in words.

use std::time::Duration;

use canary::{
    clock::Spoken,
    names::Version,
    record::Shown,
    weight::Weight,
    words::{self, Code, Words, further},
};

/// What promote-primary does or waits for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The pair runs the candidate.
    #[error("promoted: {said}{}{}", all_but(left), further(missed))]
    Promoted {
        /// What that has come to.
        said: String,
        /// What stays otherwise, because somebody else has set it.
        left: Vec<String>,
        /// Scheduled actions that fell into the suspension of their scaling.
        missed: Vec<String>,
    },
    /// The promotion begins.
    #[error("promotion begins: {} is to run on {pair}", candidate.short())]
    Promote {
        /// What is promoted.
        candidate: Version,
        /// What people call the pair.
        pair: String,
    },
    /// The approval was given to read something else.
    #[error(
        "{} at {share} is to be promoted, and the approval was given to read of {} at {}. Nothing was promoted: run the last shift-weight \
         action again, which shows what there is now, and have that approved", candidate.short(), shown.candidate.short(), shown.share
    )]
    NotShown {
        /// What the approval was given to read.
        shown: Box<Shown>,
        /// What there is to promote.
        candidate: Version,
        /// The share that it has.
        share: Weight,
    },
    /// The approval was given to read something that was not shown last.
    #[error(
        "the approval was given to read {approved}, and the last shift-weight action has shown {shown} (output variable Digest). Nothing was \
         promoted: run that action again, and have what it shows approved"
    )]
    OtherDigest {
        /// What was approved, by its digest.
        approved: String,
        /// What was shown.
        shown: String,
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
            _ => None,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Watching { .. } | Self::Watch(_) => Some(Code::Held),
            _ => None,
        }
    }
}

/// Exceptions after a comma.
fn all_but(exceptions: &[String]) -> String {
    match exceptions {
        [] => String::new(),
        some => format!(", but {}", some.join(", and ")),
    }
}
