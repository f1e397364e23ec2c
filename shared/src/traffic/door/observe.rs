//! What a look reads beside what every look does, for the model of its target.

use crate::{
    aws::{Account, Trouble},
    clock::Timestamp,
    names::ReleaseId,
    observation::Observation,
    observe,
    parts::{pair, task_definition::Source},
    record::Phase,
    target::Target,
    traffic::{Before, sight::Sight},
};

/// Looks at a pair on which a release is to begin, or on which its candidate is being placed. The first look of an action also asks for
/// what the target names and no other look needs.
///
/// # Errors
/// Something could not be seen; or a gate of this release was seen closed.
pub(in crate::traffic) async fn placed(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    now: Timestamp,
    is_first: bool,
) -> Result<Observation, Trouble> {
    let services = target.services();
    let exists = async {
        if is_first {
            target.traffic.exists(target, account).await?;
        }
        Ok(())
    };
    let (seen, listed, exists): (_, _, Result<_, Trouble>) = tokio::join!(
        observe::pair_unless_stopped(account, target, release, now),
        account.task_arns(&services.cluster, &services.canary),
        exists,
    );
    // What the pair says comes first: a gate that is closed is more than a call that failed.
    let (mut seen, listed, ()) = (seen?, listed?, exists?);
    observe::explain(account, target, &mut seen).await;
    let own = seen.record.as_ref().filter(|it| it.release == *release);
    if let Some(record) = own
        && let Phase::Deploying = record.phase
        && let Ok(found) = record.body.found.read::<pair::Found>()
        && let Ok(pair::Set {
            candidate: Some(candidate),
            ..
        }) = record.body.set.read()
    {
        let canary = (&seen.canary, &found.primary);
        let read = pair::placing(account, &services, canary, &candidate, &listed).await?;
        (seen.latest, seen.tasks) = read;
    }
    Ok(seen)
}

/// Reads what a release begins with, `source` at the same time as what is there; `None` if there is nothing to begin on.
///
/// # Errors
/// Something could not be read.
pub async fn before(
    account: &Account,
    target: &Target,
    seen: &Observation,
    source: impl Future<Output = Result<Source, Trouble>> + Send,
) -> Result<Option<Before>, Trouble> {
    let seen = Sight::of(seen);
    target.traffic.before(target, account, &seen, source).await
}
