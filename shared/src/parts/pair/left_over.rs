//! Tasks of the candidate that go on although nobody wants them: they are protected from scale-in, as AWS recommends it to workers of
//! queues, and neither a count of 0 nor another version ends them.

use std::time::Duration;

use super::{Back, Change, Reason, Service};
use crate::parts::pair::ProtectedTasks;

/// How long ECS may take to tell tasks to stop that it does not want; not documented, a generous guess. One that is still to run after
/// that is protected.
pub const TAKEN_IN: Duration = Duration::from_mins(1);

impl Back<'_> {
    /// Whether tasks of the candidate run that the canary service does not want.
    #[must_use]
    pub fn has_unwanted(&self, canary: &Service) -> bool {
        let is_wanted = || {
            let newest = canary.newest().map(|newest| &newest.task_definition);
            newest == self.view.candidate() || !canary.keeps_more_than_it_wants()
        };
        self.is_at_work(canary) && (canary.desired == 0 || !is_wanted())
    }

    /// Whether they have been told to stop long enough ago.
    #[must_use]
    pub fn has_left_over(&self, canary: &Service) -> bool {
        let since = self.view.set.restoring.unwanted_since;
        let is_due = |since| self.view.now.since(since) >= TAKEN_IN;
        self.has_unwanted(canary) && since.is_some_and(is_due)
    }

    /// Each is stopped, unless people want to wait for it.
    #[must_use]
    pub fn left_over_changes(&self) -> Vec<Change> {
        if self.view.pair.protected_tasks == ProtectedTasks::Wait {
            return Vec::new();
        }
        let tasks = self.view.seen.left_over.get().into_iter().flatten();
        let stop = tasks.map(|task| Change::StopTask {
            service: self.view.pair.canary.clone(),
            task: task.clone(),
            reason: format!("release {} is rolled back", self.view.release),
        });
        stop.collect()
    }

    /// They are waited for, where people want that.
    ///
    /// # Errors
    /// Some are still there.
    pub fn left_over_ended(&self) -> Result<(), Reason> {
        let tasks = self.view.seen.left_over.get().map_or(0, Vec::len);
        if self.view.pair.protected_tasks == ProtectedTasks::Stop || tasks == 0 {
            return Ok(());
        }
        Err(Reason::Protected {
            canary: self.view.pair.canary.clone(),
            protection: self.canary().and_then(|canary| canary.protection),
        })
    }
}
