//! Tasks that end by themselves, counted over the looks of a release. Pure.
//!
//! ECS's circuit breaker counts tasks that do not come to `RUNNING`, and forgets them with the first that does (API reference,
//! `DeploymentCircuitBreaker`): a version that ends a minute after it has started trips nothing. So the tasks that have ended are
//! counted here, for about as long as ECS lists them: an hour (API reference, `DescribeTasks`).

mod bound;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, names::TaskDefinitionArn};

pub use crate::aws::exits::{Exit, Whose};
pub use bound::{Bound, Reason};

/// For how long a task's id is kept: longer than ECS lists it.
const KEPT: Duration = Duration::from_hours(2);

/// As many ids are kept of one kind. More do not change what they say.
const MOST: usize = 200;

/// Tasks that ended by themselves since a release began, as far as looks have seen them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exits {
    /// Of the candidate.
    #[serde(default, skip_serializing_if = "Counted::is_empty")]
    pub candidate: Counted,
    /// Of the stable versions.
    #[serde(default, skip_serializing_if = "Counted::is_empty")]
    pub stable: Counted,
    /// Of the candidate, and nobody knows whose doing.
    #[serde(default, skip_serializing_if = "Counted::is_empty")]
    pub unknown: Counted,
}

/// Whose tasks are counted.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// From when on.
    pub began: Timestamp,
    /// The candidate, once it is registered.
    pub candidate: Option<&'a TaskDefinitionArn>,
    /// What the primary and the canary were found with.
    pub stable: [&'a TaskDefinitionArn; 2],
}

/// How many tasks have ended, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// How many.
    pub many: u32,
    /// The newest ones by id, and when they ended: ECS lists them for a while.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newest: BTreeMap<String, Timestamp>,
}

impl Exits {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With what a look has seen.
    #[must_use]
    pub fn seeing(mut self, seen: &[Exit], of: &Watched<'_>, now: Timestamp) -> Self {
        let since_began = seen.iter().filter(|exit| exit.at >= of.began);
        for exit in since_began {
            let is_candidate = of.candidate == Some(&exit.task_definition);
            let is_stable = of.stable.contains(&&exit.task_definition);
            match exit.whose {
                Whose::Own if is_candidate => self.candidate.add(exit),
                Whose::Unknown if is_candidate => self.unknown.add(exit),
                Whose::Own if is_stable => self.stable.add(exit),
                Whose::Own | Whose::Unknown => {}
            }
        }
        for counted in [&mut self.candidate, &mut self.stable, &mut self.unknown] {
            counted.newest.retain(|_, at| now.since(*at) < KEPT);
        }
        self
    }

    /// Whether the candidate's have become more: what the stable version's come to is not worth a write of its own.
    #[must_use]
    pub fn says_more_than(&self, before: &Self) -> bool {
        self.candidate.many > before.candidate.many || self.unknown.many > before.unknown.many
    }
}

/// Nothing, or what is told before a sentence.
impl fmt::Display for Exits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            candidate, stable, ..
        } = self;
        match candidate.many {
            0 => Ok(()),
            1 => write!(
                f,
                "1 task of the candidate has ended by itself, {} of the stable version; ",
                stable.many
            ),
            many => write!(
                f,
                "{many} tasks of the candidate have ended by themselves, {} of the stable version; ",
                stable.many
            ),
        }
    }
}

impl Counted {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, exit: &Exit) {
        if self.newest.len() < MOST && self.newest.insert(exit.task.clone(), exit.at).is_none() {
            self.many += 1;
        }
    }
}

#[cfg(test)]
mod tests;
