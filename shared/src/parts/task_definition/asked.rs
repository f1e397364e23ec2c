//! What is to be released, beside what runs.

use super::{Definition, Digests, Reason, Request, Wanted};
use crate::{
    aws::{Account, LookError},
    job::Artifact,
    names::{ClusterName, ServiceName, TaskDefinitionArn},
};

/// What is to be released.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// It.
    pub wanted: Wanted,
    /// Which images run, and which are wanted.
    pub digests: Digests,
}

impl Asked {
    /// Reads what a service runs and what is asked for, beside each other; then the digests of both.
    ///
    /// # Errors
    /// Something could not be read. That what is asked for does not fit what runs is an answer.
    pub async fn read(
        account: &Account,
        (cluster, service): (&ClusterName, &ServiceName),
        runs: &TaskDefinitionArn,
        (request, inputs): (&Request, &[Artifact]),
    ) -> Result<(Definition, Result<Self, Reason>), LookError> {
        // On the heap: the SDK's futures are large.
        let source = Box::pin(request.source(account, inputs));
        let tasks = async { Ok(account.task_arns(cluster, service).await?) };
        let stable = async { Ok(account.task_definition(runs.as_str()).await?) };
        let (source, stable, tasks) = tokio::try_join!(source, stable, tasks)?;
        let stable = Definition(stable);
        let asked = match Wanted::of(source, &stable, runs) {
            Ok(wanted) => {
                let images = &wanted.images;
                let digests = Digests::observe(account, cluster, images, &stable, &tasks).await?;
                Ok(Self { wanted, digests })
            }
            // Told before anything is compared.
            Err(refusal) => Err(refusal),
        };
        Ok((stable, asked))
    }
}
