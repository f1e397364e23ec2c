#![doc = include_str!("../README.md")]

pub mod decide;
mod drain;

use std::{fmt, time::Duration};

use canary::{
    aws::{Account, Trouble},
    decision::Decision,
    names::ReleaseId,
    observation::Observation,
    observe, parameters,
    parts::pair::{Service, Task},
    reconcile::{Decided, Look, Stage},
    record::Phase,
};

/// The stage.
#[derive(Debug)]
pub struct PromotePrimary;

/// What one look of promote-primary saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The pair.
    pub pair: Observation,
    /// The running tasks of the service that is in question: of the canary before the promotion, of the
    /// primary after it looks steady. `None` where they are not in question.
    pub tasks: Option<Vec<Task>>,
    /// What people are to hear of scheduled actions that fell into the release; asked as it ends, and nothing before.
    pub missed: Vec<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair.fmt(f)
    }
}

impl Stage for PromotePrimary {
    const NAME: &'static str = "promote-primary";
    type Raw = parameters::RawPromotePrimary;
    type Parameters = parameters::PromotePrimary;
    type Seen = Seen;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters.timeout + parameters.bake
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Seen, Trouble> {
        let mut seen = see(account, look).await?;
        let Decided { decision, .. } = decide::decide(look, &seen);
        if let (Some(record), true) = (&seen.pair.record, is_end(&decision)) {
            seen.missed = Box::pin(observe::missed(account, record, look.now)).await;
        }
        Ok(seen)
    }

    fn decide(look: &Look<Self>, seen: &Seen) -> Decided {
        decide::decide(look, seen)
    }
}

/// Whether a release is promoted by this look.
fn is_end(decision: &Decision) -> bool {
    matches!(decision, Decision::Done(done) if done.record.is_some())
}

async fn see(account: &Account, look: &Look<PromotePrimary>) -> Result<Seen, Trouble> {
    let target = &look.target;
    let release = &look.parameters.release;
    let (pair, primary_arns, canary_arns) = tokio::join!(
        observe::pair(account, target, release, look.now),
        account.task_arns(&target.cluster, &target.primary),
        account.task_arns(&target.cluster, &target.canary)
    );
    // What the pair says comes first: a gate that is closed is more than a call that failed.
    let (mut pair, primary_arns, canary_arns) = (pair?, primary_arns?, canary_arns?);
    observe::explain(account, target, &mut pair).await;
    let record = pair
        .record
        .as_ref()
        .filter(|record| record.release == look.parameters.release);
    let in_question = record.and_then(|record| {
        let ready = |service: &Service| {
            record
                .candidate()
                .is_some_and(|candidate| service.is_on(candidate))
        };
        match record.phase {
            Phase::Deploying { .. } | Phase::Shifting { .. } if ready(&pair.canary) => {
                Some(&canary_arns)
            }
            Phase::Promoting { .. } if ready(&pair.primary) && pair.primary.is_steady() => {
                Some(&primary_arns)
            }
            _ => None,
        }
    });
    let tasks = match in_question {
        Some(arns) => Some(account.tasks(&target.cluster, arns).await?),
        None => None,
    };
    Ok(Seen {
        pair,
        tasks,
        missed: Vec::new(),
    })
}
