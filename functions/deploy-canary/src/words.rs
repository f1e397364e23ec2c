//! What deploy-canary does, waits for and refuses, in words.

use std::fmt;

use canary::{
    clock::{Clock, Timestamp},
    item::Item,
    job::{FailureType, cut},
    names::{PairId, PipelineName, ReleaseId},
    record::{Cause, Phase},
    words::{Words, besides},
};

/// What a candidate changes, as the approval shows it: as much as is read there, in at most 300 characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changes<'a>(pub(crate) &'a [String]);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 300;
        if self.0.is_empty() {
            return f.write_str("none");
        }
        f.write_str(&cut(&self.0.join(", "), MOST))
    }
}

fn noted(but: &[String]) -> String {
    match but {
        [] => String::new(),
        but => format!(": {}", but.join("; ")),
    }
}

/// What deploy-canary does, waits for, or refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The candidate runs beside the stable version.
    #[error("{said} ({item}){}", noted(but))]
    Deployed {
        /// What runs the candidate.
        said: String,
        /// What is released.
        item: Item,
        /// What is to be said besides.
        but: Vec<String>,
    },
    /// The release begins.
    #[error(
        "release begins: {item} is to replace {stable}. Changes: {}. The canary has to run it steadily by {}{}",
        Changes(changes), Clock(*until), besides(but)
    )]
    Begin {
        /// As it was asked for.
        item: Item,
        /// What the primary runs.
        stable: String,
        /// What that changes, by name.
        changes: Vec<String>,
        /// When the action's time is up.
        until: Timestamp,
        /// What is to be said besides.
        but: Vec<String>,
    },
    /// A release whose execution has ended is handed to rollback.
    #[error(
        "release {release} was left unfinished by its pipeline execution ({status}); it is rolled back first"
    )]
    TakeOver {
        /// The release that had the pair.
        release: ReleaseId,
        /// How its execution ended.
        status: String,
    },
    /// The rollback of the release that had the pair.
    #[error("waiting for the rollback of release {release}: {cause}")]
    OtherRollback {
        /// That release.
        release: ReleaseId,
        /// Why it is rolled back.
        cause: Cause,
    },
    /// The pair is another release's.
    #[error(
        "{pair} is locked by release {owner} (phase {phase}), whose pipeline execution is still running. Let it finish, reject its approval \
         or stop it, then retry"
    )]
    AnotherRelease {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The pair.
        pair: PairId,
        /// Its phase.
        phase: Box<Phase>,
    },
    /// The pair is another release's, of which nobody knows whether it goes on.
    #[error(
        "{pair} is locked by release {owner} (phase {phase}), and pipeline {pipeline} knows no execution of that id. If \
         it is over, invoke rollback by hand with {{\"release\": \"{owner}\"}}, then retry"
    )]
    UnknownExecution {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The pair.
        pair: PairId,
        /// Its phase.
        phase: Box<Phase>,
        /// The pipeline that was asked.
        pipeline: PipelineName,
    },
    /// The pipeline does not know the release.
    #[error(
        "pipeline {pipeline} (TARGET: field pipeline) has no execution {release} (UserParameters: field release). A release's id \
         is \"#{{codepipeline.PipelineExecutionId}}\" of that pipeline"
    )]
    NoExecution {
        /// The pipeline that was asked.
        pipeline: PipelineName,
        /// The release.
        release: ReleaseId,
    },
    /// The release's execution has ended or is being stopped: this is a late or repeated event.
    #[error(
        "pipeline execution {release} is {status}; a release begins only while its execution is InProgress. Nothing was changed"
    )]
    NotInProgress {
        /// The release.
        release: ReleaseId,
        /// How the execution stands, as CodePipeline spells it.
        status: String,
    },
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::NoExecution { .. } => FailureType::ConfigurationError,
            _ => FailureType::JobFailed,
        }
    }
}
