#![doc = include_str!("../README.md")]

pub mod decide;
mod evidence;
pub mod plan;
mod ready;
mod turns;
pub mod words;

use std::time::Duration;

use canary::{
    aws::Account,
    names::ReleaseId,
    observation::Sight,
    observe, parameters,
    parts::focus::Focus,
    reconcile::{Decided, Forward, Look, Stage},
    trouble::Trouble,
};

/// The stage.
#[derive(Debug)]
pub struct ShiftWeight;

impl Stage for ShiftWeight {
    const NAME: &'static str = "shift-weight";
    type Raw = parameters::RawShiftWeight;
    type Parameters = parameters::ShiftWeight;

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters
            .steps
            .iter()
            .map(|step| {
                step.bake + parameters.timeout + evidence::patience(parameters.demand, *step)
            })
            .sum()
    }
}

impl Forward for ShiftWeight {
    type Seen = Sight;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    fn despite(parameters: &Self::Parameters) -> Option<&str> {
        parameters.despite.as_deref()
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Sight, Trouble> {
        observe::observe(account, look, Focus::Share).await
    }

    fn decide(look: &Look<Self>, seen: &Sight) -> Decided {
        decide::decide(look, seen)
    }
}
