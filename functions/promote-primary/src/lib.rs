#![doc = include_str!("../README.md")]

pub mod decide;
pub mod words;

use std::{fmt, time::Duration};

use canary::{
    aws::Account,
    decision::Decision,
    names::ReleaseId,
    observation::Sight,
    observe, parameters,
    parts::focus::Focus,
    reconcile::{Decided, Forward, Look, Stage},
    traffic::model::Goal,
    trouble::Trouble,
};

/// The stage.
#[derive(Debug)]
pub struct PromotePrimary;

/// What one look of promote-primary saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The pair.
    pub pair: Sight,
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

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters.timeout + parameters.bake
    }
}

impl Forward for PromotePrimary {
    type Seen = Seen;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    fn despite(parameters: &Self::Parameters) -> Option<&str> {
        parameters.despite.as_deref()
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Seen, Trouble> {
        let mut seen = Seen {
            pair: observe::observe(account, look, Focus::Promoted).await?,
            missed: Vec::new(),
        };
        let Decided { decision, .. } = decide::decide(look, &seen);
        if let (Some(record), true) = (&seen.pair.record, is_end(&decision)) {
            seen.missed = record.missed(account, look.now).await;
        }
        Ok(seen)
    }

    fn decide(look: &Look<Self>, seen: &Seen) -> Decided {
        decide::decide(look, seen)
    }
}

/// What the action is for; `over` once that was seen, and watched to the end.
fn goal(look: &Look<PromotePrimary>, over: bool) -> Goal {
    let drain = look.parameters.drain;
    Goal::Promoted { drain, over }
}

/// Whether a release is promoted by this look.
fn is_end(decision: &Decision) -> bool {
    matches!(decision, Decision::Done(done) if done.record.is_some())
}
