//! Two versions of a Lambda function: the canary's share of the invocations is its weight on an alias.
//!
//! The weight is a coin for each invocation of the alias; for an SQS queue, for each batch (AWS: "Create an alias for a Lambda function",
//! "Configuring weighted alias"). One call changes it, if nobody else has written the alias since it was looked at.

mod as_found;
mod begin;
mod candidate;
mod change;
#[cfg(test)]
mod contract;
mod gates;
mod meters;
mod observe;
mod package;
mod placed;
mod promoted;
mod request;
mod share;
pub mod target;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    begin::{Begin, Beginning},
    model::{self, Goal, Model, Noted, Question, Short, Takes, Toward, Versions},
};
use crate::{
    aws::{Account, AwsError, function::Routing, functions::LONGEST_INVOCATION},
    clock::Timestamp,
    evidence::meter::Meters,
    names::{AliasName, FunctionName, Version},
    parts::{
        body::Part,
        gate::{Gate, When},
        letters::{DeadLetters, Letters},
        release::{Lacking, Missing},
    },
    weight::Attained,
};

pub use begin::Before;
pub use candidate::{Candidate, FunctionCode, Source};
pub use change::Change;
pub use observe::{Published, Seen};
pub use request::Request;
pub use target::LambdaTraffic;
pub use words::Reason;

/// The target of such a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LambdaAlias {
    /// The function.
    pub function: FunctionName,
    /// The alias that is invoked.
    pub alias: AliasName,
    /// How work is counted.
    pub traffic: target::Split<LambdaTraffic>,
}

/// What it was like before the first change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The version behind the alias.
    pub version: Version,
    /// Messages in the dead-letter queue, if the target has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters: Option<u64>,
}

/// What a release has made and set last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// What is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Where the alias sends its invocations; `None` as long as the release has not written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<SetRouting>,
    /// Since when a rollback has seen the alias as the release found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_since: Option<Timestamp>,
    /// What looks have seen of the dead-letter queue; `None` while that is what the release found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<Letters>,
}

/// What the release has written to the alias last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetRouting {
    /// What was there before.
    pub from: Routing,
    /// What is to be there.
    pub to: Routing,
    /// The revision at which the alias was seen last.
    pub revision: String,
    /// Whether that was with what is to be there.
    pub seen: bool,
}

type View<'a> = model::View<'a, LambdaAlias>;

impl LambdaAlias {
    /// What it says of dead letters.
    fn letters(&self) -> &DeadLetters {
        &self.traffic.lambda_alias.letters
    }

    /// `orders:live`.
    fn qualified(&self) -> String {
        format!("{}:{}", self.function, self.alias)
    }
}

impl Found {
    /// Where the alias sent everything.
    fn routing(&self) -> Routing {
        Routing::all(self.version.clone())
    }
}

impl Set {
    /// The candidate's version, once it is published.
    fn version(&self) -> Option<&Version> {
        self.candidate.as_ref()?.version.as_ref()
    }

    /// How long an invocation of the candidate may go on.
    fn longest(&self) -> Duration {
        let seconds = self.candidate.as_ref().and_then(|it| it.timeout_seconds);
        seconds.map_or(LONGEST_INVOCATION, Duration::from_secs)
    }
}

impl Model for LambdaAlias {
    type Found = Found;
    type Set = Set;
    type Change = Change;
    type Reason = Reason;

    const VERSION: &'static str = "FunctionVersion";
    const GATES: &'static [(Gate, Question<Self>)] = &gates::GATES;

    fn versions(found: &Found, set: &Set) -> Versions {
        Versions {
            stable: found.version.clone(),
            candidate: set.version().cloned(),
        }
    }

    fn meters(&self, found: &Found, set: &Set) -> Option<Meters> {
        meters::compared(self, found, set)
    }

    fn meters_in_guard(&self, _found: &Found, set: &Set) -> Option<Meters> {
        meters::promoted(self, set)
    }

    fn begin(&self, of: Beginning<'_, Self>) -> Begin<Self> {
        begin::begin(self, of)
    }

    fn toward(&self, goal: Goal, view: View<'_>) -> Toward<Self> {
        match goal {
            Goal::Placed => placed::toward(self, view),
            Goal::Share { asked, .. } => share::toward(self, asked, view),
            Goal::AsFound { fenced } => as_found::toward(self, fenced, view),
            Goal::Promoted { over, .. } => promoted::toward(self, over, view),
        }
    }

    fn undecided(&self, when: When, view: View<'_>) -> Option<Reason> {
        gates::undecided(self, when, view)
    }

    fn changed(why: &Reason) -> Option<&str> {
        match why {
            Reason::Changed { alias, .. } => Some(alias),
            _ => None,
        }
    }

    fn noted(&self, when: When, view: View<'_>) -> Noted<Set> {
        gates::noted(self, when, view)
    }

    fn stop(&self, view: View<'_>) -> Vec<Change> {
        as_found::stop(self, view).into_iter().collect()
    }

    async fn apply(&self, account: &Account, change: &Change) -> Result<(), AwsError> {
        change.apply(account, self).await
    }

    fn sent(&self, _sent: &[Change], _failed: &[Change], view: View<'_>) -> Set {
        view.set.clone()
    }

    fn lacking(&self, _view: View<'_>) -> Vec<Lacking> {
        Vec::new()
    }

    fn restores(&self, view: View<'_>) -> Vec<String> {
        as_found::restores(self, view)
    }

    fn by_hand(&self, _missing: &[Missing], found: &Part, _table: &str) -> Vec<String> {
        let found: Option<Found> = found.read().ok();
        found.map_or_else(Vec::new, |found| as_found::by_hand(self, &found))
    }

    // What somebody else has written is seen to be theirs by itself.
    fn spared(&self, _changed: &str, view: View<'_>) -> Set {
        view.set.clone()
    }

    fn is_placed(&self, view: View<'_>) -> bool {
        view.seen.alias.get().is_some() && view.set.version().is_some()
    }

    fn share(&self, view: View<'_>) -> Option<Attained> {
        share::attained(view)
    }

    fn is_held(&self, goal: Goal, _was: bool, view: View<'_>) -> bool {
        self.toward(goal, view).is_ok()
    }

    fn approved(&self, view: View<'_>) -> Result<(), Short<Self>> {
        promoted::approved(self, view)
    }

    fn takes(&self, goal: Goal, view: View<'_>) -> Takes {
        match goal {
            Goal::AsFound { .. } => Takes {
                since: view.set.back_since,
                time: view.set.longest(),
            },
            Goal::Placed | Goal::Share { .. } | Goal::Promoted { .. } => Takes::default(),
        }
    }
}
