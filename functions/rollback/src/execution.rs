//! The release's pipeline execution ends: its approvals are rejected, or it is stopped. There is always a second way.

use std::time::Duration;

use canary::{
    aws::pipeline::{Execution, ExecutionStatus},
    decision::Step,
    known::Known,
    record::{Reason, Record, RollingBack},
};

use crate::Seen;

/// How long CodePipeline may take to end an execution whose approval was rejected; not documented, a generous guess.
const TAKEN_IN: Duration = Duration::from_secs(15);

/// What ends the execution.
///
/// Every approval that waits is rejected. The execution is stopped where none waits, by the first look; and again, approval or
/// not, by one that comes after CodePipeline has taken in what the first one did: between a rejection and the end that follows
/// from it there is no approval, and nothing to stop either. What ends by itself, because somebody has rejected an approval, is
/// given that time as well. Work in progress is waited for, so that nothing is cut off half-way or goes on unseen; an approval in
/// progress would be waited for too, for as long as its timeout, and is given up where nothing else is in progress.
pub(crate) fn steps(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    is_first: bool,
) -> Vec<Step> {
    let reason = format!("Rolled back: {}", rolling_back.cause);
    let stop = |abandon| Step::Stop {
        pipeline: record.target.pipeline.clone(),
        release: record.release.clone(),
        reason: reason.clone(),
        abandon,
    };
    let is_taken_in = seen.now.since(record.phase_since) > TAKEN_IN;
    let Some(execution) = seen.execution.get() else {
        // Nobody sees what waits in it. That it is stopped needs no sight.
        let stops = is_taken_in
            && seen
                .status
                .get()
                .is_none_or(ExecutionStatus::is_in_progress);
        return stops.then(|| stop(false)).into_iter().collect();
    };
    let rejections = execution.approvals.iter().map(|approval| Step::Reject {
        approval: approval.clone(),
        summary: reason.clone(),
    });
    let (waits, works) = (
        !execution.approvals.is_empty(),
        !execution.at_work.is_empty(),
    );
    let at_once = is_first && !waits && !ends_by_itself(rolling_back);
    let is_stopping = seen.status.get().is_some_and(ExecutionStatus::is_stopping);
    let stops = execution.under_way && (is_taken_in || at_once) && !(works && is_stopping);
    let stop = stops.then(|| stop(waits && !works));
    rejections.chain(stop).collect()
}

/// Whether what was told of will end the execution.
fn ends_by_itself(rolling_back: &RollingBack) -> bool {
    let reason = rolling_back.cause.reason.as_deref();
    matches!(reason, Some(Reason::Ended { .. }))
}

/// Whether the execution begins nothing more.
pub(crate) fn has_ended(seen: &Seen) -> bool {
    let begins_nothing = match &seen.status {
        Known::Known(status) => !status.is_in_progress(),
        Known::Gone => true,
        Known::Unknown(_) => false,
    };
    let waits = |execution: &Execution| !execution.approvals.is_empty();
    begins_nothing && seen.execution.unseen().is_none() && !seen.execution.get().is_some_and(waits)
}
