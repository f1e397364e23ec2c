#![doc = include_str!("../README.md")]

mod begin;
pub mod decide;
pub mod words;

use std::{fmt, time::Duration};

use canary::{
    aws::{Account, pipeline::ExecutionStatus},
    names::ReleaseId,
    observation::Sight,
    observe, parameters,
    parts::focus::Focus,
    reconcile::{Decided, Forward, Look, Stage},
    traffic::Before,
    trouble::Trouble,
};

/// The stage.
#[derive(Debug)]
pub struct DeployCanary;

/// What one look of deploy-canary saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The pair.
    pub pair: Sight,
    /// What else calls for it: whose release has the pair.
    pub detail: Detail,
}

/// What a second round of reads brought, by who has the pair.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// Nothing more was needed.
    Nothing,
    /// No release has the pair: what there is to begin with.
    Start(Box<Start>),
    /// Another release has the pair: how its pipeline execution stands; `None` if the pipeline does not know it.
    Other(Option<ExecutionStatus>),
}

/// What a release begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// How the release's own pipeline execution stands; `None` if the pipeline does not know it.
    pub execution: Option<ExecutionStatus>,
    /// What the traffic model has read; `None` if there is nothing to begin on.
    pub before: Option<Before>,
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

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters.timeout
    }
}

impl Forward for DeployCanary {
    type Seen = Seen;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Seen, Trouble> {
        let focus = Focus::Placed {
            is_first: look.is_first(),
        };
        let pair = observe::observe(account, look, focus).await?;
        let detail = detail(account, look, &pair).await?;
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
    pair: &Sight,
) -> Result<Detail, Trouble> {
    let owner = pair.record.as_ref().filter(|it| it.is_active());
    let Some(owner) = owner else {
        // On the heap: the SDK's futures are large.
        return Box::pin(start(account, look, pair)).await;
    };
    if owner.release == look.parameters.release || owner.rollback().is_some() {
        return Ok(Detail::Nothing);
    }
    let status = account
        .execution_status(&owner.target.pipeline, &owner.release)
        .await?;
    Ok(Detail::Other(status))
}

async fn start(
    account: &Account,
    look: &Look<DeployCanary>,
    pair: &Sight,
) -> Result<Detail, Trouble> {
    let execution = async {
        let (pipeline, release) = (&look.target.pipeline, &look.parameters.release);
        Ok(account.execution_status(pipeline, release).await?)
    };
    let (model, request) = (look.target.starting(), &look.parameters.request);
    let before = model.before(account, &pair.seen.pair, request, &look.job.inputs);
    let (before, execution) = tokio::try_join!(before, execution)?;
    Ok(Detail::Start(Box::new(Start { execution, before })))
}
