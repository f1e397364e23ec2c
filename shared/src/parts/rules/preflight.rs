//! What would go wrong later with rules and target groups that a release begins with. Asked before the first write. Pure.

use super::{At, FoundForward, FoundRule, FoundRules, InFull, Reason, Whole};
use crate::{
    aws::{Account, AwsError},
    names::TargetGroupArn,
};

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

impl Groups {
    /// Reads it.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn read(account: &Account, at: At<'_>) -> Result<Self, AwsError> {
        let (primary, canary) = at.place.groups();
        let [of_primary, of_canary] = at.groups;
        let (primary, canary, drain_seconds) = tokio::try_join!(
            account.load_balancers_of(at, primary, of_primary),
            account.load_balancers_of(at, canary, of_canary),
            account.deregistration_delay(at, canary, of_canary),
        )?;
        Ok(Self {
            primary,
            canary,
            drain_seconds,
        })
    }
}

/// Rules and groups before a release.
#[derive(Debug, Clone, Copy)]
pub struct Preflight<'a> {
    /// Where they are.
    pub at: At<'a>,
    /// Whether forward actions may be sticky.
    pub allow_sticky: bool,
    /// What was seen of them.
    pub seen: &'a Whole,
}

impl<'a> Preflight<'a> {
    /// Each of both, with the target's field that names its group.
    pub fn each<T>(&self, primary: T, canary: T) -> [(T, &'a TargetGroupArn, &'static str); 2] {
        let (of_primary, of_canary) = self.at.place.groups();
        let [primary_field, canary_field] = self.at.groups;
        [
            (primary, of_primary, primary_field),
            (canary, of_canary, canary_field),
        ]
    }

    /// Rules and groups are of one load balancer.
    ///
    /// # Errors
    /// They are not.
    pub fn one_load_balancer(&self, groups: &Groups) -> Result<(), Reason> {
        for (load_balancers, group, field) in self.each(&groups.primary, &groups.canary) {
            let mut forwards = self.seen.forwards.iter();
            let apart = forwards.find(|it| !load_balancers.contains(&it.arn.load_balancer()));
            if let Some(forward) = apart {
                return Err(Reason::OtherLoadBalancer {
                    group: group.clone(),
                    within: self.at.within,
                    field,
                    load_balancers: load_balancers.clone(),
                    forward: forward.arn.clone(),
                });
            }
        }
        Ok(())
    }

    /// Everything goes to the primary, by no cookie.
    ///
    /// # Errors
    /// It does not.
    pub fn at_rest(&self) -> Result<(), Reason> {
        for forward in &self.seen.forwards {
            let arn = || forward.arn.clone();
            if forward.rest.sticky_seconds.is_some() && !self.allow_sticky {
                let within = self.at.within;
                return Err(Reason::Sticky {
                    forward: arn(),
                    within,
                });
            }
            if forward.weights.canary > 0 || forward.weights.primary == 0 {
                return Err(Reason::NotAtRest {
                    forward: arn(),
                    weights: forward.weights,
                });
            }
        }
        Ok(())
    }

    /// Somebody answers there.
    ///
    /// # Errors
    /// Nobody does.
    pub fn answers(&self) -> Result<(), Reason> {
        if self.seen.primary.healthy > 0 {
            return Ok(());
        }
        Err(Reason::NoHealthyTarget {
            group: self.at.place.primary_target_group.clone(),
            health: self.seen.primary.clone(),
        })
    }
}

impl Whole {
    /// What the rules are like before the first change.
    #[must_use]
    pub fn found(&self, drain_seconds: u64) -> FoundRules {
        let forwards = self.forwards.iter().map(|forward| FoundForward {
            forward: forward.arn.clone(),
            weights: forward.weights,
            shared: !forward.rest.groups.is_empty(),
            rest: Some(forward.rest.clone()),
        });
        FoundRules {
            forwards: forwards.collect(),
            drain_seconds,
        }
    }

    /// The same in full.
    #[must_use]
    pub fn in_full(&self) -> InFull {
        let rules = self.forwards.iter().map(|forward| FoundRule {
            forward: forward.arn.clone(),
            actions: forward.actions.clone(),
        });
        InFull {
            rules: rules.collect(),
        }
    }
}
