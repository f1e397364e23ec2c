#![doc = include_str!("../README.md")]

mod begin;
pub mod decide;
mod preflight;
mod rules;

use std::{fmt, time::Duration};

use canary::{
    artifact,
    aws::pipeline::ExecutionStatus,
    aws::{Account, AwsError, Trouble},
    input::BadInput,
    names::{Image, ReleaseId},
    observation::Observation,
    observe,
    parameters::{self, Whole},
    parts::{
        pair::Task,
        task_definition::{self, Definition, Digests, Source, Wanted},
    },
    reconcile::{Decided, Look, Stage},
    record::{Candidate, Phase, Record},
    target::AlbTraffic,
};

/// The stage.
#[derive(Debug)]
pub struct DeployCanary;

/// What one look of deploy-canary saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The pair.
    pub pair: Observation,
    /// What else the release's phase calls for.
    pub detail: Detail,
}

/// What does not change about the target groups while a release goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The load balancers of the primary's group, by ARN.
    pub primary: Vec<String>,
    /// The load balancers of the canary's group, by ARN.
    pub canary: Vec<String>,
    /// The deregistration delay of the canary's group, in seconds.
    pub drain_seconds: u64,
}

/// What a second round of reads brought, by where the release is.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// Nothing more was needed.
    Nothing,
    /// No release has the pair: what there is to begin with.
    Start(Box<Start>),
    /// Another release has the pair: how its pipeline execution stands; `None` if the pipeline does not know it.
    Other(Option<ExecutionStatus>),
    /// The candidate is being registered: the family's latest revision.
    Latest(Definition),
    /// The canary service looks steady: its running tasks.
    Tasks(Vec<Task>),
}

/// What a release begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// What the primary runs.
    pub stable: Definition,
    /// What the canary runs, if that is something else.
    pub stable_of_canary: Option<Definition>,
    /// Where the candidate comes from.
    pub source: Source,
    /// Which images run, and which are wanted.
    pub digests: Digests,
    /// How the release's own pipeline execution stands; `None` if the pipeline does not know it.
    pub execution: Option<ExecutionStatus>,
    /// What the target groups are, if the pair is behind a load balancer.
    pub groups: Option<Groups>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair.fmt(f)
    }
}

impl Stage for DeployCanary {
    const NAME: &'static str = "deploy-canary";
    type Raw = parameters::RawDeployCanary;
    type Parameters = parameters::DeployCanary;
    type Seen = Seen;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters.timeout
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Seen, Trouble> {
        let target = &look.target;
        let tasks = async { Ok(account.task_arns(&target.cluster, &target.canary).await?) };
        // That the queue exists is worth a call of its own before anything is changed.
        let queue = async {
            if let Some(queue) = target.queue().filter(|_| look.is_first()) {
                account.messages(&queue.url, "url").await?;
            }
            Ok(())
        };
        let release = &look.parameters.release;
        let pair = observe::pair_unless_stopped(account, target, release, look.now);
        let (pair, task_arns, queue): (_, Result<_, Trouble>, Result<_, Trouble>) =
            tokio::join!(pair, tasks, queue);
        // What the pair says comes first: a gate that is closed is more than a call that failed.
        let (mut pair, task_arns, ()) = (pair?, task_arns?, queue?);
        observe::explain(account, target, &mut pair).await;
        let detail = detail(account, look, &pair, &task_arns).await?;
        Ok(Seen { pair, detail })
    }

    fn decide(look: &Look<Self>, seen: &Seen) -> Decided {
        Decided {
            decision: decide::decide(look, seen),
            bookmark: look.bookmark.clone(),
        }
    }
}

async fn detail(
    account: &Account,
    look: &Look<DeployCanary>,
    pair: &Observation,
    task_arns: &[String],
) -> Result<Detail, Trouble> {
    match &pair.record {
        Some(record) if record.release == look.parameters.release && record.is_active() => {
            own_detail(account, look, pair, record, task_arns).await
        }
        Some(other) if other.is_active() && other.rollback().is_none() => {
            let status = account
                .execution_status(&other.target.pipeline, &other.release)
                .await?;
            Ok(Detail::Other(status))
        }
        Some(other) if other.is_active() => Ok(Detail::Nothing),
        // On the heap: the SDK's futures are large.
        _ => Box::pin(start(account, look, pair)).await,
    }
}

