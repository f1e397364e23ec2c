//! Metrics of two versions that run under one name: a dimension tells them apart.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{BookedOn, WorkMetrics};
use crate::{
    evidence::meter::{Meter, bad_dimensions, bad_name},
    input::BadInput,
};

/// Metrics that have the version as the value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionMetrics {
    /// Their names, and what they count.
    #[serde(flatten)]
    pub work: WorkMetrics,
    /// The dimension whose value is the version.
    pub version_dimension: String,
    /// All other dimensions, the same for both versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
}

/// The same as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionInput {
    namespace: String,
    processed: String,
    failed: String,
    received: Option<String>,
    released: Option<String>,
    #[serde(default = "version")]
    version_dimension: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    booked_on: BookedOn,
    #[serde(default)]
    together: bool,
    ends_within_seconds: Option<u64>,
}

fn version() -> String {
    "Version".to_owned()
}

impl From<VersionInput> for VersionMetrics {
    fn from(input: VersionInput) -> Self {
        Self {
            work: WorkMetrics {
                namespace: input.namespace,
                processed: input.processed,
                failed: input.failed,
                received: input.received,
                released: input.released,
                booked_on: input.booked_on,
                together: input.together,
                ends_within_seconds: input.ends_within_seconds,
            },
            version_dimension: input.version_dimension,
            dimensions: input.dimensions,
        }
    }
}

impl VersionMetrics {
    /// Checks what one field cannot know; the paths are those below `metrics`.
    ///
    /// # Errors
    /// A name is none, or a dimension appears twice.
    pub fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad = |field: &str, problem: String| Err(BadInput::field(source, field, problem));
        self.work.check(source)?;
        if let Some(problem) = bad_name(&self.version_dimension) {
            return bad("versionDimension", problem);
        }
        if self.dimensions.contains_key(&self.version_dimension) {
            let problem = format!(
                "{:?} has the version as its value, which is another one for each release; leave it out",
                self.version_dimension
            );
            return bad("dimensions", problem);
        }
        match bad_dimensions(&self.dimensions) {
            Some(problem) if !self.dimensions.is_empty() => bad("dimensions", problem),
            _ => Ok(()),
        }
    }

    /// How the work of a version is counted; `longest` is how long work on a message takes at most where nobody says.
    #[must_use]
    pub fn meter(&self, version: &str, longest: Duration) -> Meter {
        let mut dimensions = self.dimensions.clone();
        dimensions.insert(self.version_dimension.clone(), version.to_owned());
        self.work.meter(&dimensions, longest)
    }
}
