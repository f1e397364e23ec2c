//! Two services that consume one SQS queue: the canary's share of the work is its share of the tasks.

mod as_found;
mod begin;
#[cfg(test)]
mod contract;
mod gates;
pub mod metrics;
mod observe;
mod placed;
mod promoted;
mod share;
pub mod target;
mod words;

use serde::{Deserialize, Serialize};

use super::{
    begin::{Begin, Beginning},
    model::{self, Goal, Model, Noted, Question, Short, Toward, Versions},
};
use crate::{
    aws::{Account, AwsError},
    evidence::meter::Meters,
    parts::{
        body::Part,
        gate::{Gate, When},
        letters::Letters,
        pair::{self, Change, Hold, Holds, Pair},
        plan::Mode,
        release::{Lacking, Missing},
    },
    weight::Attained,
};

pub use observe::Seen;
pub use target::{QueueTraffic, Split};
pub use words::Reason;

/// The target of such a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The services.
    #[serde(flatten)]
    pub pair: Pair,
    /// How work is split.
    pub traffic: Split<QueueTraffic>,
}

/// What it was like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The services.
    #[serde(flatten)]
    pub pair: pair::Found,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Option<u64>,
}

/// What a release has made and set last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// Of the services.
    #[serde(flatten)]
    pub pair: pair::Set,
    /// What looks have seen of the dead-letter queue; `None` while that is what the release found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<Letters>,
}

type View<'a> = model::View<'a, Queue>;

impl Queue {
    /// In `constantTotal` the primary's count is the release's as well.
    fn holds(&self) -> Holds {
        Holds {
            primary: match self.traffic.queue.mode {
                Mode::Additive => Hold::Floor,
                Mode::ConstantTotal => Hold::Count,
            },
            canary: Hold::Count,
        }
    }

    /// The canary's tasks before it gets a share: the fewest that a candidate can be seen with.
    fn first_tasks(&self, view: View<'_>) -> u32 {
        match self.traffic.queue.mode {
            Mode::Additive => 1,
            Mode::ConstantTotal => view.found.pair.canary.desired.max(1),
        }
    }

    fn pair<'a>(&'a self, view: View<'a>) -> pair::View<'a> {
        view.of_pair(
            (&self.pair, self.holds()),
            (&view.seen.pair, &view.found.pair, &view.set.pair),
        )
    }
}

impl Model for Queue {
    type Found = Found;
    type Set = Set;
    type Change = Change;
    type Reason = Reason;

    const VERSION: &'static str = pair::VERSION;
    const GATES: &'static [(Gate, Question<Self>)] = &gates::GATES;

    fn versions(found: &Found, set: &Set) -> Versions {
        pair::versions(&found.pair, &set.pair)
    }

    fn meters(&self, _found: &Found, _set: &Set) -> Option<Meters> {
        Some(metrics::meters(self))
    }

    fn begin(&self, of: Beginning<'_, Self>) -> Begin<Queue> {
        begin::begin(self, of)
    }

    fn toward(&self, goal: Goal, view: View<'_>) -> Toward<Queue> {
        match goal {
            Goal::Placed => placed::toward(self, view),
            Goal::Share { asked, tolerance } => share::toward(self, asked, tolerance, view),
            Goal::AsFound { fenced } => as_found::toward(self, fenced, view),
            Goal::Promoted { over, .. } => promoted::toward(self, over, view),
        }
    }

    fn undecided(&self, when: When, view: View<'_>) -> Option<Reason> {
        gates::undecided(self, when, view)
    }

    fn changed(why: &Reason) -> Option<&str> {
        match why {
            Reason::Pair(pair) => pair.changed(),
            _ => None,
        }
    }

    fn noted(&self, when: When, view: View<'_>) -> Noted<Set> {
        gates::noted(self, when, view)
    }

    fn stop(&self, view: View<'_>) -> Vec<Change> {
        as_found::stop(&self.back(false, view))
    }

    async fn apply(&self, account: &Account, change: &Change) -> Result<(), AwsError> {
        change.apply(account, &self.pair.cluster).await
    }

    fn sent(&self, sent: &[Change], failed: &[Change], view: View<'_>) -> Set {
        let back = self.back(false, view);
        let pair = back.sent(&as_found::stop(&back), sent, failed);
        view.set.with(pair)
    }

    fn lacking(&self, view: View<'_>) -> Vec<Lacking> {
        self.back(false, view).lacking()
    }

    fn restores(&self, view: View<'_>) -> Vec<String> {
        self.back(false, view).restores()
    }

    fn by_hand(&self, missing: &[Missing], found: &Part, table: &str) -> Vec<String> {
        let found = found.read().unwrap_or_default();
        pair::by_hand(&self.pair.id(), missing, &found, table)
    }

    fn spared(&self, changed: &str, view: View<'_>) -> Set {
        let pair = self.back(false, view).spared(changed);
        view.set.with(pair)
    }

    fn is_placed(&self, view: View<'_>) -> bool {
        self.pair(view).is_placed()
    }

    fn share(&self, view: View<'_>) -> Option<Attained> {
        let both = self.pair(view).both().ok()?;
        Some(both.counts().attained())
    }

    fn capacity_share(&self, view: View<'_>) -> Option<f64> {
        let both = self.pair(view).both().ok()?;
        let whole = both.canary.running.checked_add(both.primary.running)?;
        (whole > 0).then(|| f64::from(both.canary.running) / f64::from(whole))
    }

    fn is_held(&self, goal: Goal, was: bool, view: View<'_>) -> bool {
        match goal {
            Goal::Share { asked, tolerance } => share::is_held(self, asked, tolerance, was, view),
            Goal::Placed | Goal::Promoted { .. } | Goal::AsFound { .. } => {
                self.toward(goal, view).is_ok()
            }
        }
    }

    fn approved(&self, view: View<'_>) -> Result<(), Short<Queue>> {
        promoted::approved(self, view)
    }
}
