//! What a look sees of a pair: each part by itself, seen, gone or unknown.

use std::fmt;

use crate::{
    observation::{Known, Observation, Unseen},
    parts::{pair, rules},
    target::Target,
};

/// What a look sees of a pair, whatever splits its work.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The services.
    pub pair: pair::Seen,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Known<Option<u64>>,
    /// The load balancer, if the target has one.
    pub rules: Option<rules::Seen>,
}

impl Sight {
    /// Of what was seen as a whole.
    #[must_use]
    pub fn of(seen: &Observation) -> Self {
        Self {
            pair: pair::Seen {
                primary: Known::Known(seen.primary.clone()),
                canary: Known::Known(seen.canary.clone()),
                scaling: None,
                exits: Known::Known(seen.exits.clone()),
                tasks: seen.tasks.clone(),
                latest: seen.latest.clone(),
                inactive: Vec::new(),
                left_over: Known::Known(Vec::new()),
            },
            dead_letters: Known::Known(seen.dead_letters),
            rules: seen.alb.as_ref().map(Into::into),
        }
    }

    /// Nothing was looked at.
    #[must_use]
    pub fn nothing(target: &Target) -> Self {
        Self {
            pair: pair::Seen::nothing(),
            dead_letters: Known::nothing(),
            rules: target.traffic.nothing(),
        }
    }

    /// Everything that could not be seen.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let pair = self.pair.unseen();
        pair.chain(self.rules.iter().flat_map(rules::Seen::unseen))
    }
}

/// One line for the ledger.
impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair.fmt(f)?;
        match &self.rules {
            Some(rules) => write!(f, "; {rules}"),
            None => Ok(()),
        }
    }
}
