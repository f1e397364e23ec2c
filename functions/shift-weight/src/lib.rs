#![doc = include_str!("../README.md")]

pub mod decide;
pub mod glance;

use std::time::Duration;

use canary::{
    aws::{Account, Trouble},
    decision::Decision,
    glance::Sight,
    names::ReleaseId,
    observation::Observation,
    observe, parameters,
    reconcile::{Decided, Look, Stage},
};

/// The stage.
#[derive(Debug)]
pub struct ShiftWeight;

impl Stage for ShiftWeight {
    const NAME: &'static str = "shift-weight";
    type Raw = parameters::RawShiftWeight;
    type Parameters = parameters::ShiftWeight;
    type Seen = Sight<Observation>;

    fn release(parameters: &Self::Parameters) -> &ReleaseId {
        &parameters.release
    }

    fn patience(parameters: &Self::Parameters) -> Duration {
        parameters
            .steps
            .iter()
            .map(|step| step.bake + parameters.timeout)
            .sum()
    }

    async fn observe(account: &Account, look: &Look<Self>) -> Result<Sight<Observation>, Trouble> {
        let (target, now) = (&look.target, look.now);
        if glance::is_enough(look) {
            // A part that cannot be seen is for a look at everything: there every gate is asked that can be.
            let glance = observe::glance(account, target, look.bookmark.glances).await;
            let undisturbed = glance.map(|glance| glance::undisturbed(look, &glance));
            if let Ok(Some(waiting_on)) = undisturbed {
                return Ok(Sight::Undisturbed(waiting_on));
            }
        }
        let release = &look.parameters.release;
        let whole = observe::pair_unless_stopped(account, target, release, now);
        Ok(Sight::Whole(whole.await?))
    }

    fn decide(look: &Look<Self>, seen: &Sight<Observation>) -> Decided {
        match seen {
            Sight::Whole(pair) => decide::decide(look, pair),
            Sight::Undisturbed(waiting_on) => Decided {
                decision: Decision::Wait(waiting_on.clone()),
                bookmark: look.bookmark.clone().glanced(),
            },
        }
    }
}
