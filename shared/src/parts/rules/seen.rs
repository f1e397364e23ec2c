//! What a look sees of the rules and of the groups' targets.

use super::{Alb, Forward, TargetHealth};
use crate::{
    names::ForwardArn,
    observation::{Known, Unseen},
};

/// What one look sees of the load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The rules of the target, in its order.
    pub rules: Vec<Rule>,
    /// The primary's target group.
    pub primary: Known<TargetHealth>,
    /// The canary's target group.
    pub canary: Known<TargetHealth>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which.
    pub arn: ForwardArn,
    /// What it does. One that does not forward to the canary's group is as good as gone.
    pub seen: Known<Forward>,
    /// What it did when the release began, looked up where it cannot be seen.
    pub recorded: Option<Forward>,
}

impl Seen {
    /// The rules that were seen.
    pub fn forwards(&self) -> impl Iterator<Item = &Forward> {
        self.rules.iter().filter_map(|rule| rule.seen.get())
    }

    /// Everything about it that could not be seen.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let groups = [self.primary.unseen(), self.canary.unseen()];
        let rules = self.rules.iter().map(|rule| rule.seen.unseen());
        rules.chain(groups).flatten()
    }

    /// All of it, if all of it was seen.
    #[must_use]
    pub fn whole(&self) -> Option<Alb> {
        let forwards = self.rules.iter().map(|rule| rule.seen.get().cloned());
        Some(Alb {
            forwards: forwards.collect::<Option<_>>()?,
            primary: self.primary.get()?.clone(),
            canary: self.canary.get()?.clone(),
        })
    }
}

impl From<&Alb> for Seen {
    fn from(seen: &Alb) -> Self {
        let rules = seen.forwards.iter().map(|forward| Rule {
            arn: forward.arn.clone(),
            seen: Known::Known(forward.clone()),
            recorded: None,
        });
        Self {
            rules: rules.collect(),
            primary: Known::Known(seen.primary.clone()),
            canary: Known::Known(seen.canary.clone()),
        }
    }
}
