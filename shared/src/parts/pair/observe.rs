//! What is read of two services beside what every look reads.

use super::{
    Back, Before, Both, Candidate, Listed, Pair, ScalableTarget, Seen, Service, Task, View, Which,
    has_failed, left_over,
};
use crate::{
    aws::{Account, AwsError, LookError},
    job::Artifact,
    known::{Known, in_time},
    names::TaskDefinitionArn,
    parts::{
        focus::Focus,
        release::Promotion,
        task_definition::{Asked, Definition, Request},
    },
};

impl Before {
    /// What both services run and what is to be released, beside each other; then the digests of both. `None` where the primary runs
    /// nothing that a release could begin on.
    pub async fn observe(
        account: &Account,
        pair: &Pair,
        seen: &Seen,
        (request, inputs): (&Request, &[Artifact]),
    ) -> Result<Option<Self>, LookError> {
        let newest =
            |service: &Known<Service>| Some(service.get()?.newest()?.task_definition.clone());
        let Some(runs) = newest(&seen.primary) else {
            return Ok(None);
        };
        let of_canary = newest(&seen.canary).filter(|arn| *arn != runs);
        let stable_of_canary = async {
            Ok(match of_canary {
                Some(arn) => Some(Definition(account.task_definition(arn.as_str()).await?)),
                None => None,
            })
        };
        let of_primary = (&pair.cluster, &pair.primary);
        // On the heap: the SDK's futures are large.
        let asked = Box::pin(Asked::read(account, of_primary, &runs, (request, inputs)));
        let ((stable, asked), stable_of_canary) = tokio::try_join!(asked, stable_of_canary)?;
        Ok(Some(Self {
            stable,
            stable_of_canary,
            asked,
        }))
    }
}

impl Seen {
    /// What a look needs that goes on with a release, or begins one.
    pub async fn needed(account: &Account, pair: &Pair, focus: Focus) -> Self {
        // On the heap: the SDK's futures are large.
        let reads = Box::pin(async {
            tokio::join!(
                account.services(pair.named()),
                account.scaling_of(pair.named()),
                account.exits(pair.named()),
                listed(account, pair, focus),
            )
        });
        let (services, scaling, exits, listed) = reads.await;
        let (mut primary, mut canary) = match services {
            Ok((primary, canary)) => (Known::Known(primary), Known::Known(canary)),
            Err(unseen) => {
                let unseen = || Known::Unknown(unseen.clone().into());
                (unseen(), unseen())
            }
        };
        let scaling = Known::needed(scaling);
        if let Known::Known((of_primary, of_canary)) = &scaling {
            primary = scaled(primary, *of_primary);
            canary = scaled(canary, *of_canary);
        }
        let seen = Self {
            primary,
            canary,
            scaling: scaling.unseen().cloned(),
            exits: Known::needed(exits),
            listed,
            ..Self::nothing()
        };
        match focus {
            Focus::Placed { .. } | Focus::Promoted => seen.explained(account, pair).await,
            Focus::Share | Focus::AsFound => seen,
        }
    }

    /// Looks why services keep tasks that they do not want any more, for whoever is told what is waited for.
    async fn explained(mut self, account: &Account, pair: &Pair) -> Self {
        let of = async |service: &mut Known<Service>| {
            if let Known::Known(service) = service {
                account.explain(&pair.cluster, service).await;
            }
        };
        tokio::join!(of(&mut self.primary), of(&mut self.canary));
        self
    }

    /// What a rollback reads: each by itself, in time.
    pub async fn each(account: &Account, pair: &Pair) -> Self {
        let services = in_time("ecs:DescribeServices", account.each_service(pair.named()));
        let scaling = in_time(
            "application-autoscaling:DescribeScalableTargets",
            account.scaling_of(pair.named()),
        );
        let (services, scaling) = Box::pin(async { tokio::join!(services, scaling) }).await;
        let (mut primary, mut canary) = match services {
            Known::Known((primary, canary)) => (primary.into(), canary.into()),
            Known::Gone => (Known::Gone, Known::Gone),
            Known::Unknown(unseen) => (Known::Unknown(unseen.clone()), Known::Unknown(unseen)),
        };
        if let Known::Known((of_primary, of_canary)) = &scaling {
            primary = scaled(primary, *of_primary);
            canary = scaled(canary, *of_canary);
        }
        Self {
            primary,
            canary,
            scaling: scaling.unseen().cloned(),
            left_over: Known::Known(Vec::new()),
            ..Self::nothing()
        }
    }
}

fn scaled(service: Known<Service>, scaling: Option<ScalableTarget>) -> Known<Service> {
    service.map(|service| Service { scaling, ..service })
}

async fn listed(account: &Account, pair: &Pair, focus: Focus) -> Listed {
    let of = async |service| Known::needed(account.task_arns(&pair.cluster, service).await);
    match focus {
        Focus::Placed { .. } => Listed {
            canary: of(&pair.canary).await,
            ..Listed::default()
        },
        Focus::Promoted => {
            let (primary, canary) = tokio::join!(of(&pair.primary), of(&pair.canary));
            Listed { primary, canary }
        }
        Focus::Share | Focus::AsFound => Listed::default(),
    }
}

