//! Tasks of the candidate that go on although nobody wants them: they are protected from scale-in, as AWS recommends it to workers of
//! queues, and neither a count of 0 nor another version ends them.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::{Step, WaitingOn},
    parts::pair::Service,
    record::{Record, RollingBack},
    target::ProtectedTasks,
};

use crate::{Seen, services};

/// How long ECS may take to tell tasks to stop that it does not want; not documented, a generous guess. One that is still to run after
/// that is protected.
pub(crate) const TAKEN_IN: Duration = Duration::from_mins(1);

/// Whether tasks of the candidate run that the canary service does not want.
pub(crate) fn is_there(canary: &Service, rolling_back: &RollingBack) -> bool {
    let candidate = rolling_back.candidate.as_ref();
    let is_wanted = || {
        let newest = canary.newest().map(|newest| &newest.task_definition);
        newest == candidate || !canary.keeps_more_than_it_wants()
    };
    services::is_at_work(canary, rolling_back) && (canary.desired == 0 || !is_wanted())
}

/// Whether they have been told to stop long enough ago.
pub(crate) fn is_due(canary: &Service, rolling_back: &RollingBack, now: Timestamp) -> bool {
    let since = rolling_back.unwanted_since;
    is_there(canary, rolling_back) && since.is_some_and(|since| now.since(since) >= TAKEN_IN)
}

/// Each is stopped, unless people want to wait for it.
pub(crate) fn steps(seen: &Seen, record: &Record) -> Vec<Step> {
    if record.target.protected_tasks == ProtectedTasks::Wait {
        return Vec::new();
    }
    let tasks = seen.left_over.get().into_iter().flatten();
    let stop = tasks.map(|task| Step::StopTask {
        service: record.target.canary.clone(),
        task: task.clone(),
        reason: format!("release {} is rolled back", record.release),
    });
    stop.collect()
}

/// They are waited for.
pub(crate) fn waiting_on(seen: &Seen, record: &Record) -> Option<WaitingOn> {
    let tasks = seen.left_over.get().map_or(0, Vec::len);
    let waits = record.target.protected_tasks == ProtectedTasks::Wait && tasks > 0;
    waits.then(|| WaitingOn::Protected {
        canary: record.target.canary.clone(),
        protection: seen.canary.get().and_then(|canary| canary.protection),
    })
}

#[cfg(test)]
mod tests;