async fn own_detail(
    account: &Account,
    look: &Look<DeployCanary>,
    pair: &Observation,
    record: &Record,
    task_arns: &[String],
) -> Result<Detail, Trouble> {
    match &record.phase {
        Phase::Deploying {
            candidate: Candidate::Registering { .. },
        } => {
            let family = record.found.primary.task_definition.family();
            Ok(Detail::Latest(Definition(
                account.task_definition(family).await?,
            )))
        }
        Phase::Deploying {
            candidate: Candidate::Registered {
                task_definition, ..
            },
        } if pair.canary.is_on(task_definition) && pair.canary.is_steady() => Ok(Detail::Tasks(
            account.tasks(&look.target.cluster, task_arns).await?,
        )),
        _ => Ok(Detail::Nothing),
    }
}

async fn start(
    account: &Account,
    look: &Look<DeployCanary>,
    pair: &Observation,
) -> Result<Detail, Trouble> {
    let Some(newest) = pair.primary.newest() else {
        return Ok(Detail::Nothing);
    };
    let source = source(account, look);
    let tasks = async {
        let target = &look.target;
        Ok(account.task_arns(&target.cluster, &target.primary).await?)
    };
    let stable = async {
        Ok(account
            .task_definition(newest.task_definition.as_str())
            .await?)
    };
    let of_canary = pair.canary.newest().map(|newest| &newest.task_definition);
    let of_canary = of_canary.filter(|arn| **arn != newest.task_definition);
    let stable_of_canary = async {
        Ok(match of_canary {
            Some(arn) => Some(Definition(account.task_definition(arn.as_str()).await?)),
            None => None,
        })
    };
    let execution = async {
        let release = &look.parameters.release;
        Ok(account
            .execution_status(&look.target.pipeline, release)
            .await?)
    };
    let groups = async {
        match look.target.alb() {
            Some(alb) => Ok(Some(groups(account, alb).await?)),
            None => Ok(None),
        }
    };
    let (source, stable, stable_of_canary, execution, groups, tasks) =
        tokio::try_join!(source, stable, stable_of_canary, execution, groups, tasks)?;
    let stable = Definition(stable);
    let wanted = Wanted::of(&source, &look.parameters, &stable, &newest.task_definition);
    let digests = match wanted {
        Ok(wanted) => {
            Digests::observe(account, &look.target, &wanted.images, &stable, &tasks).await?
        }
        // Told before anything is compared.
        Err(_) => Digests::default(),
    };
    Ok(Detail::Start(Box::new(Start {
        stable,
        stable_of_canary,
        source,
        digests,
        execution,
        groups,
    })))
}

/// Where the candidate comes from: a whole definition, an image, or the file that names images.
async fn source(account: &Account, look: &Look<DeployCanary>) -> Result<Source, Trouble> {
    let (parameters, inputs) = (&look.parameters, &look.job.inputs);
    match (
        &parameters.task_definition,
        &parameters.image,
        inputs.first(),
    ) {
        (Some(Whole::Revision(arn)), _, _) => {
            let definition = account.task_definition(arn.as_str()).await?;
            Ok(Source::Revision(Definition(definition)))
        }
        (Some(Whole::File(name)), image, _) => {
            let read = inputs.iter().map(|input| account.artifact(input));
            let artifacts = futures_util::future::try_join_all(read).await?;
            let image = image
                .clone()
                .map_or_else(|| detail_of(&artifacts), |it| Ok(Some(it)))?;
            let text = task_definition::find(name, &artifacts)?;
            Ok(task_definition::read(name, &text, image.as_ref())?)
        }
        (None, Some(image), _) => Ok(Source::Parameter(image.clone())),
        (None, None, Some(input)) => {
            let images = artifact::images(&account.artifact(input).await?)?;
            Ok(Source::Artifact(images))
        }
        (None, None, None) => Err(task_definition::no_image().into()),
    }
}

/// The image that one of the artifacts names.
fn detail_of(artifacts: &[Vec<u8>]) -> Result<Option<Image>, BadInput> {
    let details = artifacts.iter().map(|zip| artifact::detail(zip));
    let details: Vec<_> = details.collect::<Result<_, _>>()?;
    Ok(details.into_iter().flatten().next())
}

async fn groups(account: &Account, alb: &AlbTraffic) -> Result<Groups, AwsError> {
    let (primary, canary) = (&alb.primary_target_group, &alb.canary_target_group);
    let (primary, canary, drain_seconds) = tokio::try_join!(
        account.load_balancers_of(primary, "primaryTargetGroup"),
        account.load_balancers_of(canary, "canaryTargetGroup"),
        account.deregistration_delay(canary, "canaryTargetGroup"),
    )?;
    Ok(Groups {
        primary,
        canary,
        drain_seconds,
    })
}
