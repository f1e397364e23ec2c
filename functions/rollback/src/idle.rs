//! Why there is nothing to roll back, in words.

use canary::{
    clock::Timestamp,
    names::{AlarmName, ReleaseId},
    record::{Cause, Phase},
};

/// Why a rollback has nothing to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Idle {
    /// No release ever had the pair.
    #[error("no release has ever begun for this pair")]
    NoRelease,
    /// The last release is promoted, and not just now.
    #[error(
        "release {release} is promoted since {since}, alarms roll it back for {guard_minutes} minutes (guardMinutes) only; to roll it back now, invoke rollback by hand"
    )]
    Promoted {
        /// The release.
        release: ReleaseId,
        /// Since when.
        since: Timestamp,
        /// `guardMinutes`.
        guard_minutes: u32,
    },
    /// The last release is promoted, and what its rollback would need has gone.
    #[error(
        "release {release} is promoted since {since}, and what was kept for its rollback went once its guard was over; to go back, release the earlier version"
    )]
    LetGo {
        /// The release.
        release: ReleaseId,
        /// Since when.
        since: Timestamp,
    },
    /// The last release is promoted, and somebody else has changed the pair since.
    #[error(
        "alarms do not roll release {release} back any more, since {}: {cause}; to roll it back now, invoke rollback by hand", cause.at
    )]
    Unguarded {
        /// The release.
        release: ReleaseId,
        /// What they have changed.
        cause: Cause,
    },
    /// An action of the release wrote its record meanwhile.
    #[error("an action of release {0} is at work")]
    Overtaken(ReleaseId),
    /// Nobody knows whether the release is to go on.
    #[error("whether release {release} ({phase}) is to go on could not be seen: {why}")]
    NotSeen {
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: Box<Phase>,
        /// What kept it from being seen.
        why: String,
    },
    /// The last release is promoted, and its pipeline execution's end is no reason to undo it.
    #[error("release {0} is promoted")]
    Finished(ReleaseId),
    /// Its promotion is under way, and whoever stops its execution waits for that.
    #[error(
        "the pipeline execution of release {0} is being stopped; its promotion is waited for, and complete after that"
    )]
    Finishing(ReleaseId),
    /// It was rolled back before.
    #[error("release {release} is rolled back already: {cause}")]
    RolledBack {
        /// The release.
        release: ReleaseId,
        /// Why.
        cause: Cause,
    },
    /// The pair is another release's.
    #[error("the pair belongs to release {owner}, not to {asked}")]
    NotTheOwner {
        /// The release that has the pair.
        owner: ReleaseId,
        /// The release that the trigger names.
        asked: ReleaseId,
    },
    /// An event that came late: what it tells of was over when the release began.
    #[error("the event is about {at}, before release {release} began at {began}")]
    Earlier {
        /// When it happened.
        at: Timestamp,
        /// The release that has the pair.
        release: ReleaseId,
        /// When that began.
        began: Timestamp,
    },
    /// The alarm is somebody else's.
    #[error(
        "alarm {0} is not among the target's alarms and does not name this function as its own action"
    )]
    ForeignAlarm(AlarmName),
    /// The alarm is another account's or Region's, or nobody knows whose.
    #[error(
        "alarm {alarm} is {}, and the pair is not; only alarms of the function's own account and Region count",
        place.as_ref().map_or_else(|| "in an account and a Region that the event does not name".to_owned(), |place| format!("in {place}"))
    )]
    Elsewhere {
        /// The alarm.
        alarm: AlarmName,
        /// Where it is, if that is said.
        place: Option<String>,
    },
    /// The alarm is new, and there is no data yet.
    #[error(
        "alarm {0} is new, and ALARM is its first state, for want of data; it has not gone to ALARM"
    )]
    NewAlarm(AlarmName),
    /// The alarm's actions are held back.
    #[error("alarm {0} is in ALARM, but its actions are switched off, suppressed or muted")]
    Silent(AlarmName),
    /// The release goes on as it should.
    #[error("release {release} is {phase} and its pipeline execution is under way")]
    UnderWay {
        /// The release.
        release: ReleaseId,
        /// Its phase.
        phase: Box<Phase>,
    },
}

impl Idle {
    /// Whether everything is as it should be: the schedule finds that every minute.
    #[must_use]
    pub fn is_no_news(&self) -> bool {
        matches!(self, Self::UnderWay { .. } | Self::Finished(_))
    }
}
