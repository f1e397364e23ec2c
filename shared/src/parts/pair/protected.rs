//! Tasks that are protected from scale-in.

use serde::{Deserialize, Serialize};

/// What a rollback does with tasks of the candidate that neither a count of 0 nor a deployment ends, because they are protected from
/// scale-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProtectedTasks {
    /// They are stopped: `StopTask` is not kept back by protection. What they were working on comes back to its queue after the
    /// visibility timeout.
    #[default]
    Stop,
    /// Their protection's end is waited for, and so is the end of the rollback.
    Wait,
}

impl ProtectedTasks {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(crate) fn are_stopped(&self) -> bool {
        *self == Self::Stop
    }
}
