//! The release's pipeline execution ends: its approvals are rejected, or it is stopped. There is always a second way.

use std::time::Duration;

use canary::{
    decision::Step,
    observation::Known,
    record::{Record, RollingBack},
};

use crate::Seen;

/// How long CodePipeline may take to end an execution whose approval was rejected; not documented, a generous guess.
const TAKEN_IN: Duration = Duration::from_secs(15);

/// What ends the execution.
///
/// Every approval that waits is rejected. Where none waits the execution is stopped, by the first look; and again, approval or
/// not, by one that comes after CodePipeline has taken in what the first one did: between a rejection and the end that follows
/// from it there is no approval, and nothing to stop either. Work in progress is waited for, so that nothing is cut off half-way;
/// an approval in progress would be waited for as well, for as long as its timeout, and is given up where nothing else is.
pub(crate) fn steps(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    is_first: bool,
) -> Vec<Step> {
    let Some(execution) = seen.execution.get() else {
        return Vec::new();
    };
    let reason = format!("Rolled back: {}", rolling_back.cause);
    let rejections = execution.approvals.iter().map(|approval| Step::Reject {
        approval: approval.clone(),
        summary: reason.clone(),
    });
    let is_taken_in = seen.now.since(record.phase_since) > TAKEN_IN;
    let stops = is_taken_in || is_first && execution.approvals.is_empty();
    let stop =
        (execution.under_way && stops && !is_stopping(seen, execution.works)).then(|| Step::Stop {
            pipeline: record.target.pipeline.clone(),
            release: record.release.clone(),
            reason: reason.clone(),
            abandon: !execution.works && !execution.approvals.is_empty(),
        });
    rejections.chain(stop).collect()
}

/// Whether all that is left is to wait for what is in progress.
fn is_stopping(seen: &Seen, works: bool) -> bool {
    let status = seen.status.get();
    works && status.is_some_and(|status| status.as_str() == "Stopping")
}

/// Whether the execution begins nothing more.
pub(crate) fn has_ended(seen: &Seen) -> bool {
    let begins_nothing = match &seen.status {
        Known::Known(status) => !status.is_in_progress(),
        Known::Gone => true,
        Known::Unknown(_) => false,
    };
    let waits = |execution: &canary::aws::pipeline::Execution| !execution.approvals.is_empty();
    begins_nothing && seen.execution.unseen().is_none() && !seen.execution.get().is_some_and(waits)
}
