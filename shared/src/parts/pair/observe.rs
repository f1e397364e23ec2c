//! What is read of two services beside what every look reads.

use super::{Asked, Before, Candidate, FoundService, Pair, Seen, Service, Task};
use crate::{
    aws::{Account, AwsError, Trouble},
    observation::Known,
    parts::task_definition::{Definition, Digests, Source, Wanted},
};

impl Before {
    /// What both services run and what is to be released, beside each other; then the digests of both. `None` where the primary runs
    /// nothing that a release could begin on.
    pub async fn observe(
        account: &Account,
        pair: &Pair,
        seen: &Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> Result<Option<Self>, Trouble> {
        let newest =
            |service: &Known<Service>| Some(service.get()?.newest()?.task_definition.clone());
        let Some(runs) = newest(&seen.primary) else {
            return Ok(None);
        };
        let of_canary = newest(&seen.canary).filter(|arn| *arn != runs);
        let tasks = async { Ok(account.task_arns(&pair.cluster, &pair.primary).await?) };
        let stable = async { Ok(account.task_definition(runs.as_str()).await?) };
        let stable_of_canary = async {
            Ok(match of_canary {
                Some(arn) => Some(Definition(account.task_definition(arn.as_str()).await?)),
                None => None,
            })
        };
        let (source, stable, stable_of_canary, tasks) =
            tokio::try_join!(source, stable, stable_of_canary, tasks)?;
        let stable = Definition(stable);
        let asked = match Wanted::of(source, &stable, &runs) {
            Ok(wanted) => {
                let images = &wanted.images;
                let digests =
                    Digests::observe(account, &pair.cluster, images, &stable, &tasks).await?;
                Ok(Asked { wanted, digests })
            }
            // Told before anything is compared.
            Err(refusal) => Err(refusal),
        };
        Ok(Some(Self {
            stable,
            stable_of_canary,
            asked,
        }))
    }
}

/// What placing the candidate is decided on beside both services: the family's latest revision while it is being registered, and
/// the canary's running tasks, of those that were listed, once it looks steady.
pub async fn placing(
    account: &Account,
    pair: &Pair,
    (canary, found): (&Service, &FoundService),
    candidate: &Candidate,
    listed: &[String],
) -> Result<(Option<Definition>, Option<Vec<Task>>), AwsError> {
    match candidate {
        Candidate::Registering { .. } => {
            let family = found.task_definition.family();
            let latest = account.task_definition(family).await?;
            Ok((Some(Definition(latest)), None))
        }
        Candidate::Registered {
            task_definition, ..
        } if canary.is_on(task_definition) && canary.is_steady() => {
            let tasks = account.tasks(&pair.cluster, listed).await?;
            Ok((None, Some(tasks)))
        }
        Candidate::Planned { .. } | Candidate::Registered { .. } => Ok((None, None)),
    }
}
