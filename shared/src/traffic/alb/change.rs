//! Changes to two services behind a load balancer.

use std::fmt;

use crate::parts::{pair, rules};

/// One change to two services, or to the rules that send them requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// To the services.
    Pair(pair::Change),
    /// To the rules.
    Rules(rules::Change),
}

/// Those to the services.
pub(super) fn of_pair(changes: &[Change]) -> Vec<pair::Change> {
    let of_pair = changes.iter().filter_map(|change| match change {
        Change::Pair(change) => Some(change.clone()),
        Change::Rules(_) => None,
    });
    of_pair.collect()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(change) => change.fmt(f),
            Self::Rules(change) => change.fmt(f),
        }
    }
}

impl From<pair::Change> for Change {
    fn from(change: pair::Change) -> Self {
        Self::Pair(change)
    }
}

impl From<rules::Change> for Change {
    fn from(change: rules::Change) -> Self {
        Self::Rules(change)
    }
}
