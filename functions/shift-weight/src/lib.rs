#![doc = include_str!("../README.md")]

pub mod decide;
mod ready;
mod turns;

use std::time::Duration;

use canary::{
    aws::{Account, Trouble},
    names::ReleaseId,
    observation::Observation,
    observe, parameters,
    reconcile::{Decided, Forward, Look, Stage},
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
            .map(|step| step.bake + parameters.timeout)
            .sum()
    }
}

impl Forward for ShiftWeight {
    type Seen = Observation;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Observation, Trouble> {
        let release = &look.parameters.release;
        observe::pair_unless_stopped(account, &look.target, release, look.now).await
    }

    fn decide(look: &Look<Self>, seen: &Observation) -> Decided {
        decide::decide(look, seen)
    }
}
