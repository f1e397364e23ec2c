//! What a look asks AWS for, by goal.

use super::model::Goal;
use crate::{
    aws::{Account, Trouble},
    clock::Timestamp,
    names::ReleaseId,
    observation::Observation,
    observe,
    parts::pair::Service,
    record::Phase,
    target::Target,
};

/// Reads everything that a goal is decided on. One round trip; of a promotion another one, where it is in question what the tasks of a
/// service run, or why they go on.
///
/// # Errors
/// Something of it could not be seen, or a gate of the release has closed.
pub async fn observe(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    goal: Goal,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    match goal {
        Goal::Promoted { .. } => promotion(account, target, release, now).await,
        // A rollback that has begun reads each part by itself: `back`.
        Goal::Share { .. } | Goal::AsFound { .. } => {
            observe::pair(account, target, release, now).await
        }
    }
}

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Primary,
    Canary,
}

async fn promotion(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    let (seen, of_primary, of_canary) = tokio::join!(
        observe::pair(account, target, release, now),
        account.task_arns(&target.cluster, &target.primary),
        account.task_arns(&target.cluster, &target.canary)
    );
    // What the pair says comes first: a gate that is closed is more than a call that failed.
    let (mut seen, of_primary, of_canary) = (seen?, of_primary?, of_canary?);
    observe::explain(account, target, &mut seen).await;
    let arns = in_question(release, &seen).map(|which| match which {
        Which::Primary => of_primary,
        Which::Canary => of_canary,
    });
    if let Some(arns) = arns {
        seen.tasks = Some(account.tasks(&target.cluster, &arns).await?);
    }
    Ok(seen)
}

/// Whose running tasks decide: the canary's before the promotion, the primary's once it looks steady.
fn in_question(release: &ReleaseId, seen: &Observation) -> Option<Which> {
    let record = seen.record.as_ref().filter(|it| it.release == *release)?;
    let candidate = record.candidate()?;
    let is_ready = |service: &Service| service.is_on(candidate);
    match record.phase {
        Phase::Deploying { .. } | Phase::Shifting { .. } if is_ready(&seen.canary) => {
            Some(Which::Canary)
        }
        Phase::Promoting { .. } if is_ready(&seen.primary) && seen.primary.is_steady() => {
            Some(Which::Primary)
        }
        _ => None,
    }
}
