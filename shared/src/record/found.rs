//! What a release found, in full.

use serde::{Deserialize, Serialize};

use crate::{
    names::{PairId, ReleaseId},
    parts::body::Part,
};

/// What the release found, in full: an item of its own beside the record, for a rollback that cannot read it any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundInFull {
    /// The pair.
    pub pair: PairId,
    /// The release that found it.
    pub release: ReleaseId,
    /// As its model has stored it.
    #[serde(flatten)]
    pub of_model: Part,
}
