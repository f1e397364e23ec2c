//! What a look asks AWS for, by goal.

use super::{door, model::Goal};
use crate::{
    aws::{Account, Trouble},
    clock::Timestamp,
    names::ReleaseId,
    observation::Observation,
    observe,
    parts::pair::{self, Service},
    reconcile::{Forward, Look},
    record::Phase,
    target::Target,
};

/// Reads everything that a goal is decided on. One round trip; of a candidate that is placed and of a promotion another one, where it
/// is in question what is registered, what the tasks of a service run, or why they go on.
///
/// # Errors
/// Something of it could not be seen, or a gate of the release has closed.
pub async fn observe<F: Forward>(
    account: &Account,
    look: &Look<F>,
    goal: Goal,
) -> Result<Observation, Trouble> {
    let (target, release, now) = (&look.target, F::release(&look.parameters), look.now);
    match goal {
        Goal::Placed => door::placed(account, target, release, now, look.is_first()).await,
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
    let set: pair::Set = record.body.set.read().ok()?;
    let candidate = set.candidate.as_ref()?.registered()?;
    let is_ready = |service: &Service| service.is_on(candidate);
    match record.phase {
        Phase::Deploying | Phase::Shifting { .. } if is_ready(&seen.canary) => Some(Which::Canary),
        Phase::Promoting { .. } if is_ready(&seen.primary) && seen.primary.is_steady() => {
            Some(Which::Primary)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{another_release, foreign, pair, record, release};

    #[test]
    fn tasks_are_asked_for_where_they_decide_and_nowhere_else() {
        let on_canary = || pair().canary_on_candidate();
        let on_both = || pair().both_on_candidate();
        let promoting = || record().promoting();
        let theirs = record().owned_by(another_release()).shifting(10);
        let rows = vec![
            ("no release", pair(), None),
            ("another's", on_canary().recorded(theirs), None),
            ("not registered", on_canary().recorded(record()), None),
            (
                "deployed",
                on_canary().recorded(record().registered()),
                Some(Which::Canary),
            ),
            (
                "shifted",
                on_canary().recorded(record().shifting(50)),
                Some(Which::Canary),
            ),
            (
                "the canary runs something else",
                on_canary()
                    .canary(|canary| canary.on(&foreign()))
                    .recorded(record().shifting(50)),
                None,
            ),
            (
                "the primary is to be updated",
                on_canary().recorded(promoting()),
                None,
            ),
            (
                "its tasks are being replaced",
                on_both()
                    .primary(|primary| primary.running(1))
                    .recorded(promoting()),
                None,
            ),
            (
                "it looks steady",
                on_both().recorded(promoting()),
                Some(Which::Primary),
            ),
            ("promoted", on_both().recorded(record().promoted()), None),
        ];
        for (situation, seen, expected) in rows {
            assert_eq!(in_question(&release(), &seen), expected, "{situation}");
        }
    }
}