impl View<'_> {
    /// What the first round calls for, of a release that goes on.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn closer(self, account: &Account, focus: Focus) -> Result<Seen, AwsError> {
        let seen = self.seen.clone();
        match focus {
            Focus::Placed { .. } => self.placing(account, seen).await,
            Focus::Promoted => self.in_question(account, seen).await,
            Focus::Share | Focus::AsFound => Ok(seen),
        }
    }

    /// What placing the candidate is decided on: the family's latest revision while it is being registered, and the canary's running
    /// tasks once it looks steady.
    async fn placing(self, account: &Account, mut seen: Seen) -> Result<Seen, AwsError> {
        let canary = self.seen.canary.get();
        match (&self.set.candidate, canary) {
            (Some(Candidate::Registering { .. }), _) => {
                let family = self.found.primary.task_definition.family();
                let latest = account.task_definition(family).await?;
                seen.latest = Some(Definition(latest));
            }
            (
                Some(Candidate::Registered {
                    task_definition, ..
                }),
                Some(canary),
            ) if canary.is_on(task_definition) && canary.is_steady() => {
                seen.tasks = Some(self.running(account, &seen.listed.canary).await?);
            }
            _ => {}
        }
        Ok(seen)
    }

    /// The running tasks that decide: the canary's before the promotion, the primary's once it looks steady.
    async fn in_question(self, account: &Account, mut seen: Seen) -> Result<Seen, AwsError> {
        let listed = match self.which_is_in_question() {
            Some(Which::Primary) => &self.seen.listed.primary,
            Some(Which::Canary) => &self.seen.listed.canary,
            None => return Ok(seen),
        };
        seen.tasks = Some(self.running(account, listed).await?);
        Ok(seen)
    }

    fn which_is_in_question(self) -> Option<Which> {
        let candidate = self.candidate()?;
        let Both { primary, canary } = self.services()?;
        match self.promotion {
            Promotion::NotBegun if canary.is_on(candidate) => Some(Which::Canary),
            Promotion::Begun | Promotion::GivenBack
                if primary.is_on(candidate) && primary.is_steady() =>
            {
                Some(Which::Primary)
            }
            _ => None,
        }
    }

    async fn running(
        self,
        account: &Account,
        listed: &Known<Vec<String>>,
    ) -> Result<Vec<Task>, AwsError> {
        let listed = listed.get().map_or(&[][..], Vec::as_slice);
        account.tasks(&self.pair.cluster, listed).await
    }
}

impl Back<'_> {
    /// What the first round of a rollback calls for: whether versions of failed deployments may be deployed at all, what keeps tasks,
    /// and which of the candidate's are left over.
    pub async fn closer(&self, account: &Account) -> Seen {
        let View {
            seen, found, pair, ..
        } = self.view;
        let failed = [
            (&seen.primary, &found.primary.task_definition),
            (&seen.canary, &found.canary.task_definition),
        ];
        let failed = failed
            .into_iter()
            .filter(|(service, stable)| service.get().is_some_and(|it| has_failed(it, stable)));
        let inactive = failed.map(|(_, stable)| is_inactive(account, stable));
        let explained = async {
            // Right behind the fence what keeps tasks is only ECS, which takes its time.
            let is_due = self.view.now.since(self.view.since) >= left_over::TAKEN_IN;
            if is_due {
                seen.clone().explained(account, pair).await
            } else {
                seen.clone()
            }
        };
        let (inactive, left_over, explained) = tokio::join!(
            futures_util::future::join_all(inactive),
            Box::pin(self.left_over_tasks(account)),
            Box::pin(explained),
        );
        Seen {
            inactive: inactive.into_iter().flatten().collect(),
            left_over,
            ..explained
        }
    }

    /// The candidate's tasks that are still to run although nobody wants them.
    async fn left_over_tasks(&self, account: &Account) -> Known<Vec<String>> {
        let Some(canary) = self.canary().filter(|canary| self.has_left_over(canary)) else {
            return Known::Known(Vec::new());
        };
        let cluster = &self.view.pair.cluster;
        let tasks = in_time("the canary's tasks", async {
            let arns = account.task_arns(cluster, &canary.name).await?;
            account.tasks(cluster, &arns).await
        });
        let candidate = self.view.candidate();
        tasks.await.map(|tasks| {
            let tasks = tasks.into_iter();
            let of_candidate = tasks.filter(|task| Some(&task.task_definition) == candidate);
            of_candidate.map(|task| task.id).collect()
        })
    }
}

async fn is_inactive(account: &Account, stable: &TaskDefinitionArn) -> Option<TaskDefinitionArn> {
    let read = account.is_deployable(stable);
    let deployable = in_time("ecs:DescribeTaskDefinition", read).await;
    matches!(deployable, Known::Known(false) | Known::Gone).then(|| stable.clone())
}

#[cfg(test)]
mod tests;
