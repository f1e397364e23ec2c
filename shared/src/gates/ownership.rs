//! The record is this release's, nobody is rolling it back, and the target is the one that it began with.

use crate::{
    input::TARGET,
    job::FailureType,
    names::{PairId, ReleaseId},
    record::{Cause, Phase, Record, SCHEMA},
    target::{Difference, Target},
    words::Words,
};

/// Why a function must not go on with a release.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotOwned {
    /// The record is not this release's.
    #[error("this release does not hold {pair}: {}. deploy-canary must run first, in the same pipeline execution", owner_said(owner.as_ref()))]
    NotTheOwner {
        /// The pair.
        pair: PairId,
        /// The release that has it or had it last.
        owner: Option<ReleaseId>,
    },
    /// The release is being rolled back.
    #[error(
        "release {release} is being rolled back: {cause}. This action changed nothing more; once that is done, start a new execution, \
         or retry from deploy-canary"
    )]
    RollingBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The release was rolled back.
    #[error(
        "release {release} was rolled back: {cause}. This action changed nothing more; start a new execution, or retry from \
         deploy-canary"
    )]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// Somebody stops the release's execution.
    #[error(
        "stopped by a person: pipeline execution {0} is Stopping. This action changed nothing more; the release is rolled back"
    )]
    Stopped(ReleaseId),
    /// A later version of the suite has begun the release.
    #[error(
        "release {release} was begun by a later version of the suite: its record has schema {schema}, and this version knows schemas up \
         to {SCHEMA}. Nothing was changed; deploy that version again, or roll the release back by hand, which any version does, and \
         retry"
    )]
    NewerSchema {
        /// The release.
        release: ReleaseId,
        /// The schema of its record.
        schema: u32,
    },
    /// The target is not what the release began with.
    #[error(
        "{TARGET}: field {} is {}, and was {} when release {release} began. Nothing was changed; put it back, or roll the release back \
         by hand and start a new execution", difference.field, difference.here, difference.there
    )]
    TargetChanged {
        /// The release.
        release: ReleaseId,
        /// In what it differs.
        difference: Difference,
    },
    /// The phase does not fit.
    #[error("{function} cannot run now: release {release} is in phase {phase}. {advice}")]
    WrongPhase {
        /// The function.
        function: &'static str,
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: Box<Phase>,
        /// What to do.
        advice: &'static str,
    },
}

impl Words for NotOwned {
    fn failure(&self) -> FailureType {
        match self {
            Self::TargetChanged { .. } | Self::NewerSchema { .. } => {
                FailureType::ConfigurationError
            }
            _ => FailureType::JobFailed,
        }
    }
}

impl NotOwned {
    /// A later version of the suite has begun the release: what it means is not known here.
    #[must_use]
    pub fn of_schema(record: &Record) -> Option<Self> {
        record.is_newer().then(|| Self::NewerSchema {
            release: record.release.clone(),
            schema: record.schema,
        })
    }

    /// A rollback has taken the release: it is at work, or done.
    #[must_use]
    pub fn of_rollback(record: &Record) -> Option<Self> {
        let release = record.release.clone();
        match &record.phase {
            Phase::RollingBack(rolling_back) => Some(Self::RollingBack {
                release,
                cause: rolling_back.cause.clone(),
            }),
            Phase::RolledBack { cause, .. } => Some(Self::RolledBack {
                release,
                cause: cause.clone(),
            }),
            _ => None,
        }
    }

    /// The target is another place, or another way to split work, than the one that the release began with.
    #[must_use]
    pub fn of_target(record: &Record, target: &Target) -> Option<Self> {
        let difference = target.differs(&record.target)?;
        let release = record.release.clone();
        Some(Self::TargetChanged {
            release,
            difference,
        })
    }

    /// A function does not fit a release's phase.
    #[must_use]
    pub fn of_phase(function: &'static str, record: &Record, advice: &'static str) -> Self {
        Self::WrongPhase {
            function,
            release: record.release.clone(),
            phase: Box::new(record.phase.clone()),
            advice,
        }
    }
}

/// The record, if it is this release's, no rollback has taken it, and the target is still what it began with.
///
/// # Errors
/// Why it is not.
pub fn own<'a>(
    record: Option<&'a Record>,
    target: &Target,
    release: &ReleaseId,
) -> Result<&'a Record, NotOwned> {
    let owned = record.filter(|record| record.release == *release);
    let Some(record) = owned else {
        return Err(NotOwned::NotTheOwner {
            pair: target.pair(),
            owner: record.map(|record| record.release.clone()),
        });
    };
    let refusal = NotOwned::of_schema(record)
        .or_else(|| NotOwned::of_rollback(record))
        .or_else(|| NotOwned::of_target(record, target));
    refusal.map_or(Ok(record), Err)
}

fn owner_said(owner: Option<&ReleaseId>) -> String {
    owner.map_or_else(
        || "no release does".to_owned(),
        |owner| format!("release {owner} does"),
    )
}
