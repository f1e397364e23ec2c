//! Why a release was rolled back.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    clock::Timestamp,
    names::{AlarmName, ReleaseId},
    parts::gate::Gate,
};

/// Why a release was rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Why. `None` where a version of the suite has stored it that this one does not know.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "known"
    )]
    pub reason: Option<Box<Reason>>,
    /// The same, a sentence without a full stop.
    pub what: String,
    /// When it became known.
    pub at: Timestamp,
}

/// Why, for programs: what called rollback (`Trigger::reason`), or what a look has found. Its
/// `Display` is the sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "name", rename_all = "camelCase")]
pub enum Reason {
    /// An alarm's event came.
    #[error("alarm {alarm} went to ALARM: {}", trimmed(reason))]
    AlarmWent {
        /// The alarm.
        alarm: AlarmName,
        /// CloudWatch's own words.
        reason: String,
    },
    /// The schedule found an alarm in `ALARM`.
    #[error("alarm {alarm} is in ALARM: {}", trimmed(reason))]
    AlarmIs {
        /// The alarm.
        alarm: AlarmName,
        /// CloudWatch's own words.
        reason: String,
    },
    /// The end of its pipeline execution, or of an approval, was told.
    #[error("{what}")]
    Ended {
        /// What happened.
        what: String,
    },
    /// The schedule found its pipeline execution ended.
    #[error("its pipeline execution has ended ({status})")]
    HasEnded {
        /// How, as CodePipeline spells it.
        status: String,
    },
    /// Somebody stops its pipeline execution, and waits for what is in progress.
    #[error("stopped by a person: its pipeline execution is Stopping")]
    Stopped,
    /// Another release begins, and its own execution has ended.
    #[error("its pipeline execution has ended ({status}), and release {by} begins")]
    TakenOver {
        /// The release that begins.
        by: ReleaseId,
        /// How its own execution ended.
        status: String,
    },
    /// An action of its pipeline.
    #[error("asked for by the pipeline{}", colon(said.as_ref()))]
    Action {
        /// Why, in the words of whoever configured it.
        said: Option<String>,
    },
    /// A person.
    #[error("asked for by hand{}", colon(said.as_ref()))]
    Hand {
        /// Why, in their words.
        said: Option<String>,
    },
    /// The schedule found a gate closed while no job ran.
    #[error("{}", trimmed(what))]
    Gate {
        /// Which.
        gate: Gate,
        /// What was found.
        what: String,
    },
}

impl Cause {
    /// A cause that became known now.
    #[must_use]
    pub fn new(reason: Reason, at: Timestamp) -> Self {
        Self {
            what: reason.to_string(),
            reason: Some(Box::new(reason)),
            at,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// A reason that this version knows.
fn known<'de, D: Deserializer<'de>>(stored: D) -> Result<Option<Box<Reason>>, D::Error> {
    let stored = Value::deserialize(stored)?;
    Ok(serde_json::from_value(stored).ok())
}

fn trimmed(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}

fn colon(said: Option<&String>) -> String {
    said.map_or_else(String::new, |said| format!(": {said}"))
}
