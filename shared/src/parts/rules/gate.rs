//! Safety questions about rules and the targets that they send requests to.

use super::{FoundRules, Reason, SetWeight, TargetHealth, Whole};
use crate::{names::TargetGroupArn, weight::Weight};

impl FoundRules {
    /// Further groups and stickiness are what was found. The weights are what this release last set, and until that was seen once also
    /// what was there before.
    ///
    /// # Errors
    /// Somebody else has changed them.
    pub fn unchanged(&self, set: Option<SetWeight>, seen: &Whole) -> Result<(), Reason> {
        if let Some((forward, expected)) = self.changed(&seen.forwards) {
            return Err(Reason::ForeignRule {
                forward: forward.arn.clone(),
                found: forward.rest.clone(),
                expected: expected.clone(),
            });
        }
        let weight = set.map_or(Weight::ZERO, |weight| weight.to);
        let before = set.filter(|weight| weight.live_since.is_none());
        let before = before.map(|weight| weight.from);
        for (forward, wanted) in self.behind(&seen.forwards, weight) {
            if before.and_then(|before| self.weights(&forward.arn, before)) != Some(forward.weights)
            {
                return Err(Reason::ForeignWeight {
                    forward: forward.arn.clone(),
                    found: forward.weights,
                    expected: wanted,
                });
            }
        }
        Ok(())
    }
}

/// The canary's targets, from when shares are set.
#[derive(Debug, Clone, Copy)]
pub struct Targets<'a> {
    /// Their group.
    pub group: &'a TargetGroupArn,
    /// How many of them may be unhealthy.
    pub max_unhealthy: u32,
    /// How many were healthy when the weight was set.
    pub proven: u32,
}

impl Targets<'_> {
    /// They answer. While the candidate is deployed, ECS itself waits for them.
    ///
    /// A target that has yet to become healthy for the first time is waited for as well: load balancers call one unhealthy that takes
    /// longer to start than its health check allows. So unhealthy ones count where fewer are healthy than when the weight was set.
    ///
    /// # Errors
    /// They do not.
    pub fn ask(self, seen: Whole) -> Result<(), Reason> {
        let (group, health): (_, TargetHealth) = (self.group.clone(), seen.canary);
        if health.unhealthy > self.max_unhealthy && health.healthy < self.proven {
            return Err(Reason::Unhealthy {
                group,
                health,
                allowed: self.max_unhealthy,
            });
        }
        if health.healthy == 0 && seen.forwards.iter().any(|it| it.weights.canary > 0) {
            return Err(Reason::NoHealthyTarget { group, health });
        }
        Ok(())
    }
}
